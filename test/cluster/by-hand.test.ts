/** Promise 6: the commands of docs/restore-by-hand.md, as they stand there, bring a table back without Tidemark. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { bankUser } from '../bank/plan.ts';
import { findProgram, mariadbPackage, postgresPackage } from '../servers/host.ts';
import { startMariadb } from '../servers/mariadb.ts';
import { startPostgres } from '../servers/postgres.ts';
import { newFolder } from '../servers/run-folder.ts';
import type { TestServer } from '../servers/server.ts';
import { Cluster } from './cluster.ts';
import { describeResult, projectRoot } from './command.ts';
import { layOutQuietBank } from './quiet-bank.ts';

const zstdPackage = { name: 'zstd', program: 'zstd', folders: ['/usr/bin', '/usr/local/bin'] };
const accountsQuery = 'SELECT id, owner, balance FROM accounts ORDER BY id';

let source: Cluster;
let setFolder: string;

beforeAll(async () => {
  source = await Cluster.start({ postgres: 1, mariadb: 1, purpose: 'source' });
  await layOutQuietBank(source);
  await layOutOddities(source.shard('shard-1').server);
  await layOutReadings(source.shard('shard-0').server);
  const backup = await source.tidemark('backup', '--globals', 'with-passwords', '--json');
  expect(backup.exitCode, describeResult(backup)).toBe(0);
  setFolder = path.join(source.repository, source.name, 'sets', String(backup.json?.['id']));
});

afterAll(() => source.stop());

/** A table whose rows are stored in binary. */
async function layOutReadings(server: TestServer): Promise<void> {
  await server.run(
    `CREATE TABLE readings (at timestamptz, device uuid, x float8, note text);
     INSERT INTO readings VALUES ('infinity', NULL, '-0', ''), ('0044-03-15 BC', gen_random_uuid(), 'NaN', E'\\\\N\\t');
     INSERT INTO readings SELECT now(), gen_random_uuid(), random(), NULL FROM generate_series(1, 500)`,
    'bank',
  );
}

/** A table with history, a view that nobody can use, and one that only the backup's account cannot use. */
async function layOutOddities(server: TestServer): Promise<void> {
  await server.run('CREATE TABLE prices (id int PRIMARY KEY, cents int) WITH SYSTEM VERSIONING', 'bank');
  for (const change of [
    'INSERT INTO prices VALUES (1, 10), (2, 20)',
    'UPDATE prices SET cents = 11 WHERE id = 1',
    'DELETE FROM prices WHERE id = 2',
  ])
    await server.run(change, 'bank');
  // More small tables than lanes: some share an object.
  for (const n of [1, 2, 3, 4, 5]) {
    await server.run(`CREATE TABLE small_${n} (id int PRIMARY KEY)`, 'bank');
    await server.run(`INSERT INTO small_${n} VALUES (${n})`, 'bank');
  }
  await makeElsewhere(server);
  await server.run('CREATE TABLE gone (id int)', 'bank');
  await server.run('CREATE VIEW a_broken AS SELECT id FROM gone', 'bank');
  await server.run('DROP TABLE gone', 'bank');
  await server.run('CREATE SQL SECURITY INVOKER VIEW b_unseen AS SELECT id FROM elsewhere.t', 'bank');
}

async function makeElsewhere(server: TestServer): Promise<void> {
  await server.run('CREATE DATABASE elsewhere');
  await server.run('CREATE TABLE t (id int)', 'elsewhere');
}

/** The commands below one heading of the page, in order. */
function commandsBelow(heading: string): string {
  return blocksBelow(heading).join('\n');
}

function blocksBelow(heading: string): string[] {
  const page = readFileSync(path.join(projectRoot, 'docs', 'restore-by-hand.md'), 'utf8');
  const section = page.split(/^## /m).find((part) => part.startsWith(heading));
  const blocks = [...(section ?? '').matchAll(/^```sh\n(.*?)^```/gms)].map((match) => match[1] ?? '');
  expect(blocks.length, `commands below ${heading}`).toBeGreaterThan(0);
  return blocks;
}

function shell(commands: string, environment: Record<string, string>): string {
  const tools = [
    path.dirname(findProgram(postgresPackage, 'psql')),
    path.dirname(findProgram(mariadbPackage, 'mariadb')),
    path.dirname(findProgram(zstdPackage)),
  ];
  return execFileSync('bash', ['--norc', '-euo', 'pipefail', '-c', commands], {
    encoding: 'utf8',
    env: { ...environment, PATH: [...tools, process.env['PATH']].join(':') },
  });
}

interface Line {
  readonly kind: string;
  readonly name: string;
  readonly table: number;
  readonly format: string;
  readonly columns: readonly string[];
  readonly object: string;
  readonly offset: number;
}

function linesOf(shard: string): Line[] {
  const file = path.join(setFolder, 'shards', shard, 'manifest.jsonl.zst');
  return execFileSync(findProgram(zstdPackage), ['-dc', file], { encoding: 'utf8' })
    .trimEnd()
    .split('\n')
    .map((text) => JSON.parse(text) as Line);
}

/** What the page asks to be set for one table, read from the manifest by `zstd` alone. */
function settingsFor(shard: string, table: string, quote: string): Record<string, string> {
  const found = linesOf(shard).find((line) => line.kind === 'table' && line.name === table);
  return {
    SET: setFolder,
    SHARD: path.join(setFolder, 'shards', shard),
    REPOSITORY: source.repository,
    DATABASE: 'bank',
    NUMBER: String(found?.table),
    FORMAT: found?.format === 'copy-binary' ? 'binary' : 'text',
    COLUMNS: (found?.columns ?? []).map((name) => `${quote}${name}${quote}`).join(', '),
  };
}

test('a set tells that it is one, and what is in it', () => {
  const environment = { SET: setFolder, SHARD: path.join(setFolder, 'shards', 'shard-0') };
  const digest = shell(commandsBelow('Is it a backup?'), environment).split(' ')[0] ?? '';
  const seal = readFileSync(path.join(setFolder, 'seal.json'), 'utf8');
  expect(digest).toMatch(/^[0-9a-f]{64}$/);
  expect(seal).toContain(digest);
  // `head` closes the pipe early, which is no failure.
  expect(shell(`set +o pipefail; ${commandsBelow('What is in a shard?')}`, environment)).toContain(
    '"accounts"',
  );
});

async function expectSameAccounts(original: TestServer, copy: TestServer): Promise<void> {
  const rows = await original.run(accountsQuery, 'bank');
  expect(rows.length).toBeGreaterThan(0);
  expect(await copy.run(accountsQuery, 'bank')).toEqual(rows);
}

test('a PostgreSQL chunk comes back by psql and pg_restore', async () => {
  const target = await startPostgres();
  try {
    const login = {
      PGHOST: target.host,
      PGPORT: String(target.port),
      PGUSER: target.user,
      PGPASSWORD: target.password,
    };
    const roles = `SELECT rolname, rolpassword FROM pg_authid WHERE rolname ~ '^(bank|tidemark)' ORDER BY 1`;
    const of = (table: string): Record<string, string> => ({
      ...settingsFor('shard-0', table, '"'),
      TABLE: `public.${table}`,
      ...login,
    });
    const commands = ['Roles of PostgreSQL', 'The chunks of a table', 'PostgreSQL'].map(commandsBelow);
    shell(commands.join('\n'), of('accounts'));
    await expectSameAccounts(source.shard('shard-0').server, target);
    const rows = blocksBelow('PostgreSQL').find((block) => block.includes('\\copy')) ?? '';
    expect(of('readings')).toMatchObject({ FORMAT: 'binary' });
    shell([commandsBelow('The chunks of a table'), rows].join('\n'), of('readings'));
    const readings = 'SELECT readings::text AS row FROM readings ORDER BY 1';
    const stored = await source.shard('shard-0').server.run(readings, 'bank');
    expect(stored.length).toBe(502);
    expect(await target.run(readings, 'bank')).toEqual(stored);
    const keys = await target.run(
      `SELECT count(*)::int AS n FROM pg_index WHERE indisprimary AND indrelid = 'accounts'::regclass`,
      'bank',
    );
    expect(keys).toEqual([{ n: 1 }]);
    const known = await source.shard('shard-0').server.run(roles);
    expect(known.length).toBeGreaterThan(1);
    expect(await target.run(roles)).toEqual(known);
  } finally {
    await target.stop();
  }
});

test('a MariaDB chunk comes back by mysql', async () => {
  const target = await startMariadb();
  try {
    const home = newFolder('by-hand');
    mkdirSync(home, { recursive: true });
    const login = `[client]\nhost=${target.host}\nport=${target.port}\nuser=${target.user}\npassword=${target.password}\n`;
    writeFileSync(path.join(home, '.my.cnf'), login, { mode: 0o600 });
    await makeElsewhere(target);
    const of = (table: string): Record<string, string> => ({
      ...settingsFor('shard-1', table, ''),
      TABLE: table,
      HOME: home,
      TMPDIR: home,
    });
    const commands = ['The chunks of a table', 'MySQL and MariaDB', 'Accounts of MySQL'].map(commandsBelow);
    shell(commands.join('\n'), of('accounts'));
    await expectSameAccounts(source.shard('shard-1').server, target);
    const rows = blocksBelow('MySQL and MariaDB').find((block) => block.includes('LOAD DATA')) ?? '';
    const lines = linesOf('shard-1');
    const within = lines.filter((line) => line.kind === 'chunk' && line.offset > 0).map(({ table }) => table);
    const small = lines.find(
      (line) => line.kind === 'table' && line.name.startsWith('small') && within.includes(line.table),
    );
    const name = small?.name ?? '';
    shell([commandsBelow('The chunks of a table'), rows].join('\n'), of(name));
    const inShared = `SELECT * FROM ${name}`;
    expect(await target.run(inShared, 'bank')).toEqual(
      await source.shard('shard-1').server.run(inShared, 'bank'),
    );
    shell([commandsBelow('The chunks of a table'), rows].join('\n'), {
      ...of('prices'),
      MORE: ', system_versioning_insert_history = ON',
    });
    const history = 'SELECT *, row_start, row_end FROM prices FOR SYSTEM_TIME ALL ORDER BY id, row_end';
    const former = await source.shard('shard-1').server.run(history, 'bank');
    expect(former.length).toBe(3);
    expect(await target.run(history, 'bank')).toEqual(former);
    const views = "SELECT TABLE_NAME AS n FROM information_schema.VIEWS WHERE TABLE_SCHEMA = 'bank'";
    expect(await target.run(views)).toEqual([{ n: 'b_unseen' }]);
    for (const user of [bankUser, 'tidemark']) {
      const grants = `SHOW GRANTS FOR '${user}'@'%'`;
      expect(await target.run(grants)).toEqual(await source.shard('shard-1').server.run(grants));
    }
  } finally {
    await target.stop();
  }
});
