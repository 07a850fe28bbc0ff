/** What only MySQL and MariaDB have in a barrier: detached branches, the guard against DDL, lanes that die. */
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { BackupOrder, BackupSession, Engine } from '../../shard-agent/engine.ts';
import type { TestServer } from '../servers/server.ts';
import { backupOrder } from './engine-conformance.ts';
import type { EngineFixture, SqlSession } from './engine-fixture.ts';
import { copyShard, MemorySink, readTask } from './memory-shard.ts';
import { sqlSession } from './mysql-fixture.ts';
import { eventually, within } from './waiting.ts';

const never = new AbortController().signal;

export function testMysqlBarrier(fixture: EngineFixture, source: () => TestServer): void {
  let engine: Engine;
  const open: (BackupSession | SqlSession)[] = [];
  const prepare = async (order: Partial<BackupOrder> = {}): Promise<BackupSession> => {
    const session = await engine.prepareBackup({ ...backupOrder, ...order });
    open.push(session);
    return session;
  };
  const client = async (): Promise<SqlSession> => {
    const session = await sqlSession(source(), 'many');
    open.push(session);
    return session;
  };
  const locked = { outcome: 'locked' };

  describe(`${fixture.name}: barrier of its own`, () => {
    beforeAll(async () => {
      await source().run('CREATE DATABASE many');
      const maker = await sqlSession(source(), 'many');
      for (let table = 0; table < 450; table += 1) {
        await maker.query(`CREATE TABLE t${table} (id int PRIMARY KEY, x int)`);
      }
      await maker.query('INSERT INTO t7 VALUES (1, 1), (2, 2)');
      await maker.query('CREATE TABLE wide (id int PRIMARY KEY, filler text)');
      for (let first = 0; first < 8_000; first += 500) {
        const rows = Array.from({ length: 500 }, (_, row) => `(${first + row}, '${'x'.repeat(3000)}')`);
        await maker.query(`INSERT INTO wide VALUES ${rows.join(', ')}`);
      }
      await maker.close();
      engine = fixture.open(source(), ['many']);
    });
    afterEach(async () => {
      for (const session of open.splice(0).reverse()) await session.close();
    });
    afterAll(async () => {
      await source().run('DROP DATABASE many');
    });

    test('several lock sessions hold every table, and all of them let go', async () => {
      const session = await prepare();
      expect(await session.lock(1_000, never)).toMatchObject(locked);
      const writes: Promise<unknown>[] = [];
      for (const table of ['t0', 't199', 't200', 't449']) {
        const writer = await client();
        writes.push(writer.query(`INSERT INTO ${table} VALUES (9, 9)`));
      }
      await expect(within(100, 'a write', Promise.race(writes))).rejects.toThrow(/took longer/);
      const cut = await session.cut();
      expect(cut.position).toMatchObject({ kind: 'binlog', file: expect.stringMatching(/binlog\.\d+/) });
      await within(1_000, 'the writes', Promise.all(writes));
      for (const table of ['t0', 't199', 't200', 't449'])
        await source().run(`DELETE FROM many.${table} WHERE id = 9`);
    });

    test('the estimate of an uncontended lock is of the order of a lock', async () => {
      const session = await prepare();
      const outcome = await session.lock(1_000, never);
      expect(outcome).toMatchObject(locked);
      if (outcome.outcome !== 'locked') return;
      expect(session.uncontendedLockMs).toBeGreaterThan(outcome.lockMs / 20);
      expect(session.uncontendedLockMs).toBeLessThan(Math.max(outcome.lockMs * 50, 250));
    });

    test('a prepared branch whose client has gone blocks the attempt', async () => {
      const session = await prepare();
      const branch = await sqlSession(source(), 'many');
      await fixture.beginInDoubt(branch, 'UPDATE t7 SET x = x + 1 WHERE id = 1', 'left-behind');
      await branch.close();
      // Some servers forget it until the client's thread has ended.
      const seen = async (): Promise<number> => (await source().run('XA RECOVER')).length;
      expect(await eventually(seen, 1)).toBe(1);
      const outcome = await session.lock(200, never);
      expect(outcome.outcome).toBe('blocked');
      if (outcome.outcome === 'blocked') {
        expect(outcome.blockers).toContainEqual(
          expect.objectContaining({ kind: 'in-doubt', transaction: expect.stringMatching(/left-behind/) }),
        );
      }
      await source().run("XA ROLLBACK 'left-behind'");
      expect(await session.lock(1_000, never)).toMatchObject(locked);
    });

    test('LOCK TABLES … WRITE of somebody else is in the way and is named', async () => {
      const locker = await client();
      if (fixture.family === 'mariadb') {
        // There it takes part in the guard's own locks: whoever is first keeps the other waiting.
        await locker.query('LOCK TABLES t7 WRITE');
        await expect(prepare()).rejects.toMatchObject({
          code: 'table-locked',
          reason: expect.stringMatching(new RegExp(`process ${locker.processId} of root.*t7`)),
        });
        return;
      }
      const session = await prepare();
      await locker.query('LOCK TABLES t7 WRITE');
      const outcome = await session.lock(200, never);
      expect(outcome.outcome).toBe('blocked');
      if (outcome.outcome === 'blocked') {
        expect(outcome.blockers.map((blocker) => blocker.processId)).toContain(locker.processId);
      }
      await locker.query('UNLOCK TABLES');
      expect(await session.lock(1_000, never)).toMatchObject(locked);
    });

    test('an online schema change cannot put another table in the place of one that is copied', async () => {
      const ghost = await client();
      await ghost.query('CREATE TABLE _wide_gho LIKE wide');
      await ghost.query("INSERT INTO _wide_gho VALUES (1, 'other')");
      const session = await prepare();
      expect(await session.lock(1_000, never)).toMatchObject(locked);
      await session.cut();
      const rename = ghost.query('RENAME TABLE wide TO _wide_del, _wide_gho TO wide');
      await expect(within(200, 'the rename', rename)).rejects.toThrow(/took longer/);
      const copy = await copyShard(session, { chunkBytes: 256 * 1024 });
      const wide = copy.stored.tables.find((table) => table.name === 'wide');
      const rows = copy.chunks.filter((chunk) => chunk.line.table === wide?.table);
      expect(rows.reduce((sum, chunk) => sum + chunk.line.rows, 0)).toBe(8_000);
      await session.close();
      await within(5_000, 'the rename after the copy', rename);
      await ghost.query('RENAME TABLE wide TO _wide_gho, _wide_del TO wide');
      await ghost.query('DROP TABLE _wide_gho');
    });

    test('a guard that is lost stops the copy', async () => {
      const session = await prepare();
      await session.lock(1_000, never);
      await session.cut();
      await killSessions(source(), 'guard');
      const [lane] = await session.readLanes();
      const [task] = session.tasks();
      if (lane === undefined || task === undefined) throw new Error('nothing to read');
      await expect(lane.read(task, new MemorySink(1 << 20), never)).rejects.toMatchObject({
        code: 'schema-changed',
      });
      await expect(session.confirmServer()).rejects.toMatchObject({ code: 'schema-changed' });
    });

    test('a lane that dies is one lane less, not a wrong copy', async () => {
      // A large task: the server is still sending when the session is ended.
      const session = await prepare({ lanes: 1, chunkBytes: 1 << 28 });
      await session.lock(1_000, never);
      await session.cut();
      const lanes = await session.readLanes();
      expect(lanes).toHaveLength(2);
      const [task] = session.tasks().toSorted((a, b) => b.estimatedBytes - a.estimatedBytes);
      const [first, second] = lanes;
      if (task === undefined || first === undefined || second === undefined)
        throw new Error('nothing to read');
      let killed: Promise<void> | undefined;
      const sink = new MemorySink(64 * 1024);
      const dying = first.read(
        task,
        {
          append(bytes, start, end) {
            // In the middle of a table, at the first bytes of it.
            killed ??= killSessions(source(), 'lane', 1);
            return killed.then(() => sink.append(bytes, start, end));
          },
          get full() {
            return sink.full;
          },
          endChunk: (rows) => sink.endChunk(rows),
        },
        never,
      );
      const outcome = await dying.then(
        () => 'read',
        (error: { code?: string }) => error.code,
      );
      const left = outcome === 'snapshot-lost' ? second : first;
      const other = outcome === 'snapshot-lost' ? first : second;
      await expect(other.read(task, new MemorySink(1 << 20), never)).rejects.toMatchObject({
        code: 'snapshot-lost',
      });
      let rows = 0;
      for (const whole of session.tasks().filter(({ table }) => table === task.table)) {
        const chunks = await readTask(left, whole, { chunkBytes: 64 * 1024 });
        rows += chunks.reduce((sum, chunk) => sum + chunk.line.rows, 0);
      }
      expect(rows).toBe(8_000);
      expect(await session.readLanes()).toHaveLength(1);
    });

    test('lock sessions killed by an administrator fail the cut, and the next attempt has new ones', async () => {
      const session = await prepare();
      expect(await session.lock(1_000, never)).toMatchObject(locked);
      await killSessions(source(), 'locks');
      await expect(session.cut()).rejects.toMatchObject({ code: 'snapshot-lost' });
      expect(await session.lock(1_000, never)).toMatchObject(locked);
      await session.cut();
    });

    test('a snapshot of a server that goes on being written elsewhere is taken all the same', async () => {
      await source().run('CREATE DATABASE elsewhere');
      await source().run('CREATE TABLE elsewhere.t (id int PRIMARY KEY AUTO_INCREMENT)');
      const session = await prepare();
      const writer = await sqlSession(source(), 'elsewhere');
      let writing = true;
      const writes = (async () => {
        while (writing) await writer.query('INSERT INTO t VALUES (NULL)');
      })();
      try {
        expect(await session.lock(1_000, never)).toMatchObject(locked);
        await session.cut();
      } finally {
        writing = false;
        await writes;
        await writer.close();
        await session.close();
        await source().run('DROP DATABASE elsewhere');
      }
    });

    test('without locks all lanes of a shard read the same snapshot', async () => {
      const session = await prepare({ locks: false, lanes: 3 });
      const writer = await client();
      let writing = true;
      const writes = (async () => {
        while (writing) await writer.query('UPDATE t7 SET x = x + 1');
      })();
      try {
        for (let cut = 1; cut <= 150; cut += 1) {
          await session.cutWithoutLocks();
          const task = session.tasks().find((candidate) => session.tables[candidate.table]?.name === 't7');
          if (task === undefined) throw new Error('no task for t7');
          const texts = new Set<string>();
          for (const lane of await session.readLanes()) {
            const chunks = await readTask(lane, task, { chunkBytes: 1 << 20 });
            texts.add(chunks.map((chunk) => chunk.bytes.toString()).join(''));
          }
          expect([...texts], `cut ${cut}`).toHaveLength(1);
        }
      } finally {
        writing = false;
        await writes;
      }
    });
  });
}

/** Ends sessions of ours as an administrator would, by the name they gave the server. */
async function killSessions(server: TestServer, name: string, most = 1000): Promise<void> {
  const rows = await server.run(
    `SELECT PROCESSLIST_ID AS id FROM performance_schema.session_connect_attrs
     WHERE ATTR_NAME = 'program_name' AND ATTR_VALUE = 'tidemark ${name}' ORDER BY PROCESSLIST_ID LIMIT ${most}`,
  );
  expect(rows.length).toBeGreaterThan(0);
  for (const row of rows) await server.run(`KILL ${String(row['id'])}`);
}
