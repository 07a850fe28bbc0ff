/** Promise 5: whoever dies in a restore, either every shard is switched or none holds anything of it. */
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { judgeBank, describeVerdict } from '../bank/oracle.ts';
import type { BankPlan } from '../bank/plan.ts';
import { Cluster } from './cluster.ts';
import { describeResult, type RunningCommand } from './command.ts';
import { createBankRoles, layOutQuietBank } from './quiet-bank.ts';
import { Step } from './steps.ts';

/** How long agents that have lost their coordinator may take to settle a restore by its record. */
const settledWithinMs = 60_000;

let source: Cluster;
let target: Cluster;
let plan: BankPlan;

beforeAll(async () => {
  source = await Cluster.start({ postgres: 1, mariadb: 1, purpose: 'source' });
  target = await Cluster.start({ postgres: 1, mariadb: 1, purpose: 'target', repository: source.repository });
  plan = await layOutQuietBank(source);
  await source
    .shard('shard-1')
    .server.run(
      "CREATE EVENT tick ON SCHEDULE EVERY 1 DAY STARTS '2037-01-01' ON COMPLETION PRESERVE DO SELECT 1",
      'bank',
    );
  await createBankRoles(target);
  const backup = await source.tidemark('backup', '--json');
  expect(backup.exitCode, describeResult(backup)).toBe(0);
});

beforeEach(() => target.dropDatabases());

afterAll(async () => {
  await source.stop();
  await target.stop();
});

function begin(step?: Step): RunningCommand {
  return source.begin(['restore', 'latest', '--to', target.topologyPath, '--json'], step?.environment);
}

/** Waits until the targets hold exactly these databases; fails with what they hold instead. */
async function expectDatabases(expected: readonly string[]): Promise<void> {
  const until = Date.now() + settledWithinMs;
  let found = await target.databases();
  while (found.join() !== expected.join() && Date.now() < until) {
    await sleep(100);
    found = await target.databases();
  }
  expect(found).toEqual(expected);
}

async function expectRestoreWorks(): Promise<void> {
  await target.dropDatabases();
  const next = await begin().result;
  expect(next.exitCode, describeResult(next)).toBe(0);
  await expectWhole();
}

async function expectWhole(): Promise<void> {
  await expectDatabases(['shard-0: bank', 'shard-1: bank']);
  await expectOpen();
  const verdict = await judgeBank(plan, target.bankServers());
  expect(verdict.violations, describeVerdict(verdict)).toBe(0);
  await target.expectNothingLeft();
  expect(await eventStatus()).toBe('ENABLED');
}

/** A database that has its final name may still be closed, for all shards switch before one is opened. */
async function expectOpen(): Promise<void> {
  const { server } = target.shard('shard-0');
  const closed = async (): Promise<unknown[]> =>
    server.run("SELECT datname FROM pg_database WHERE datname = 'bank' AND NOT datallowconn");
  const until = Date.now() + settledWithinMs;
  let found = await closed();
  while (found.length > 0 && Date.now() < until) {
    await sleep(100);
    found = await closed();
  }
  expect(found).toEqual([]);
}

async function eventStatus(): Promise<unknown> {
  const [row] = await target
    .shard('shard-1')
    .server.run("SELECT STATUS AS status FROM information_schema.EVENTS WHERE EVENT_SCHEMA = 'bank'");
  return row?.['status'];
}

test('nobody dies', expectRestoreWorks);

test('the coordinator is killed before the decision: everything is undone', async () => {
  const killed = begin(new Step('coordinator.restore-loaded', 'kill', target.folder));
  expect((await killed.result).signal).toBe('SIGKILL');
  await expectDatabases([]);
  await target.expectNothingLeft();
  await expectRestoreWorks();
});

test('the coordinator is killed after the decision: every shard is switched without it', async () => {
  const killed = begin(new Step('coordinator.restore-decided', 'kill', target.folder));
  expect((await killed.result).signal).toBe('SIGKILL');
  await expectWhole();
});

test('the coordinator is interrupted while loading: 130, and everything is undone', async () => {
  const step = new Step('coordinator.restore-loaded', 'wait', target.folder);
  const restore = begin(step);
  await step.reached(restore.result);
  restore.kill('SIGINT');
  const result = await restore.result;
  expect(result.exitCode, describeResult(result)).toBe(130);
  await expectDatabases([]);
  await target.expectNothingLeft();
});

test.each(['shard-0', 'shard-1'])(
  'the agent of %s is killed while loading: everything is undone',
  async (shard) => {
    const { agent } = target.shard(shard);
    const step = new Step('agent.loading', 'kill', target.folder);
    await agent.restart(target.agentRun(step.environment));
    const result = await begin().result;
    expect(result.exitCode, describeResult(result)).toBe(7);
    await agent.restart(target.agentRun());
    await expectDatabases([]);
    await expectRestoreWorks();
  },
);

test('the server of MariaDB is started again before its rows load: the restore goes on over new sessions', async () => {
  const { agent, server } = target.shard('shard-1');
  const step = new Step('agent.loading', 'wait', target.folder);
  await agent.restart(target.agentRun(step.environment));
  const restore = begin();
  await step.reached(restore.result);
  await server.restart();
  step.release();
  const result = await restore.result;
  expect(result.exitCode, describeResult(result)).toBe(0);
  await agent.restart(target.agentRun());
  await expectWhole();
});

test.each(['shard-0', 'shard-1'])(
  'the agent of %s is killed before its switch: it switches when it is back',
  async (shard) => {
    const { agent } = target.shard(shard);
    const step = new Step('agent.before-switch', 'kill', target.folder);
    await agent.restart(target.agentRun(step.environment));
    const restore = begin();
    await step.reached(restore.result);
    await agent.restart(target.agentRun());
    await restore.result;
    await expectWhole();
  },
);

test('an agent is killed after its switch: events sleep, and it lets them run when it is back', async () => {
  const { agent } = target.shard('shard-1');
  const step = new Step('agent.switched', 'kill', target.folder);
  await agent.restart(target.agentRun(step.environment));
  const restore = begin();
  await step.reached(restore.result);
  expect(await eventStatus()).toBe('DISABLED');
  await agent.restart(target.agentRun());
  await restore.result;
  await expectWhole();
});
