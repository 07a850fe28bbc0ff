/** Rehearsals of a cluster by real agents: what they say, and that nothing is left whoever is killed. */
import { readdirSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { childFile, type KeptChild } from '../../shard-agent/rehearsal/kept-child.ts';
import { Cluster } from './cluster.ts';
import { describeResult } from './command.ts';
import { createBankRoles, layOutQuietBank } from './quiet-bank.ts';
import { Step } from './steps.ts';

let source: Cluster;
let target: Cluster;

beforeAll(async () => {
  source = await Cluster.start({ postgres: 1, mariadb: 1, purpose: 'source' });
  target = await Cluster.start({ postgres: 1, mariadb: 1, purpose: 'target', repository: source.repository });
  await layOutQuietBank(source);
  await createBankRoles(target);
  await source
    .shard('shard-0')
    .server.run('CREATE TABLE notes (a int); INSERT INTO notes VALUES (1)', 'bank');
});

afterAll(async () => {
  await source.stop();
  await target.stop();
});

const patiently = { timeout: 20_000, interval: 50 };

function folders(pid: number): string[] {
  return readdirSync(tmpdir()).filter((name) => name.startsWith(`tidemark-rehearsal-${pid}-`));
}

test('an agent with the rights of a backup rehearses on a scratch server of its own host', async () => {
  const check = await source.tidemark('check', '--rehearse', '--json');
  expect(check.exitCode, describeResult(check)).toBe(0);
  const { shards } = JSON.parse(check.stdout) as { shards: unknown[] };
  expect(shards).toMatchObject([
    { name: 'shard-0', ok: true, rehearsal: { server: expect.stringMatching(/^postgresql /) } },
    { name: 'shard-1', ok: true, rehearsal: { server: expect.stringMatching(/^mariadb /) } },
  ]);
  for (const { agent } of source.shards) expect(folders(agent.pid)).toEqual([]);
  await source.expectNothingLeft();
});

test('on targets: their staging and the samples in the repository are gone at the end', async () => {
  const check = await source.tidemark('check', '--rehearse', '--to', target.topologyPath, '--json');
  expect(check.exitCode, describeResult(check)).toBe(0);
  expect(await target.databases()).toEqual([]);
  expect(readdirSync(path.join(source.repository, 'bank'))).not.toContain('rehearsals');
  await target.expectNothingLeft();
});

/** While the sample is taken and the server is made, and when all is restored. */
const moments = ['agent.copying', 'agent.rehearsed'] as const;
const shards = ['shard-0', 'shard-1'] as const;
const everyMoment = shards.flatMap((name) => moments.map((point) => [name, point] as const));

test.each(everyMoment)(
  'the agent of %s is killed in a rehearsal at %s: its server and folder go',
  async (name, point) => {
    const step = new Step(point, 'kill', source.folder);
    const { agent } = source.shard(name);
    await agent.restart(source.agentRun(step.environment));
    const { pid } = agent;
    const check = await source.tidemark('check', '--rehearse');
    expect(check.exitCode, describeResult(check)).toBe(7);
    await vi.waitFor(() => expect(folders(pid)).toEqual([]), patiently);
    await agent.restart(source.agentRun());
  },
);

test.each(everyMoment)('the command is killed in a rehearsal when %s is at %s', async (name, point) => {
  const step = new Step(point, 'wait', source.folder);
  const { agent } = source.shard(name);
  await agent.restart(source.agentRun(step.environment));
  const check = source.begin(['check', '--rehearse']);
  await step.reached(check.result);
  check.kill('SIGKILL');
  await check.result;
  step.release();
  await vi.waitFor(
    () => expect(source.shards.flatMap((each) => folders(each.agent.pid))).toEqual([]),
    patiently,
  );
  await vi.waitFor(() => source.expectNothingLeft(), patiently);
  await agent.restart(source.agentRun());
});

test.each(shards)(
  'the scratch server of %s is killed: the command names it, and the folder goes',
  async (name) => {
    const step = new Step('agent.rehearsed', 'wait', source.folder);
    const { agent } = source.shard(name);
    await agent.restart(source.agentRun(step.environment));
    const command = source.begin(['check', '--rehearse', '--json']);
    await step.reached(command.result);
    const [folder = ''] = folders(agent.pid);
    const { pid } = JSON.parse(readFileSync(path.join(tmpdir(), folder, childFile), 'utf8')) as KeptChild;
    process.kill(pid, 'SIGKILL');
    step.release();
    const check = await command.result;
    expect(check.exitCode, describeResult(check)).toBe(1);
    expect(check.json?.['findings']).toMatchObject(
      expect.arrayContaining([expect.objectContaining({ shard: name, warning: false })]),
    );
    expect(folders(agent.pid)).toEqual([]);
    await agent.restart(source.agentRun());
  },
);

test('the command is killed in a dry run: the targets drop their staging', async () => {
  const backup = await source.tidemark('backup');
  expect(backup.exitCode, describeResult(backup)).toBe(0);
  const steps = target.shards.map(() => new Step('agent.rehearsed', 'wait', target.folder));
  for (const [index, { agent }] of target.shards.entries())
    await agent.restart(target.agentRun(steps[index]?.environment));
  const dry = source.begin(['restore', 'latest', '--to', target.topologyPath, '--dry-run']);
  for (const step of steps) await step.reached(dry.result);
  expect(await target.databases()).not.toEqual([]);
  dry.kill('SIGKILL');
  await dry.result;
  for (const step of steps) step.release();
  await vi.waitFor(async () => expect(await target.databases()).toEqual([]), patiently);
  await vi.waitFor(() => target.expectNothingLeft(), patiently);
  for (const { agent } of target.shards) await agent.restart(target.agentRun());
});

test.each(shards)(
  'the agent of %s is killed in a dry run: its next start drops the staging',
  async (name) => {
    const backup = await source.tidemark('backup');
    expect(backup.exitCode, describeResult(backup)).toBe(0);
    const step = new Step('agent.rehearsed', 'kill', target.folder);
    const { agent } = target.shard(name);
    await agent.restart(target.agentRun(step.environment));
    const dry = await source.tidemark('restore', 'latest', '--to', target.topologyPath, '--dry-run');
    expect(dry.exitCode, describeResult(dry)).toBe(7);
    // The other agent drops its own, perhaps after the command has ended.
    const left = [expect.stringContaining(`${name}: `)];
    await vi.waitFor(async () => expect(await target.databases()).toMatchObject(left), patiently);
    await agent.restart(target.agentRun());
    await vi.waitFor(async () => expect(await target.databases()).toEqual([]), patiently);
    const again = await source.tidemark('restore', 'latest', '--to', target.topologyPath, '--dry-run');
    expect(again.exitCode, describeResult(again)).toBe(0);
    await target.expectNothingLeft();
  },
);
