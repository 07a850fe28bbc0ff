/** The restore half of the engines' conformance suite: round trip, all or nothing, every step again. */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { Engine, RestoreSession } from '../../shard-agent/engine.ts';
import type { TestServer } from '../servers/server.ts';
import { eventually } from './waiting.ts';
import type { EngineFixture, SqlSession } from './engine-fixture.ts';
import {
  inPieces,
  loadChunks,
  prepareRestore,
  restoreShard,
  takeShard,
  type MemoryShard,
} from './memory-shard.ts';

const never = new AbortController().signal;

export function testRestore(fixture: EngineFixture, source: () => TestServer): void {
  let target: TestServer;
  let engine: Engine;
  let bank: MemoryShard;

  const ask = async (server: TestServer, database: string, sql: string): Promise<(string | null)[][]> => {
    const session = await fixture.session(server, database);
    try {
      return await session.query(sql);
    } finally {
      await session.close();
    }
  };
  const withRestore = async (
    name: string,
    run: (session: RestoreSession) => Promise<void>,
  ): Promise<void> => {
    const session = await prepareRestore(engine, bank, name);
    try {
      await run(session);
    } finally {
      await session.close();
    }
  };

  describe(`${fixture.name}: restore`, () => {
    beforeAll(async () => {
      target = await fixture.startServer();
      engine = fixture.open(target);
      bank = await takeShard(fixture.open(source(), ['bank', 'audit']));
    });

    beforeEach(async () => {
      for (const database of await fixture.listDatabases(target))
        await fixture.dropDatabase(target, database);
    });

    afterAll(async () => {
      await target?.stop();
    });

    test('a table is cut into chunks of about the size asked for, at row boundaries', () => {
      const wide = bank.stored.tables.find((table) => table.name === 'wide');
      const chunks = bank.chunks.filter((chunk) => chunk.line.table === wide?.table);
      expect(chunks.length).toBeGreaterThan(5);
      expect(chunks.every((chunk) => chunk.bytes.length < 4 * 64 * 1024)).toBe(true);
      expect(chunks.every((chunk) => chunk.bytes.at(-1) === 0x0a)).toBe(true);
      expect(chunks.reduce((rows, chunk) => rows + chunk.line.rows, 0)).toBe(4_000);
      expect(chunks.every((chunk) => chunk.bytes.toString().split('\n').length - 1 === chunk.line.rows)).toBe(
        true,
      );
    });

    test('everything odd comes back as it was', async () => {
      const server = source();
      await fixture.createDatabase(server, 'odd');
      const maker: SqlSession = await fixture.session(server, 'odd');
      try {
        for (const sql of fixture.oddities.setup) {
          await maker.query(sql).catch((error: unknown) => {
            throw new Error(`${sql}: ${String(error)}`);
          });
        }
        const before = new Map<string, (string | null)[][]>();
        for (const sql of fixture.oddities.questions) before.set(sql, await ask(server, 'odd', sql));
        const odd = await takeShard(fixture.open(server, ['odd']), { slow: true, chunkBytes: 16 * 1024 });
        expect((await engine.fit(odd.stored)).filter((finding) => !finding.warning)).toEqual([]);
        await restoreShard(engine, odd, 'odd1');
        for (const [sql, answer] of before)
          expect({ sql, answer: await ask(target, 'odd', sql) }).toEqual({ sql, answer });
        // The copy is as good as the original: it can be backed up and restored in turn.
        const again = await takeShard(fixture.open(target, ['odd']));
        expect(again.stored.tables.map((table) => table.name)).toEqual(
          odd.stored.tables.map((table) => table.name),
        );
      } finally {
        await maker.close();
        await fixture.dropDatabase(server, 'odd');
      }
    });

    test('nothing is seen under the final names before the switch, everything after it', async () => {
      await withRestore('r1', async (session) => {
        await session.stage();
        const rows = await loadChunks(await session.writeLanes(), bank);
        expect(rows).toBe(bank.chunks.reduce((total, chunk) => total + chunk.line.rows, 0));
        await session.finishLoad();
        const staged = await fixture.listDatabases(target);
        expect(staged).not.toContain('bank');
        expect(staged).not.toContain('audit');
        expect(staged).toHaveLength(2);
        await session.closeTarget();
        await session.closeTarget();
        await session.switch();
        await session.switch();
        await session.open();
        await session.open();
        await session.finish();
        await session.open();
        await session.finish();
      });
      expect((await fixture.listDatabases(target)).sort()).toEqual(['audit', 'bank']);
      const sql = 'SELECT SUM(balance), COUNT(*) FROM accounts';
      expect(await ask(target, 'bank', sql)).toEqual(await ask(source(), 'bank', sql));
      expect(await engine.staged()).toEqual([]);
    });

    test('a chunk whose source breaks off leaves nothing of itself, and all of the one before it', async () => {
      await withRestore('r2', async (session) => {
        await session.stage();
        const lanes = await session.writeLanes();
        const lane = lanes[0];
        const chunk = bank.chunks.find((candidate) => candidate.line.rows > 100);
        const table = bank.stored.tables[chunk?.line.table ?? -1];
        const before = bank.chunks.find((candidate) => candidate !== chunk);
        const tableBefore = bank.stored.tables[before?.line.table ?? -1];
        if (lane === undefined || chunk === undefined || table === undefined)
          throw new Error('no chunk to load');
        if (before === undefined || tableBefore === undefined) throw new Error('no chunk before it');
        await lane.load(tableBefore, before.line, inPieces(before.bytes), never);
        async function* broken(): AsyncIterable<Buffer> {
          let given = 0;
          for await (const piece of inPieces(chunk?.bytes ?? Buffer.alloc(0))) {
            if ((given += piece.length) > 30_000) throw new Error('the digest differs');
            yield piece;
          }
        }
        await expect(lane.load(table, chunk.line, broken(), never)).rejects.toThrow(/digest differs/);
        // The same lane goes on, and the count of rows at the end proves that nothing of the broken chunk stayed.
        await loadChunks(lanes, { ...bank, chunks: bank.chunks.filter((other) => other !== before) });
        await session.finishLoad();
        await session.discard();
      });
    });

    test('a chunk that is missing is found before the switch', async () => {
      await withRestore('r3', async (session) => {
        await session.stage();
        const lanes = await session.writeLanes();
        const wide = bank.stored.tables.find((table) => table.name === 'wide');
        const left = bank.chunks.findIndex((chunk) => chunk.line.table === wide?.table);
        const short = { ...bank, chunks: bank.chunks.filter((_, index) => index !== left) };
        await loadChunks(lanes, short);
        const chunk = bank.chunks[left];
        const lane = lanes[0];
        if (chunk === undefined || lane === undefined || wide === undefined)
          throw new Error('no chunk to load');
        const cut = chunk.bytes.subarray(0, chunk.bytes.indexOf(0x0a) + 1);
        await expect(lane.load(wide, chunk.line, inPieces(cut), never)).rejects.toMatchObject({
          code: 'bad-bytes',
        });
        await session.discard();
      });
    });

    for (const until of ['stage', 'load', 'finishLoad', 'closeTarget', 'switch'] as const) {
      test(`discard after ${until} leaves nothing, and an empty database as it was`, async () => {
        await fixture.createDatabase(target, 'bank');
        const sessions = await fixture.countSessions(target);
        await withRestore('r4', async (session) => {
          await session.stage();
          if (until !== 'stage') await loadChunks(await session.writeLanes(), bank);
          if (until !== 'stage' && until !== 'load') await session.finishLoad();
          if (until === 'closeTarget' || until === 'switch') await session.closeTarget();
          if (until === 'switch') await session.switch();
          await session.discard();
          await session.discard();
        });
        expect(await fixture.listDatabases(target)).toEqual(['bank']);
        await ask(target, 'bank', 'SELECT 1');
        expect(await engine.staged()).toEqual([]);
        expect(await eventually(() => fixture.countSessions(target), sessions)).toBe(sessions);
      });
    }

    test('another process finds a staged restore and undoes it', async () => {
      await withRestore('r5', async (session) => {
        await session.stage();
        await loadChunks(await session.writeLanes(), bank);
      });
      const found = await engine.staged();
      expect(found.map(({ restore, cluster }) => ({ restore, cluster }))).toEqual([
        { restore: 'r5', cluster: 'conformance' },
      ]);
      const session = await found[0]?.reopen();
      await session?.discard();
      await session?.close();
      expect(await fixture.listDatabases(target)).toEqual([]);
    });

    test('another process finds a loaded restore and rolls it forward', async () => {
      await fixture.createDatabase(target, 'audit');
      await withRestore('r6', async (session) => {
        await session.stage();
        await loadChunks(await session.writeLanes(), bank);
        await session.finishLoad();
      });
      const session = await (await engine.staged())[0]?.reopen();
      await session?.switch();
      await session?.close();
      const again = await (await engine.staged())[0]?.reopen();
      await again?.switch();
      await again?.open();
      await again?.close();
      const last = await (await engine.staged())[0]?.reopen();
      await last?.switch();
      await last?.open();
      await last?.finish();
      await last?.close();
      expect((await fixture.listDatabases(target)).sort()).toEqual(['audit', 'bank']);
      expect(await ask(target, 'audit', 'SELECT note FROM entries WHERE id = 1')).toEqual([['opened']]);
      expect(await engine.staged()).toEqual([]);
    });

    test('a target that holds anything is refused, and other databases are not touched', async () => {
      await fixture.createDatabase(target, 'bank');
      await fixture.createDatabase(target, 'bystander');
      const other = await fixture.session(target, 'bystander');
      await other.query('CREATE TABLE mine (id int PRIMARY KEY)');
      await other.close();
      const holder = await fixture.session(target, 'bank');
      await holder.query('CREATE TABLE mine (id int PRIMARY KEY)');
      await holder.close();
      expect(await engine.fit(bank.stored)).toContainEqual(
        expect.objectContaining({
          code: 'target-not-empty',
          warning: false,
          subject: expect.stringMatching(/bank/),
        }),
      );
      await withRestore('r7', async (session) => {
        await expect(session.stage()).rejects.toMatchObject({ code: 'target-not-empty' });
        await session.discard();
      });
      expect((await fixture.listDatabases(target)).sort()).toEqual(['bank', 'bystander']);
      expect(await ask(target, 'bank', 'SELECT COUNT(*) FROM mine')).toEqual([['0']]);
    });

    test('lanes that the server has no connections for are told by the plan', async () => {
      const about = async (lanes: number): Promise<string[]> =>
        (await engine.fit(bank.stored, false, lanes))
          .filter(({ cause }) => cause.includes('connections'))
          .map(({ code, cause }) => `${code}: ${cause}`);
      expect(await about(2)).toEqual([]);
      expect(await about(900)).toEqual([expect.stringMatching(/^not-ready: a restore with 900 lanes/)]);
    });

    test('a set of a newer server or another engine does not fit', async () => {
      const newer = { ...bank.stored, shard: { ...bank.stored.shard, version: '99.1' } };
      expect(await engine.fit(newer)).toContainEqual(
        expect.objectContaining({ code: 'does-not-fit', warning: false }),
      );
      const family = fixture.family === 'mariadb' ? 'postgresql' : 'mariadb';
      const other = { ...bank.stored, shard: { ...bank.stored.shard, family } } as typeof bank.stored;
      expect(await engine.fit(other)).toContainEqual(
        expect.objectContaining({ code: 'does-not-fit', warning: false }),
      );
    });
  });
}
