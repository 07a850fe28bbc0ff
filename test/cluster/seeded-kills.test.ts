/**
 * Promises 2, 3 and 5 under kills at any moment: coordinator, agents and servers, during backups and restores, while a reader
 * polls all shards. Each round is made from one number; a failure prints it, and
 *
 *   TIDEMARK_SEED=<number> TIDEMARK_KILLS=1 npx vitest run --project=cluster test/cluster/seeded-kills
 *
 * makes the same round again, as far as the machine's own timing lets it. `npm run test:kills` makes 200.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { connectAgent, protocolVersion } from '../../proto/channel.ts';
import type { StepPoint } from '../../proto/step-points.ts';
import { describeVerdict, judgeBank } from '../bank/oracle.ts';
import type { BankPlan } from '../bank/plan.ts';
import { SeededNumbers } from '../seeded-numbers.ts';
import { Cluster } from './cluster.ts';
import { describeResult, type CommandResult, type RunningCommand } from './command.ts';
import { createBankRoles, layOutQuietBank } from './quiet-bank.ts';
import { ShardReader } from './shard-reader.ts';
import { Step } from './steps.ts';

const kills = Number(process.env['TIDEMARK_KILLS'] ?? 10);
const given = process.env['TIDEMARK_SEED'];
const firstSeed = given === undefined ? Math.floor(Math.random() * 2 ** 31) : Number(given);
if (!Number.isSafeInteger(firstSeed) || !Number.isSafeInteger(kills))
  throw new Error('TIDEMARK_SEED and TIDEMARK_KILLS are whole numbers');

/** Longer than what a command waits for an agent that is down for seconds, and shorter than for ever. */
const commandEndsMs = 150_000;
const agentSettlesMs = 90_000;

type Victim =
  | 'coordinator'
  | 'agent of shard-0'
  | 'agent of shard-1'
  | 'server of shard-0'
  | 'server of shard-1';
const victims: readonly Victim[] = [
  'coordinator',
  'agent of shard-0',
  'agent of shard-1',
  'server of shard-0',
  'server of shard-1',
];

/** After the decision a restore takes milliseconds: kills by time alone hardly ever meet it. */
const steps: readonly StepPoint[] = [
  'coordinator.restore-loaded',
  'coordinator.restore-closed',
  'coordinator.restore-decided',
  'coordinator.restore-switched',
  'coordinator.restore-ended',
];

interface Round {
  readonly seed: number;
  readonly operation: 'backup' | 'restore';
  readonly victim: Victim;
  /** Of the time that the operation takes undisturbed. */
  readonly share: number;
  /** Instead of a time: while the coordinator waits at this step of a restore. */
  readonly step: StepPoint | undefined;
  readonly downMs: number;
  /** Whether an empty database has the name already. */
  readonly before: boolean;
}

function roundOf(seed: number): Round {
  const numbers = new SeededNumbers(seed);
  const share = (): number => numbers.next() / 2 ** 32;
  return {
    seed,
    operation: share() < 0.25 ? 'backup' : 'restore',
    victim: victims[Math.floor(share() * victims.length)] ?? 'coordinator',
    share: share() * 1.1,
    step: steps[Math.floor(share() * 2 * steps.length)],
    downMs: share() * 3_000,
    before: share() < 0.5,
  };
}

let source: Cluster;
let target: Cluster;
let plan: BankPlan;
const undisturbedMs = { backup: 0, restore: 0 };

beforeAll(async () => {
  source = await Cluster.start({ postgres: 1, mariadb: 1, purpose: 'source' });
  target = await Cluster.start({ postgres: 1, mariadb: 1, purpose: 'target', repository: source.repository });
  plan = await layOutQuietBank(source);
  await createBankRoles(target);
  for (const operation of ['backup', 'restore'] as const) {
    const startedMs = performance.now();
    const result = await begin(operation).result;
    undisturbedMs[operation] = performance.now() - startedMs;
    expect(result.exitCode, describeResult(result)).toBe(0);
  }
});

afterAll(async () => {
  await source?.stop();
  await target?.stop();
});

function begin(
  operation: Round['operation'],
  environment: Readonly<Record<string, string>> = {},
): RunningCommand {
  const restore = ['restore', 'latest', '--to', target.topologyPath, '--json'];
  return source.begin(operation === 'backup' ? ['backup', '--json'] : restore, environment);
}

/** Kills the victim, says so, and brings it back when it was down for its time. */
async function strike(
  { victim, downMs }: Round,
  cluster: Cluster,
  command: RunningCommand,
  struck = (): void => undefined,
): Promise<void> {
  if (victim === 'coordinator') {
    command.kill('SIGKILL');
    return;
  }
  const { agent, server } = cluster.shard(victim.endsWith('0') ? 'shard-0' : 'shard-1');
  const ofAgent = victim.startsWith('agent');
  await (ofAgent ? agent.kill() : server.kill9());
  struck();
  await sleep(downMs);
  await (ofAgent ? agent.start(cluster.agentRun()) : server.restart());
}

async function endOf(command: RunningCommand): Promise<CommandResult | 'still running'> {
  const late = new AbortController();
  const patience = sleep(commandEndsMs, 'still running' as const, { signal: late.signal }).catch(
    () => 'still running' as const,
  );
  const result = await Promise.race([command.result, patience]);
  late.abort();
  if (result === 'still running') command.kill('SIGKILL');
  return result;
}

/** What the agents are at when they have been given the time to settle. */
async function activities(cluster: Cluster): Promise<string[]> {
  const until = performance.now() + agentSettlesMs;
  return Promise.all(
    cluster.shards.map(async ({ name, agent }) => {
      const client = connectAgent(agent.address, { kind: 'default' });
      const context = {
        protocolVersion,
        cluster: cluster.name,
        shard: name,
        set: '',
        leaseNumber: 0,
        repositoryUrl: `file://${cluster.repository}`,
      };
      try {
        for (;;) {
          const activity = await client.describe({ context }).then(
            (reply) => reply.activity,
            (error: unknown) => String(error),
          );
          if (activity === 'idle' || performance.now() > until) return activity;
          await sleep(100);
        }
      } finally {
        client.close();
      }
    }),
  );
}

async function prepareTarget({ before }: Round): Promise<void> {
  await target.dropDatabases();
  if (before) for (const { server } of target.shards) await server.run('CREATE DATABASE bank');
}

async function restoreRound(round: Round): Promise<string> {
  await prepareTarget(round);
  const empty = await target.databases();
  const reader = new ShardReader(target);
  const step = round.step === undefined ? undefined : new Step(round.step, 'wait', target.folder);
  const command = begin('restore', step?.environment);
  if (step === undefined) await sleep(round.share * undisturbedMs.restore);
  else await step.reached(command.result);
  await strike(round, target, command, () => step?.release());
  const result = await endOf(command);
  expect(result, 'the command ends').not.toBe('still running');
  expect(await activities(target), 'no agent is busy for good').toEqual(['idle', 'idle']);
  await reader.stop();
  expect(reader.violations.slice(0, 5)).toEqual([]);
  const exitCode = (result as CommandResult).exitCode;
  const found = await target.databases();
  const bank = ['shard-0: bank', 'shard-1: bank'];
  const restored = await isRestored();
  expect(found, describeResult(result as CommandResult)).toEqual(restored ? bank : empty);
  if (restored) {
    const verdict = await judgeBank(plan, target.bankServers());
    expect(verdict.violations, describeVerdict(verdict)).toBe(0);
  }
  if (exitCode === 0) expect(restored, 'said to be restored').toBe(true);
  await target.expectNothingLeft();
  return `exit ${exitCode ?? 'killed'}, ${restored ? 'restored' : 'undone'}, ${reader.rounds} looks`;
}

/** All shards, or none; anything else fails. */
async function isRestored(): Promise<boolean> {
  const there = await Promise.all(
    target.shards.map(({ server }) =>
      server.run('SELECT 1 FROM accounts LIMIT 1', 'bank').then(
        () => true,
        () => false,
      ),
    ),
  );
  expect(new Set(there).size, `restored: ${there.join(', ')}`).toBe(1);
  return there[0] === true;
}

async function backupRound(round: Round): Promise<string> {
  const command = begin('backup');
  await sleep(round.share * undisturbedMs.backup);
  await strike(round, source, command);
  const result = await endOf(command);
  expect(result, 'the command ends').not.toBe('still running');
  expect(await activities(source), 'no agent is busy for good').toEqual(['idle', 'idle']);
  await source.expectNothingLeft();
  const next = await begin('backup').result;
  expect(next.exitCode, describeResult(next)).toBe(0);
  return `exit ${(result as CommandResult).exitCode ?? 'killed'}`;
}

const rounds = Array.from({ length: kills }, (_, at) => roundOf(firstSeed + at));

test.each(rounds)(
  'TIDEMARK_SEED=$seed: $operation, the $victim is killed at $share of its time',
  async (round) => {
    const said = round.operation === 'restore' ? await restoreRound(round) : await backupRound(round);
    const at =
      round.operation === 'restore' && round.step !== undefined ? round.step : round.share.toFixed(2);
    console.log(`TIDEMARK_SEED=${round.seed} ${round.operation}, ${round.victim} at ${at}: ${said}`);
  },
);
