/** What `tidemark check`, `tidemark-agent check` and `restore --dry-run` say on real clusters, as the programs that they are. */
import { chmodSync, readdirSync } from 'node:fs';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Cluster } from './cluster.ts';
import { type CommandResult, describeResult, RunningCommand } from './command.ts';
import { createBankRoles, layOutQuietBank } from './quiet-bank.ts';

let source: Cluster;
let target: Cluster;

const money = {
  postgres: 'SELECT sum(balance) FROM public.accounts',
  mysql: 'SELECT sum(balance) FROM accounts',
} as const;

beforeAll(async () => {
  source = await Cluster.start({ postgres: 1, mariadb: 1, purpose: 'source', money });
  target = await Cluster.start({ postgres: 2, mariadb: 1, purpose: 'target', repository: source.repository });
  await layOutQuietBank(source);
  await createBankRoles(target);
});

afterAll(async () => {
  await source.expectNothingLeft();
  await source.stop();
  await target.stop();
});

interface Found {
  readonly shard: string;
  readonly code: string;
  readonly subject: string;
  readonly cause: string;
  readonly remedy: string;
  readonly warning: boolean;
}

const findingsOf = (result: CommandResult): Found[] =>
  (result.json?.['findings'] as Found[] | undefined) ?? [];
const stopping = (result: CommandResult): Found[] => findingsOf(result).filter(({ warning }) => !warning);

const storedCuts = (): string[] =>
  readdirSync(source.repository, { recursive: true, encoding: 'utf8' }).filter((name) =>
    name.endsWith('cut.json'),
  );

test('an invariant that the server refuses is told by check, and by backup before anybody is held', async () => {
  const { server } = source.shard('shard-1');
  await server.run('RENAME TABLE bank.accounts TO bank.moved');
  try {
    const check = await source.tidemark('check', '--json');
    expect(check.exitCode, describeResult(check)).toBe(1);
    expect(stopping(check)).toMatchObject([
      { shard: 'shard-1', code: 'not-ready', subject: expect.stringMatching(/money/) },
    ]);
    expect(stopping(check)[0]?.cause).toMatch(/accounts/);
    const backup = await source.tidemark('backup', '--json');
    expect(backup.exitCode, describeResult(backup)).toBe(1);
    expect(backup.json).toMatchObject({ error: { code: 'not-ready' } });
    expect(storedCuts()).toEqual([]);
  } finally {
    await server.run('RENAME TABLE bank.moved TO bank.accounts');
  }
});

test('a prepared transaction that nobody finishes is named with its statements', async () => {
  const { server } = source.shard('shard-0');
  await server.run(
    `BEGIN; UPDATE accounts SET balance = balance WHERE id = (SELECT min(id) FROM accounts); PREPARE TRANSACTION 'left behind'`,
    'bank',
  );
  try {
    const deadline = Date.now() + 20_000;
    const named = async (): Promise<Found | undefined> => {
      const check = await source.tidemark('check', '--json');
      return findingsOf(check).find(({ subject }) => subject.includes('left behind'));
    };
    // One that is a second old may still be finished by its application.
    let found = await named();
    while (found === undefined && Date.now() < deadline) found = await named();
    expect(found).toMatchObject({ shard: 'shard-0', code: 'not-ready' });
    expect(found?.remedy).toContain(`ROLLBACK PREPARED 'left behind';`);
  } finally {
    await server.run(`ROLLBACK PREPARED 'left behind'`, 'bank');
  }
});

test('a repository that the user of an agent may not use is that, not another repository', async () => {
  const { agent } = source.shard('shard-0');
  const asRoot = process.geteuid?.() === 0;
  for (const file of [agent.configPath, `${agent.configPath}.password`]) chmodSync(file, 0o644);
  const nobody = 'data:text/javascript,process.setgroups([]);process.setgid(65534);process.setuid(65534)';
  if (asRoot) await agent.restart({ nodeArguments: ['--import', nobody] });
  else chmodSync(source.repository, 0o500);
  try {
    const result = await source.tidemark('check', '--json');
    if (asRoot) {
      expect(result.exitCode, describeResult(result)).toBe(1);
      expect(stopping(result)).toMatchObject([
        { shard: 'shard-0', code: 'repository-failed', cause: expect.stringMatching(/EACCES/) },
      ]);
    } else expect(result.json).toMatchObject({ error: { code: 'repository-failed' } });
    expect(result.stdout).toContain(source.repository);
    expect(result.stdout).toMatch(/Let .*\(?uid \d+/);
  } finally {
    if (asRoot) await agent.restart(source.agentRun());
    else chmodSync(source.repository, 0o700);
  }
});

test('agents that only restore are findings of a check for backups, and ready in their own', async () => {
  const check = await target.tidemark('check', '--json');
  expect(check.exitCode, describeResult(check)).toBe(1);
  expect(stopping(check).map(({ shard, code }) => `${shard} ${code}`)).toEqual([
    'shard-0 operation-not-allowed',
    'shard-1 operation-not-allowed',
    'shard-2 operation-not-allowed',
  ]);
  const { agent, server } = target.shard('shard-0');
  const own = (): Promise<CommandResult> =>
    new RunningCommand('shard-agent/daemon.ts', ['check', '--config', agent.configPath]).result;
  const ready = await own();
  expect(ready.exitCode, describeResult(ready)).toBe(0);
  expect(ready.stdout).toContain('ready for restores');
  await server.run('ALTER ROLE tidemark NOSUPERUSER NOCREATEDB');
  try {
    const lacking = await own();
    expect(lacking.exitCode, describeResult(lacking)).toBe(1);
    expect(lacking.stdout).toContain('ALTER ROLE "tidemark" CREATEDB;');
    expect(lacking.stdout).toContain('1 problem to fix before a restore can run');
  } finally {
    await server.run('ALTER ROLE tidemark SUPERUSER');
  }
});

test('a dry run names the targets that get nothing', async () => {
  const backup = await source.tidemark('backup', '--json');
  expect(backup.exitCode, describeResult(backup)).toBe(0);
  const args = ['restore', 'latest', '--to', target.topologyPath, '--map', 'shard-1=shard-2', '--dry-run'];
  const dry = await source.tidemark(...args, '--json');
  expect(dry.exitCode, describeResult(dry)).toBe(0);
  expect(dry.json?.['untouched']).toEqual(['shard-1']);
  const shown = await source.tidemark(...args);
  expect(shown.stdout).toContain('nothing is restored to shard-1:');
  expect(await target.databases()).toEqual([]);
});
