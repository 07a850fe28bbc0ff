/** What the engine says is not carried, the page for operators lists. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { serverThings } from '../../shard-agent/engines/mysql/check/server-objects.ts';
import { thingsLeftOut } from '../../shard-agent/engines/postgres/check/left-out.ts';

const page = readFileSync(join(import.meta.dirname, '..', '..', 'docs', 'fidelity.md'), 'utf8').replaceAll(
  /\s+/g,
  ' ',
);

test.each([...new Set([...thingsLeftOut, ...serverThings])])('docs/fidelity.md lists %s', (things) => {
  expect(page).toContain(things);
});
