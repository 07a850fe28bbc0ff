/** A restore of MySQL or MariaDB that dies at any of its statements: nothing is open too early, and the end is the same. */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { Engine, RestoreSession } from '../../shard-agent/engine.ts';
import type { TestServer } from '../servers/server.ts';
import type { EngineFixture, SqlSession } from './engine-fixture.ts';
import { loadChunks, type MemoryShard, prepareRestore, takeShard } from './memory-shard.ts';
import { openServer, sqlSession } from './mysql-fixture.ts';
import { StatementProxy, type Verdict } from './statement-proxy.ts';

const databases = ['kill_a', 'kill_b'];
const finalNames = ['parent', 'child', 'log', 'other', 'v', 'w', 'numbered'];

const schema = (family: 'mysql' | 'mariadb'): string[] => [
  'CREATE DATABASE kill_a CHARACTER SET latin1',
  'CREATE DATABASE kill_b',
  'USE kill_a',
  'CREATE TABLE parent (id int PRIMARY KEY)',
  'CREATE TABLE child (id int PRIMARY KEY, p int, note varchar(40), FULLTEXT (note), CHECK (id > 0), FOREIGN KEY (p) REFERENCES parent (id))',
  'CREATE TABLE log (id int PRIMARY KEY AUTO_INCREMENT, what varchar(40))',
  'INSERT INTO parent VALUES (1)',
  "INSERT INTO child VALUES (1, 1, 'one')",
  'CREATE FUNCTION twice(x int) RETURNS int DETERMINISTIC RETURN 2 * x',
  'CREATE VIEW v AS SELECT id, twice(id) AS t FROM child',
  "create /* typed */ trigger m before insert  on child for each row\n  SET NEW.note = CONCAT(NEW.note, 'm')",
  "create trigger z before insert on child for each row precedes m SET NEW.note = CONCAT(NEW.note, 'z')",
  'CREATE TRIGGER logged AFTER INSERT ON child FOR EACH ROW INSERT INTO log (what) VALUES (NEW.note)',
  'CREATE TRIGGER IF NOT EXISTS unless AFTER INSERT ON child FOR EACH ROW PRECEDES logged SET @seen = NEW.id',
  "CREATE EVENT tick ON SCHEDULE EVERY 1 DAY STARTS '2037-01-01' ON COMPLETION PRESERVE DO DELETE FROM log",
  'USE kill_b',
  ...(family === 'mariadb'
    ? ['CREATE SEQUENCE numbers', 'CREATE TABLE numbered (id int PRIMARY KEY DEFAULT NEXTVAL(numbers))']
    : []),
  'CREATE TABLE other (id int PRIMARY KEY, c int, FOREIGN KEY (c) REFERENCES kill_a.child (id))',
  'INSERT INTO other VALUES (1, 1)',
  "CREATE TRIGGER across AFTER INSERT ON other FOR EACH ROW INSERT INTO kill_a.log (what) VALUES ('across')",
  'CREATE VIEW w AS SELECT v.t FROM kill_a.v JOIN other ON other.c = v.id',
  'CREATE PROCEDURE p() SELECT 1',
];

export function testMysqlKills(fixture: EngineFixture, source: () => TestServer): void {
  describe(`${fixture.name}: a restore that dies`, () => {
    let target: TestServer;
    let proxy: StatementProxy;
    let poller: SqlSession;
    let direct: Engine;
    let proxied: Engine;
    let set: MemoryShard;
    let typed: readonly unknown[];
    let number = 0;

    const script = async (server: TestServer, statements: readonly string[]): Promise<void> => {
      const session = await sqlSession(server);
      try {
        for (const sql of statements) await session.query(sql);
      } finally {
        await session.close();
      }
    };

    beforeAll(async () => {
      target = await fixture.startServer();
      proxy = await StatementProxy.start(target);
      poller = await sqlSession(target);
      direct = openServer(target);
      proxied = openServer({ ...target, host: '127.0.0.1', port: proxy.port });
      await script(source(), schema(fixture.family === 'mariadb' ? 'mariadb' : 'mysql'));
      const asker = await sqlSession(source());
      typed = await triggersOf(asker);
      await asker.close();
      set = await takeShard(fixture.open(source(), databases));
      await script(
        source(),
        databases.toReversed().map((name) => `DROP DATABASE ${name}`),
      );
    });
    beforeEach(startOver);
    afterAll(async () => {
      await poller?.close();
      await proxy?.close();
      await target?.stop();
    });

    /** The one database is there and empty, with settings of its own; the other is not. */
    async function startOver(): Promise<void> {
      proxy.decide = () => 'pass';
      await poller.query('SET foreign_key_checks = 0');
      for (const name of await fixture.listDatabases(target)) await poller.query(`DROP DATABASE \`${name}\``);
      await poller.query('CREATE DATABASE kill_a CHARACTER SET utf8mb4 COLLATE utf8mb4_bin');
    }

    /** Loaded by way of the proxy. */
    async function loaded(): Promise<{ session: RestoreSession; restore: string }> {
      number += 1;
      const restore = `kill${number}`;
      const session = await prepareRestore(proxied, set, restore);
      await session.stage();
      await loadChunks(await session.writeLanes(), set);
      await session.finishLoad();
      return { session, restore };
    }

    /** By another process, by way of the proxy. */
    function reopened(restore: string): Promise<RestoreSession> {
      proxy.decide = () => 'pass';
      return prepareRestore(proxied, set, restore);
    }

    /** Names that an application would find. */
    async function visible(): Promise<string[]> {
      const list = (names: readonly string[]): string => names.map((name) => `'${name}'`).join(', ');
      const rows = await poller.query(
        `SELECT TABLE_NAME FROM information_schema.TABLES WHERE TABLE_SCHEMA IN (${list(databases)}) ` +
          `AND TABLE_NAME IN (${list(finalNames)}) ORDER BY 1`,
      );
      return rows.map(([name]) => name ?? '');
    }

    /** Everything that the restore is to leave, as the server tells it. */
    async function fingerprint(): Promise<readonly unknown[]> {
      const told: unknown[] = [(await fixture.listDatabases(target)).sort()];
      for (const database of databases) {
        told.push(await poller.query(`SHOW CREATE DATABASE ${database}`));
        const ask = (sql: string): Promise<(string | null)[][]> =>
          poller.query(sql.replaceAll('{db}', `'${database}'`));
        const tables = await ask(
          'SELECT TABLE_NAME, TABLE_TYPE FROM information_schema.TABLES WHERE TABLE_SCHEMA = {db} ORDER BY 1',
        );
        for (const [name, type] of tables) {
          const rows = type === 'SEQUENCE' ? [] : await poller.query(`SELECT * FROM ${database}.${name}`);
          told.push(name, type, await poller.query(`SHOW CREATE TABLE ${database}.${name}`), rows);
        }
        told.push(
          await ask(
            'SELECT ROUTINE_TYPE, ROUTINE_NAME, DEFINER, ROUTINE_DEFINITION, SQL_MODE FROM information_schema.ROUTINES WHERE ROUTINE_SCHEMA = {db} ORDER BY 1, 2',
          ),
          await ask(
            'SELECT EVENT_NAME, STATUS, DEFINER, EVENT_DEFINITION FROM information_schema.EVENTS WHERE EVENT_SCHEMA = {db}',
          ),
        );
      }
      return [...told, ...(await triggersOf(poller))];
    }

    /** With their order, settings and texts. */
    async function triggersOf(session: SqlSession): Promise<readonly unknown[]> {
      const told: unknown[] = [];
      for (const database of databases) {
        const triggers = await session.query(
          'SELECT TRIGGER_NAME, ACTION_ORDER, EVENT_OBJECT_TABLE, DEFINER FROM information_schema.TRIGGERS ' +
            `WHERE TRIGGER_SCHEMA = '${database}' ORDER BY 1`,
        );
        for (const trigger of triggers) {
          const [[, mode, text] = []] = await session.query(`SHOW CREATE TRIGGER ${database}.${trigger[0]}`);
          told.push(trigger, mode, text);
        }
      }
      return told;
    }

    type Phase = 'closeTarget' | 'switch' | 'open' | 'finish' | 'discard';

    /** Runs the steps and dies before the statement of this number, from 1. Resolves with the step it died in. */
    async function runUntil(
      session: RestoreSession,
      steps: readonly Phase[],
      last: number,
    ): Promise<Phase | 'done'> {
      let count = 0;
      proxy.decide = () => {
        count += 1;
        return count >= last ? 'cut' : 'pass';
      };
      try {
        for (const step of steps) {
          const outcome = await session[step]().then(
            () => 'done',
            (error: unknown) => error,
          );
          if (outcome === 'done') continue;
          expect(outcome).toMatchObject({ code: 'database-unreachable' });
          return step;
        }
        return 'done';
      } finally {
        await session.close();
      }
    }

    const forward: readonly Phase[] = ['closeTarget', 'switch', 'open', 'finish'];

    test('between all statements of the switch nothing has its final name; all tables get theirs in one', async () => {
      const { session } = await loaded();
      const seen: string[][] = [];
      proxy.decide = async (): Promise<Verdict> => {
        seen.push(await visible());
        return 'pass';
      };
      await session.closeTarget();
      await session.switch();
      expect(seen.length).toBeGreaterThan(20);
      expect(seen.flat()).toEqual([]);
      expect(await visible()).toEqual([]);
      await session.open();
      const tables = new Set(seen.map((names) => names.filter((name) => name.length > 1).join()));
      expect([...tables]).toEqual([
        '',
        finalNames
          .filter((name) => name.length > 1 && (fixture.family === 'mariadb' || name !== 'numbered'))
          .sort()
          .join(),
      ]);
      await session.finish();
      await session.close();
    });

    test('death before any statement of close, switch, open and finish: the end is the same', async () => {
      const { session } = await loaded();
      expect(await runUntil(session, forward, Number.POSITIVE_INFINITY)).toBe('done');
      const whole = await fingerprint();
      expect(await triggersOf(poller)).toEqual(typed);
      await poller.query("INSERT INTO kill_a.child VALUES (2, 1, 'two')");
      expect(await poller.query('SELECT note FROM kill_a.child WHERE id = 2')).toEqual([['twozm']]);
      await startOver();
      const { restore, session: first } = await loaded();
      await first.close();
      const deaths: Record<string, number> = {};
      for (const [index, step] of forward.entries()) {
        // Each new session comes one statement further than the one before, after the steps that are done already.
        for (let last = 1; ; last += 1) {
          const again = await reopened(restore);
          for (const done of forward.slice(1, index)) await again[done]();
          if (step === 'closeTarget' || step === 'switch') expect(await visible()).toEqual([]);
          if ((await runUntil(again, [step], last)) === 'done') break;
          deaths[step] = last;
        }
      }
      expect(deaths['switch']).toBeGreaterThan(20);
      expect(deaths['open']).toBeGreaterThan(15);
      expect(deaths['finish']).toBeGreaterThan(8);
      expect(await direct.staged()).toEqual([]);
      expect(await fingerprint()).toEqual(whole);
    });

    test('death before any statement of the undoing: nothing is left', async () => {
      const before = await fingerprintOfNothing();
      const { session } = await loaded();
      await session.closeTarget();
      await session.switch();
      await session.close();
      let deaths = 0;
      for (let last = 1; ; last += 1) {
        const [left] = await direct.staged();
        if (left === undefined) break;
        if ((await runUntil(await reopened(left.restore), ['discard'], last)) !== 'done') deaths += 1;
      }
      expect(deaths).toBeGreaterThan(15);
      expect(await fingerprintOfNothing()).toEqual(before);
    });

    test('the undoing of a switch that died at one of its statements: nothing is left', async () => {
      const before = await fingerprintOfNothing();
      for (let last = 4; ; last += 6) {
        const step = await runUntil((await loaded()).session, ['closeTarget', 'switch'], last);
        if (step === 'done') break;
        for (const left of await direct.staged()) {
          const session = await left.reopen();
          await session.discard();
          await session.close();
        }
        expect({ last, told: await fingerprintOfNothing() }).toEqual({ last, told: before });
        await startOver();
      }
    });

    test('a session that the server has ended is replaced: the undoing, and each step forward', async () => {
      const before = await fingerprintOfNothing();
      const undone = (await loaded()).session;
      await killSessions();
      await undone.discard();
      await undone.close();
      expect(await fingerprintOfNothing()).toEqual(before);
      const { session } = await loaded();
      for (const step of forward) {
        await killSessions();
        await session[step]();
      }
      await session.close();
      expect(await poller.query('SELECT COUNT(*) FROM kill_a.child')).toEqual([['1']]);
      expect(await direct.staged()).toEqual([]);
    });

    /** As an administrator does, or a time limit: the restore learns of it only when it says something. */
    async function killSessions(): Promise<void> {
      const rows = await poller.query(
        "SELECT ID FROM information_schema.PROCESSLIST WHERE ID <> CONNECTION_ID() AND USER = 'root'",
      );
      for (const [id] of rows) await poller.query(`KILL ${id}`);
    }

    test('a name that somebody takes meanwhile stops the step, and is named, until it is free again', async () => {
      const { session } = await loaded();
      const refused = async (step: Phase, make: string, drop: string, named: string): Promise<void> => {
        await poller.query(make);
        const error: unknown = await session[step]().catch((thrown: unknown) => thrown);
        expect(error).toMatchObject({ code: 'target-not-empty' });
        expect(String(error)).toContain(named);
        expect(await visible()).toEqual(make.includes('TABLE kill') ? [named] : []);
        await poller.query(drop);
      };
      await refused('closeTarget', 'CREATE TABLE kill_a.log (theirs int)', 'DROP TABLE kill_a.log', 'log');
      await session.closeTarget();
      await refused(
        'switch',
        'CREATE FUNCTION kill_a.twice() RETURNS int DETERMINISTIC NO SQL RETURN 7',
        'DROP FUNCTION kill_a.twice',
        'twice',
      );
      await session.switch();
      await refused('open', 'CREATE TABLE kill_b.w (theirs int)', 'DROP TABLE kill_b.w', 'w');
      await refused('open', 'CREATE TABLE kill_a.child (theirs int)', 'DROP TABLE kill_a.child', 'child');
      await session.open();
      await session.switch();
      await expect(session.discard()).rejects.toMatchObject({ code: 'internal' });
      await session.finish();
      // Without the mark all is known to be done.
      await session.switch();
      await session.open();
      await session.finish();
      await session.close();
      expect(await triggersOf(poller)).toEqual(typed);
    });

    test('an undoing leaves alone what others made meanwhile, under names of the set too', async () => {
      const { session } = await loaded();
      await session.closeTarget();
      await poller.query('CREATE FUNCTION kill_a.twice() RETURNS int DETERMINISTIC NO SQL RETURN 7');
      await expect(session.switch()).rejects.toMatchObject({ code: 'target-not-empty' });
      await poller.query('CREATE TABLE kill_a.log AS SELECT 8 AS theirs');
      await session.discard();
      await session.close();
      expect(await poller.query('SELECT kill_a.twice(), theirs FROM kill_a.log')).toEqual([['7', '8']]);
      expect(await fixture.listDatabases(target)).toEqual(['kill_a']);
    });

    async function fingerprintOfNothing(): Promise<unknown> {
      return [
        await fixture.listDatabases(target),
        await poller.query('SHOW CREATE DATABASE kill_a'),
        await poller.query('SHOW TABLES FROM kill_a'),
        await poller.query(
          "SELECT ROUTINE_NAME FROM information_schema.ROUTINES WHERE ROUTINE_SCHEMA LIKE 'kill%'",
        ),
        await poller.query(
          "SELECT EVENT_NAME FROM information_schema.EVENTS WHERE EVENT_SCHEMA LIKE 'kill%'",
        ),
        await direct.staged(),
      ];
    }
  });
}
