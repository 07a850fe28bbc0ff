/** A cluster whose servers are copies of each other: they have one identity, and are shards of their own all the same. */
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { stringify } from 'yaml';
import { connectAgent, protocolVersion } from '../../proto/channel.ts';
import type { AgentClient } from '../../proto/channel.ts';
import { freePort } from '../servers/run-folder.ts';
import type { TestServer } from '../servers/server.ts';
import { AgentProcess } from './agent-process.ts';
import { Cluster, type ClusterShard, writeAgentFile } from './cluster.ts';
import { describeResult } from './command.ts';
import { layOutQuietBank } from './quiet-bank.ts';

/** `start` gives servers of one family, each a copy of the first. */
export function testCopiedServers(family: string, start: () => Promise<TestServer[]>): void {
  describe(`${family}: copies of one server`, () => {
    let cluster: Cluster;
    beforeAll(async () => {
      const servers = await start();
      cluster = await Cluster.start({
        purpose: 'source',
        servers: servers.map((server) => () => Promise.resolve(server)),
      });
      await layOutQuietBank(cluster);
    });
    afterAll(() => cluster?.stop());

    const context = ({ name }: ClusterShard) => ({
      protocolVersion,
      cluster: cluster.name,
      shard: name,
      repositoryUrl: `file://${cluster.repository}`,
    });
    const clientOf = (shard: ClusterShard): AgentClient =>
      connectAgent(shard.agent.address, { kind: 'default' });
    const mark = 'f123456789abcdef';
    /** Sets the mark through one agent, and resolves when it is held. */
    const hold = async (client: AgentClient, shard: ClusterShard) => {
      const call = client.mark();
      const replies = call[Symbol.asyncIterator]();
      call.send({ context: context(shard), mark });
      const { value } = await replies.next();
      expect(value).toMatchObject({ reply: 'held' });
      return { call, replies };
    };

    test('they have one identity, and one does not show the mark of the other', async () => {
      const identities = new Set<string>();
      const clients = cluster.shards.map((shard) => ({ shard, client: clientOf(shard) }));
      for (const { shard, client } of clients) {
        const { server } = await client.describe({ context: context(shard) });
        identities.add(String(server?.identity));
      }
      expect([...identities]).toEqual([expect.stringMatching(/.{10,}/)]);
      for (const { shard, client } of clients) {
        const { call, replies } = await hold(client, shard);
        const seen: string[] = [];
        for (const other of clients) {
          const asked = { context: context(other.shard), marks: ['0123456789abcdef', mark] };
          const reply = await other.client.seeMarks(asked);
          seen.push(...reply.seen.map((found) => `${other.shard.name}: ${found}`));
        }
        expect(seen).toEqual([`${shard.name}: ${mark}`]);
        call.finish();
        expect((await replies.next()).value).toMatchObject({ reply: 'released' });
      }
      for (const { client } of clients) client.close();
      await cluster.expectNothingLeft();
    });

    test('they are checked and backed up, and nothing is left on them', async () => {
      const check = await cluster.tidemark('check', '--json');
      expect(check.exitCode, describeResult(check)).toBe(0);
      const backup = await cluster.tidemark('backup', '--json');
      expect(backup.exitCode, describeResult(backup)).toBe(0);
      await cluster.expectNothingLeft();
    });

    test('a second agent on one of them is refused, and both are named', async () => {
      const [, copied] = cluster.shards;
      if (copied === undefined) throw new Error('no copy');
      const { engine, host, port } = copied.server;
      const address = `127.0.0.1:${await freePort()}`;
      const configPath = path.join(cluster.folder, 'twin.yaml');
      writeAgentFile(configPath, {
        shard: 'twin',
        address,
        repository: cluster.repository,
        server: { engine, host, port },
        databases: ['bank'],
        money: undefined,
        allow: ['backup'],
      });
      const agent = new AgentProcess('twin', address, configPath);
      await agent.start();
      const topology = path.join(cluster.folder, 'twins.yaml');
      const shards = [
        ...cluster.shards.map((shard) => ({ name: shard.name, agent: shard.agent.address })),
        { name: 'twin', agent: address },
      ];
      const url = `file://${cluster.repository}`;
      writeFileSync(topology, stringify({ cluster: cluster.name, repository: { url }, shards }));
      try {
        const result = await cluster.tidemark('-t', topology, 'backup', '--json');
        expect(result.exitCode, describeResult(result)).toBe(7);
        expect(result.json).toMatchObject({
          error: { code: 'agent-mismatch', subject: `${copied.name} and twin` },
        });
      } finally {
        await agent.stop();
      }
      await cluster.expectNothingLeft();
    });

    test('an agent that is killed leaves no mark, and one whose session is ended says that it was lost', async () => {
      const [shard] = cluster.shards;
      if (shard === undefined) throw new Error('no shard');
      const client = clientOf(shard);
      const killed = await hold(client, shard);
      await shard.agent.kill();
      await expect(killed.replies.next()).rejects.toMatchObject({ code: 'agent-unreachable' });
      await cluster.expectNothingLeft();
      await shard.agent.start(cluster.agentRun());
      const again = clientOf(shard);
      const lost = await hold(again, shard);
      await endMarkSession(shard.server);
      lost.call.finish();
      await expect(lost.replies.next()).rejects.toThrow(/take the mark off/);
      client.close();
      again.close();
    });
  });
}

/** As an administrator would. */
async function endMarkSession(server: TestServer): Promise<void> {
  if (server.engine === 'postgres') {
    await server.run(
      "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'tidemark mark'",
    );
    return;
  }
  const rows = await server.run(
    "SELECT ID AS id FROM information_schema.PROCESSLIST WHERE USER = 'tidemark' AND COMMAND = 'Sleep'",
  );
  for (const row of rows) await server.run(`KILL ${String(row['id'])}`);
}
