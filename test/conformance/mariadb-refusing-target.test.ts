/** A target that refuses much by its settings, and a source with folders among its databases: told beforehand, undone at once. */
import { chmod, mkdir } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { startMariadb } from '../servers/mariadb.ts';
import type { MysqlServer } from '../servers/mysql-family.ts';
import { loadChunks, type MemoryShard, prepareRestore, restoreShard, takeShard } from './memory-shard.ts';
import { openServer } from './mysql-fixture.ts';

let source: MysqlServer;
let target: MysqlServer;

beforeAll(async () => {
  [source, target] = await Promise.all([
    startMariadb(),
    startMariadb({ settings: { 'event-scheduler': 'DISABLED', 'max-allowed-packet': '1M' } }),
  ]);
});
beforeEach(async () => {
  for (const name of await databases(target)) await target.run(`DROP DATABASE \`${name}\``);
});
afterAll(async () => {
  await source?.stop();
  await target?.stop();
});

async function databases(server: MysqlServer): Promise<string[]> {
  const rows = await server.run(
    "SELECT SCHEMA_NAME AS n FROM information_schema.SCHEMATA WHERE SCHEMA_NAME NOT IN ('mysql', 'information_schema', 'performance_schema', 'sys')",
  );
  return rows.map((row) => String(row['n']));
}

async function make(...setup: readonly string[]): Promise<MemoryShard> {
  await source.run('CREATE DATABASE refused');
  try {
    for (const sql of ['CREATE TABLE item (id int PRIMARY KEY)', ...setup]) await source.run(sql, 'refused');
    return await takeShard(openServer(source, ['refused']));
  } finally {
    await source.run('DROP DATABASE refused');
  }
}

test('events are refused by the plan where the scheduler is disabled, and a restore that meets it is undone', async () => {
  const set = await make("CREATE EVENT e ON SCHEDULE EVERY 1 DAY STARTS '2037-01-01' DO DELETE FROM item");
  const engine = openServer(target);
  expect(await engine.fit(set.stored)).toContainEqual(
    expect.objectContaining({ code: 'does-not-fit', subject: 'event_scheduler', warning: false }),
  );
  const session = await prepareRestore(engine, set, 'refused1');
  try {
    await session.stage();
    await expect(session.finishLoad()).rejects.toMatchObject({ code: 'database-failed' });
    await session.discard();
  } finally {
    await session.close();
  }
  expect(await databases(target)).toEqual([]);
  const plain = await make();
  expect(await engine.fit(plain.stored)).toEqual([]);
  await restoreShard(engine, plain, 'refused2');
  expect(await databases(target)).toEqual(['refused']);
});

test('events of a server whose scheduler is disabled are named and left out, all else comes back', async () => {
  await target.run('CREATE DATABASE refused; CREATE TABLE refused.item (id int PRIMARY KEY)');
  // As it was made while the scheduler was not disabled.
  await target.run(
    "INSERT INTO mysql.event (db, name, body, definer, interval_value, interval_field, starts, comment, originator, body_utf8) VALUES ('refused', 'e', 'DO 1', 'root@localhost', 1, 'DAY', '2037-01-01', '', 1, 'DO 1')",
  );
  try {
    const engine = openServer(target, ['refused']);
    expect(await engine.check()).toContainEqual(
      expect.objectContaining({ code: 'not-supported', subject: 'events', warning: true }),
    );
    const set = await takeShard(engine);
    expect(set.stored.schema.map(({ name }) => name)).not.toContain('events');
    await restoreShard(openServer(source), set, 'refused4');
    expect(await source.run('SELECT * FROM item', 'refused')).toEqual([]);
    expect(await source.run('SHOW EVENTS', 'refused')).toEqual([]);
  } finally {
    await target.run("DELETE FROM mysql.event WHERE db = 'refused'");
    await source.run('DROP DATABASE IF EXISTS refused');
  }
});

test('triggers that the server refuses once all is open end the restore, and are told', async () => {
  const set = await make(
    'CREATE TABLE price (id int PRIMARY KEY, now int, was int)',
    'CREATE TRIGGER /* kept */ keeps BEFORE UPDATE ON price FOR EACH ROW SET NEW.was = OLD.now',
    'CREATE TRIGGER IF NOT EXISTS unless BEFORE INSERT ON price FOR EACH ROW SET NEW.was = NEW.now',
    'CREATE TRIGGER IF NOT EXISTS fine AFTER INSERT ON price FOR EACH ROW SET @seen = NEW.id',
    'CREATE TRIGGER /* there */ item BEFORE INSERT ON item FOR EACH ROW SET @seen = NEW.id',
  );
  const session = await prepareRestore(openServer(target), set, 'refused5');
  try {
    await session.stage();
    await loadChunks(await session.writeLanes(), set);
    await session.finishLoad();
    await session.closeTarget();
    await session.switch();
    await session.open();
    await target.run('ALTER TABLE price DROP COLUMN was', 'refused');
    const cause = expect.stringContaining("Unknown column 'was' in 'NEW'");
    expect(await session.finish()).toEqual(
      ['refused.unless', 'refused.keeps'].map((subject) =>
        expect.objectContaining({ code: 'not-supported', subject, cause, warning: true }),
      ),
    );
  } finally {
    await session.close();
  }
  expect(await databases(target)).toEqual(['refused']);
  expect(await triggers()).toEqual(['fine', 'item', 'keeps', 'unless']);
  await target.run('INSERT INTO item VALUES (1)', 'refused');
});

test('a trigger that was dropped to be made anew when the agent died, and is refused now, is told as gone', async () => {
  const set = await make(
    'CREATE TABLE price (id int PRIMARY KEY, now int, was int)',
    'CREATE TRIGGER IF NOT EXISTS unless BEFORE INSERT ON price FOR EACH ROW SET NEW.was = NEW.now',
  );
  const session = await prepareRestore(openServer(target), set, 'refused6');
  try {
    await session.stage();
    await loadChunks(await session.writeLanes(), set);
    await session.finishLoad();
    await session.closeTarget();
    await session.switch();
    await session.open();
    // As far as an agent comes that dies in the middle.
    const guard =
      'CREATE TRIGGER tidemark_refused6_guard BEFORE INSERT ON price FOR EACH ROW SET @closed = 1';
    for (const sql of [guard, 'DROP TRIGGER unless', 'ALTER TABLE price DROP COLUMN was'])
      await target.run(sql, 'refused');
    expect(await session.finish()).toEqual([
      expect.objectContaining({ subject: 'refused.unless', cause: expect.stringContaining('is gone') }),
    ]);
  } finally {
    await session.close();
  }
  expect(await databases(target)).toEqual(['refused']);
  expect(await triggers()).toEqual([]);
});

async function triggers(): Promise<string[]> {
  const rows = await target.run(
    "SELECT TRIGGER_NAME AS n FROM information_schema.TRIGGERS WHERE TRIGGER_SCHEMA = 'refused' ORDER BY 1",
  );
  return rows.map((row) => String(row['n']));
}

test('a routine of nearly a packet comes back, a larger one is refused by the plan', async () => {
  const routine = (bytes: number): string =>
    `CREATE PROCEDURE large() BEGIN /* ${'x'.repeat(bytes)} */ SELECT 1; END`;
  const body = (server: MysqlServer): Promise<unknown> =>
    server.run("SELECT LENGTH(body) AS n, MD5(body) AS m FROM mysql.proc WHERE db = 'refused'");
  const engine = openServer(target);
  const set = await make(routine(900_000));
  expect(await engine.fit(set.stored)).toEqual([]);
  await restoreShard(engine, set, 'refused3');
  await source.run('CREATE DATABASE refused');
  await source.run(routine(900_000), 'refused');
  expect(await body(target)).toEqual(await body(source));
  await source.run('DROP DATABASE refused');
  await target.run('DROP DATABASE refused');
  const larger = await make(routine(1_100_000));
  expect(await engine.fit(larger.stored)).toEqual([
    expect.objectContaining({
      code: 'does-not-fit',
      cause: expect.stringContaining('max_allowed_packet is 1048576'),
      remedy: 'SET GLOBAL max_allowed_packet = 2097152;',
      warning: false,
    }),
  ]);
});

test('folders among the databases are not backed up; one with tables is named, and one of an older set is refused', async () => {
  await source.run('CREATE DATABASE refused; CREATE TABLE refused.item (id int PRIMARY KEY)');
  for (const name of ['lost+found', '.cache', 'a-b']) {
    await mkdir(path.join(source.dataDir, name));
    await chmod(path.join(source.dataDir, name), 0o777);
  }
  await source.run('CREATE TABLE `#mysql50#a-b`.t (id int PRIMARY KEY)');
  const engine = openServer(source);
  expect((await engine.describe()).databases).toEqual(['refused']);
  const named = (await engine.check()).filter(({ subject }) => subject.includes('#mysql50#'));
  expect(named).toEqual([
    expect.objectContaining({ code: 'not-supported', subject: '#mysql50#a-b', warning: true }),
  ]);
  const set = await takeShard(engine);
  expect(set.stored.databases.map(({ name }) => name)).toEqual(['refused']);
  const older = set.stored.databases.map((database) => ({ ...database, name: '#mysql50#lost+found' }));
  expect(await openServer(target).fit({ ...set.stored, databases: older })).toContainEqual(
    expect.objectContaining({ code: 'does-not-fit', subject: '#mysql50#lost+found', warning: false }),
  );
});
