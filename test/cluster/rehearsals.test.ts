/** Rehearsals of a cluster by real agents: what they say, and that nothing is left whoever is killed. */
import { readdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
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

test.each(['shard-0', 'shard-1'])(
  'the agent of %s is killed in a rehearsal: its server and folder go',
  async (name) => {
    const step = new Step('agent.rehearsed', 'kill', source.folder);
    const { agent } = source.shard(name);
    await agent.restart(source.agentRun(step.environment));
    const { pid } = agent;
    const check = await source.tidemark('check', '--rehearse');
    expect(check.exitCode, describeResult(check)).toBe(7);
    await vi.waitFor(() => expect(folders(pid)).toEqual([]), { timeout: 20_000, interval: 50 });
    await agent.restart(source.agentRun());
  },
);

test.each(['shard-0', 'shard-1'])(
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
    await vi.waitFor(async () => expect(await target.databases()).toMatchObject(left), {
      timeout: 20_000,
      interval: 50,
    });
    await agent.restart(target.agentRun());
    await vi.waitFor(async () => expect(await target.databases()).toEqual([]), {
      timeout: 20_000,
      interval: 50,
    });
    const again = await source.tidemark('restore', 'latest', '--to', target.topologyPath, '--dry-run');
    expect(again.exitCode, describeResult(again)).toBe(0);
    await target.expectNothingLeft();
  },
);
