/** Who is in the way of a barrier on MySQL and MariaDB, and who only looks as if: transactions that stay open. */
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { BackupSession, Engine } from '../../shard-agent/engine.ts';
import type { TestServer } from '../servers/server.ts';
import { backupOrder } from './engine-conformance.ts';
import type { EngineFixture, SqlSession } from './engine-fixture.ts';
import { openServer, sqlSession } from './mysql-fixture.ts';
import { eventually } from './waiting.ts';

const never = new AbortController().signal;

interface Kind {
  readonly what: string;
  readonly statements: readonly string[];
  /** InnoDB says that it has written or locked something. */
  readonly looksLikeWriter?: true;
  readonly only?: 'mysql' | 'mariadb';
}

const temporary = [
  'CREATE TEMPORARY TABLE scratch (id int PRIMARY KEY) ENGINE = InnoDB',
  'BEGIN',
  'INSERT INTO scratch VALUES (1)',
];

const harmless: readonly Kind[] = [
  { what: 'a reader', statements: ['BEGIN', 'SELECT * FROM t'] },
  {
    what: 'a reader of a consistent snapshot',
    statements: ['START TRANSACTION WITH CONSISTENT SNAPSHOT', 'SELECT * FROM t'],
  },
  {
    what: 'a reader that locks rows in share mode',
    statements: ['BEGIN', 'SELECT * FROM t LOCK IN SHARE MODE'],
    looksLikeWriter: true,
  },
  {
    what: 'a reader that locks rows FOR SHARE',
    statements: ['BEGIN', 'SELECT * FROM t FOR SHARE'],
    looksLikeWriter: true,
    only: 'mysql',
  },
  {
    what: 'a reader under SERIALIZABLE',
    statements: ['SET SESSION TRANSACTION ISOLATION LEVEL SERIALIZABLE', 'BEGIN', 'SELECT * FROM t'],
    looksLikeWriter: true,
  },
  {
    what: 'a read-only transaction that locks rows in share mode',
    statements: ['START TRANSACTION READ ONLY', 'SELECT * FROM t LOCK IN SHARE MODE'],
    looksLikeWriter: true,
  },
  { what: 'a writer of temporary tables alone', statements: temporary, looksLikeWriter: true },
  { what: 'a holder of LOCK TABLES … READ', statements: ['LOCK TABLES t READ'] },
  {
    what: 'a transaction that has drawn from a sequence',
    statements: ['BEGIN', 'SELECT NEXTVAL(numbers)', 'SELECT * FROM t'],
    only: 'mariadb',
  },
];

/** Only the server's metadata locks tell these. */
const elsewhere: readonly Kind[] = [
  {
    what: 'a writer of another database',
    statements: ['BEGIN', 'INSERT INTO beyond.t VALUES (5)'],
    looksLikeWriter: true,
  },
  {
    what: 'a writer of another database that reads covered tables',
    statements: ['BEGIN', 'INSERT INTO beyond.t SELECT id + 100 FROM t'],
    looksLikeWriter: true,
  },
  {
    what: 'a locker of rows of another database',
    statements: ['BEGIN', 'SELECT * FROM beyond.t FOR UPDATE'],
    looksLikeWriter: true,
  },
  {
    what: 'a writer of temporary tables that locks rows in share mode',
    statements: [...temporary, 'SELECT * FROM t LOCK IN SHARE MODE'],
    looksLikeWriter: true,
  },
];

const harmful: readonly Kind[] = [
  { what: 'a writer', statements: ['BEGIN', 'INSERT INTO t VALUES (7)'], looksLikeWriter: true },
  {
    what: 'a locker of rows FOR UPDATE',
    statements: ['BEGIN', 'SELECT * FROM t WHERE id = 1 FOR UPDATE'],
    looksLikeWriter: true,
  },
  {
    what: 'a locker FOR UPDATE of rows that there are not',
    statements: ['BEGIN', 'SELECT * FROM t WHERE id = 99 FOR UPDATE'],
    looksLikeWriter: true,
  },
  {
    what: 'a writer that also writes another database',
    statements: ['BEGIN', 'INSERT INTO beyond.t VALUES (6)', 'UPDATE t SET id = 8 WHERE id = 1'],
    looksLikeWriter: true,
  },
  {
    what: 'a writer of another database, whose foreign key deletes rows of a covered table',
    statements: ['BEGIN', 'DELETE FROM beyond.parent WHERE id = 1'],
    looksLikeWriter: true,
  },
  {
    what: 'a writer by trigger',
    statements: ['BEGIN', 'INSERT INTO beyond.fired VALUES (1)'],
    looksLikeWriter: true,
  },
  {
    what: 'a branch of XA that is not prepared',
    statements: ["XA START 'open'", 'INSERT INTO t VALUES (9)'],
    looksLikeWriter: true,
  },
];

/** As the server does it by default, and as one that shows no metadata locks. */
const showing =
  "UPDATE performance_schema.setup_instruments SET ENABLED = 'YES' WHERE NAME = 'wait/lock/metadata/sql/mdl'";
const hiding = showing.replace("'YES'", "'NO'");

export function testMysqlStrangers(fixture: EngineFixture, source: () => TestServer): void {
  const open: (BackupSession | SqlSession)[] = [];
  const kinds = (list: readonly Kind[]): Kind[] =>
    list.filter(({ only }) => only === undefined || only === fixture.family);
  const run = async (...statements: string[]): Promise<void> => {
    for (const sql of statements) await source().run(sql);
  };

  /** Opens the stranger's transaction, and waits until the server tells of it, which it does once in 100 ms. */
  const begin = async ({ statements, looksLikeWriter }: Kind): Promise<SqlSession> => {
    const session = await sqlSession(source(), 'within');
    open.push(session);
    for (const sql of statements) await session.query(sql);
    if (looksLikeWriter !== true) return session;
    const look = `SELECT 1 FROM information_schema.INNODB_TRX WHERE trx_mysql_thread_id = ${session.processId}
      AND (trx_rows_modified > 0 OR trx_lock_structs > 0)`;
    // The server renews its list only when nobody has read it for 100 ms.
    await expect.poll(() => source().run(look), { interval: 150, timeout: 5_000 }).toHaveLength(1);
    return session;
  };
  const prepare = async (engine = fixture.open(source(), ['within'])): Promise<BackupSession> => {
    const session = await engine.prepareBackup(backupOrder);
    open.push(session);
    return session;
  };
  const expectPasses = async (session: BackupSession): Promise<void> => {
    expect(await session.inTheWay(0)).toEqual([]);
    expect(await session.lock(1_000, never)).toMatchObject({ outcome: 'locked' });
    await session.cut();
  };
  const expectInTheWay = async (session: BackupSession, stranger: SqlSession): Promise<void> => {
    const found = async (): Promise<string[]> =>
      (await session.inTheWay(0)).map(({ processId }) => processId);
    expect(await eventually(async () => (await found()).includes(stranger.processId), true)).toBe(true);
    const outcome = await session.lock(150, never);
    expect(outcome.outcome).toBe('blocked');
    if (outcome.outcome === 'blocked')
      expect(outcome.blockers.map(({ processId }) => processId)).toEqual([stranger.processId]);
    await stranger.close();
    expect(await session.lock(1_000, never)).toMatchObject({ outcome: 'locked' });
  };

  describe(`${fixture.name}: who is in the way`, () => {
    beforeAll(async () => {
      await run(
        'CREATE DATABASE within',
        'CREATE DATABASE beyond',
        'CREATE TABLE within.t (id int PRIMARY KEY)',
        'INSERT INTO within.t VALUES (1), (2)',
        'CREATE TABLE beyond.t (id int PRIMARY KEY)',
        'CREATE TABLE beyond.fired (id int PRIMARY KEY)',
        'CREATE TRIGGER beyond.fires AFTER INSERT ON beyond.fired FOR EACH ROW INSERT INTO within.t VALUES (NEW.id + 1000)',
        'CREATE TABLE beyond.parent (id int PRIMARY KEY)',
        'INSERT INTO beyond.parent VALUES (1)',
        'CREATE TABLE within.child (id int PRIMARY KEY, FOREIGN KEY (id) REFERENCES beyond.parent (id) ON DELETE CASCADE)',
        'INSERT INTO within.child VALUES (1)',
      );
      if (fixture.family === 'mariadb') await run('CREATE SEQUENCE within.numbers');
    });
    afterEach(async () => {
      for (const session of open.splice(0).reverse()) await session.close();
    });
    afterAll(async () => {
      await run(showing, 'DROP DATABASE within', 'DROP DATABASE beyond');
    });

    describe('where the server shows metadata locks', () => {
      test.each(kinds([...harmless, ...elsewhere]))('$what is not', async (kind) => {
        const session = await prepare();
        await begin(kind);
        await expectPasses(session);
      });
      test.each(kinds(harmful))('$what is', async (kind) => {
        const session = await prepare();
        await expectInTheWay(session, await begin(kind));
      });

      test('a writer of no row, whose lock alone tells, is', async () => {
        const session = await prepare();
        const statements = ['BEGIN', 'UPDATE t SET id = id WHERE 1 = 0'];
        await expectInTheWay(session, await begin({ what: '', statements }));
      });

      test('the check says nothing of it', async () => {
        const findings = await fixture.open(source(), ['within']).check();
        expect(findings.filter(({ subject }) => subject === 'metadata locks')).toEqual([]);
      });
    });

    describe('where the server shows no metadata locks', () => {
      beforeAll(() => run(hiding));
      afterAll(() => run(showing));

      test.each(kinds(harmless))('$what is not', async (kind) => {
        const session = await prepare();
        await begin(kind);
        await expectPasses(session);
      });
      test.each(kinds(harmful))('$what is', async (kind) => {
        const session = await prepare();
        await expectInTheWay(session, await begin(kind));
      });
      test.each(kinds(elsewhere))('$what counts, since it cannot be told', async (kind) => {
        const session = await prepare();
        const stranger = await begin(kind);
        const named = async (): Promise<boolean> =>
          (await session.inTheWay(0)).some(({ processId }) => processId === stranger.processId);
        expect(await eventually(named, true)).toBe(true);
        expect(await session.lock(1_000, never)).toMatchObject({ outcome: 'locked' });
      });

      test('a writer is seen to come and to go, however often is looked', async () => {
        const session = await prepare();
        const writers = async (): Promise<number> => (await session.inTheWay(0)).length;
        expect(await eventually(writers, 0, 2_000)).toBe(0);
        const writer = await sqlSession(source(), 'within');
        open.push(writer);
        await writer.query('BEGIN');
        await writer.query('INSERT INTO t VALUES (7)');
        expect(await eventually(writers, 1, 2_000)).toBe(1);
        await writer.query('ROLLBACK');
        expect(await eventually(writers, 0, 2_000)).toBe(0);
      });

      test('the check says so where there are other databases, and how to have them shown', async () => {
        const warnings = async (databases: string[] | undefined): Promise<unknown[]> =>
          (await fixture.open(source(), databases).check()).filter(
            ({ subject }) => subject === 'metadata locks',
          );
        expect(await warnings(undefined)).toEqual([]);
        expect(await warnings(['within'])).toMatchObject([{ code: 'not-ready', warning: true }]);
      });
    });

    describe('for an account that has only what a backup needs', () => {
      const account = "'looker'@'127.0.0.1'";
      const looker = (): Engine => {
        const { host, port } = source();
        return openServer({ host, port, user: 'looker', password: 'l' }, ['within']);
      };
      beforeAll(() =>
        run(
          `CREATE USER ${account} IDENTIFIED BY 'l'`,
          `GRANT SELECT, LOCK TABLES, SHOW VIEW, TRIGGER, EVENT ON within.* TO ${account}`,
          ...(fixture.family === 'mariadb'
            ? [
                `GRANT PROCESS, RELOAD, BINLOG MONITOR, REPLICA MONITOR ON *.* TO ${account}`,
                `GRANT SELECT ON mysql.proc TO ${account}`,
              ]
            : [
                `GRANT PROCESS, BACKUP_ADMIN, REPLICATION CLIENT, XA_RECOVER_ADMIN, SHOW_ROUTINE ON *.* TO ${account}`,
                `GRANT SELECT ON performance_schema.* TO ${account}`,
              ]),
        ),
      );
      afterAll(() => run(`DROP USER ${account}`));

      test('a reader is not', async () => {
        const session = await prepare(looker());
        for (const kind of kinds(harmless)) await begin(kind);
        await expectPasses(session);
      });

      test('writers of a database that it does not see do not keep it from its cut', async () => {
        const session = await prepare(looker());
        const writer = await sqlSession(source(), 'beyond');
        open.push(writer);
        let writing = true;
        const writes = (async () => {
          for (let id = 10_000; writing; id += 1) await writer.query(`INSERT INTO t VALUES (${id})`);
        })();
        try {
          for (let cut = 0; cut < 10; cut += 1) {
            expect(await session.lock(1_000, never)).toMatchObject({ outcome: 'locked' });
            await session.cut();
          }
        } finally {
          writing = false;
          await writes;
        }
      });

      test('the check says that others may be taken for writers, where the server does not tell it', async () => {
        const warnings = (await looker().check()).filter(({ subject }) => subject === 'metadata locks');
        expect(warnings).toHaveLength(fixture.family === 'mariadb' ? 1 : 0);
      });
    });

    if (fixture.family === 'mariadb') {
      describe('where a plug-in shows metadata locks', () => {
        beforeAll(() => run(hiding, "INSTALL SONAME 'metadata_lock_info'"));
        afterAll(() => run(showing, "UNINSTALL SONAME 'metadata_lock_info'"));

        test.each(kinds([...harmless, ...elsewhere]))('$what is not', async (kind) => {
          const session = await prepare();
          await begin(kind);
          await expectPasses(session);
        });
        test.each(kinds(harmful))('$what is', async (kind) => {
          const session = await prepare();
          await expectInTheWay(session, await begin(kind));
        });
      });
    }
  });
}
