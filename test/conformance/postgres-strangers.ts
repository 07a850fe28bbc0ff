/** Who is in the way of PostgreSQL's barrier, and who only looks like it: each as a transaction that stays open. */
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { BackupSession, Engine } from '../../shard-agent/engine.ts';
import type { PostgresServer } from '../servers/postgres.ts';
import { backupOrder } from './engine-conformance.ts';
import type { SqlSession } from './engine-fixture.ts';
import { type PostgresFixture, postgresSession } from './postgres-fixture.ts';
import { eventually } from './waiting.ts';

const never = new AbortController().signal;

interface Transaction {
  readonly name: string;
  /** Default: the database that is backed up. */
  readonly database?: string;
  readonly before?: readonly string[];
  /** Runs after BEGIN, and stays open. */
  readonly statements: readonly string[];
}

const strangers: readonly Transaction[] = [
  {
    name: 'writes a temporary table',
    before: ['CREATE TEMP TABLE report (a int)'],
    statements: ['INSERT INTO report SELECT id FROM accounts'],
  },
  {
    name: 'makes its first temporary table',
    statements: ['CREATE TEMP TABLE report (a int, note text)', 'INSERT INTO report VALUES (1)'],
  },
  {
    name: 'makes one more temporary table, with an index',
    before: ['CREATE TEMP TABLE report (a int)'],
    statements: ['CREATE TEMP TABLE more AS SELECT id FROM accounts', 'CREATE INDEX ON more (id)'],
  },
  {
    name: 'indexes and truncates a temporary table',
    before: ['CREATE TEMP TABLE report (a int)'],
    statements: ['CREATE INDEX ON report (a)', 'TRUNCATE report'],
  },
  {
    name: 'writes in a database that is not backed up',
    database: 'elsewhere',
    statements: ['UPDATE notes SET id = id', 'CREATE TABLE unborn (id int)', 'INSERT INTO unborn VALUES (1)'],
  },
  {
    name: 'has an advisory lock and a transaction id',
    statements: ['SELECT pg_advisory_xact_lock(7)', 'SELECT txid_current()'],
  },
  { name: 'has drawn from a sequence', statements: [`SELECT nextval('numbers'), setval('numbers', 100)`] },
  {
    name: 'refreshes a materialised view concurrently',
    statements: ['REFRESH MATERIALIZED VIEW CONCURRENTLY totals'],
  },
  {
    name: 'makes a role, in a catalogue of the whole server',
    statements: ['CREATE ROLE passing'],
  },
  { name: 'writes a table of an extension', statements: ['INSERT INTO member VALUES (1)'] },
];

const blockers: readonly Transaction[] = [
  {
    name: 'makes a table',
    statements: ['CREATE TABLE unborn (id int)', 'INSERT INTO unborn VALUES (1)'],
  },
  {
    name: 'makes a table in a schema that it makes',
    statements: [
      'CREATE SCHEMA new',
      'CREATE TABLE new.unborn (id int)',
      'INSERT INTO new.unborn VALUES (1)',
    ],
  },
  {
    name: 'makes a table in a new schema and its first temporary table',
    statements: [
      'CREATE SCHEMA new',
      'CREATE TABLE new.unborn AS SELECT 1',
      'CREATE TEMP TABLE report (a int)',
    ],
  },
  {
    name: 'makes a table in a new schema and indexes a temporary one',
    before: ['CREATE TEMP TABLE report (a int)'],
    statements: ['CREATE INDEX ON report (a)', 'CREATE SCHEMA new', 'CREATE TABLE new.unborn AS SELECT 1'],
  },
  {
    name: 'makes a temporary table and a permanent one',
    statements: ['CREATE TEMP TABLE report (a int)', 'SELECT id INTO unborn FROM accounts'],
  },
  {
    name: 'writes a temporary table and a row that is backed up',
    before: ['CREATE TEMP TABLE report (a int)'],
    statements: ['INSERT INTO report VALUES (1)', 'UPDATE accounts SET balance = balance WHERE id = 1'],
  },
  {
    name: 'locks a row',
    statements: ['SELECT FROM accounts WHERE id = 1 FOR UPDATE'],
  },
  { name: 'writes a large object', statements: [`SELECT lo_put(1, 0, 'abc')`] },
  // The server opens the table of large objects for writing even to read, and the barrier's lock waits for that.
  { name: 'reads a large object', statements: ['SELECT lo_get(1)'] },
  { name: 'removes a large object', statements: ['SELECT lo_unlink(1)'] },
  { name: 'alters a table', statements: ['ALTER TABLE accounts ADD COLUMN late int'] },
];

export function testPostgresStrangers(fixture: PostgresFixture): void {
  describe(`${fixture.name}: in the way, or not`, () => {
    let server: PostgresServer;
    let engine: Engine;
    const open: (BackupSession | SqlSession)[] = [];

    /** Every transaction has a session of its own, so that its temporary tables may be the first there. */
    async function begin({ database = 'bank', before = [], statements }: Transaction): Promise<SqlSession> {
      const session = await postgresSession(server, database);
      open.push(session);
      for (const statement of before) await session.query(statement);
      await session.query('BEGIN');
      for (const statement of statements) await session.query(statement);
      return session;
    }

    async function prepare(): Promise<BackupSession> {
      const session = await engine.prepareBackup(backupOrder);
      open.push(session);
      return session;
    }

    beforeAll(async () => {
      server = await fixture.start({ settings: { autovacuum: 'off' } });
      for (const name of ['bank', 'elsewhere']) await server.run(`CREATE DATABASE ${name}`);
      await server.run('CREATE TABLE notes (id int)', 'elsewhere');
      await server.run('INSERT INTO notes VALUES (1)', 'elsewhere');
      for (const statement of [
        'CREATE TABLE accounts (id int PRIMARY KEY, balance bigint)',
        'INSERT INTO accounts SELECT i, 100 FROM generate_series(1, 100) i',
        'CREATE SEQUENCE numbers',
        'CREATE MATERIALIZED VIEW totals AS SELECT 1 AS id, sum(balance) AS total FROM accounts',
        'CREATE UNIQUE INDEX ON totals (id)',
        'CREATE MATERIALIZED VIEW slow AS SELECT pg_sleep(60) IS NULL AS slept WITH NO DATA',
        'CREATE TABLE member (id int)',
        'ALTER EXTENSION plpgsql ADD TABLE member',
        `SELECT lo_from_bytea(1, 'abc')`,
      ]) {
        await server.run(statement, 'bank');
      }
      engine = fixture.open(server, ['bank']);
    });

    afterEach(async () => {
      for (const session of open.splice(0).reverse()) await session.close();
    });

    afterAll(async () => {
      await server?.stop();
    });

    test.each(strangers)('not in the way: who $name', async (transaction) => {
      const stranger = await begin(transaction);
      const session = await prepare();
      expect(await session.inTheWay(0)).toEqual([]);
      expect(await session.lock(300, never)).toMatchObject({ outcome: 'locked' });
      await session.cut();
      await stranger.query('ROLLBACK');
    });

    test.each(blockers)('in the way: who $name', async (transaction) => {
      const session = await prepare();
      const blocker = await begin(transaction);
      const pids = (await session.inTheWay(0)).map(({ processId }) => processId);
      expect(pids).toEqual([blocker.processId]);
      const outcome = await session.lock(100, never);
      expect(outcome).toMatchObject({ outcome: 'blocked' });
      const named = outcome.outcome === 'blocked' ? outcome.blockers : [];
      expect(named.map(({ processId }) => processId)).toContain(blocker.processId);
      await blocker.query('ROLLBACK');
      expect(await session.lock(500, never)).toMatchObject({ outcome: 'locked' });
    });

    test('not in the way: REFRESH MATERIALIZED VIEW while it runs', async () => {
      const stranger = await postgresSession(server, 'bank');
      open.push(stranger);
      const refreshing = stranger.query('REFRESH MATERIALIZED VIEW slow').catch(() => undefined);
      const running = async (): Promise<number> =>
        (await server.run(`SELECT FROM pg_stat_activity WHERE wait_event = 'PgSleep'`)).length;
      expect(await eventually(running, 1)).toBe(1);
      const session = await prepare();
      expect(await session.inTheWay(0)).toEqual([]);
      expect(await session.lock(300, never)).toMatchObject({ outcome: 'locked' });
      await session.cut();
      await server.run(`SELECT pg_cancel_backend(${stranger.processId})`);
      await refreshing;
    });

    test('a prepared transaction of a database that is not backed up is not in the way, one of a covered database is', async () => {
      const session = await prepare();
      const stranger = await begin({
        name: 'there',
        database: 'elsewhere',
        statements: ['UPDATE notes SET id = 2'],
      });
      await stranger.query(`PREPARE TRANSACTION 'there'`);
      const blocker = await begin({
        name: 'here',
        statements: ['UPDATE accounts SET balance = 1 WHERE id = 1'],
      });
      await blocker.query(`PREPARE TRANSACTION 'here'`);
      const inDoubt = [expect.objectContaining({ kind: 'in-doubt', transaction: 'here' })];
      expect(await session.inTheWay(0)).toEqual(inDoubt);
      expect(await session.lock(100, never)).toMatchObject({ outcome: 'blocked', blockers: inDoubt });
      await blocker.query(`ROLLBACK PREPARED 'here'`);
      expect(await session.inTheWay(0)).toEqual([]);
      expect(await session.lock(300, never)).toMatchObject({ outcome: 'locked' });
      await session.unlock();
      await stranger.query(`ROLLBACK PREPARED 'there'`);
    });
  });
}
