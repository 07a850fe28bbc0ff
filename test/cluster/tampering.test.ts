/**
 * Promise 4: whatever is done to a stored object of a sealed set, `verify` names it and `restore` refuses before a
 * shard is opened.
 */
import { cpSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Cluster } from './cluster.ts';
import { type CommandResult, describeResult } from './command.ts';
import { createBankRoles, layOutQuietBank } from './quiet-bank.ts';

let source: Cluster;
let target: Cluster;
let set: string;
/** Another set of the same cluster, with other bytes in every object. */
let other: string;

beforeAll(async () => {
  source = await Cluster.start({ postgres: 1, mariadb: 1, purpose: 'source', copy: { lanes: 1 } });
  target = await Cluster.start({ postgres: 1, mariadb: 1, purpose: 'target', repository: source.repository });
  // Ballast enough for an object of its own; the other tables share one.
  await layOutQuietBank(source, 2000);
  await createBankRoles(target);
  other = await backUp();
  for (const { server } of source.shards) {
    await server.run('UPDATE accounts SET balance = balance + 1, owner = CONCAT(owner, id)', 'bank');
    await server.run('CREATE TABLE later (id int PRIMARY KEY)', 'bank');
    await server.run('UPDATE ballast SET body = CONCAT(body, id)', 'bank');
  }
  set = await backUp();
});

afterAll(async () => {
  await source.stop();
  await target.stop();
});

async function backUp(): Promise<string> {
  const backup = await source.tidemark('backup', '--json');
  expect(backup.exitCode, describeResult(backup)).toBe(0);
  return String(backup.json?.['id']);
}

function setFolder(id: string): string {
  return path.join(source.repository, source.name, 'sets', id);
}

/** The first object of the set whose path within it matches. */
function objectOf(id: string, pattern: RegExp): string {
  const names = readdirSync(setFolder(id), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => path.relative(setFolder(id), path.join(entry.parentPath, entry.name)));
  const found = names.sort().find((name) => pattern.test(name));
  if (found === undefined) throw new Error(`set ${id} has no object ${pattern}: ${names.join(', ')}`);
  return found;
}

const kinds: readonly { kind: string; pattern: RegExp }[] = [
  { kind: 'seal', pattern: /^seal\.json$/ },
  { kind: 'intent', pattern: /^intent\.json$/ },
  { kind: 'cut', pattern: /^cut\.json$/ },
  { kind: 'manifest', pattern: /^shards\/shard-0\/manifest/ },
  { kind: 'schema of PostgreSQL', pattern: /^shards\/shard-0\/schema\// },
  { kind: 'schema of MariaDB', pattern: /^shards\/shard-1\/schema\/.*tables/ },
  { kind: 'chunk of PostgreSQL', pattern: /^shards\/shard-0\/data\/.*ballast/ },
  { kind: 'chunk of MariaDB', pattern: /^shards\/shard-1\/data\/.*ballast/ },
  { kind: 'object that small tables of PostgreSQL share', pattern: /^shards\/shard-0\/shared\// },
  { kind: 'object that small tables of MariaDB share', pattern: /^shards\/shard-1\/shared\// },
];

const ways: readonly { way: string; tamper: (file: string, twin: string) => void }[] = [
  {
    way: 'one bit flipped',
    tamper(file) {
      const bytes = readFileSync(file);
      const middle = bytes.length >> 1;
      bytes[middle] = (bytes[middle] ?? 0) ^ 1;
      writeFileSync(file, bytes);
    },
  },
  {
    way: 'the last byte cut off',
    tamper(file) {
      writeFileSync(file, readFileSync(file).subarray(0, -1));
    },
  },
  { way: 'removed', tamper: (file) => rmSync(file) },
  { way: "swapped for another set's", tamper: (file, twin) => cpSync(twin, file) },
];

async function expectFound(result: CommandResult, name: string, exitCodes: readonly number[]): Promise<void> {
  expect(exitCodes, describeResult(result)).toContain(result.exitCode);
  const said = result.stdout + result.stderr;
  expect(said, 'the object is not named').toContain(path.basename(name));
}

describe.each(kinds)('the $kind', ({ kind, pattern }) => {
  test.each(ways)('$way', async ({ way, tamper }) => {
    const name = objectOf(set, pattern);
    const file = path.join(setFolder(set), name);
    const kept = readFileSync(file);
    // Without its seal a set is no set at all, which is refused rather than found.
    const exitCodes = kind === 'seal' && way === 'removed' ? [6] : [4];
    const named = exitCodes[0] === 6 ? set : name;
    try {
      tamper(file, path.join(setFolder(other), objectOf(other, pattern)));
      await expectFound(await source.tidemark('verify', set, '--json'), named, exitCodes);
      const restore = await source.tidemark('restore', set, '--to', target.topologyPath, '--json');
      await expectFound(restore, named, exitCodes);
      expect(await target.databases()).toEqual([]);
      await target.expectNothingLeft();
    } finally {
      writeFileSync(file, kept);
    }
  });
});

test('the objects as they were pass, and are restored', async () => {
  const verify = await source.tidemark('verify', set, '--json');
  expect(verify.exitCode, describeResult(verify)).toBe(0);
  const restore = await source.tidemark('restore', set, '--to', target.topologyPath, '--json');
  expect(restore.exitCode, describeResult(restore)).toBe(0);
  await target.expectNothingLeft();
});
