/** `verify --decode`: the agents unpack every frame and count what is in it. The coordinator never decodes an object. */
import { TidemarkError } from '../../proto/errors.ts';
import type { SealBody } from '../../repository/seal.ts';
import { sumsDifference } from '../../repository/sums.ts';
import { contextFor, onAll, openAgents } from '../agents.ts';
import type { Agent } from '../agents.ts';
import type { Run } from '../run.ts';
import { shardProgress } from '../shard-progress.ts';
import { sumsFromWire } from '../sums.ts';
import type { BadObject } from './objects.ts';

/** Every agent reads its own shard's part. Resolves with what they found; throws when one cannot be reached. */
export async function decodeSet(run: Run, seal: SealBody): Promise<BadObject[]> {
  const addresses = seal.shards.map(({ name }) => {
    const address = run.topology.shards.find((shard) => shard.name === name);
    if (address !== undefined) return address;
    throw new TidemarkError({
      code: 'topology-changed',
      operation: 'verify with --decode',
      subject: `${seal.set}: ${name}`,
      cause: 'the topology has no such shard, so no agent can unpack it',
      remedy: 'Verify without --decode, or use the topology the set was taken with.',
    });
  });
  const { agents, close } = await openAgents(run.topology, addresses, run.signal);
  try {
    run.progress.step(`unpacking ${seal.set}`);
    return (
      await onAll(agents, 'verify', run.signal, (agent, signal) => decodeShard(run, seal, agent, signal))
    ).flat();
  } finally {
    close();
  }
}

async function decodeShard(
  run: Run,
  seal: SealBody,
  agent: Agent,
  signal: AbortSignal,
): Promise<BadObject[]> {
  const stored = seal.shards.find(({ name }) => name === agent.shard);
  if (stored === undefined) throw new Error(`no stored shard ${agent.shard}`);
  const context = contextFor(run.topology.cluster, run.topology.repository.url, agent.shard, seal.set);
  signal.throwIfAborted();
  const replies = agent.client.verify({ context, manifest: stored.manifest, sourceShard: stored.name });
  const cancel = (): void => replies.cancel();
  signal.addEventListener('abort', cancel);
  const found: BadObject[] = [];
  try {
    for await (const reply of replies) {
      if (reply.progress) run.progress.shard(agent.shard, shardProgress(reply.progress));
      if (reply.finding && !reply.finding.warning)
        found.push({ object: reply.finding.subject, cause: reply.finding.cause });
      if (!reply.done) continue;
      run.progress.done(agent.shard);
      if (found.length > 0) return found;
      const difference = sumsDifference(sumsFromWire(agent.shard, reply.done.sums), stored.sums);
      return difference === ''
        ? []
        : [{ object: stored.manifest.key, cause: `what the agent counted differs: ${difference}` }];
    }
  } finally {
    signal.removeEventListener('abort', cancel);
  }
  throw new TidemarkError({
    code: 'agent-unreachable',
    operation: 'verify',
    subject: `${agent.shard}: agent ${agent.address}`,
    cause: 'the call ended before the agent said that it was done',
  });
}
