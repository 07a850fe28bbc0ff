/** What `check` asks of MySQL and MariaDB beside privileges: limits of connections, prepared XA transactions. */
import { describe, expect, test } from 'vitest';
import type { Finding } from '../../shard-agent/engine.ts';
import { inDoubtFindings, preparedTransactions } from '../../shard-agent/engines/mysql/check/in-doubt.ts';
import { openSession } from '../../shard-agent/engines/mysql/connection/connection.ts';
import type { TestServer } from '../servers/server.ts';
import { testChecks } from './engine-checks.ts';
import { backupOrder } from './engine-conformance.ts';
import type { EngineFixture } from './engine-fixture.ts';
import { openServer } from './mysql-fixture.ts';
import { takeShard } from './memory-shard.ts';
import { eventually } from './waiting.ts';

const stopping = (findings: readonly Finding[]): Finding[] => findings.filter(({ warning }) => !warning);

export function testMysqlLimits(fixture: EngineFixture, source: () => TestServer): void {
  testChecks(fixture, source);

  describe(`${fixture.name}: limits of connections`, () => {
    const account = "'few'@'127.0.0.1'";
    const run = async (...statements: string[]): Promise<void> => {
      for (const sql of statements) await source().run(sql);
    };

    test('those of the account, counted with the lanes', async () => {
      await run(
        'CREATE DATABASE limited',
        'CREATE TABLE limited.t (id int PRIMARY KEY)',
        `CREATE USER ${account} IDENTIFIED BY 'f' WITH MAX_USER_CONNECTIONS 12`,
        `GRANT ALL ON *.* TO ${account}`,
      );
      try {
        const engine = openServer({ host: '127.0.0.1', port: source().port, user: 'few', password: 'f' }, [
          'limited',
        ]);
        expect(stopping(await engine.check({ lanes: 4 }))).toEqual([]);
        await takeShard(engine, { lanes: 4 });
        const [found, ...more] = stopping(await engine.check({ lanes: 9 }));
        expect(more).toEqual([]);
        expect(found).toMatchObject({
          code: 'not-ready',
          subject: 'max_user_connections',
          cause: expect.stringMatching(/9 lanes opens 17 connections; the account may have 12/),
        });
        await expect(engine.prepareBackup({ ...backupOrder, lanes: 9 })).rejects.toMatchObject({
          code: 'not-ready',
          subject: 'max_user_connections',
        });
        await run(found?.remedy ?? '');
        expect(stopping(await engine.check({ lanes: 9 }))).toEqual([]);
        await takeShard(engine, { lanes: 9 });
      } finally {
        await run('DROP DATABASE limited', `DROP USER ${account}`);
      }
    });

    test('those of the server, counted with the lanes', async () => {
      const [before] = await source().run('SELECT @@GLOBAL.max_connections AS n');
      await run('CREATE DATABASE limited', 'CREATE TABLE limited.t (id int PRIMARY KEY)');
      try {
        await run('SET GLOBAL max_connections = 30');
        const engine = fixture.open(source(), ['limited']);
        expect(stopping(await engine.check({ lanes: 4 }))).toEqual([]);
        expect(stopping(await engine.check({ lanes: 40 }))).toMatchObject([
          { subject: 'max_connections', cause: expect.stringMatching(/opens 48 connections/) },
        ]);
        await expect(engine.prepareBackup({ ...backupOrder, lanes: 40 })).rejects.toMatchObject({
          code: 'not-ready',
          subject: 'max_connections',
        });
      } finally {
        await run(`SET GLOBAL max_connections = ${String(before?.['n'])}`, 'DROP DATABASE limited');
      }
    });
  });

  test(`${fixture.name}: a prepared XA transaction is named with the statements that finish it; an old one stops a backup`, async () => {
    await source().run('CREATE DATABASE doubtful');
    await source().run('CREATE TABLE doubtful.t (id int PRIMARY KEY)');
    const writer = await fixture.session(source(), 'doubtful');
    await fixture.beginInDoubt(writer, 'INSERT INTO t VALUES (1)', 'lost');
    // Nobody is connected to it any more.
    await writer.close();
    const { port, user, password } = source();
    const { wire } = await openSession({ host: '127.0.0.1', port, user, password }, { name: 'test' });
    const find = (seconds: number, before = ["'lost'"], locks = true): Promise<Finding[]> =>
      inDoubtFindings(wire, { lanes: 4, locks, globals: 'none' }, before, seconds);
    try {
      // Some servers forget it until the client's thread has ended.
      expect(await eventually(async () => (await preparedTransactions(wire)).join(), "'lost'")).toBe(
        "'lost'",
      );
      expect(await find(3600)).toMatchObject([{ warning: true, subject: "XA transaction 'lost'" }]);
      expect(await find(0, [])).toEqual([]);
      expect(await find(0, undefined, false)).toMatchObject([{ warning: true }]);
      const [found] = await find(0);
      expect(found).toMatchObject({ code: 'not-ready', warning: false });
      expect(found?.remedy).toContain("XA COMMIT 'lost';");
      expect(await fixture.open(source(), ['doubtful']).check()).toContainEqual(
        expect.objectContaining({ subject: "XA transaction 'lost'" }),
      );
      await source().run(/XA ROLLBACK .*;/.exec(found?.remedy ?? '')?.[0] ?? '');
      expect(await find(0)).toEqual([]);
    } finally {
      // What a failed assertion left would hold up every test after this one.
      for (const left of await preparedTransactions(wire)) await source().run(`XA ROLLBACK ${left}`);
      await wire.close();
      await source().run('DROP DATABASE doubtful');
    }
  });
}
