/** `check --rehearse`: what a backup would hold now is restored, by every agent on its host or on the targets of another topology. */
import type { Finding__Output as WireFinding } from '../../proto/gen/tidemark/v1/Finding.ts';
import { clusterPrefix, rehearsalCluster, rehearsalOf } from '../../repository/layout.ts';
import type { Topology } from '../../topology/topology.ts';
import { contextFor, openAgents, serverFromWire, shardError } from '../agents.ts';
import type { Agent, ShardFailure } from '../agents.ts';
import { newRestoreId } from '../restore/load-shards.ts';
import { mapShards, sameRepository } from '../restore/plan.ts';
import type { ShardPair } from '../restore/plan.ts';
import type { Run } from '../run.ts';
import { sumsFromWire } from '../sums.ts';
import { rehearseAgent, type RehearsalAnswer } from './rehearse-agent.ts';

export interface RehearsalOptions {
  /** Of each table, at most; 0: only the schema. */
  readonly rows: number;
  /** On whose targets; undefined: on scratch servers. */
  readonly to?: Topology | undefined;
  /** `--map old=new`, with `to`. */
  readonly mappings: readonly (readonly [string, string])[];
}

export interface RehearsedShard {
  readonly shard: string;
  readonly findings: readonly WireFinding[];
  /** What kept it from being tried. */
  readonly failures: readonly ShardFailure[];
  /** Undefined where it could not be tried. */
  readonly rehearsal: Rehearsal | undefined;
}

/** For `--json` and the table. */
export interface Rehearsal {
  /** `postgresql 15.18`: where it was tried. */
  readonly server: string;
  /** The target's name; undefined: a scratch server. */
  readonly target?: string;
  readonly tables: number;
  readonly rows: number;
  readonly durationMs: number;
}

/** Of these agents' shards, all at once. A shard that cannot be tried keeps no other from it. */
export async function rehearseCluster(
  run: Run,
  agents: readonly Agent[],
  options: RehearsalOptions,
): Promise<RehearsedShard[]> {
  if (agents.length === 0) return [];
  run.progress.step(`rehearsing a restore of ${run.topology.cluster}`);
  if (options.to === undefined)
    return Promise.all(
      agents.map((agent) => rehearseShard(run, agent, () => onScratch(run, agent, options))),
    );
  return onTargets(run, agents, options, options.to);
}

async function rehearseShard(
  run: Run,
  { shard }: Agent,
  work: () => Promise<{ answer: RehearsalAnswer; target?: string }>,
): Promise<RehearsedShard> {
  const beganMs = performance.now();
  try {
    const { answer, target } = await work();
    const { done, findings } = answer;
    const { family, version } = serverFromWire(shard, done.server);
    const { tables, rows } = sumsFromWire(shard, done.sums);
    const rehearsal = {
      server: `${family} ${version}`,
      ...(target === undefined ? {} : { target }),
      tables,
      rows,
      durationMs: performance.now() - beganMs,
    };
    return { shard, findings, failures: [], rehearsal };
  } catch (error) {
    const failure = { shard, error: shardError(shard, error, run.signal, 'rehearse') };
    return { shard, findings: [], failures: [failure], rehearsal: undefined };
  }
}

async function onScratch(
  { topology, progress, signal }: Run,
  agent: Agent,
  { rows }: RehearsalOptions,
): Promise<{ answer: RehearsalAnswer }> {
  const context = contextFor(topology.cluster, topology.repository.url, agent.shard);
  const request = { context, lanes: topology.copy.lanes, rows };
  return { answer: await rehearseAgent(agent, request, progress, signal) };
}

/** Each shard's sample goes through the repository to the target that has its name or is mapped to it. */
async function onTargets(
  run: Run,
  agents: readonly Agent[],
  options: RehearsalOptions,
  target: Topology,
): Promise<RehearsedShard[]> {
  const { topology, signal } = run;
  sameRepository(topology, target);
  const pairs = mapShards(
    agents.map(({ shard }) => shard),
    target.shards,
    options.mappings,
  );
  const id = newRestoreId(run.now());
  const targets = await openAgents(
    target,
    pairs.map((pair) => pair.target),
    signal,
  );
  try {
    return await Promise.all(
      agents.map((agent) =>
        rehearseShard(run, agent, () =>
          onTarget(run, agent, pairOf(pairs, agent), { id, target, targets, options }),
        ),
      ),
    );
  } finally {
    targets.close();
    await removeSamples(run, id);
  }
}

interface ToTargets {
  readonly id: string;
  readonly target: Topology;
  readonly targets: { readonly agents: readonly Agent[] };
  readonly options: RehearsalOptions;
}

async function onTarget(
  { topology, progress, signal }: Run,
  agent: Agent,
  { source, target: { name } }: ShardPair,
  { id, target, targets, options: { rows } }: ToTargets,
): Promise<{ answer: RehearsalAnswer; target: string }> {
  const context = contextFor(topology.cluster, topology.repository.url, agent.shard);
  const sample = await rehearseAgent(
    agent,
    { context, lanes: topology.copy.lanes, rows, store: true, restore: id },
    progress,
    signal,
  );
  const { manifest, set } = sample.done;
  const there = targets.agents.find(({ shard }) => shard === name);
  if (there === undefined) throw new Error(`no agent of the target ${name}`);
  const answer = await rehearseAgent(
    there,
    {
      context: contextFor(target.cluster, target.repository.url, name, set),
      lanes: target.copy.lanes,
      rows,
      manifest,
      sourceShard: source,
      restore: id,
    },
    progress,
    signal,
  );
  return { answer, target: name };
}

function pairOf(pairs: readonly ShardPair[], agent: Agent): ShardPair {
  const pair = pairs.find(({ source }) => source === agent.shard);
  if (pair === undefined) throw new Error(`no target for ${agent.shard}`);
  return pair;
}

/** A rehearsal takes minutes at most: samples that are older were left by a command that was killed. */
const leftAfterMs = 24 * 3_600_000;

/** This rehearsal's samples, and those that an earlier one has left. */
async function removeSamples({ store, topology, now }: Run, id: string): Promise<void> {
  const own = clusterPrefix(rehearsalCluster(topology.cluster, id));
  const left = (await store.listNames('')).filter((name) => {
    const stampMs = rehearsalOf(topology.cluster, name);
    return stampMs !== undefined && now().getTime() - stampMs > leftAfterMs;
  });
  for (const prefix of [own, ...left.map((name) => `${name}/`)])
    for await (const { key } of store.list(prefix)) await store.delete(key);
}
