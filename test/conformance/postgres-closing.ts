/** From loaded to open on PostgreSQL: who is turned away when, and what is left when the agent dies at any message. */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { Engine, RestoreSession } from '../../shard-agent/engine.ts';
import type { PostgresServer } from '../servers/postgres.ts';
import { CutConnection } from './cut-connection.ts';
import { loadChunks, prepareRestore, takeShard, type MemoryShard } from './memory-shard.ts';
import { openServer, type PostgresFixture } from './postgres-fixture.ts';

/** A death at each message takes minutes: every few, from another one on in each run, unless all are asked for. */
const stride = process.env['TIDEMARK_EVERY_MESSAGE'] === '1' ? 1 : 7;

function firstMessage(): number {
  const first = 1 + Math.floor(Math.random() * stride);
  console.log(`a death at every ${stride}th message from the ${first}th on`);
  return first;
}

type Seen = 'old' | 'closed' | 'new';

export function testPostgresClosing(fixture: PostgresFixture): void {
  describe(`${fixture.name}: close, switch, open`, () => {
    let source: PostgresServer;
    let target: PostgresServer;
    let engine: Engine;
    let set: MemoryShard;
    let way: CutConnection;

    beforeAll(async () => {
      source = await fixture.start();
      target = await fixture.start();
      engine = fixture.open(target);
      way = await CutConnection.open(target);
      await source.run('CREATE DATABASE shop');
      await source.run('CREATE DATABASE stock');
      await source.run('CREATE TABLE orders (id int PRIMARY KEY); INSERT INTO orders VALUES (1)', 'shop');
      await source.run('CREATE TABLE parts (id int PRIMARY KEY); INSERT INTO parts VALUES (1)', 'stock');
      set = await takeShard(fixture.open(source, ['shop', 'stock']));
    });

    beforeEach(async () => {
      way.mend();
      for (const staged of await engine.staged()) await (await staged.reopen()).discard();
      for (const database of await fixture.listDatabases(target))
        await fixture.dropDatabase(target, database);
      // One of the two is there already, empty, with a comment of its own.
      await target.run('CREATE DATABASE shop');
      await target.run("COMMENT ON DATABASE shop IS 'made by hand'");
    });

    afterAll(async () => {
      await way?.close();
      await source?.stop();
      await target?.stop();
    });

    async function loaded(restore: string, through = engine): Promise<RestoreSession> {
      const session = await prepareRestore(through, set, restore);
      await session.stage();
      await loadChunks(await session.writeLanes(), set);
      await session.finishLoad();
      return session;
    }

    function throughTheWay(): Engine {
      const { user, password } = target;
      const { host, port } = way;
      return openServer({ host, port, user, password }, { tools: fixture.tools });
    }

    /** As a superuser's client sees the database that was there before. */
    async function see(): Promise<Seen> {
      try {
        const rows = await target.run("SELECT to_regclass('public.orders') IS NOT NULL AS there", 'shop');
        return rows[0]?.['there'] === true ? 'new' : 'old';
      } catch (error) {
        expect(String(error)).toMatch(/not currently accepting connections|does not exist/);
        return 'closed';
      }
    }

    async function expectOpen(): Promise<void> {
      expect(await see()).toBe('new');
      expect(await target.run('SELECT id FROM orders', 'shop')).toEqual([{ id: 1 }]);
      expect(await target.run('SELECT id FROM parts', 'stock')).toEqual([{ id: 1 }]);
      expect((await fixture.listDatabases(target)).sort()).toEqual(['shop', 'stock']);
      expect(await comment()).toBeNull();
      expect(await engine.staged()).toEqual([]);
    }

    async function expectUntouched(): Promise<void> {
      expect(await see()).toBe('old');
      expect(await fixture.listDatabases(target)).toEqual(['shop']);
      expect(await comment()).toBe('made by hand');
      expect(await engine.staged()).toEqual([]);
    }

    async function comment(): Promise<unknown> {
      const [row] = await target.run(
        `SELECT shobj_description(oid, 'pg_database') AS c FROM pg_database WHERE datname = 'shop'`,
      );
      return row?.['c'];
    }

    test('nobody is let in from the close to the open, not even a superuser', async () => {
      const client = await target.connect('shop');
      const gone = new Promise((resolve) => client.once('end', resolve));
      const session = await loaded('doors');
      try {
        expect(await see()).toBe('old');
        await session.closeTarget();
        await gone;
        expect(await see()).toBe('closed');
        await session.closeTarget();
        await session.switch();
        expect(await see()).toBe('closed');
        await expect(target.run('SELECT 1', 'stock')).rejects.toThrow(/not currently accepting/);
        await session.switch();
        await session.open();
        expect(await see()).toBe('new');
        await session.open();
        await session.finish();
        await session.open();
      } finally {
        await session.close();
      }
      await expectOpen();
      await client.end().catch(() => undefined);
    });

    test('a target that was closed is opened again by the undo', async () => {
      const session = await loaded('undo1');
      await session.closeTarget();
      expect(await see()).toBe('closed');
      await session.discard();
      await session.close();
      await expectUntouched();
    });

    test('a table that is made before the close is named, and the database is open again', async () => {
      const session = await loaded('late1');
      // In a session that is ended by the close.
      const client = await target.connect('shop');
      await client.query('CREATE TABLE migrated (id int)');
      await expect(session.closeTarget()).rejects.toMatchObject({
        code: 'target-not-empty',
        reason: expect.stringContaining('migrated'),
      });
      expect(await see()).toBe('old');
      await session.discard();
      await session.close();
      expect(await target.run('SELECT FROM migrated', 'shop')).toEqual([]);
      expect(await comment()).toBe('made by hand');
      await client.end().catch(() => undefined);
    });

    test('a table that a transaction makes while the target is closed does not slip in', async () => {
      const session = await loaded('late2');
      const client = await target.connect('shop');
      await client.query('BEGIN; CREATE TABLE migrated (id int)');
      const ended = new Promise((resolve) => client.once('end', resolve));
      await session.closeTarget();
      await ended;
      await session.switch();
      await session.open();
      await session.finish();
      await session.close();
      await expectOpen();
    });

    async function roll(session: RestoreSession): Promise<'opening' | 'closed' | 'done'> {
      let phase: 'opening' | 'closed' = 'closed';
      try {
        await session.closeTarget();
        await session.switch();
        phase = 'opening';
        await session.open();
        await session.finish();
        return 'done';
      } catch (error) {
        if (!way.broken) throw error;
        return phase;
      }
    }

    test('whatever message is its last, the next agent completes the restore, and nothing is open before', async () => {
      const through = throughTheWay();
      let cuts = 0;
      for (let n = firstMessage(); ; n += stride) {
        const session = await loaded(`cut${n}`, through);
        way.cutAt(n, cuts % 2 === 0);
        const phase = await roll(session);
        await session.close();
        way.mend();
        if (phase === 'done') break;
        cuts += 1;
        if (phase === 'closed') expect(await see(), `message ${n}`).not.toBe('new');
        for (const left of await engine.staged()) {
          const again = await left.reopen();
          await again.switch();
          await again.open();
          await again.finish();
          await again.close();
        }
        await expectOpen();
        for (const database of await fixture.listDatabases(target))
          await fixture.dropDatabase(target, database);
        await target.run('CREATE DATABASE shop');
        await target.run("COMMENT ON DATABASE shop IS 'made by hand'");
      }
      console.log(`${cuts} deaths on the way to open`);
      expect(cuts).toBeGreaterThan(20 / stride);
    });

    test('whatever message of an undo is its last, the next agent undoes the rest', async () => {
      const through = throughTheWay();
      let cuts = 0;
      for (let n = firstMessage(); ; n += stride) {
        const session = await loaded(`und${n}`, through);
        await session.closeTarget();
        if (cuts % 4 < 2) await session.switch();
        way.cutAt(n, cuts % 2 === 0);
        const undone = await session.discard().then(
          () => true,
          () => false,
        );
        await session.close();
        const whole = undone && !way.broken;
        way.mend();
        if (whole) break;
        cuts += 1;
        expect(await see(), `message ${n}`).not.toBe('new');
        for (const left of await engine.staged()) {
          const again = await left.reopen();
          await again.discard();
          await again.close();
        }
        await expectUntouched();
      }
      console.log(`${cuts} deaths on the way back`);
      expect(cuts).toBeGreaterThan(5 / stride);
    });
  });
}
