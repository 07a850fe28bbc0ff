/** The agent as a service: what becomes of it when its log has no room, and when it is told to read its file again. */
import { writeFileSync } from 'node:fs';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { agentUser } from './database-user.ts';
import { Cluster, writeAgentFile, type AgentFileContent } from './cluster.ts';
import { describeResult, type CommandResult } from './command.ts';
import { layOutQuietBank } from './quiet-bank.ts';

let source: Cluster;

beforeAll(async () => {
  source = await Cluster.start({
    postgres: 1,
    mariadb: 1,
    purpose: 'source',
    steps: false,
    copy: { lanes: 2 },
  });
  await layOutQuietBank(source);
});

afterAll(async () => {
  await source.expectNothingLeft();
  await source.stop();
});

function expectDone(result: CommandResult): void {
  expect(result.exitCode, describeResult(result)).toBe(0);
}

test('agents whose stdout and stderr have no room serve a backup, and leave in good order', async () => {
  for (const { agent } of source.shards) await agent.stop();
  const environment = { TIDEMARK_LOG_LEVEL: 'trace' };
  for (const { agent } of source.shards) await agent.start({ environment, outputTo: '/dev/full' });
  expectDone(await source.tidemark('backup', '--json'));
  expectDone(await source.tidemark('verify', 'latest', '--decode'));
  for (const { agent } of source.shards) await agent.stop();
  for (const { agent } of source.shards) await agent.start();
});

test('a coordinator whose stderr has no room ends as it would have otherwise', async () => {
  const command = source.begin(['backup', '--json', '--log-level', 'trace'], {}, { outputTo: '/dev/full' });
  // The set is sealed, but nobody has read so.
  expect(await command.result).toMatchObject({ exitCode: 1 });
  expectDone(await source.tidemark('verify', 'latest'));
});

/** As the cluster has written it, with changes. */
async function reload(change: Partial<AgentFileContent>, wanted: RegExp): Promise<void> {
  const { agent, server, name } = source.shard('shard-0');
  writeAgentFile(agent.configPath, {
    shard: name,
    address: agent.address,
    repository: source.repository,
    server: { engine: server.engine, host: server.host, port: server.port },
    databases: ['bank'],
    money: undefined,
    allow: ['backup'],
    ...change,
  });
  await hangUp(wanted);
}

async function hangUp(wanted: RegExp): Promise<void> {
  const { agent } = source.shard('shard-0');
  const before = agent.log().length;
  agent.signal('SIGHUP');
  for (let ms = 0; !wanted.test(agent.log().slice(before)); ms += 20) {
    if (ms > 10_000) throw new Error(`not said after SIGHUP: ${wanted}\n${agent.log().slice(before)}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

test('SIGHUP: operations and invariants change, a file with mistakes changes nothing, the rest needs a restart', async () => {
  await reload({ allow: ['restore'] }, /"changed":\["allow"\]/);
  expect(await source.tidemark('backup', '--json')).toMatchObject({
    exitCode: 6,
    json: { error: { code: 'operation-not-allowed' } },
  });
  const { agent } = source.shard('shard-0');
  writeFileSync(agent.configPath, 'shard: shard-0\nlisten: nowhere\n');
  await hangUp(/"msg":"the configuration stays as it was: [^"]*listen/);
  await reload(
    { allow: ['backup'], databases: ['bank', 'audit'] },
    /"msg":"these changes need a restart of the agent, and are not in force: database"/,
  );
  expectDone(await source.tidemark('backup', '--json'));
  await reload({ money: 'SELECT count(*) FROM pg_catalog.pg_class' }, /"changed":\["invariants"\]/);
  const backup = await source.tidemark('backup', '--json');
  expectDone(backup);
  await reload({}, /was read again/);
});

test('SIGHUP: another password in the same file is used from then on', async () => {
  const { agent, server } = source.shard('shard-0');
  await server.run(`ALTER ROLE ${agentUser} PASSWORD 'another one'`);
  expect(await source.tidemark('check', '--json')).toMatchObject({ exitCode: 1 });
  writeFileSync(`${agent.configPath}.password`, 'another one\n');
  await hangUp(/was read again/);
  expectDone(await source.tidemark('check', '--json'));
});
