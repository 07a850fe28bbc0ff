/** A running vacuum in the way of PostgreSQL's barrier: waited for, and cancelled only when that was ordered. */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { BackupOrder, BackupSession } from '../../shard-agent/engine.ts';
import type { PostgresServer } from '../servers/postgres.ts';
import { backupOrder } from './engine-conformance.ts';
import type { PostgresFixture } from './postgres-fixture.ts';
import { eventually } from './waiting.ts';

const never = new AbortController().signal;

export function testPostgresVacuum(fixture: PostgresFixture): void {
  describe(`${fixture.name}: a vacuum in the way`, () => {
    let server: PostgresServer;
    const open: BackupSession[] = [];

    async function prepare(order: Partial<BackupOrder> = {}): Promise<BackupSession> {
      const session = await fixture.open(server).prepareBackup({ ...backupOrder, ...order });
      open.push(session);
      return session;
    }

    /** Process and transaction of the autovacuum at work on the table; empty when there is none. */
    async function autovacuum(): Promise<string> {
      const rows = await server.run(
        `SELECT a.pid || ' ' || a.xact_start AS id FROM pg_stat_activity a JOIN pg_stat_progress_vacuum p USING (pid)
         WHERE a.backend_type = 'autovacuum worker' AND p.relid = 'bulk'::regclass`,
        'bank',
      );
      return (rows[0]?.['id'] as string | undefined) ?? '';
    }

    const kinds = async (session: BackupSession): Promise<string> =>
      (await session.inTheWay(60_000)).map(({ kind }) => kind).join();

    beforeAll(async () => {
      server = await fixture.start({
        settings: {
          autovacuum_naptime: '1s',
          autovacuum_vacuum_threshold: '1',
          autovacuum_vacuum_scale_factor: '0',
          autovacuum_vacuum_cost_delay: '100ms',
          autovacuum_vacuum_cost_limit: '1',
        },
      });
      await server.run('CREATE DATABASE bank');
      await server.run('CREATE TABLE bulk (id int, filler text)', 'bank');
      await server.run(
        `INSERT INTO bulk SELECT i, repeat('x', 500) FROM generate_series(1, 20000) i`,
        'bank',
      );
    });

    beforeEach(async () => {
      await server.run('ALTER SYSTEM SET autovacuum = on');
      await server.run('SELECT pg_reload_conf()');
      await server.run('UPDATE bulk SET id = -id', 'bank');
      expect(await eventually(async () => (await autovacuum()) !== '', true, 60_000)).toBe(true);
    });

    afterEach(async () => {
      for (const session of open.splice(0).reverse()) await session.close();
    });

    afterAll(async () => {
      await server?.stop();
    });

    test('preparing, a check and attempts leave an autovacuum alone, and it is named', async () => {
      const running = await autovacuum();
      await fixture.open(server).timeLocks();
      const session = await prepare();
      expect(await session.inTheWay(60_000)).toEqual([
        expect.objectContaining({
          kind: 'vacuum',
          statement: expect.stringMatching(/^autovacuum: .*public\.bulk/),
        }),
      ]);
      for (let attempt = 1; attempt <= 3; attempt += 1) {
        const outcome = await session.lock(50, never);
        expect(outcome).toMatchObject({ outcome: 'blocked' });
        expect(outcome.outcome === 'blocked' && outcome.blockers.map(({ kind }) => kind)).toEqual(['vacuum']);
      }
      expect(await autovacuum()).toBe(running);
      // When it has ended, by whatever else, the backup goes on; nothing was cancelled for it.
      await server.run('ALTER SYSTEM SET autovacuum = off');
      await server.run('SELECT pg_reload_conf()');
      await server.run(`SELECT pg_terminate_backend(${running.split(' ')[0]}, 5000)`);
      expect(await eventually(() => kinds(session), '')).toBe('');
      expect(await session.lock(300, never)).toMatchObject({ outcome: 'locked' });
      expect((await session.cut()).cancelledAutovacuums).toEqual([]);
    });

    test('cancelled at once when told so, by an attempt shorter than deadlock_timeout, and the cut says which', async () => {
      const session = await prepare({ cancelAutovacuumMs: 0 });
      const running = await autovacuum();
      expect(await kinds(session)).toBe('');
      let outcome = await session.lock(50, never);
      for (let attempt = 1; attempt < 5 && outcome.outcome === 'blocked'; attempt += 1) {
        outcome = await session.lock(50, never);
      }
      expect(outcome).toMatchObject({ outcome: 'locked' });
      expect((await session.cut()).cancelledAutovacuums).toEqual(['bank.public.bulk']);
      expect(await autovacuum()).not.toBe(running);
    });

    test('cancelled only when it has been waited for as long as was said', async () => {
      const session = await prepare({ cancelAutovacuumMs: 500 });
      const began = performance.now();
      expect(await kinds(session)).toBe('vacuum');
      expect(await session.lock(50, never)).toMatchObject({ outcome: 'blocked' });
      expect(await eventually(() => kinds(session), '', 10_000)).toBe('');
      expect(performance.now() - began).toBeGreaterThan(500);
      expect(await autovacuum()).not.toBe('');
      const locked = async (): Promise<string> => (await session.lock(100, never)).outcome;
      expect(await eventually(locked, 'locked')).toBe('locked');
      expect((await session.cut()).cancelledAutovacuums).toEqual(['bank.public.bulk']);
    });
  });
}
