/** What a restore leaves to whom: grants as they were, and databases that only look like a restore's staging. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Engine } from '../../shard-agent/engine.ts';
import type { PostgresServer } from '../servers/postgres.ts';
import { backupOrder } from './engine-conformance.ts';
import { loadChunks, prepareRestore, restoreShard, takeShard } from './memory-shard.ts';
import type { PostgresFixture } from './postgres-fixture.ts';

const never = new AbortController().signal;

export function testPostgresStaging(fixture: PostgresFixture): void {
  describe(`${fixture.name}: staging`, () => {
    let source: PostgresServer;
    let target: PostgresServer;
    let engine: Engine;

    beforeAll(async () => {
      source = await fixture.start();
      target = await fixture.start();
      engine = fixture.open(target);
    });

    afterAll(async () => {
      await source?.stop();
      await target?.stop();
    });

    test('whoever could connect by the default grants can do so after a restore', async () => {
      await source.run('CREATE DATABASE open_to_all');
      await source.run('CREATE TABLE t (id int)', 'open_to_all');
      await target.run('CREATE ROLE somebody LOGIN');
      const set = await takeShard(fixture.open(source, ['open_to_all']));
      await restoreShard(engine, set, 'grants1');
      const [row] = await target.run(
        `SELECT has_database_privilege('somebody', 'open_to_all', 'CONNECT') AS connect,
           has_database_privilege('somebody', 'open_to_all', 'TEMPORARY') AS temporary`,
      );
      expect(row).toEqual({ connect: true, temporary: true });
    });

    describe('a database that only has the name of a staging', () => {
      test('is not dropped, and a backup says that it is left out', async () => {
        await target.run('CREATE DATABASE tidemark_metrics_1');
        await target.run('CREATE TABLE kept (id int); INSERT INTO kept VALUES (1)', 'tidemark_metrics_1');
        await target.run('CREATE DATABASE beside');
        for (const staged of await engine.staged()) await (await staged.reopen()).discard();
        expect(await target.run('SELECT id FROM kept', 'tidemark_metrics_1')).toEqual([{ id: 1 }]);
        const findings = await fixture.open(target).check();
        expect(findings).toContainEqual(
          expect.objectContaining({ subject: 'database tidemark_metrics_1', warning: true }),
        );
      });

      test('what was begun and never marked is still dropped', async () => {
        await target.run('CREATE DATABASE tidemark_begun_0');
        const staged = (await engine.staged()).find(({ restore }) => restore === 'begun');
        await (await staged?.reopen())?.discard();
        expect(await target.run(`SELECT 1 FROM pg_database WHERE datname = 'tidemark_begun_0'`)).toEqual([]);
      });
    });

    test('a database that is made while the cut is taken is not left out in silence', async () => {
      await source.run('CREATE DATABASE known');
      const session = await fixture.open(source).prepareBackup(backupOrder);
      try {
        expect(await session.lock(1_000, never)).toMatchObject({ outcome: 'locked' });
        await source.run('CREATE DATABASE made_meanwhile');
        await expect(session.cut()).rejects.toMatchObject({ code: 'schema-changed' });
        await expect(session.lock(1_000, never)).rejects.toMatchObject({ code: 'schema-changed' });
      } finally {
        await session.close();
        await source.run('DROP DATABASE made_meanwhile');
      }
    });

    test('a finish that was broken off between its steps is taken up again', async () => {
      await source.run('CREATE DATABASE halfway');
      await source.run('CREATE TABLE t (id int)', 'halfway');
      const set = await takeShard(fixture.open(source, ['halfway']));
      await target.run('CREATE DATABASE halfway');
      const session = await prepareRestore(engine, set, 'half1');
      await session.stage();
      await loadChunks(await session.writeLanes(), set);
      await session.finishLoad();
      await session.switch();
      await session.close();
      await target.run('COMMENT ON DATABASE halfway IS NULL; ALTER DATABASE halfway ALLOW_CONNECTIONS true');
      for (const staged of await engine.staged()) {
        const again = await staged.reopen();
        await again.switch();
        await again.open();
        await again.finish();
        await again.close();
      }
      expect(await target.run('SELECT count(*)::int AS n FROM t', 'halfway')).toEqual([{ n: 0 }]);
      expect(
        await target.run(`SELECT datname FROM pg_database WHERE datname LIKE 'tidemark_half1%'`),
      ).toEqual([]);
    });

    test('a role that reads arrays in its own way loads the NULLs in them as they were', async () => {
      await source.run('CREATE DATABASE arrays');
      await source.run(`CREATE TABLE t (a text[]); INSERT INTO t VALUES ('{NULL,"NULL"}')`, 'arrays');
      const set = await takeShard(fixture.open(source, ['arrays']));
      await target.run('ALTER ROLE CURRENT_USER SET array_nulls = off');
      try {
        await restoreShard(engine, set, 'arrays1');
      } finally {
        await target.run('ALTER ROLE CURRENT_USER RESET array_nulls');
      }
      expect(await target.run('SELECT a[1] IS NULL AS first, a[2] AS second FROM t', 'arrays')).toEqual([
        { first: true, second: 'NULL' },
      ]);
    });
  });
}
