/**
 * A database that falls silent in the middle of a copy or a restore: nothing tells the agent, for the connection stays open.
 * The command ends in a bounded time and names shard and server, and nothing is left when the server runs again.
 */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { StepPoint } from '../../proto/step-points.ts';
import { stopProcesses } from '../servers/stopped-server.ts';
import { Cluster, type ClusterShard } from './cluster.ts';
import { type CommandResult, describeResult, type RunningCommand } from './command.ts';
import { agentUser } from './database-user.ts';
import { createBankRoles, layOutQuietBank } from './quiet-bank.ts';
import { Step } from './steps.ts';

const stallLimitMs = 2_000;
/**
 * Two limits, ten seconds for a connection that is not answered, the pauses between two attempts to undo a restore, and what a
 * loaded machine adds.
 */
const endsWithinMs = 150_000;
/** Later than both limits, so that the server is silent for whoever connects, too. */
const silentMs = 14_000;

let source: Cluster;
let target: Cluster;

beforeAll(async () => {
  const options = { postgres: 1, mariadb: 1, stallLimit: `${stallLimitMs}ms` } as const;
  source = await Cluster.start({ ...options, purpose: 'source', copy: { lanes: 2, chunk: '64KiB' } });
  target = await Cluster.start({ ...options, purpose: 'target', repository: source.repository });
  await layOutQuietBank(source, 30_000);
  await createBankRoles(target);
  const backup = await source.tidemark('backup', '--json');
  expect(backup.exitCode, describeResult(backup)).toBe(0);
});

afterAll(async () => {
  await source?.stop();
  await target?.stop();
});

interface Stall {
  readonly cluster: Cluster;
  readonly shard: ClusterShard;
  /** Where the agent waits while its server is stopped. */
  readonly point: StepPoint;
  readonly args: readonly string[];
  /** What is stopped. */
  readonly pids: () => Promise<readonly number[]>;
}

/** Stops the server at the step, and lets it run again when the command has ended. */
async function stallAt({ cluster, shard, point, args, pids }: Stall): Promise<CommandResult> {
  const step = new Step(point, 'wait', cluster.folder);
  await shard.agent.stop();
  await shard.agent.start(cluster.agentRun(step.environment));
  const command = cluster.begin([...args, '--json']);
  await step.reached(command.result);
  const run = stopProcesses(...(await pids()));
  try {
    step.release();
    return await endOf(command);
  } finally {
    run();
  }
}

async function endOf(command: RunningCommand): Promise<CommandResult> {
  const patience = setTimeout(() => command.kill('SIGKILL'), endsWithinMs);
  const result = await command.result;
  clearTimeout(patience);
  return result;
}

/** What was under way, or that no connection could be made: that depends on the moment. */
const silence =
  /it has been silent for \d+(\.\d+)? s in the middle of: \S+|a new connection got no answer within 10 s/;

function expectSilence(result: CommandResult, { name, server }: ClusterShard): void {
  expect(result.exitCode, describeResult(result)).toBe(1);
  const error = result.json?.['error'] as { code: string; subject: string; cause: string } | undefined;
  expect(error?.code, describeResult(result)).toBe('database-unreachable');
  const words = `${error?.subject}: ${error?.cause}`;
  expect(words).toContain(name);
  expect(words).toContain(`:${server.port}`);
  expect(words).toMatch(silence);
}

const whole = (shard: ClusterShard) => (): Promise<number[]> => Promise.resolve([shard.server.pid]);

/** The server processes of the agent's lanes alone: the server itself answers. */
const lanesOf = (shard: ClusterShard) => async (): Promise<number[]> => {
  const rows = await shard.server.run(
    "SELECT pid FROM pg_stat_activity WHERE application_name = 'tidemark lane'",
  );
  expect(rows.length).toBeGreaterThan(0);
  return rows.map((row) => Number(row['pid']));
};

const shards = ['shard-0', 'shard-1'] as const;

describe('backup', () => {
  const expectNextBackup = async (): Promise<void> => {
    await source.expectNothingLeft();
    const next = await source.tidemark('backup', '--json');
    expect(next.exitCode, describeResult(next)).toBe(0);
  };

  test.each(shards)('the server of %s stops while rows are read', async (name) => {
    const shard = source.shard(name);
    const args = ['backup'];
    const result = await stallAt({
      cluster: source,
      shard,
      point: 'agent.chunk-stored',
      args,
      pids: whole(shard),
    });
    expectSilence(result, shard);
    await expectNextBackup();
  });

  test.each(shards)('the server of %s stops before its tables and schema are read', async (name) => {
    const shard = source.shard(name);
    const args = ['backup'];
    const result = await stallAt({
      cluster: source,
      shard,
      point: 'agent.copying',
      args,
      pids: whole(shard),
    });
    expectSilence(result, shard);
    await expectNextBackup();
  });

  test('the lanes of a PostgreSQL server that goes on', async () => {
    const shard = source.shard('shard-0');
    const args = ['backup'];
    const result = await stallAt({
      cluster: source,
      shard,
      point: 'agent.copying',
      args,
      pids: lanesOf(shard),
    });
    expectSilence(result, shard);
    expect(result.stdout).toContain('the server answers a second connection');
    await expectNextBackup();
  });
});

describe('restore', () => {
  const restore = (): string[] => ['restore', 'latest', '--to', target.topologyPath];
  const expectNextRestore = async (): Promise<void> => {
    // What the agent could not drop while its server was silent it drops by itself.
    await expect.poll(() => target.databases(), { timeout: 60_000, interval: 200 }).toEqual([]);
    await target.expectNothingLeft();
    const next = await source.tidemark(...restore(), '--json');
    expect(next.exitCode, describeResult(next)).toBe(0);
    await target.dropDatabases();
  };

  test.each(shards)('the server of %s stops while rows are loaded', async (name) => {
    const shard = target.shard(name);
    const command = source.begin([...restore(), '--json']);
    await expect.poll(() => isLoading(shard), { timeout: 60_000, interval: 10 }).toBe(true);
    expectSilence(await stopped(shard, command), shard);
    await expectNextRestore();
  });

  test.each(shards)('the server of %s stops before the first row', async (name) => {
    const shard = target.shard(name);
    const step = new Step('agent.staged', 'wait', target.folder);
    await shard.agent.stop();
    await shard.agent.start(target.agentRun(step.environment));
    const command = source.begin([...restore(), '--json']);
    await step.reached(command.result);
    expectSilence(await stopped(shard, command, () => step.release()), shard);
    await expectNextRestore();
  });

  async function isLoading({ server }: ClusterShard): Promise<boolean> {
    const rows = await server.run(
      server.engine === 'postgres'
        ? "SELECT 1 FROM pg_stat_activity WHERE state = 'active' AND query LIKE 'BEGIN; COPY %'"
        : "SELECT 1 FROM information_schema.processlist WHERE info LIKE 'LOAD DATA %'",
    );
    return rows.length > 0;
  }

  async function stopped(
    shard: ClusterShard,
    command: RunningCommand,
    goOn: () => void = () => undefined,
  ): Promise<CommandResult> {
    const run = stopProcesses(shard.server.pid);
    // What was staged can be dropped only then; the command waits for it.
    const again = setTimeout(run, silentMs);
    try {
      goOn();
      return await endOf(command);
    } finally {
      clearTimeout(again);
      run();
    }
  }

  test('an index that takes many times the limit to build is no silence', async () => {
    const shard = source.shard('shard-0');
    for (const sql of [
      `CREATE FUNCTION public.slow_key(integer) RETURNS integer LANGUAGE plpgsql IMMUTABLE
         AS 'BEGIN PERFORM pg_catalog.pg_sleep(0.5); RETURN $1; END'`,
      'CREATE TABLE public.slow AS SELECT n FROM generate_series(1, 20) n',
      'CREATE INDEX slow_key ON public.slow (public.slow_key(n))',
      `GRANT SELECT, INSERT, UPDATE, DELETE ON public.slow TO ${agentUser}`,
    ])
      await shard.server.run(sql, 'bank');
    const backup = await source.tidemark('backup', '--json');
    expect(backup.exitCode, describeResult(backup)).toBe(0);
    const began = performance.now();
    const result = await source.tidemark(...restore(), '--json');
    expect(result.exitCode, describeResult(result)).toBe(0);
    expect(performance.now() - began).toBeGreaterThan(5 * stallLimitMs);
    await target.dropDatabases();
  });
});
