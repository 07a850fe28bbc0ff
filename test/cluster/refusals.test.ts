/**
 * Servers that are no shard: replicas, and poolers before a shard; and shards with what no restore could bring back. Each is
 * refused by name, before anything is stored.
 */
import { readdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { stringify } from 'yaml';
import { startPgbouncer } from '../servers/pgbouncer.ts';
import { startMariadbReplica, startPostgresReplica } from '../servers/replicas.ts';
import { freePort } from '../servers/run-folder.ts';
import { AgentProcess } from './agent-process.ts';
import { Cluster, writeAgentFile } from './cluster.ts';
import { type CommandResult, describeResult } from './command.ts';
import { agentPassword, agentUser, createAgentUser } from './database-user.ts';
import { layOutQuietBank } from './quiet-bank.ts';

let source: Cluster;

beforeAll(async () => {
  source = await Cluster.start({ postgres: 1, mariadb: 1, purpose: 'source' });
  await layOutQuietBank(source);
});

afterAll(() => source.stop());

/** Puts an agent beside another port in the place of one shard's, and runs a command on that topology. */
async function withShardAt(
  shard: string,
  server: { engine: 'postgres' | 'mysql'; host: string; port: number },
  ...command: string[]
): Promise<CommandResult> {
  const address = `127.0.0.1:${await freePort()}`;
  const configPath = path.join(source.folder, `${shard}-elsewhere.yaml`);
  const allow = ['backup'] as const;
  const { repository } = source;
  const { engine, host, port } = server;
  const databases = ['bank'];
  writeAgentFile(configPath, {
    shard,
    address,
    repository,
    server: { engine, host, port },
    databases,
    money: undefined,
    allow,
  });
  const agent = new AgentProcess(shard, address, configPath);
  await agent.start();
  const topology = path.join(source.folder, `${shard}-elsewhere-topology.yaml`);
  const shards = source.shards.map(({ name, agent: own }) => ({
    name,
    agent: name === shard ? address : own.address,
  }));
  writeFileSync(
    topology,
    stringify({ cluster: source.name, repository: { url: `file://${repository}` }, shards }),
  );
  try {
    return await source.tidemark('-t', topology, ...command);
  } finally {
    await agent.stop();
  }
}

function expectRefused(result: CommandResult, shard: string, why: RegExp): void {
  expect(result.exitCode, describeResult(result)).toBe(6);
  const error = result.json?.['error'] as { code: string; subject: string; cause: string } | undefined;
  expect(error?.code).toBe('shard-refused');
  expect(error?.subject).toContain(shard);
  expect(error?.cause).toMatch(why);
}

test('a streaming replica of PostgreSQL', async () => {
  const replica = await startPostgresReplica(source.shard('shard-0').server);
  try {
    expectRefused(
      await withShardAt('shard-0', replica, 'backup', '--json'),
      'shard-0',
      /recovery|replica|standby/i,
    );
  } finally {
    await replica.stop();
  }
});

test('a replica of MariaDB, though it may be written to', async () => {
  const replica = await startMariadbReplica(source.shard('shard-1').server, ['bank']);
  await createAgentUser(replica, 'backup');
  await replica.run('SET GLOBAL read_only = OFF');
  try {
    expectRefused(await withShardAt('shard-1', replica, 'backup', '--json'), 'shard-1', /replica/i);
  } finally {
    await replica.stop();
  }
});

test('a MariaDB server that is read-only', async () => {
  const { server } = source.shard('shard-1');
  await server.run('SET GLOBAL read_only = ON');
  try {
    const result = await source.tidemark('backup', '--json');
    expectRefused(result, 'shard-1', /read.only/i);
  } finally {
    await server.run('SET GLOBAL read_only = OFF');
  }
});

test('a pooler before PostgreSQL', async () => {
  const { server } = source.shard('shard-0');
  const pooler = await startPgbouncer(server, { user: agentUser, password: agentPassword });
  try {
    const place = { engine: 'postgres', host: pooler.host, port: pooler.port } as const;
    expectRefused(await withShardAt('shard-0', place, 'backup', '--json'), 'shard-0', /pool/i);
  } finally {
    await pooler.stop();
  }
});

test('two agents beside the same server', async () => {
  const { server } = source.shard('shard-0');
  const second = await Cluster.start({
    postgres: 0,
    mariadb: 0,
    purpose: 'source',
    repository: source.repository,
  });
  const address = `127.0.0.1:${await freePort()}`;
  const configPath = path.join(second.folder, 'twin.yaml');
  const { engine, host, port } = server;
  writeAgentFile(configPath, {
    shard: 'twin',
    address,
    repository: source.repository,
    server: { engine, host, port },
    databases: ['bank'],
    money: undefined,
    allow: ['backup'],
  });
  const agent = new AgentProcess('twin', address, configPath);
  await agent.start();
  const topology = path.join(second.folder, 'twins.yaml');
  const shards = [
    { name: 'shard-0', agent: source.shard('shard-0').agent.address },
    { name: 'twin', agent: address },
  ];
  const url = `file://${source.repository}`;
  writeFileSync(topology, stringify({ cluster: source.name, repository: { url }, shards }));
  try {
    const result = await source.tidemark('-t', topology, 'backup', '--json');
    expect(result.exitCode, describeResult(result)).toBe(7);
    expect(result.json).toMatchObject({ error: { code: 'agent-mismatch' } });
    expect(result.stdout).toMatch(/same server/i);
  } finally {
    await agent.stop();
  }
});

/** What of any shard stands in the repository: the attempts themselves are written down. */
function ofShards(): string[] {
  const all = readdirSync(source.repository, { recursive: true, encoding: 'utf8' });
  return all.filter((name) => /\/shards\/|seal/.test(name));
}

test('a shard with a language that could not be made again', async () => {
  const { server } = source.shard('shard-0');
  await server.run('CREATE LANGUAGE borrowed HANDLER plpgsql_call_handler', 'bank');
  try {
    const result = await source.tidemark('backup', '--json');
    expect(result.exitCode, describeResult(result)).toBe(6);
    expect(result.json).toMatchObject({ error: { code: 'not-supported' } });
    expect(result.stdout).toMatch(/shard-0.*languages: borrowed/s);
    expect(ofShards()).toEqual([]);
  } finally {
    await server.run('DROP LANGUAGE borrowed', 'bank');
  }
});

test('none of these attempts left a session, and the shards themselves are still backed up', async () => {
  await source.expectNothingLeft();
  const backup = await source.tidemark('backup', '--json');
  expect(backup.exitCode, describeResult(backup)).toBe(0);
  expect(ofShards()).not.toEqual([]);
});
