import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { TidemarkError } from '../../../proto/errors.ts';
import { readAgentFile } from '../../../topology/parse.ts';

const folder = mkdtempSync(join(tmpdir(), 'tidemark-agent-file-'));
const file = join(folder, 'agent.yaml');
afterAll(() => rmSync(folder, { recursive: true }));

function read(text: string) {
  writeFileSync(file, text);
  return readAgentFile(file);
}

async function mistakes(text: string): Promise<string[]> {
  const error = await read(text).then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(TidemarkError);
  expect(error).toMatchObject({
    code: 'file-invalid',
    exitCode: 2,
    subject: file,
    operation: "read the agent's file",
  });
  return (error as TidemarkError).reason.split('\n').map((line) => line.slice(file.length + 1));
}

const whole = `shard: shop-00
listen: 127.0.0.1:7420
repository: {url: "file:///srv/tidemark"}        # what this host may write to
database:
  engine: postgres
  host: 127.0.0.1
  port: 5433
  user: tidemark
  password: {env: SHOP_00_PASSWORD}
  databases: [shop]
  stallLimit: 90s
invariants: [{name: money, database: shop, sql: "SELECT SUM(balance) FROM public.accounts"}]
tools: {pgDump: /usr/lib/postgresql/18/bin/pg_dump}
allow: [backup, restore]
`;

const least = (database: string): string => `shard: shop-00
listen: 127.0.0.1:7420
repository: {url: "file:///srv/tidemark"}
database: ${database}
`;

describe('what is read', () => {
  test('a file with everything', async () => {
    expect(await read(whole)).toEqual({
      path: file,
      shard: 'shop-00',
      listen: '127.0.0.1:7420',
      repository: { url: 'file:///srv/tidemark' },
      transport: { kind: 'default' },
      database: {
        engine: 'postgres',
        host: '127.0.0.1',
        port: 5433,
        user: 'tidemark',
        password: { kind: 'env', name: 'SHOP_00_PASSWORD' },
        databases: ['shop'],
        stallLimitMs: 90_000,
      },
      invariants: [{ name: 'money', database: 'shop', sql: 'SELECT SUM(balance) FROM public.accounts' }],
      tools: { pgDump: '/usr/lib/postgresql/18/bin/pg_dump' },
      allow: ['backup', 'restore'],
    });
  });

  test('a file with the least has the documented defaults', async () => {
    expect(await read(least('{engine: mysql, host: /run/mysqld/mysqld.sock, user: tidemark}'))).toEqual({
      path: file,
      shard: 'shop-00',
      listen: '127.0.0.1:7420',
      repository: { url: 'file:///srv/tidemark' },
      transport: { kind: 'default' },
      database: {
        engine: 'mysql',
        host: '/run/mysqld/mysqld.sock',
        port: 3306,
        user: 'tidemark',
        password: { kind: 'none' },
        databases: undefined,
        stallLimitMs: 60_000,
      },
      invariants: [],
      tools: {},
      allow: ['backup'],
    });
  });

  test.each(['allow:', 'allow: ~', 'allow: null', '# allow is left out'])(
    'a restore is allowed by name only: %s',
    async (line) => {
      const text = whole.replace('allow: [backup, restore]', line);
      expect(text).not.toBe(whole);
      expect((await read(text)).allow).toEqual(['backup']);
    },
  );

  test('the port of PostgreSQL', async () => {
    expect((await read(least('{engine: postgres, host: db, user: u}'))).database.port).toBe(5432);
  });

  test('a password in a file, from the folder of the agent file', async () => {
    const { database } = await read(
      least('{engine: postgres, host: db, user: u, password: {file: secrets/db}}'),
    );
    expect(database.password).toEqual({ kind: 'file', path: join(folder, 'secrets/db') });
  });

  test('a port that the system chooses, and one permission only', async () => {
    const text = whole
      .replace('127.0.0.1:7420', '127.0.0.1:0')
      .replace('[backup, restore]', '[restore, restore]');
    expect(await read(text)).toMatchObject({ listen: '127.0.0.1:0', allow: ['restore'] });
  });

  test('relative tools are meant from the folder of the agent file', async () => {
    const { tools } = await read(
      whole.replace(
        '{pgDump: /usr/lib/postgresql/18/bin/pg_dump}',
        '{pgRestore: bin/pg_restore, pgDumpall: bin/pg_dumpall}',
      ),
    );
    expect(tools).toEqual({
      pgRestore: join(folder, 'bin/pg_restore'),
      pgDumpall: join(folder, 'bin/pg_dumpall'),
    });
  });
});

describe('what is wrong', () => {
  test('every mistake of a file is said in one go', async () => {
    const text = `shard: shop 00
listen: 7420
repository: file:///srv/tidemark
database:
  engine: postgresql
  host: "no host"
  port: 99999
  password: hunter2
  database: [shop]
invariants: [{name: money, database: shop, sql: ""}, {name: money}]
tools: {pg_dump: /x}
allow: [backups]
agent: x
`;
    expect(await mistakes(text)).toEqual([
      '1:8: shard: `shop 00` is no name: 1 to 63 letters, digits, `_`, `.` or `-`, beginning with a letter or digit',
      '2:9: listen: must be text; put it in quotes: "7420"',
      '3:13: repository: must be a mapping of keys to values, not a string',
      '5:3: database.user: is missing',
      '5:11: database.engine: must be postgres or mysql; did you mean `postgres`?',
      '6:9: database.host: `no host` is no host name, address or absolute path of a socket',
      '7:9: database.port: must be a whole number from 1 to 65535, not 99999',
      '8:13: database.password: must be {env: NAME} or {file: PATH}; the password itself does not belong in this file',
      '9:3: database.database: unknown key; did you mean `databases`?',
      '10:49: invariants[0].sql: must not be empty',
      '10:54: invariants[1].database: is missing',
      '10:54: invariants[1].sql: is missing',
      '10:61: invariants[1].name: another invariant has the name `money` (invariants[0].name)',
      '11:9: tools.pg_dump: unknown key; did you mean `pgDump`?',
      '12:9: allow[0]: must be backup or restore; did you mean `backup`?',
      '13:1: agent: unknown key; known here: database, shard, listen, repository, transport, tls, invariants, tools, allow',
    ]);
  });

  test.each<[what: string, password: string, expected: string]>([
    [
      'a password as a number',
      '12345',
      'must be {env: NAME} or {file: PATH}; the password itself does not belong in this file',
    ],
    ['no form of password', '{}', 'must be either {env: NAME} or {file: PATH}'],
    ['both forms of password', '{env: A, file: b}', 'must be either {env: NAME} or {file: PATH}'],
    ['a list', '[a]', 'must be a mapping of keys to values, not a list'],
  ])('%s', async (_, password, expected) => {
    const lines = await mistakes(least(`{engine: mysql, host: db, user: u, password: ${password}}`));
    expect(lines).toEqual([`4:56: database.password: ${expected}`]);
  });

  test('a password that was written as the name of a variable is not repeated', async () => {
    const lines = await mistakes(least('{engine: mysql, host: db, user: u, password: {env: "hunter2!"}}'));
    expect(lines).toEqual([
      '4:62: database.password.env: is no name of an environment variable: letters, digits and `_`, not beginning with a digit',
    ]);
  });

  test.each<[what: string, databases: string, expected: string]>([
    [
      'no database',
      '[]',
      '4:57: database.databases: must name at least one database; leave it out for all of them',
    ],
    ['a database twice', '[a, b, a]', '4:64: database.databases[2]: `a` stands here twice'],
    ['a database as a number', '[1]', '4:58: database.databases[0]: must be text; put it in quotes: "1"'],
    ['a single word', 'shop', '4:57: database.databases: must be a list, not a string'],
  ])('%s', async (_, databases, expected) => {
    expect(await mistakes(least(`{engine: mysql, host: db, user: u, databases: ${databases}}`))).toEqual([
      expected,
    ]);
  });

  test.each([
    ['500ms', '4:58: database.stallLimit: must be from 1 s to 1 d, not 500 ms'],
    ['2d', '4:58: database.stallLimit: must be from 1 s to 1 d, not 2 d'],
    ['60', '4:58: database.stallLimit: '],
    ['soon', '4:58: database.stallLimit: '],
  ])('a stall limit of %s', async (limit, expected) => {
    const [said] = await mistakes(least(`{engine: mysql, host: db, user: u, stallLimit: ${limit}}`));
    expect(said).toContain(expected);
  });

  test('an invariant in a database that is not backed up', async () => {
    expect(await mistakes(whole.replace('database: shop,', 'database: shops,'))).toEqual([
      '12:38: invariants[0].database: `shops` is not among database.databases',
    ]);
  });

  test('nothing allowed', async () => {
    expect(await mistakes(whole.replace('[backup, restore]', '[]'))).toEqual([
      '14:8: allow: must allow backup or restore; leave it out for backup only',
    ]);
  });

  test('a topology given for an agent file', async () => {
    const lines = await mistakes('cluster: shop\nrepository: {url: "file:///srv/tidemark"}\nshards: []\n');
    expect(lines).toContain('3:1: shards: unknown key; did you mean `shard`?');
    expect(lines).toContain('1:1: database: is missing');
  });
});
