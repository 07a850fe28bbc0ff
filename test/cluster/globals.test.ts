/** Roles and users with a set, through the real commands: stored, shown, made again on blank servers, and undone. */
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { bankPassword, bankUser } from '../bank/plan.ts';
import { Session } from '../bank/session.ts';
import { Cluster } from './cluster.ts';
import { type CommandResult, describeResult } from './command.ts';
import { layOutQuietBank } from './quiet-bank.ts';
import { Step } from './steps.ts';

let source: Cluster;
let target: Cluster;
let plain = '';
let whole = '';

beforeAll(async () => {
  source = await Cluster.start({ postgres: 1, mariadb: 1, purpose: 'source' });
  target = await Cluster.start({ postgres: 1, mariadb: 1, purpose: 'target', repository: source.repository });
  await layOutQuietBank(source);
  await source
    .shard('shard-0')
    .server.run(`CREATE ROLE clerk LOGIN PASSWORD 'c'; GRANT ${bankUser} TO clerk`);
  await source.shard('shard-1').server.run(`CREATE USER clerk@'%' IDENTIFIED BY 'c'`);
  await source.shard('shard-1').server.run(`GRANT SELECT ON bank.accounts TO clerk@'%'`);
  plain = await backup();
  whole = await backup('--globals', 'with-passwords');
});

beforeEach(() => target.dropDatabases());

afterAll(async () => {
  await source.stop();
  await target.stop();
});

async function backup(...options: string[]): Promise<string> {
  const result = await source.tidemark('backup', ...options, '--json');
  expect(result.exitCode, describeResult(result)).toBe(0);
  return String(result.json?.['id']);
}

function restore(set: string, ...options: string[]): Promise<CommandResult> {
  return source.tidemark('restore', set, '--to', target.topologyPath, ...options, '--json');
}

/** Every account on every target. */
async function accounts(): Promise<string[]> {
  const lists = await Promise.all(
    target.shards.map(({ server }) =>
      server.run(
        server.engine === 'postgres'
          ? `SELECT rolname AS name FROM pg_roles WHERE rolname !~ '^pg_' ORDER BY 1`
          : 'SELECT User AS name FROM mysql.user ORDER BY 1',
      ),
    ),
  );
  return lists.flat().map((row) => String(row['name']));
}

/** Logs in to a target and reads a table. */
async function countAs(shard: string, user: string, password: string): Promise<number> {
  const server = target.bankServers().find(({ name }) => name === shard);
  if (server === undefined) throw new Error(`no target ${shard}`);
  const session = new Session(server, undefined, { user, password, database: 'bank' });
  try {
    return Number((await session.query('SELECT count(*) AS n FROM accounts'))[0]?.['n']);
  } finally {
    await session.end();
  }
}

test('a set says whether it has globals, and check tries what they need', async () => {
  const said = async (set: string): Promise<unknown> =>
    (await source.tidemark('show', set, '--json')).json?.['globals'];
  expect([await said(plain), await said(whole)]).toEqual(['none', 'with-passwords']);
  const check = await source.tidemark('check', '--globals', 'with-passwords', '--json');
  expect(check.exitCode, describeResult(check)).toBe(0);
});

test('a set without globals restores none: refused before anything is touched', async () => {
  const before = await accounts();
  const refused = await restore(plain, '--globals');
  expect(refused.exitCode, describeResult(refused)).toBe(6);
  expect(refused.json?.['error']).toMatchObject({
    code: 'does-not-fit',
    cause: 'the set was taken without globals',
  });
  expect(await accounts()).toEqual(before);
  expect(await target.databases()).toEqual([]);
});

test('an agent that dies while it loads drops the accounts it made', async () => {
  const before = await accounts();
  const step = new Step('agent.loading', 'wait', target.folder);
  for (const { agent } of target.shards) await agent.restart(target.agentRun(step.environment));
  const running = source.begin(['restore', whole, '--to', target.topologyPath, '--globals', '--json']);
  await step.reached(running.result);
  for (const { agent } of target.shards) await agent.kill();
  const failed = await running.result;
  expect(failed.exitCode, describeResult(failed)).not.toBe(0);
  expect((await accounts()).length).toBeGreaterThan(before.length);
  for (const { agent } of target.shards) await agent.start(target.agentRun());
  await expect.poll(accounts, { timeout: 60_000 }).toEqual(before);
  await expect.poll(() => target.databases(), { timeout: 60_000 }).toEqual([]);
});

test('roles and users come back, are named when they stand, and log in', async () => {
  const without = await restore(whole);
  expect(without.exitCode, describeResult(without)).toBe(6);
  expect(without.stdout).toContain(`role ${bankUser} does not exist`);
  const dry = await restore(whole, '--globals', '--dry-run');
  expect(dry.exitCode, describeResult(dry)).toBe(0);
  expect(dry.stdout).toContain('they exist here and stay exactly as they are');
  const done = await restore(whole, '--globals');
  expect(done.exitCode, describeResult(done)).toBe(0);
  expect(await target.databases()).toEqual(['shard-0: bank', 'shard-1: bank']);
  for (const { name, server } of target.shards) {
    const [user, password] = [bankUser, bankPassword];
    const accountsThere = (await server.run('SELECT id FROM accounts', 'bank')).length;
    expect(await countAs(name, user, password)).toBe(accountsThere);
    expect(await countAs(name, 'clerk', 'c')).toBe(accountsThere);
    await expect(countAs(name, 'clerk', 'not c')).rejects.toThrow();
  }
  // Once more: all of them stand now.
  await target.dropDatabases();
  const again = await restore(whole, '--globals');
  expect(again.exitCode, describeResult(again)).toBe(0);
});
