/**
 * What every engine must do, tried on real servers. `testEngine(fixture)` declares the tests; the engine's own test
 * file adds what only it has. Files: engine-conformance.ts (barrier), engine-restore.ts (round trip and restore).
 */
import { spawn, type ChildProcess } from 'node:child_process';
import path from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { StepPoint } from '../../proto/step-points.ts';
import type { BackupOrder, BackupSession, Engine, LockOutcome } from '../../shard-agent/engine.ts';
import type { TestServer } from '../servers/server.ts';
import type { EngineFixture, SqlSession } from './engine-fixture.ts';
import { testClaim } from './engine-claim.ts';
import { testInvariants } from './engine-invariants.ts';
import { testRestore } from './engine-restore.ts';
import { copyShard } from './memory-shard.ts';
import { eventually, within } from './waiting.ts';

const never = new AbortController().signal;
const stepPoint = Symbol.for('tidemark.stepPoint');

export const backupOrder: BackupOrder = {
  lanes: 2,
  chunkBytes: 64 * 1024,
  holdLimitMs: 1_000,
  copyLimitMs: 60_000,
  locks: true,
  globals: 'none',
  signal: never,
};

export function testEngine(fixture: EngineFixture): void {
  /** Of a table in an invariant, which has no search path. */
  const qualified = fixture.engine === 'postgres' ? 'public.' : '';
  let server: TestServer;
  let engine: Engine;
  const open: (BackupSession | SqlSession)[] = [];

  const prepare = async (order: Partial<BackupOrder> = {}): Promise<BackupSession> => {
    const session = await engine.prepareBackup({ ...backupOrder, ...order });
    open.push(session);
    return session;
  };
  const client = async (database = 'bank'): Promise<SqlSession> => {
    const session = await fixture.session(server, database);
    open.push(session);
    return session;
  };
  /** A writer in a session of its own gets through: nobody holds the table. */
  const expectFree = async (): Promise<void> => {
    const writer = await client();
    await within(
      1_000,
      'a free write',
      writer.query('UPDATE accounts SET balance = balance + 1 WHERE id = 3'),
    );
    await writer.close();
  };

  beforeAll(async () => {
    server = await fixture.startServer();
    await fixture.createDatabase(server, 'bank');
    await fixture.createDatabase(server, 'audit');
    const bank = await fixture.session(server, 'bank');
    await bank.query('CREATE TABLE accounts (id int PRIMARY KEY, balance bigint NOT NULL)');
    await bank.query('INSERT INTO accounts VALUES (1, 100), (2, 200), (3, 300)');
    await bank.query('CREATE TABLE wide (id int PRIMARY KEY, filler text NOT NULL)');
    for (let first = 0; first < 4_000; first += 500) {
      const rows = Array.from({ length: 500 }, (_, row) => `(${first + row}, '${'x'.repeat(200)}')`);
      await bank.query(`INSERT INTO wide VALUES ${rows.join(', ')}`);
    }
    await bank.close();
    const audit = await fixture.session(server, 'audit');
    await audit.query('CREATE TABLE entries (id int PRIMARY KEY, note varchar(200))');
    await audit.query("INSERT INTO entries VALUES (1, 'opened')");
    await audit.close();
    engine = fixture.open(server);
  });

  afterEach(async () => {
    for (const session of open.splice(0).reverse()) await session.close();
  });

  afterAll(async () => {
    await server?.stop();
  });

  describe(`${fixture.name}: description and check`, () => {
    test('describes the server and its databases', async () => {
      const description = await engine.describe();
      expect(description.family).toBe(fixture.family);
      expect(description.version).toBe(server.version);
      expect(description.identity).toMatch(/.{10,}/);
      expect([...description.databases].sort()).toEqual(['audit', 'bank']);
      expect(description.bytes).toBeGreaterThan(4_000 * 200);
    });

    test('finds nothing that would stop a backup by the superuser', async () => {
      const findings = await engine.check();
      expect(findings.filter((finding) => !finding.warning)).toEqual([]);
    });

    test('times the locks while a writer is at work, and holds nobody', async () => {
      const writer = await client();
      await writer.query('BEGIN');
      await writer.query('UPDATE accounts SET balance = balance WHERE id = 1');
      const before = await fixture.countSessions(server);
      const { lockMs, roundTripMs } = await engine.timeLocks();
      expect(lockMs).toBeGreaterThan(0);
      expect(lockMs).toBeLessThan(1_000);
      expect(roundTripMs).toBeGreaterThan(0);
      expect(await eventually(() => fixture.countSessions(server), before)).toBe(before);
      await expectFree();
      await writer.query('ROLLBACK');
    });

    test('a server that does not answer is database-unreachable', async () => {
      const nowhere = fixture.open({ ...server, port: 1, socket: '/nonexistent', host: '127.0.0.1' });
      await expect(nowhere.describe()).rejects.toMatchObject({ code: 'database-unreachable' });
    });

    test('a mark on the server is seen through another agent, until it is taken off', async () => {
      const other = fixture.open(server, ['audit']);
      const marks = ['ffffffffffffffff', '0000000000000001', '8000000000000000'];
      const [first = '', second = '', unset = ''] = marks;
      const held = await engine.setMark(first);
      const also = await other.setMark(second);
      expect((await other.seeMarks(marks)).toSorted()).toEqual([second, first]);
      expect((await engine.seeMarks([first, unset])).toSorted()).toEqual([first]);
      await expect(other.setMark(first)).rejects.toMatchObject({ code: 'database-failed' });
      await held.release();
      expect(await engine.seeMarks(marks)).toEqual([second]);
      await also.release();
      expect(await engine.seeMarks(marks)).toEqual([]);
      expect(await eventually(() => fixture.countSessions(server), 0)).toBe(0);
    });

    test('a configured database that does not exist is named', async () => {
      const other = fixture.open(server, ['bank', 'no_such_database']);
      const findings = await other.check();
      expect(
        findings.some(
          (finding) => !finding.warning && /no_such_database/.test(finding.subject + finding.cause),
        ),
      ).toBe(true);
      await expect(other.prepareBackup(backupOrder)).rejects.toThrow(/no_such_database/);
    });
  });

  describe(`${fixture.name}: barrier`, () => {
    test('locks at once when nobody is in the way, holds writers but no readers, and lets them go', async () => {
      const session = await prepare();
      expect(session.uncontendedLockMs).toBeGreaterThan(0);
      expect(await session.inTheWay(0)).toEqual([]);
      expect(await session.lock(500, never)).toMatchObject({ outcome: 'locked' });
      const writer = await client();
      let written = false;
      const write = writer.query('UPDATE accounts SET balance = balance WHERE id = 1').then(() => {
        written = true;
      });
      const reader = await client('audit');
      expect(await within(500, 'a read under the locks', reader.query('SELECT id FROM entries'))).toEqual([
        ['1'],
      ]);
      expect(written).toBe(false);
      await session.unlock();
      await within(500, 'the write after the unlock', write);
      await session.unlock();
      expect(await session.lock(500, never)).toMatchObject({ outcome: 'locked' });
    });

    test('every database is covered', async () => {
      const session = await prepare();
      await session.lock(500, never);
      const writer = await client('audit');
      const write = writer.query("INSERT INTO entries VALUES (2, 'held')");
      await expect(within(100, 'a write under the locks', write)).rejects.toThrow(/took longer/);
      await session.unlock();
      await within(500, 'the write after the unlock', write);
      await writer.query('DELETE FROM entries WHERE id = 2');
    });

    test('an open writer blocks the attempt and is named; afterwards nothing is held', async () => {
      const session = await prepare();
      const writer = await client();
      await writer.query('BEGIN');
      await writer.query('UPDATE accounts SET balance = balance + 1 WHERE id = 1');
      const started = performance.now();
      const outcome = await session.lock(100, never);
      expect(performance.now() - started).toBeLessThan(100 + 400);
      expectBlocked(outcome);
      // From the request to the release: the whole drain, and no more than all of it took.
      expect(outcome.holdMs).toBeGreaterThan(90);
      expect(outcome.holdMs).toBeLessThan(performance.now() - started);
      const blocker = outcome.blockers.find((candidate) => candidate.processId === writer.processId);
      expect(blocker).toMatchObject({ kind: 'writer', user: server.user, database: 'bank' });
      expect(blocker?.statement).toMatch(/UPDATE accounts/);
      expect(blocker?.ageMs).toBeGreaterThan(0);
      await expectFree();
      const again = await session.lock(100, never);
      expectBlocked(again);
      const same = again.blockers.find((candidate) => candidate.processId === writer.processId);
      expect(same?.transaction).toBe(blocker?.transaction);
      expect((await session.inTheWay(0)).map((found) => found.processId)).toContain(writer.processId);
      expect(await session.inTheWay(60_000)).toEqual([]);
      await writer.query('ROLLBACK');
      expect(await session.lock(500, never)).toMatchObject({ outcome: 'locked' });
    });

    test('a transaction that has only locked rows blocks the attempt', async () => {
      const session = await prepare();
      const locker = await client();
      await locker.query('BEGIN');
      await locker.query('SELECT id FROM accounts WHERE id = 2 FOR UPDATE');
      const outcome = await session.lock(100, never);
      expectBlocked(outcome);
      expect(outcome.blockers.map((blocker) => blocker.processId)).toContain(locker.processId);
      await locker.query('COMMIT');
      expect(await session.lock(500, never)).toMatchObject({ outcome: 'locked' });
    });

    test('an in-doubt transaction blocks the attempt and is named by its global id', async () => {
      const session = await prepare();
      const branch = await client();
      await fixture.beginInDoubt(
        branch,
        'UPDATE accounts SET balance = balance - 1 WHERE id = 2',
        'transfer-7',
      );
      const outcome = await session.lock(200, never);
      expectBlocked(outcome);
      expect(outcome.blockers).toContainEqual(expect.objectContaining({ kind: 'in-doubt' }));
      expect(JSON.stringify(outcome.blockers)).toMatch(/transfer-7/);
      expect((await session.inTheWay(0)).map((blocker) => blocker.kind)).toContain('in-doubt');
      await fixture.endInDoubt(branch, 'transfer-7');
      expect(await session.lock(500, never)).toMatchObject({ outcome: 'locked' });
    });

    test('the signal ends a waiting attempt early', async () => {
      const session = await prepare({ holdLimitMs: 10_000 });
      const writer = await client();
      await writer.query('BEGIN');
      await writer.query('UPDATE accounts SET balance = balance + 1 WHERE id = 1');
      const abort = new AbortController();
      const lock = session.lock(8_000, abort.signal);
      const { lockWaits } = fixture;
      if (lockWaits !== undefined) {
        expect(await eventually(() => lockWaits(server), true)).toBe(true);
      } else {
        // The queue behind the waiting lock proves that it was requested.
        const queued = async (): Promise<boolean> => {
          const second = await client();
          const write = second.query('UPDATE accounts SET balance = 0 WHERE id = 99');
          return within(300, 'a write', write).then(
            () => false,
            () => true,
          );
        };
        expect(await eventually(queued, true)).toBe(true);
      }
      abort.abort();
      expectBlocked(await within(1_000, 'the aborted lock', lock));
      await writer.query('ROLLBACK');
      await expectFree();
    });

    test('unlock while the lock is still waited for gives everything back', async () => {
      const session = await prepare({ holdLimitMs: 10_000 });
      const writer = await client();
      await writer.query('BEGIN');
      await writer.query('UPDATE accounts SET balance = balance + 1 WHERE id = 1');
      const lock = session.lock(8_000, never);
      await within(2_000, 'the unlock', session.unlock());
      expect((await within(1_000, 'the lock', lock)).outcome).toBe('blocked');
      await writer.query('ROLLBACK');
      await expectFree();
    });

    test('a cut unlocks by itself, and what is written later is not in the copy', async () => {
      const session = await prepare();
      const sum = async (): Promise<string | null | undefined> =>
        (await (await client()).query('SELECT SUM(balance) FROM accounts'))[0]?.[0];
      const before = await sum();
      await session.lock(500, never);
      const cut = await session.cut();
      expect(cut.holdMs).toBeGreaterThan(0);
      expect(cut.holdMs).toBeLessThan(1_000);
      const writer = await client();
      await within(
        500,
        'a write after the cut',
        writer.query('UPDATE accounts SET balance = balance + 1000'),
      );
      const [answer] = await session.invariants([
        { name: 'money', database: 'bank', sql: `SELECT SUM(balance) FROM ${qualified}accounts` },
      ]);
      expect(answer?.answer).toBe(before);
      const copy = await copyShard(session, { chunkBytes: 64 * 1024 });
      const table = copy.stored.tables.find((candidate) => candidate.name === 'accounts');
      const text = copy.chunks
        .filter((chunk) => chunk.line.table === table?.table)
        .map((chunk) => chunk.bytes.toString())
        .join('');
      const copied = text
        .trimEnd()
        .split('\n')
        .reduce((total, row) => total + Number(row.split('\t')[1]), 0);
      expect(String(copied)).toBe(before);
    });

    test('a later attempt discards the snapshots of an earlier cut', async () => {
      const session = await prepare();
      await session.lock(500, never);
      await session.cut();
      const writer = await client();
      await writer.query('UPDATE accounts SET balance = balance + 5 WHERE id = 1');
      const now = (await writer.query('SELECT SUM(balance) FROM accounts'))[0]?.[0];
      expect(await session.lock(500, never)).toMatchObject({ outcome: 'locked' });
      await session.cut();
      const sql = `SELECT SUM(balance) FROM ${qualified}accounts`;
      const query = { name: 'money', database: 'bank', sql };
      expect((await session.invariants([query]))[0]?.answer).toBe(now);
    });

    test('a cut without locks waits for nobody and holds nobody', async () => {
      const session = await prepare({ locks: false });
      const writer = await client();
      await writer.query('BEGIN');
      await writer.query('UPDATE accounts SET balance = balance + 1 WHERE id = 1');
      const cut = await within(2_000, 'the cut', session.cutWithoutLocks());
      expect(cut.holdMs).toBe(0);
      await expectFree();
      await writer.query('ROLLBACK');
    });

    test('a table that came after the plan is not left out', async () => {
      const session = await prepare();
      const ddl = await client();
      const create = ddl.query('CREATE TABLE latecomer (id int PRIMARY KEY)');
      if (fixture.ddlWaits === true) {
        await expect(within(300, 'the schema change', create)).rejects.toThrow(/took longer/);
        expect(await session.lock(500, never)).toMatchObject({ outcome: 'locked' });
        await session.cut();
        await expect(within(100, 'the schema change', create)).rejects.toThrow(/took longer/);
        await session.close();
        await within(2_000, 'the schema change', create);
        await ddl.query('DROP TABLE latecomer');
        return;
      }
      await create;
      await ddl.query('INSERT INTO latecomer VALUES (1)');
      try {
        const first = await session.lock(500, never);
        expectBlocked(first);
        expect(first.reason).toMatch(/catalogue|schema/i);
      } finally {
        await ddl.query('DROP TABLE latecomer');
      }
    });

    test('a lost cut throws, and no lock stays', async () => {
      const session = await prepare({ holdLimitMs: 200 });
      expect(await session.lock(200, never)).toMatchObject({ outcome: 'locked' });
      // The server's own limit: the locks are lost while nobody here does anything.
      const writer = await client();
      await within(
        200 + 500,
        'the write',
        writer.query('UPDATE accounts SET balance = balance WHERE id = 1'),
      );
      await expect(session.cut()).rejects.toThrow();
      await expectFree();
      expect(await session.lock(200, never)).toMatchObject({ outcome: 'locked' });
    });

    test('locks lost between the snapshots and the proof fail the cut', async () => {
      const session = await prepare({ holdLimitMs: 200 });
      expect(await session.lock(200, never)).toMatchObject({ outcome: 'locked' });
      const writer = await client();
      const steps = globalThis as { [stepPoint]?: (point: StepPoint) => Promise<void> };
      // This process is busy elsewhere, after the snapshots, until the server has let a writer go on.
      steps[stepPoint] = async (point) => {
        if (point !== 'agent.snapshots-taken') return;
        delete steps[stepPoint];
        await within(
          200 + 500,
          'the write',
          writer.query('UPDATE accounts SET balance = balance WHERE id = 1'),
        );
      };
      await expect(session.cut()).rejects.toMatchObject({ code: 'snapshot-lost' });
      expect(steps[stepPoint]).toBeUndefined();
      await expectFree();
      expect(await session.lock(200, never)).toMatchObject({ outcome: 'locked' });
    });

    test('close leaves no session behind', async () => {
      const before = await fixture.countSessions(server);
      const session = await prepare({ lanes: 4 });
      await session.lock(500, never);
      await session.cut();
      await session.readLanes();
      await session.close();
      await session.close();
      expect(await eventually(() => fixture.countSessions(server), before)).toBe(before);
      const half = await prepare();
      await half.lock(500, never);
      await half.close();
      expect(await eventually(() => fixture.countSessions(server), before)).toBe(before);
      await expectFree();
    });
  });

  describe(`${fixture.name}: the server gives the locks back by itself`, () => {
    const holdLimitMs = 500;
    for (const signal of ['SIGSTOP', 'SIGKILL'] as const) {
      test(`after ${signal} of the process that holds them`, async () => {
        const holder = await startHolder(fixture, server, holdLimitMs);
        try {
          const writer = await client();
          holder.process.kill(signal);
          // The holder's clock began before it said `locked`, so from here it can only be sooner.
          const started = performance.now();
          await within(
            holdLimitMs + 500,
            'a held write',
            writer.query('UPDATE accounts SET balance = balance WHERE id = 1'),
          );
          const waitedMs = performance.now() - started;
          if (signal === 'SIGSTOP') expect(waitedMs).toBeGreaterThan(20);
        } finally {
          holder.process.kill('SIGKILL');
          await holder.ended;
        }
      });

      test(`after ${signal} of the process that waits for them`, async () => {
        const inTheWay = await client();
        await inTheWay.query('BEGIN');
        await inTheWay.query('UPDATE wide SET filler = filler WHERE id = 1');
        const holder = await startHolder(fixture, server, holdLimitMs, 'locking');
        try {
          // As long as nobody waits, this is free; the first write that is not free waits behind the locks.
          const held = async (): Promise<boolean> => {
            const writer = await client();
            const write = writer.query('UPDATE accounts SET balance = balance WHERE id = 1');
            return within(50, 'a write', write).then(
              () => false,
              () => true,
            );
          };
          expect(await eventually(held, true)).toBe(true);
          holder.process.kill(signal);
          const writer = await client();
          await within(
            holdLimitMs + 500,
            'a held write',
            writer.query('UPDATE accounts SET balance = balance WHERE id = 2'),
          );
        } finally {
          holder.process.kill('SIGKILL');
          await holder.ended;
          await inTheWay.query('ROLLBACK');
        }
      });
    }
  });

  testClaim(fixture, () => server);
  testInvariants(fixture, () => server);
  testRestore(fixture, () => server);
}

function expectBlocked(
  outcome: LockOutcome,
): asserts outcome is Extract<LockOutcome, { outcome: 'blocked' }> {
  expect(outcome.outcome).toBe('blocked');
}

async function startHolder(
  fixture: EngineFixture,
  server: TestServer,
  holdLimitMs: number,
  until: 'locking' | 'locked' = 'locked',
): Promise<{ process: ChildProcess; ended: Promise<void> }> {
  const order = {
    config: {
      engine: fixture.engine,
      host: server.host,
      port: server.port,
      user: server.user,
      password: { kind: 'none' },
      databases: undefined,
    },
    password: server.password,
    tools: fixture.tools,
    holdLimitMs,
  };
  const child = spawn(
    process.execPath,
    [path.join(import.meta.dirname, 'lock-holder-process.ts'), JSON.stringify(order)],
    { stdio: ['pipe', 'pipe', 'inherit'] },
  );
  const ended = new Promise<void>((resolve) => child.on('close', () => resolve()));
  await new Promise<void>((resolve, reject) => {
    let said = '';
    child.stdout.on('data', (data: Buffer) => {
      said += data.toString();
      if (said.includes(`${until}\n`)) resolve();
      else if (said.includes('blocked')) reject(new Error(`the holder said ${said}`));
    });
    child.on('close', () => reject(new Error('the holder ended')));
  });
  return { process: child, ended };
}
