/** What `check` asks of a server of either family, so that no backup is the first to find it: invariants, in-doubt transactions. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Engine } from '../../shard-agent/engine.ts';
import type { TestServer } from '../servers/server.ts';
import type { EngineFixture, SqlSession } from './engine-fixture.ts';

export function testChecks(fixture: EngineFixture, server: () => TestServer): void {
  describe(`${fixture.name}: invariants, tried before there is a cut`, () => {
    let session: SqlSession;
    let engine: Engine;
    const query = (name: string, sql: string): { name: string; database: string; sql: string } => ({
      name,
      database: 'tried',
      sql,
    });
    // MySQL lets a SLEEP that it ends answer all the same.
    const endless =
      fixture.engine === 'postgres'
        ? 'SELECT pg_catalog.pg_sleep(60)'
        : 'SELECT COUNT(CONCAT(a.id, b.id, c.id, d.id)) FROM numbers a, numbers b, numbers c, numbers d';

    beforeAll(async () => {
      await fixture.createDatabase(server(), 'tried');
      session = await fixture.session(server(), 'tried');
      const schema = fixture.engine === 'postgres' ? 'public.' : '';
      await session.query(`CREATE TABLE ${schema}accounts (id int PRIMARY KEY, balance int)`);
      await session.query(`INSERT INTO ${schema}accounts VALUES (1, 40), (2, 2)`);
      if (fixture.engine === 'mysql') {
        await session.query('CREATE TABLE numbers (id int)');
        await session.query('INSERT INTO numbers VALUES (1), (2)');
        for (let rows = 2; rows < 512; rows *= 2)
          await session.query('INSERT INTO numbers SELECT id + 1 FROM numbers');
      }
      engine = fixture.open(server(), ['tried']);
    });

    afterAll(async () => {
      await session?.close();
      await fixture.dropDatabase(server(), 'tried');
    });

    const accounts = fixture.engine === 'postgres' ? 'public.accounts' : 'accounts';

    test('one that can be asked is answered', async () => {
      const asked = [
        query('money', `SELECT sum(balance) FROM ${accounts}`),
        query('none', `SELECT max(balance) FROM ${accounts} WHERE id > 9`),
      ];
      expect(await engine.tryInvariants(asked, 30_000)).toEqual({
        answers: [
          { name: 'money', answer: '42' },
          { name: 'none', answer: null },
        ],
        findings: [],
      });
    });

    test('each that fails is a finding, in the words of the server, and the others are asked all the same', async () => {
      const tried = await engine.tryInvariants(
        [
          query('gone', 'SELECT count(*) FROM no_such_table'),
          query('wide', `SELECT id, balance FROM ${accounts} WHERE id = 1`),
          query('many', `SELECT id FROM ${accounts}`),
          query('wrong', 'SELEC 1'),
          { ...query('elsewhere', 'SELECT 1'), database: 'no_such_database' },
          query('money', `SELECT sum(balance) FROM ${accounts}`),
        ],
        30_000,
      );
      expect(tried.answers).toEqual([{ name: 'money', answer: '42' }]);
      expect(tried.findings.map(({ code, warning }) => ({ code, warning }))).toEqual(
        Array.from({ length: 5 }, () => ({ code: 'not-ready', warning: false })),
      );
      expect(tried.findings[0]).toMatchObject({
        subject: expect.stringContaining('gone'),
        cause: expect.stringMatching(/no_such_table/),
        remedy: expect.stringMatching(/Correct its SQL|qualify the table/),
      });
    });

    test('one that writes is refused, and nothing is written', async () => {
      const writes = query('writes', `DELETE FROM ${accounts}`);
      const tried = await engine.tryInvariants([writes], 30_000);
      expect(tried.findings).toMatchObject([
        { code: 'not-ready', cause: expect.stringMatching(/not a SELECT|syntax error/) },
      ]);
      expect(await session.query(`SELECT count(*) FROM ${accounts}`)).toEqual([['2']]);
    });

    test('one that takes too long is a warning, and holds nobody up for longer', async () => {
      const beganMs = performance.now();
      const tried = await engine.tryInvariants([query('slow', endless), query('next', 'SELECT 1')], 500);
      expect(performance.now() - beganMs).toBeLessThan(10_000);
      expect(tried.findings.map(({ subject, warning }) => ({ subject, warning }))).toEqual([
        { subject: 'database tried: invariant slow', warning: true },
        { subject: 'database tried: invariant next', warning: true },
      ]);
    });
  });
}
