/** A shard that fails while others copy: the others are told, no loop goes on asking, and the failure names the right shard. */
import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { pino } from 'pino';
import { expect, onTestFinished, test } from 'vitest';
import { contextFor, type Agent } from '../../../../coordinator/agents.ts';
import { copyShards } from '../../../../coordinator/backup/copy-shards.ts';
import { connectAgent, serveAgent, type AgentImplementation } from '../../../../proto/channel.ts';
import { TidemarkError } from '../../../../proto/errors.ts';
import type { Run } from '../../../../coordinator/run.ts';
import { runOver, topology } from '../stored-cluster.ts';
import { refusingAgent } from '../../proto/refusing-agent.ts';

const graceMs = 600;
const nothing: AgentImplementation = {
  ...refusingAgent,
};

interface CopyingAgent {
  readonly agent: Agent;
  readonly address: string;
  /** Copy calls that were opened, and that have been broken. */
  readonly calls: { opened: number; broken: number };
}

function agentAt(shard: string, address: string): Agent {
  const client = connectAgent(address, { kind: 'default' });
  onTestFinished(() => client.close());
  const server = { family: 'postgresql', version: '15', identity: shard, databases: [], bytes: 0 } as const;
  return { shard, address, client, server, clockAheadMs: 0, tidemarkVersion: '0' };
}

/** An agent that copies for ever, or breaks off each call after `lastingMs`. */
async function copying(shard: string, lastingMs = Infinity): Promise<CopyingAgent> {
  const calls = { opened: 0, broken: 0 };
  const server = await serveAgent(
    '127.0.0.1:0',
    { kind: 'default' },
    {
      ...nothing,
      copy: async (_, replies) => {
        calls.opened += 1;
        replies.broken.addEventListener('abort', () => (calls.broken += 1));
        const until = performance.now() + lastingMs;
        while (!replies.broken.aborted) {
          replies.send({ progress: {} });
          if (performance.now() >= until) throw gone(shard);
          await sleep(20);
        }
      },
    },
  );
  onTestFinished(() => server.close(0));
  return { agent: agentAt(shard, server.address), address: server.address, calls };
}

function gone(shard: string): TidemarkError {
  return new TidemarkError({ code: 'agent-unreachable', operation: 'copy', subject: shard, cause: 'gone' });
}

/** Nothing listens there any more. */
async function deadAgent(shard: string): Promise<Agent> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return agentAt(shard, `127.0.0.1:${port}`);
}

/** A run that counts its warnings. A loop that does not end leaves the test no turn to fail in, so too many of them throw. */
function countedRun(warnings: string[], more: Partial<Run> = {}): Run {
  const log = pino(
    { level: 'warn' },
    {
      write: (line) => {
        warnings.push(line);
        if (warnings.length > 500) throw new Error('a loop logs without end');
      },
    },
  );
  return runOver({} as Run['store'], { log, ...more });
}

const copy = (run: Run, agents: readonly Agent[]): Promise<unknown> =>
  copyShards(run, agents, ({ shard }) => contextFor('shop', 'memory:', shard), graceMs);

test('an agent that dies and stays down ends the whole copy, while others would go on', async () => {
  const warnings: string[] = [];
  const others = [await copying('shop-01'), await copying('shop-02')];
  const began = performance.now();
  const failure = await copy(countedRun(warnings), [
    await deadAgent('shop-00'),
    ...others.map(({ agent }) => agent),
  ]).catch((error: unknown) => error);
  expect(failure).toMatchObject({ code: 'agent-unreachable', exitCode: 7 });
  expect(String(failure)).toMatch(/^TidemarkError: shop-00: agent .* nothing was heard of it for 600 ms/);
  expect(performance.now() - began).toBeLessThan(graceMs + 3_000);
  await expect.poll(() => others.map(({ calls }) => calls)).toEqual(Array(2).fill({ opened: 1, broken: 1 }));
  // 250 and 500 ms apart, of the dead agent alone.
  expect(warnings.length).toBeLessThan(5);
  expect(warnings.join('')).not.toMatch(/shop-0[12]/);
});

test('an agent that dies ends those that wait for their turn, too', async () => {
  const warnings: string[] = [];
  const others = [await copying('shop-01'), await copying('shop-02')];
  const run = countedRun(warnings, { topology: { ...topology, copy: { ...topology.copy, shards: 1 } } });
  const failure = await copy(run, [await deadAgent('shop-00'), ...others.map(({ agent }) => agent)]).catch(
    (error: unknown) => error,
  );
  expect(failure).toMatchObject({ code: 'agent-unreachable', subject: expect.stringContaining('shop-00') });
  // In the moment before they are told, the first of them may get its turn: a second call.
  await expect.poll(() => others.every(({ calls }) => calls.broken === calls.opened)).toBe(true);
  expect(warnings.join('')).not.toMatch(/shop-0[12]/);
});

test.each(['while a call is open', 'while it waits to call again'])(
  'an interruption %s ends it',
  async (when) => {
    const warnings: string[] = [];
    const stop = new AbortController();
    const agent =
      when === 'while a call is open' ? (await copying('shop-00')).agent : await deadAgent('shop-00');
    const copied = copy(countedRun(warnings, { signal: stop.signal }), [agent]);
    const fields = { operation: 'backup', subject: 'tidemark', cause: 'SIGINT' };
    setTimeout(() => stop.abort(new TidemarkError({ code: 'interrupted', ...fields })), 120);
    const began = performance.now();
    await expect(copied).rejects.toMatchObject({ code: 'interrupted', reason: 'SIGINT' });
    expect(performance.now() - began).toBeLessThan(400);
  },
);

test('a copy older than its limit ends it, whatever the call says', async () => {
  const run = countedRun([], { topology: { ...topology, copy: { ...topology.copy, limitMs: 200 } } });
  for (const agent of [(await copying('shop-00')).agent, await deadAgent('shop-00')])
    await expect(copy(run, [agent])).rejects.toMatchObject({ code: 'snapshot-lost' });
});

test('an agent that answers and breaks off every call is asked less and less often', async () => {
  const warnings: string[] = [];
  const stop = new AbortController();
  const { agent, calls } = await copying('shop-00', 0);
  const copied = copy(countedRun(warnings, { signal: stop.signal }), [agent]).catch(() => undefined);
  await sleep(2_000);
  stop.abort(gone('shop-00'));
  await copied;
  // At 0, 250, 750 and 1,750 ms.
  expect(calls.opened).toBeGreaterThan(2);
  expect(calls.opened).toBeLessThan(6);
  expect(warnings.length).toBeLessThan(6);
});
