/** The judges of fidelity are independent: nothing they say goes through a line of the product. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';

const root = path.join(import.meta.dirname, '..', '..');
const judges = [
  'test/fidelity/fact.ts',
  'test/fidelity/postgres/comparer.ts',
  'test/fidelity/postgres/definitions.ts',
  'test/fidelity/postgres/values.ts',
  'test/fidelity/mysql/comparer.ts',
  'test/fidelity/mysql/definitions.ts',
  'test/fidelity/mysql/values.ts',
];

/** `import type … from`, `import … from`, `export … from`, `import '…'` and `import('…')`. */
const importing =
  /^\s*(?:import|export)\s(type\s)?(?:[^'";]*?\sfrom\s)?'([^']+)'|\bimport\(\s*'([^']+)'|\brequire\(\s*'([^']+)'/gm;

interface Import {
  readonly from: string;
  readonly of: string;
  readonly typeOnly: boolean;
}

function importsOf(file: string): Import[] {
  const text = readFileSync(path.join(root, file), 'utf8');
  return [...text.matchAll(importing)].map(([, type, fixed, dynamic, required]) => ({
    from: file,
    of: fixed ?? dynamic ?? required ?? '',
    typeOnly: type !== undefined,
  }));
}

/** Everything that runs when a judge does. */
function reachableFrom(files: readonly string[]): Import[] {
  const seen = new Set<string>();
  const found: Import[] = [];
  const visit = (file: string): void => {
    if (seen.has(file)) return;
    seen.add(file);
    for (const one of importsOf(file)) {
      found.push(one);
      if (one.of.startsWith('.') && !one.typeOnly) visit(path.join(path.dirname(file), one.of));
    }
  };
  for (const file of files) visit(file);
  return found;
}

const allowed = /^(node:\w+(\/\w+)?|pg|mysql2\/promise|mysql2)$/;

test('what the comparers run is theirs, the test servers and drivers, however long the way', () => {
  const imports = reachableFrom(judges);
  const product = imports.filter(({ from, of }) =>
    of.startsWith('.')
      ? !/^test\/(fidelity|servers)\//.test(path.join(path.dirname(from), of))
      : !allowed.test(of),
  );
  expect(product.map(({ from, of }) => `${from} imports ${of}`)).toEqual([]);
  expect(imports.length).toBeGreaterThan(judges.length);
});

test('values and facts need no more than the type of a server', () => {
  const files = judges.filter((file) => /values\.ts$|fact\.ts$/.test(file));
  const servers = files.flatMap(importsOf).filter(({ of }) => of.includes('/servers/'));
  expect(servers.filter(({ typeOnly }) => !typeOnly)).toEqual([]);
});
