/** Invariants on real servers: one statement that reads, names with one meaning, and never what stands under the final names. */
import { afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { BackupSession, Engine, RestoreSession } from '../../shard-agent/engine.ts';
import type { TestServer } from '../servers/server.ts';
import type { InvariantQuery } from '../../topology/agent-file.ts';
import type { EngineFixture } from './engine-fixture.ts';
import { loadChunks, prepareRestore, takeShard } from './memory-shard.ts';

const never = new AbortController().signal;

/** `source` has the databases `bank`, with `accounts`, and `audit`, with `entries`. */
export function testInvariants(fixture: EngineFixture, source: () => TestServer): void {
  const postgres = fixture.engine === 'postgres';
  const accounts = postgres ? 'public.accounts' : 'accounts';
  const money = (sql: string, database = 'bank'): InvariantQuery => ({ name: 'money', database, sql });
  const ask = async (sql: string): Promise<string | null | undefined> => {
    const session = await fixture.session(source(), 'bank');
    try {
      return (await session.query(sql))[0]?.[0];
    } finally {
      await session.close();
    }
  };

  /** What must be refused, whoever asks it, and what the refusal says. */
  const refused: readonly (readonly [what: string, sql: string, message: RegExp])[] = [
    [
      'two statements',
      `SELECT 1; SELECT SUM(balance) FROM ${accounts}`,
      /multiple commands|more than one statement/,
    ],
    [
      'a statement behind the end of the transaction',
      'COMMIT; CREATE TABLE marker (id int)',
      /syntax|not a SELECT/i,
    ],
    ['what is no query', 'CREATE TABLE marker (id int)', /syntax|not a SELECT/i],
    ['the end of the transaction', 'COMMIT', /syntax|not a SELECT/i],
    ['a change', `UPDATE ${accounts} SET balance = 0`, /syntax|not a SELECT/i],
    ['a lock', `SELECT balance FROM ${accounts} WHERE id = 1 FOR UPDATE`, /read-only|FOR UPDATE/],
    ['two rows', `SELECT balance FROM ${accounts}`, /more than one row/],
    ['two columns', 'SELECT 1, 2', /2 columns/],
    ['no row', `SELECT balance FROM ${accounts} WHERE id = -1`, /0 rows/],
    ...(postgres
      ? ([
          [
            'a change within a query',
            `WITH w AS (UPDATE ${accounts} SET balance = 0 RETURNING 1) SELECT count(*) FROM w`,
            /WITH/,
          ],
          ['a program', `COPY (SELECT 1) TO PROGRAM 'true'`, /syntax/],
          ['a table that is not qualified', 'SELECT SUM(balance) FROM accounts', /does not exist/],
        ] as const)
      : ([
          ['a file', `SELECT 1 INTO OUTFILE '/tmp/tidemark-marker'`, /INTO/],
          ['SQL within a comment', 'SELECT 1 /*! INTO @marker */', /comment/],
          [
            'a database that is not backed up',
            'SELECT COUNT(*) FROM information_schema.TABLES',
            /not backed up/,
          ],
          ['a table that is not there', 'SELECT SUM(bank.balance) FROM accounts bank', /no table balance/],
        ] as const)),
  ];

  describe(`${fixture.name}: invariants`, () => {
    let engine: Engine;
    const open: (BackupSession | RestoreSession)[] = [];
    const servers: TestServer[] = [];

    beforeAll(() => {
      engine = fixture.open(source(), ['bank', 'audit']);
    });
    afterEach(async () => {
      for (const session of open.splice(0)) {
        if ('discard' in session) await session.discard();
        await session.close();
      }
      for (const server of servers.splice(0)) await server.stop();
    });

    const cut = async (): Promise<BackupSession> => {
      const order = { lanes: 2, chunkBytes: 65_536, holdLimitMs: 2_000, copyLimitMs: 60_000 };
      const session = await engine.prepareBackup({ ...order, locks: true, globals: 'none', signal: never });
      open.push(session);
      expect(await session.lock(1_000, never)).toMatchObject({ outcome: 'locked' });
      await session.cut();
      return session;
    };

    describe('are refused', () => {
      test.each(refused)('%s', async (_, sql, message) => {
        const session = await cut();
        const before = await ask('SELECT SUM(balance) FROM accounts');
        const asked = session.invariants([money(sql)]);
        await expect(asked).rejects.toMatchObject({
          code: 'not-ready',
          reason: expect.stringMatching(message),
        });
        expect(await ask('SELECT SUM(balance) FROM accounts')).toBe(before);
        expect(await ask("SELECT COUNT(*) FROM information_schema.tables WHERE table_name = 'marker'")).toBe(
          '0',
        );
        // What was refused has taken nothing from the snapshot.
        const [sound] = await session.invariants([money(`SELECT SUM(balance) FROM ${accounts}`)]);
        expect(sound?.answer).toBe(before);
      });

      if (postgres)
        test('with what to write instead, where a name is not qualified', async () => {
          const session = await cut();
          await expect(
            session.invariants([money('SELECT SUM(balance) FROM accounts')]),
          ).rejects.toMatchObject({
            remedy: expect.stringContaining('public.accounts'),
          });
        });
      else
        test('views and functions, which a restore makes after it has asked', async () => {
          await ask('CREATE VIEW rich AS SELECT * FROM accounts');
          await ask('CREATE FUNCTION five() RETURNS int DETERMINISTIC RETURN 5');
          try {
            const session = await cut();
            for (const sql of [
              'SELECT COUNT(*) FROM rich',
              'SELECT COUNT(*) FROM bank.rich',
              'SELECT five()',
            ])
              await expect(session.invariants([money(sql)])).rejects.toThrow(/reads tables/);
          } finally {
            // A schema change waits for the end of a copy.
            for (const session of open.splice(0)) await session.close();
            await ask('DROP VIEW rich');
            await ask('DROP FUNCTION five');
          }
        });
    });

    test('a check asks each, says which fails and why, and changes nothing', async () => {
      const { findings, answers } = await engine.tryInvariants(
        [
          money(`SELECT SUM(balance) FROM ${accounts}`),
          { name: 'gone', database: 'bank', sql: `SELECT 1 FROM ${postgres ? 'public.' : ''}no_such_table` },
          { name: 'two', database: 'bank', sql: 'SELECT 1; SELECT 2' },
          { name: 'elsewhere', database: 'nowhere', sql: 'SELECT 1' },
        ],
        30_000,
      );
      expect(answers.map(({ name }) => name)).toEqual(['money']);
      expect(findings).toMatchObject(
        ['bank: invariant gone', 'bank: invariant two', 'nowhere: invariant elsewhere'].map((subject) => ({
          code: 'not-ready',
          subject: `database ${subject}`,
          warning: false,
        })),
      );
    });

    describe('of a restore', () => {
      /** A set of the databases, staged beside them: what stands under the final names has other rows since. */
      const staged = async (): Promise<RestoreSession> => {
        const shard = await takeShard(engine);
        const other = await fixture.startServer();
        const session = await prepareRestore(fixture.open(other), shard, 'asked1');
        open.push(session);
        servers.push(other);
        await session.stage();
        await loadChunks(await session.writeLanes(), shard);
        await session.finishLoad();
        // Somebody makes a database of the final name, while the restore goes on.
        await fixture.createDatabase(other, 'bank');
        const live = await fixture.session(other, 'bank');
        await live.query('CREATE TABLE accounts (id int PRIMARY KEY, balance bigint NOT NULL)');
        await live.query('INSERT INTO accounts VALUES (1, 1)');
        await live.close();
        return session;
      };

      test('are asked in the staging, by whatever name, and never under the final name', async () => {
        const session = await staged();
        const before = await ask('SELECT SUM(balance) FROM accounts');
        const queries = postgres
          ? [money('SELECT SUM(balance) FROM public.accounts')]
          : [
              'SELECT SUM(balance) FROM accounts',
              'SELECT SUM(balance) FROM bank.accounts',
              'SELECT SUM(bank.accounts.balance) FROM `bank` . `accounts` -- of bank.accounts',
              "SELECT SUM(a.balance) FROM bank.accounts a WHERE 'bank.accounts' <> ''",
              'SELECT (SELECT COUNT(*) FROM audit.entries) * 0 + SUM(balance) FROM bank.accounts',
            ].map((sql) => money(sql));
        const answers = await session.invariants(queries);
        expect(answers).toEqual(queries.map(() => ({ name: 'money', answer: before })));
        if (!postgres) {
          // From a session whose default is the other database too.
          const [other] = await session.invariants([
            money('SELECT SUM(balance) FROM bank.accounts', 'audit'),
          ]);
          expect(other?.answer).toBe(before);
        }
      });

      test('cannot change anything either', async () => {
        const session = await staged();
        for (const sql of [`UPDATE ${accounts} SET balance = 0`, 'COMMIT; CREATE TABLE marker (id int)'])
          await expect(session.invariants([money(sql)])).rejects.toMatchObject({ code: 'not-ready' });
      });
    });
  });
}
