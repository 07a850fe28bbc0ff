/** What keeps only PostgreSQL from draining, and what may happen to a copy while it runs. */
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { openPostgres } from '../../shard-agent/engines/postgres/index.ts';
import type { BackupOrder, BackupSession, Engine, LockOutcome, ReadTask } from '../../shard-agent/engine.ts';
import type { PostgresServer } from '../servers/postgres.ts';
import { backupOrder } from './engine-conformance.ts';
import type { SqlSession } from './engine-fixture.ts';
import { copyShard, MemorySink, readTask } from './memory-shard.ts';
import { type PostgresFixture, postgresSession } from './postgres-fixture.ts';
import { eventually, within } from './waiting.ts';

const never = new AbortController().signal;
const copyBytes = { chunkBytes: 64 * 1024 };

export function testPostgresBarrier(fixture: PostgresFixture): void {
  describe(`${fixture.name}: barrier and copy of its own`, () => {
    let server: PostgresServer;
    let engine: Engine;
    const open: (BackupSession | SqlSession)[] = [];

    async function prepare(order: Partial<BackupOrder> = {}): Promise<BackupSession> {
      const session = await engine.prepareBackup({ ...backupOrder, ...order });
      open.push(session);
      return session;
    }

    async function client(): Promise<SqlSession> {
      const session = await postgresSession(server, 'bank');
      open.push(session);
      return session;
    }

    async function cut(order: Partial<BackupOrder> = {}): Promise<BackupSession> {
      const session = await prepare(order);
      expect(await session.lock(500, never)).toMatchObject({ outcome: 'locked' });
      await session.cut();
      return session;
    }

    beforeAll(async () => {
      server = await fixture.start({ settings: { autovacuum: 'off' } });
      await server.run('CREATE DATABASE bank');
      await server.run('CREATE TABLE accounts (id int PRIMARY KEY, balance bigint)', 'bank');
      await server.run('INSERT INTO accounts SELECT i, 100 FROM generate_series(1, 1000) i', 'bank');
      await server.run('CREATE TABLE bulk (id int, filler text)', 'bank');
      await server.run(
        `INSERT INTO bulk SELECT i, repeat('x', 500) FROM generate_series(1, 40000) i`,
        'bank',
      );
      await server.run('SELECT lo_create(1)', 'bank');
      engine = fixture.open(server);
    });

    afterEach(async () => {
      for (const session of open.splice(0).reverse()) await session.close();
    });

    afterAll(async () => {
      await server?.stop();
    });

    describe('in the way of the barrier', () => {
      test('a table that is being created, though no table lock shows it', async () => {
        const session = await prepare();
        const maker = await client();
        await maker.query('BEGIN');
        await maker.query('CREATE TABLE unborn (id int)');
        await maker.query('INSERT INTO unborn VALUES (1)');
        const outcome = expectBlocked(await session.lock(300, never));
        expect(outcome.blockers.map((blocker) => blocker.processId)).toContain(maker.processId);
        await maker.query('ROLLBACK');
        expect(await session.lock(500, never)).toMatchObject({ outcome: 'locked' });
      });

      test('a write to a large object', async () => {
        const session = await prepare();
        const writer = await client();
        await writer.query('BEGIN');
        await writer.query(`SELECT lo_put(1, 0, 'abc')`);
        const outcome = expectBlocked(await session.lock(200, never));
        expect(outcome.blockers.map((blocker) => blocker.processId)).toContain(writer.processId);
        await writer.query('ROLLBACK');
        expect(await session.lock(500, never)).toMatchObject({ outcome: 'locked' });
        const held = await client();
        await expect(within(150, 'a write', held.query(`SELECT lo_put(1, 0, 'abc')`))).rejects.toThrow(
          /longer/,
        );
      });

      test('a lock on rows that do not exist, which has no transaction id', async () => {
        const session = await prepare();
        const locker = await client();
        await locker.query('BEGIN');
        await locker.query('SELECT FROM accounts WHERE id = -1 FOR UPDATE');
        expect((await session.inTheWay(0)).map((blocker) => blocker.processId)).toEqual([locker.processId]);
        const outcome = expectBlocked(await session.lock(100, never));
        expect(outcome.blockers.map((blocker) => blocker.processId)).toEqual([locker.processId]);
      });

      test('an idle transaction that has only read is not in the way', async () => {
        const session = await prepare();
        const reader = await client();
        await reader.query('BEGIN ISOLATION LEVEL REPEATABLE READ');
        await reader.query('SELECT count(*) FROM accounts');
        expect(await session.inTheWay(0)).toEqual([]);
        expect(await session.lock(300, never)).toMatchObject({ outcome: 'locked' });
      });

      test('a temporary table in another transaction is not in the way', async () => {
        const session = await prepare();
        const other = await client();
        await other.query('CREATE TEMP TABLE scratch (id int)');
        await other.query('BEGIN');
        await other.query('INSERT INTO scratch VALUES (1)');
        expect(await session.lock(300, never)).toMatchObject({ outcome: 'locked' });
      });

      test('a vacuum by hand is named, an attempt does not wait for it longer than it may', async () => {
        const session = await prepare();
        const vacuum = await client();
        await vacuum.query('SET vacuum_cost_delay = 100; SET vacuum_cost_limit = 1');
        const done = vacuum.query('VACUUM (FREEZE, DISABLE_PAGE_SKIPPING) bulk').catch(() => undefined);
        const kinds = async (): Promise<string> =>
          (await session.inTheWay(60_000)).map((one) => one.kind).join();
        expect(await eventually(kinds, 'vacuum')).toBe('vacuum');
        const outcome = expectBlocked(await session.lock(100, never));
        expect(outcome.blockers).toContainEqual(
          expect.objectContaining({ kind: 'vacuum', processId: vacuum.processId }),
        );
        await server.run(`SELECT pg_terminate_backend(${vacuum.processId})`);
        await done;
      });

      test('DDL that waits behind a reader is named, and writers do not wait for our next attempt', async () => {
        const session = await prepare();
        const reader = await client();
        await reader.query('BEGIN');
        await reader.query('SELECT count(*) FROM bulk');
        const ddl = await client();
        const altering = ddl.query('ALTER TABLE bulk ADD COLUMN late int').catch(() => undefined);
        const waiting = async (): Promise<number> =>
          (await server.run('SELECT FROM pg_locks WHERE NOT granted')).length;
        expect(await eventually(waiting, 1)).toBe(1);
        const outcome = expectBlocked(await session.lock(100, never));
        expect(outcome.blockers.map((blocker) => blocker.processId)).toContain(ddl.processId);
        await server.run(`SELECT pg_cancel_backend(${ddl.processId})`);
        await altering;
        await reader.query('COMMIT');
        expect(await session.lock(500, never)).toMatchObject({ outcome: 'locked' });
      });

      test('a changed table is read anew by the next attempt, and its new column is in the copy', async () => {
        const session = await prepare();
        const ddl = await client();
        await ddl.query('CREATE TABLE changing (a int)');
        await ddl.query('INSERT INTO changing VALUES (1)');
        expect(expectBlocked(await session.lock(300, never)).reason).toMatch(/catalogue/);
        // Between the attempts: the second reads the catalogue before it locks.
        await ddl.query('ALTER TABLE changing ADD COLUMN b int DEFAULT 2');
        expect(await session.lock(300, never)).toMatchObject({ outcome: 'locked' });
        await session.cut();
        const copy = await copyShard(session, copyBytes);
        const table = copy.stored.tables.find((candidate) => candidate.name === 'changing');
        expect(table?.columns).toEqual(['a', 'b']);
        expect(copy.chunks.find((chunk) => chunk.line.table === table?.table)?.bytes.toString()).toBe(
          '1\t2\n',
        );
        await session.close();
        await ddl.query('DROP TABLE changing');
      });
    });

    test('the server ends a hold at one moment, however long it worked before it had to wait', async () => {
      const holdLimitMs = 600;
      const session = await prepare({ holdLimitMs });
      const [first, slow, writer] = [await client(), await client(), await client()];
      await first.query('BEGIN');
      await first.query('UPDATE accounts SET balance = balance WHERE id = 1');
      const began = performance.now();
      const lock = session.lock(300, never);
      const waiting = async (): Promise<number> =>
        (await server.run('SELECT FROM pg_locks WHERE NOT granted')).length;
      expect(await eventually(waiting, 1)).toBe(1);
      // The check under the locks must wait for this, for half a second: the server is at work, the locks are held.
      await slow.query('BEGIN');
      await slow.query('LOCK TABLE pg_catalog.pg_attribute IN ACCESS EXCLUSIVE MODE');
      const write = writer.query('UPDATE accounts SET balance = balance WHERE id = 1');
      const worked = slow.query('SELECT pg_sleep(0.45); COMMIT');
      await first.query('COMMIT');
      await worked;
      expect(await lock).toMatchObject({ outcome: 'locked' });
      // Nobody says anything any more, as if the agent had frozen.
      await within(2_000, 'the write', write);
      expect(performance.now() - began).toBeLessThan(holdLimitMs + 500);
      await expect(session.cut()).rejects.toMatchObject({ code: 'snapshot-lost' });
    });

    describe('while the copy runs', () => {
      test('DDL waits, and a lane says who alters the table', async () => {
        const session = await cut();
        const ddl = await client();
        const altering = ddl.query('ALTER TABLE bulk ALTER COLUMN id TYPE bigint').catch(() => undefined);
        const waiting = async (): Promise<number> =>
          (await server.run('SELECT FROM pg_locks WHERE NOT granted')).length;
        expect(await eventually(waiting, 1)).toBe(1);
        const [lane] = await session.readLanes();
        await expect(
          within(
            2_000,
            'the read',
            lane?.read(taskOf(session, 'bulk'), new MemorySink(1 << 20), never) ??
              Promise.reject(new Error('no lane')),
          ),
        ).rejects.toMatchObject({
          code: 'table-locked',
          reason: expect.stringMatching(new RegExp(`process ${ddl.processId} .*ALTER TABLE bulk`)),
        });
        await server.run(`SELECT pg_cancel_backend(${ddl.processId})`);
        await altering;
        // The lane is not dead: when the statement is gone it reads.
        if (lane === undefined) throw new Error('no lane');
        expect((await readTask(lane, taskOf(session, 'bulk'), copyBytes)).length).toBeGreaterThan(0);
      });

      test('what is written, deleted or truncated meanwhile changes nothing', async () => {
        const session = await cut();
        const writer = await client();
        await writer.query('DELETE FROM accounts WHERE id > 500');
        await writer.query('UPDATE accounts SET balance = 0');
        await writer.query('VACUUM accounts');
        const copy = await copyShard(session, copyBytes);
        const table = copy.stored.tables.find((candidate) => candidate.name === 'accounts');
        const rows = copy.chunks
          .filter((chunk) => chunk.line.table === table?.table)
          .flatMap((chunk) => chunk.bytes.toString().trimEnd().split('\n'));
        expect(rows).toHaveLength(1000);
        expect(rows.every((row) => row.endsWith('\t100'))).toBe(true);
        await session.close();
        await writer.query('TRUNCATE accounts');
        await writer.query('INSERT INTO accounts SELECT i, 100 FROM generate_series(1, 1000) i');
      });

      test('a lane whose backend is ended is dead, and another takes its task', async () => {
        const session = await cut({ lanes: 2, chunkBytes: 1 << 30 });
        const [first, second] = await session.readLanes();
        if (first === undefined || second === undefined) throw new Error('two lanes were asked for');
        const task = taskOf(session, 'bulk');
        /** Ends every lane that is copying, in the middle of the task. */
        class EndingSink extends MemorySink {
          ended: Promise<unknown> | undefined;
          override append(source: Uint8Array, start: number, end: number): Promise<void> | undefined {
            const wait = super.append(source, start, end);
            this.ended ??= server.run(
              `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'tidemark lane' AND query LIKE '%COPY %'`,
            );
            return this.ended.then(() => wait);
          }
        }
        await expect(first.read(task, new EndingSink(1 << 30), never)).rejects.toMatchObject({
          code: 'snapshot-lost',
        });
        await expect(first.read(task, new MemorySink(1 << 30), never)).rejects.toMatchObject({
          code: 'snapshot-lost',
        });
        const chunks = await readTask(second, task, { chunkBytes: 1 << 30 });
        expect(chunks.reduce((rows, chunk) => rows + chunk.line.rows, 0)).toBe(40_000);
      });

      test('an error of the sink is passed on, and the lane goes on with the next task', async () => {
        const session = await cut();
        const [lane] = await session.readLanes();
        if (lane === undefined) throw new Error('no lane');
        class FullStore extends MemorySink {
          override append(): Promise<void> | undefined {
            return Promise.reject(new Error('no space left'));
          }
        }
        await expect(lane.read(taskOf(session, 'bulk'), new FullStore(1 << 20), never)).rejects.toThrow(
          'no space left',
        );
        expect((await readTask(lane, taskOf(session, 'accounts'), copyBytes)).length).toBeGreaterThan(0);
      });

      test('the signal ends a read', async () => {
        const session = await cut();
        const [lane] = await session.readLanes();
        const abort = new AbortController();
        class AbortingSink extends MemorySink {
          override append(source: Uint8Array, start: number, end: number): Promise<void> | undefined {
            abort.abort();
            return super.append(source, start, end);
          }
        }
        await expect(
          lane?.read(taskOf(session, 'bulk'), new AbortingSink(1 << 20, true), abort.signal),
        ).rejects.toMatchObject({ code: 'interrupted' });
      });

      test('a lost exporter makes every lane say so', async () => {
        const session = await cut();
        await server.run(
          `SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE application_name = 'tidemark snapshot'`,
        );
        const [lane] = await session.readLanes();
        await expect(
          lane?.read(taskOf(session, 'bulk'), new MemorySink(1 << 20), never),
        ).rejects.toMatchObject({
          code: 'snapshot-lost',
        });
        await expect(session.databaseLines()).rejects.toMatchObject({ code: 'snapshot-lost' });
        const [piece] = await Array.fromAsync(session.schema(), async (one) => one).catch(
          (error: unknown) => [error],
        );
        expect(piece).toBeDefined();
      });

      test('a server that restarts leaves a session that can be closed, and the next backup works', async () => {
        const session = await cut();
        await server.restart();
        await expect(session.confirmServer()).resolves.toBeUndefined();
        const [lane] = await session.readLanes();
        await expect(
          lane?.read(taskOf(session, 'bulk'), new MemorySink(1 << 20), never),
        ).rejects.toMatchObject({
          code: 'snapshot-lost',
        });
        await session.close();
        const next = await cut();
        expect((await copyShard(next, copyBytes)).chunks.length).toBeGreaterThan(0);
      });
    });

    describe('which databases', () => {
      test("the maintenance database is the server's own, and who keeps tables in it is told", async () => {
        await server.run('CREATE TABLE misplaced (id int)', 'postgres');
        try {
          expect((await engine.describe()).databases).toEqual(['bank']);
          expect(await engine.check()).toContainEqual(
            expect.objectContaining({ subject: 'database postgres', warning: true }),
          );
        } finally {
          await server.run('DROP TABLE misplaced', 'postgres');
        }
      });

      test('tables and sequences that a small lock table has no room for are refused before anybody is held', async () => {
        const small = await fixture.start({
          settings: {
            max_locks_per_transaction: '10',
            max_connections: '20',
            max_prepared_transactions: '0',
          },
        });
        try {
          await small.run('CREATE DATABASE wide');
          for (let part = 0; part < 9; part += 1) {
            await small.run(
              `DO $$ BEGIN FOR i IN ${part * 10}..${part * 10 + 9} LOOP EXECUTE format('CREATE TABLE t%s (a serial, b serial, c serial)', i); END LOOP; END $$`,
              'wide',
            );
          }
          const tight = openPostgres({
            database: {
              engine: 'postgres',
              host: small.socket,
              port: small.port,
              user: 'postgres',
              password: { kind: 'none' },
              databases: ['wide'],
            },
            password: undefined,
            tools: fixture.tools,
          });
          const [found] = (await tight.check()).filter((finding) => !finding.warning);
          expect(found).toMatchObject({
            code: 'not-ready',
            remedy: expect.stringMatching(/ALTER SYSTEM SET max_locks_per_transaction = \d+/),
          });
          await small.run((found?.remedy ?? '').split(';')[0] ?? '');
          await small.run('SELECT 1');
        } finally {
          await small.stop();
        }
      });
    });
  });
}

function taskOf(session: BackupSession, name: string): ReadTask {
  const table = session.tables.find((candidate) => candidate.name === name);
  const task = session.tasks().find((candidate) => candidate.table === table?.table);
  if (task === undefined) throw new Error(`no task for ${name}`);
  return task;
}

function expectBlocked(outcome: LockOutcome): Extract<LockOutcome, { outcome: 'blocked' }> {
  expect(outcome.outcome).toBe('blocked');
  return outcome as Extract<LockOutcome, { outcome: 'blocked' }>;
}
