/** Copying and restoring what only MySQL and MariaDB have: ranges of keys, large values, objects across databases. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { BackupSession, Engine, RawSink } from '../../shard-agent/engine.ts';
import type { TestServer } from '../servers/server.ts';
import { backupOrder } from './engine-conformance.ts';
import type { EngineFixture } from './engine-fixture.ts';
import { loadChunks, prepareRestore, readTask, restoreShard, takeShard } from './memory-shard.ts';
import { sqlSession } from './mysql-fixture.ts';

const never = new AbortController().signal;

export function testMysqlCopy(fixture: EngineFixture, source: () => TestServer): void {
  const ask = async (sql: string, database?: string): Promise<(string | null)[][]> => {
    const session = await sqlSession(source(), database);
    try {
      return await session.query(sql);
    } finally {
      await session.close();
    }
  };
  const withCut = async (
    engine: Engine,
    run: (session: BackupSession) => Promise<void>,
    chunkBytes = 16 * 1024,
  ): Promise<void> => {
    const session = await engine.prepareBackup({ ...backupOrder, chunkBytes });
    try {
      expect(await session.lock(1_000, never)).toMatchObject({ outcome: 'locked' });
      await session.cut();
      await run(session);
    } finally {
      await session.close();
    }
  };

  describe(`${fixture.name}: ranges`, () => {
    beforeAll(async () => {
      await ask('CREATE DATABASE ranges');
      const maker = await sqlSession(source(), 'ranges');
      for (const sql of fixture.oddities.setup) {
        if (/^(SET|CREATE TABLE|CREATE SEQUENCE|INSERT)/.test(sql)) await maker.query(sql);
      }
      // Fresh statistics: the plan is made by them.
      await maker.query(
        'ANALYZE TABLE composite, by_text, by_bytes, by_decimal, by_date, negatives, by_double, keyless',
      );
      await maker.close();
    });
    afterAll(() => ask('DROP DATABASE ranges'));

    test('a key that is no date of the calendar is as good a boundary as any', async () => {
      const maker = await sqlSession(source(), 'ranges');
      await maker.query("SET sql_mode = 'ALLOW_INVALID_DATES'");
      await maker.query('CREATE TABLE by_no_date (k datetime PRIMARY KEY, filler varchar(200))');
      await maker.query("INSERT INTO by_no_date VALUES ('2001-02-01', 'first'), ('2001-03-10', 'last')");
      await maker.query(
        "INSERT INTO by_no_date SELECT CONCAT('2001-02-30 ', SEC_TO_TIME(a.d * 1000 + b.d * 100 + c.d * 10 + d.d)), REPEAT('f', 150) FROM digits a, digits b, digits c, digits d WHERE a.d < 3",
      );
      await maker.query('ANALYZE TABLE by_no_date');
      const set = await takeShard(fixture.open(source(), ['ranges']), { chunkBytes: 16 * 1024 });
      await maker.query('DROP TABLE by_no_date');
      await maker.close();
      const table = set.stored.tables.findIndex((candidate) => candidate.name === 'by_no_date');
      const chunks = set.chunks.filter((chunk) => chunk.line.table === table);
      expect(chunks.some((chunk) => JSON.stringify(chunk.line.range).includes('2001-02-30'))).toBe(true);
      expect(new Set(chunks.flatMap((chunk) => chunk.bytes.toString().trimEnd().split('\n'))).size).toBe(
        3_002,
      );
      expect(chunks.reduce((rows, chunk) => rows + chunk.line.rows, 0)).toBe(3_002);
    });

    for (const table of ['composite', 'by_text', 'by_bytes', 'by_decimal', 'by_date', 'negatives']) {
      test(`${table} is read in several ranges that meet without gap or overlap`, async () => {
        await withCut(fixture.open(source(), ['ranges']), async (session) => {
          const index = session.tables.findIndex((candidate) => candidate.name === table);
          const tasks = session.tasks().filter((task) => task.table === index);
          expect(tasks.length).toBeGreaterThan(2);
          const [lane] = await session.readLanes();
          if (lane === undefined) throw new Error('no lane');
          const rows: string[] = [];
          for (const task of tasks) {
            const chunks = await readTask(lane, task, { chunkBytes: 16 * 1024 });
            rows.push(...chunks.flatMap((chunk) => chunk.bytes.toString('latin1').trimEnd().split('\n')));
          }
          expect(rows).toHaveLength(3_000);
          expect(new Set(rows).size).toBe(3_000);
        });
      });
    }

    test('a key that cannot be written down exactly, and no key, make one stream that is cut by size', async () => {
      await withCut(fixture.open(source(), ['ranges']), async (session) => {
        const [lane] = await session.readLanes();
        for (const table of ['by_double', 'keyless']) {
          const index = session.tables.findIndex((candidate) => candidate.name === table);
          const tasks = session.tasks().filter((task) => task.table === index);
          expect(tasks).toHaveLength(1);
          const [task] = tasks;
          if (lane === undefined || task === undefined) throw new Error('nothing to read');
          const chunks = await readTask(lane, task, { chunkBytes: 16 * 1024 });
          expect(chunks.length).toBeGreaterThan(1);
        }
      });
    });
  });

  describe(`${fixture.name}: objects that reach across databases`, () => {
    test('foreign keys and views between two databases come back, and bodies that cannot come back stop the restore', async () => {
      await ask('CREATE DATABASE first_db; CREATE DATABASE second_db');
      await ask(
        `CREATE TABLE second_db.parent (id int PRIMARY KEY); INSERT INTO second_db.parent VALUES (1), (2);
         CREATE TABLE first_db.child (id int PRIMARY KEY, p int, KEY (p), CONSTRAINT across FOREIGN KEY (p) REFERENCES second_db.parent (id));
         INSERT INTO first_db.child VALUES (1, 1), (2, 2);
         CREATE VIEW first_db.a_view AS SELECT id FROM second_db.z_view;`.replace(
          /CREATE VIEW first_db[^;]*;/,
          '',
        ),
      );
      await ask('CREATE VIEW second_db.z_view AS SELECT id FROM first_db.child');
      await ask('CREATE VIEW first_db.a_view AS SELECT id FROM second_db.z_view');
      const shard = await takeShard(fixture.open(source(), ['first_db', 'second_db']));
      await ask('SET foreign_key_checks = 0; DROP DATABASE first_db; DROP DATABASE second_db');
      await restoreShard(fixture.open(source()), shard, 'across');
      expect(await ask('SELECT id FROM a_view ORDER BY id', 'first_db')).toEqual([['1'], ['2']]);
      await expect(ask('INSERT INTO first_db.child VALUES (3, 99)')).rejects.toThrow(/foreign key/i);
      expect((await ask('SHOW CREATE TABLE first_db.child'))[0]?.[1]).toMatch(
        /REFERENCES `second_db`\.`parent`/,
      );
      await ask('SET foreign_key_checks = 0; DROP DATABASE first_db; DROP DATABASE second_db');
    });

    test('an object the target refuses stops the restore before the switch, and nothing stays', async () => {
      await ask('CREATE DATABASE broken');
      await ask('CREATE TABLE broken.t (id int PRIMARY KEY)');
      await ask('CREATE TRIGGER broken.trg BEFORE INSERT ON broken.t FOR EACH ROW SET NEW.id = NEW.id + 1');
      const shard = await takeShard(fixture.open(source(), ['broken']));
      await ask('DROP DATABASE broken');
      const engine = fixture.open(source());
      const { stored } = shard;
      const torn = {
        ...shard,
        stored: {
          ...stored,
          openSchema: async function* (line: Parameters<typeof stored.openSchema>[0]) {
            for await (const part of stored.openSchema(line)) {
              yield Buffer.from(part.toString('latin1').replace('NEW.id + 1', 'NEW.nothing + 1'), 'latin1');
            }
          },
        },
      };
      const session = await prepareRestore(engine, torn, 'torn');
      await session.stage();
      await loadChunks(await session.writeLanes(), torn);
      await expect(session.finishLoad()).rejects.toThrow(/nothing/);
      await expect(session.switch()).rejects.toThrow();
      await session.discard();
      await session.close();
      expect(await fixture.listDatabases(source())).not.toContain('broken');
      expect((await fixture.listDatabases(source())).filter((name) => name.startsWith('tidemark_'))).toEqual(
        [],
      );
    });

    test('events sleep from the switch until the restore is finished', async () => {
      await ask('CREATE DATABASE timed');
      await ask(
        "CREATE EVENT timed.tick ON SCHEDULE EVERY 1 DAY STARTS '2037-01-01' ON COMPLETION PRESERVE DO SELECT 1",
        'timed',
      );
      const shard = await takeShard(fixture.open(source(), ['timed']));
      await ask('DROP DATABASE timed');
      const session = await prepareRestore(fixture.open(source()), shard, 'timed');
      const status = async (): Promise<string | null | undefined> =>
        (await ask("SELECT STATUS FROM information_schema.EVENTS WHERE EVENT_SCHEMA = 'timed'"))[0]?.[0];
      await session.stage();
      await session.writeLanes();
      await session.finishLoad();
      await session.switch();
      expect(await status()).toBe('DISABLED');
      await session.open();
      expect(await status()).toBe('DISABLED');
      await session.finish();
      expect(await status()).toBe('ENABLED');
      await session.close();
      await ask('DROP DATABASE timed');
    });
  });

  describe(`${fixture.name}: a read that is broken off by the server`, () => {
    for (const kill of ['KILL QUERY', 'KILL CONNECTION']) {
      test(`${kill} between two rows is never the end of a table`, async () => {
        await ask('CREATE DATABASE torn');
        await ask('CREATE TABLE t (id int PRIMARY KEY, b longblob)', 'torn');
        await ask(
          "INSERT INTO t WITH RECURSIVE n AS (SELECT 1 AS i UNION ALL SELECT i + 1 FROM n WHERE i < 48) SELECT i, REPEAT('x', 1048576) FROM n",
          'torn',
        );
        try {
          await withCut(
            fixture.open(source(), ['torn']),
            async (session) => {
              const [lane] = await session.readLanes();
              const [task] = session.tasks();
              if (lane === undefined || task === undefined) throw new Error('nothing to read');
              let open: () => void = () => undefined;
              const gate = new Promise<void>((resolve) => {
                open = resolve;
              });
              let begun: () => void = () => undefined;
              const beginning = new Promise<void>((resolve) => {
                begun = resolve;
              });
              const sink: RawSink = {
                append() {
                  begun();
                  return gate;
                },
                full: false,
                endChunk: () => Promise.resolve(),
              };
              const reading = lane.read(task, sink, never).then(
                () => 'done',
                (error: unknown) => (error as { code: string }).code,
              );
              await beginning;
              const [row] = await ask(
                "SELECT ID FROM information_schema.PROCESSLIST WHERE INFO LIKE 'SELECT `id`, `b` FROM%'",
              );
              await ask(`${kill} ${row?.[0]}`);
              open();
              expect(['database-failed', 'snapshot-lost']).toContain(await reading);
            },
            2 ** 30,
          );
        } finally {
          await ask('DROP DATABASE torn');
        }
      });
    }
  });

  describe(`${fixture.name}: a value of 200 MiB`, () => {
    const pattern = '0123456789abcde\n';
    const bytes = 200 * 1024 * 1024;

    test('goes through reading and loading in pieces', async () => {
      await ask('SET GLOBAL max_allowed_packet = 1073741824');
      if (fixture.family === 'mysql') await ask('SET GLOBAL innodb_redo_log_capacity = 4294967296');
      await ask('CREATE DATABASE large; CREATE TABLE large.v (id int PRIMARY KEY, b longblob)');
      await ask(`INSERT INTO large.v VALUES (1, REPEAT('0123456789abcde\\n', ${bytes / 16}))`);
      await ask('CREATE TABLE large.copy LIKE large.v');
      const session = await fixture
        .open(source(), ['large'])
        .prepareBackup({ ...backupOrder, chunkBytes: 1 << 25 });
      const memory = watchMemory();
      try {
        await session.lock(1_000, never);
        await session.cut();
        const [lane] = await session.readLanes();
        let read = 0;
        let rows = 0;
        for (const task of session.tasks()) {
          await lane?.read(
            task,
            {
              append(_source, start, end) {
                read += end - start;
                return undefined;
              },
              full: false,
              async endChunk(count) {
                rows += count;
              },
            },
            never,
          );
        }
        expect(rows).toBe(1);
        // Each newline is escaped; then the key, a tab and the row's end.
        expect(read).toBe(bytes + bytes / 16 + 3);
        expect(memory.stop()).toBeLessThan(64 * 1024 * 1024);
        await loadLarge(session);
      } finally {
        memory.stop();
        await session.close();
        await ask('DROP DATABASE large');
      }
    });

    /** Into the staging, from a source that never holds the value. */
    async function loadLarge(session: BackupSession): Promise<void> {
      const table = session.tables.find((line) => line.name === 'v');
      if (table === undefined) throw new Error('no table');
      const { MysqlWriteLane, laneSettings } = await import(
        '../../shard-agent/engines/mysql/restore/load.ts'
      );
      const { LoadedTables } = await import('../../shard-agent/engines/mysql/restore/loaded-tables.ts');
      const { openSession } = await import('../../shard-agent/engines/mysql/connection/connection.ts');
      const { port, user, password } = source();
      const endpoint = { host: '127.0.0.1', port, user, password };
      const probe = await openSession(endpoint, { name: 'probe' });
      await probe.wire.close();
      const { wire, dialect } = await openSession(
        endpoint,
        { name: 'lane', localFiles: true },
        { limitMs: 60_000, extra: laneSettings(probe.dialect) },
      );
      const lane = new MysqlWriteLane(
        wire,
        dialect,
        new Map([['large', 'large']]),
        new LoadedTables(new Map()),
      );
      async function* row(): AsyncIterable<Buffer> {
        yield Buffer.from('1\t');
        const piece = Buffer.from(pattern.replace('\n', '\\n').repeat(4096));
        for (let given = 0; given < bytes; given += 4096 * 16) yield piece;
        yield Buffer.from('\n');
      }
      const chunk = {
        kind: 'chunk',
        table: 0,
        rows: 1,
        rawBytes: 0,
        rawSha256: '',
        object: '',
        offset: 0,
        length: 0,
        sha256: '',
        range: {},
      } as const;
      const memory = watchMemory();
      expect(await lane.load({ ...table, name: 'copy' }, chunk, row(), never)).toBe(1);
      await lane.commit();
      expect(memory.stop()).toBeLessThan(64 * 1024 * 1024);
      await wire.close();
      expect(
        await ask('SELECT (SELECT SHA2(b, 256) FROM large.v) = (SELECT SHA2(b, 256) FROM large.copy)'),
      ).toEqual([['1']]);
    }
  });
}

/** The most this process has grown by, looked at often. */
function watchMemory(): { stop(): number } {
  const before = process.memoryUsage().rss;
  let most = before;
  const timer = setInterval(() => {
    most = Math.max(most, process.memoryUsage().rss);
  }, 10);
  return {
    stop() {
      clearInterval(timer);
      return most - before;
    },
  };
}
