/**
 * The arrows between the folders are the design; these tests prove that the linter really stops a bad import.
 *
 * Each case is one file in a scratch copy of the tree's shape, linted with the project's own configuration.
 */

import { execFile } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

const root = join(import.meta.dirname, '..', '..');

/** file → what it imports and must not */
const badImports: readonly (readonly [file: string, source: string])[] = [
  ['proto/a.ts', '../topology/topology.ts'],
  ['proto/a.ts', '../repository/seal.ts'],
  ['proto/a.ts', '../shard-agent/engine.ts'],
  ['proto/a.ts', '../coordinator/backup.ts'],
  ['proto/a.ts', 'pg'],
  ['topology/a.ts', '../repository/seal.ts'],
  ['topology/a.ts', '../shard-agent/engine.ts'],
  ['topology/a.ts', '../coordinator/backup.ts'],
  ['topology/a.ts', 'mysql2'],
  ['topology/a.ts', '@grpc/grpc-js'],
  ['repository/a.ts', '../shard-agent/engine.ts'],
  ['repository/a.ts', '../coordinator/backup.ts'],
  ['repository/a.ts', '../topology/parse.ts'],
  ['repository/stores/a.ts', '../../topology/parse.ts'],
  ['repository/stores/a.ts', '../../coordinator/backup.ts'],
  ['repository/a.ts', 'pg'],
  ['repository/a.ts', '@grpc/grpc-js'],
  ['coordinator/a.ts', '../shard-agent/engine.ts'],
  ['coordinator/a.ts', '../shard-agent/engines/postgres/index.ts'],
  ['coordinator/backup/a.ts', '../../shard-agent/engine.ts'],
  ['coordinator/a.ts', '../test/servers/postgres.ts'],
  ['coordinator/a.ts', 'mysql2/promise'],
  ['coordinator/barrier/protocol.ts', '../../shard-agent/participant.ts'],
  ['coordinator/barrier/protocol.ts', 'node:timers'],
  ['coordinator/barrier/protocol.ts', 'pg'],
  ['coordinator/barrier/states.ts', 'node:timers'],
  ['shard-agent/a.ts', '../coordinator/backup.ts'],
  ['shard-agent/a.ts', '../test/servers/postgres.ts'],
  ['shard-agent/a.ts', 'pg'],
  ['shard-agent/a.ts', 'mysql2/promise'],
  ['shard-agent/engines/a.ts', 'pg'],
  ['shard-agent/participant.ts', '../coordinator/barrier/protocol.ts'],
  ['shard-agent/participant.ts', 'node:timers'],
  ['shard-agent/service.ts', './engines/postgres/index.ts'],
  ['shard-agent/service.ts', '../coordinator/backup.ts'],
  ['shard-agent/service.ts', 'pg'],
  ['shard-agent/service/a.ts', '../engines/postgres/index.ts'],
  ['shard-agent/pipeline/a.ts', '../engines/postgres/index.ts'],
  ['shard-agent/pipeline/a.ts', '../service.ts'],
  ['shard-agent/pipeline/a.ts', '../session.ts'],
  ['shard-agent/pipeline/a.ts', '@grpc/grpc-js'],
  ['shard-agent/pipeline/a.ts', '../../coordinator/backup.ts'],
  ['shard-agent/pipeline/a.ts', 'pg'],
  ['shard-agent/engines/postgres/a.ts', '../../../coordinator/backup.ts'],
  ['shard-agent/engines/postgres/a.ts', '../mysql/index.ts'],
  ['shard-agent/engines/postgres/a.ts', 'mysql2'],
  ['shard-agent/engines/postgres/a.ts', '../../service.ts'],
  ['shard-agent/engines/postgres/a.ts', '../../session.ts'],
  ['shard-agent/engines/postgres/a.ts', '@grpc/grpc-js'],
  ['shard-agent/engines/mysql/a.ts', '../../../coordinator/backup.ts'],
  ['shard-agent/engines/mysql/a.ts', '../postgres/index.ts'],
  ['shard-agent/engines/mysql/a.ts', 'pg'],
  ['shard-agent/engines/mysql/a.ts', '../../service.ts'],
  ['shard-agent/engines/mysql/a.ts', '@grpc/grpc-js'],
];

const goodImports: readonly (readonly [file: string, source: string])[] = [
  ['proto/b.ts', '@grpc/grpc-js'],
  ['proto/b.ts', './errors.ts'],
  ['topology/b.ts', '../proto/errors.ts'],
  ['repository/b.ts', '../proto/errors.ts'],
  ['repository/b.ts', '../topology/position.ts'],
  ['repository/stores/b.ts', '../object-store.ts'],
  ['coordinator/b.ts', '../proto/channel.ts'],
  ['coordinator/b.ts', '../topology/parse.ts'],
  ['coordinator/b.ts', '../repository/seal.ts'],
  ['shard-agent/b.ts', '../proto/errors.ts'],
  ['shard-agent/b.ts', '../topology/parse.ts'],
  ['shard-agent/b.ts', '../repository/manifest.ts'],
  ['shard-agent/b.ts', './engines/postgres/index.ts'],
  ['shard-agent/pipeline/b.ts', '../engine.ts'],
  ['shard-agent/pipeline/b.ts', 'node:zlib'],
  ['shard-agent/engines/postgres/b.ts', 'pg'],
  ['shard-agent/engines/postgres/b.ts', '../../engine.ts'],
  ['shard-agent/engines/mysql/b.ts', 'mysql2/promise'],
  ['test/cluster/b.ts', '../../coordinator/backup.ts'],
  ['test/cluster/b.ts', 'pg'],
];

interface Finding {
  readonly file: string;
  readonly line: number;
  readonly rule: string;
}

/** The barrier's two machines know no clock and no chance. */
const pureFiles = ['coordinator/barrier/pace.ts', 'shard-agent/participant-states.ts'];
const impure = ['Date.now()', 'Math.random()', 'performance.now()', 'setTimeout(() => {}, 1)', 'process.pid'];

let scratch: string;
let findings: Finding[];
const lineOf = new Map<string, number>();

function write(file: string, text: string): void {
  mkdirSync(dirname(join(scratch, file)), { recursive: true });
  writeFileSync(join(scratch, file), text);
}

function writeImports(cases: typeof badImports): void {
  const sources = new Map<string, string[]>();
  for (const [file, source] of cases) {
    const lines = sources.get(file) ?? [];
    lines.push(source);
    sources.set(file, lines);
    lineOf.set(`${file} ${source}`, lines.length);
  }
  for (const [file, lines] of sources) {
    write(file, lines.map((source, at) => `export type { X as X${at} } from '${source}';\n`).join(''));
  }
}

async function lint(): Promise<Finding[]> {
  const output = await promisify(execFile)(
    join(root, 'node_modules', '.bin', 'oxlint'),
    ['--format=json', '--deny-warnings'],
    { cwd: scratch, maxBuffer: 1 << 26 },
  ).then(
    () => '{"diagnostics":[]}',
    (error: { stdout: string }) => error.stdout,
  );
  const { diagnostics } = JSON.parse(output) as {
    diagnostics: {
      filename: string;
      code?: string;
      severity: string;
      labels: { span: { line: number } }[];
    }[];
  };
  return diagnostics
    .filter(({ severity }) => severity === 'error')
    .map(({ filename, code, labels }) => ({
      file: filename,
      line: labels[0]?.span.line ?? 0,
      rule: code ?? '',
    }));
}

function has(file: string, rule: string, line?: number): boolean {
  return findings.some(
    (each) => each.file === file && each.rule.includes(rule) && (line ?? each.line) === each.line,
  );
}

beforeAll(async () => {
  scratch = mkdtempSync(join(tmpdir(), 'tidemark-layers-'));
  for (const name of ['.oxlintrc.json', 'tsconfig.json']) cpSync(join(root, name), join(scratch, name));
  // The type-aware rules run in a second program, which oxlint looks for here.
  symlinkSync(join(root, 'node_modules'), join(scratch, 'node_modules'));
  writeImports(badImports);
  writeImports(goodImports);
  for (const file of pureFiles) {
    write(file, impure.map((call, at) => `export const x${at}: unknown = ${call};\n`).join(''));
  }
  write(
    'topology/round.ts',
    "import { square } from './square.ts';\nexport const round: () => unknown = () => square;\n",
  );
  write(
    'topology/square.ts',
    "import { round } from './round.ts';\nexport const square: () => unknown = () => round;\n",
  );
  write(
    'coordinator/floating.ts',
    'async function seal(): Promise<void> {}\nexport function backup(): void {\n  seal();\n}\n',
  );
  write(
    'coordinator/half.ts',
    [
      "export function word(state: 'frozen' | 'thawed'): string | undefined {",
      '  switch (state) {',
      "    case 'frozen':",
      "      return 'held';",
      '  }',
      '  return undefined;',
      '}',
      '',
    ].join('\n'),
  );
  findings = await lint();
}, 120_000);

afterAll(() => rmSync(scratch, { recursive: true }));

describe('layers', () => {
  test.each(badImports)('%s must not import %s', (file, source) => {
    expect(has(file, 'no-restricted-imports', lineOf.get(`${file} ${source}`))).toBe(true);
  });

  test.each(goodImports)('%s may import %s', (file, source) => {
    expect(has(file, 'no-restricted-imports', lineOf.get(`${file} ${source}`))).toBe(false);
  });
});

describe.each(pureFiles)('%s is pure', (file) => {
  test.each(impure)('it must not use %s', (call) => {
    expect(has(file, 'no-restricted', impure.indexOf(call) + 1)).toBe(true);
  });
});

describe('lint', () => {
  test('an import cycle is an error', () => {
    expect(has('topology/round.ts', 'no-cycle') || has('topology/square.ts', 'no-cycle')).toBe(true);
  });

  test('a promise that nobody waits for is an error', () => {
    expect(has('coordinator/floating.ts', 'no-floating-promises', 3)).toBe(true);
  });

  test('a switch that leaves out a state is an error', () => {
    expect(has('coordinator/half.ts', 'switch-exhaustiveness-check', 2)).toBe(true);
  });
});
