/** `restore SET`: a sealed set onto empty targets, all shards or none. */
import { TidemarkError } from '../proto/errors.ts';
import { readSealedSet } from '../repository/backup-set.ts';
import type { SealBody } from '../repository/seal.ts';
import { writeRestoreIntent } from '../repository/restore-decision.ts';
import type { Topology } from '../topology/topology.ts';
import { displayLines, displayText } from '../topology/display-text.ts';
import { formatBytes, formatDuration } from '../topology/units.ts';
import { openAgents } from './agents.ts';
import type { Agent, Agents } from './agents.ts';
import { compareInvariants } from './invariants.ts';
import type { ClusterAnswer, NotAskedAnswer } from './invariants.ts';
import { conductRestore } from './restore/course.ts';
import { loadShards, newRestoreId } from './restore/load-shards.ts';
import type { LoadedShard } from './restore/load-shards.ts';
import { chooseSet, tellNewer } from './open-set.ts';
import { bad, formatCount, table } from './output.ts';
import { planFailure, planRestore, planText, planWarnings } from './restore/plan-restore.ts';
import { mapShards, sameRepository } from './restore/plan.ts';
import type { RestorePlan, ShardPair } from './restore/plan.ts';
import type { Outcome, Run } from './run.ts';
import { rehearsePlan } from './rehearsal/rehearse-plan.ts';
import { ShardRestore } from './restore/shard-restore.ts';
import { readCatalogue } from './restore/stored-catalogue.ts';
import type { StoredCatalogue } from './restore/stored-catalogue.ts';
import { totalSums } from './sums.ts';
import { startedBy } from './this-process.ts';
import { tidemarkVersion } from '../proto/version.ts';
import { warn } from './warnings.ts';

export interface RestoreOptions {
  /** Where to: the run's own topology, or another file's. */
  readonly target: Topology;
  /** `--map old=new`. */
  readonly mappings: readonly (readonly [string, string])[];
  /** Make the roles or users that the set stored and a target has not. */
  readonly globals: boolean;
  /** Stop after the plan. */
  readonly dryRun: boolean;
}

/**
 * 1. Read and check seal and manifests, find a target for every shard, ask every target whether it fits.
 * 2. Show the plan; a dry run makes the schema in the staging of every target, drops it and ends here, with the failure the real
 *    run would have ended with.
 * 3., 4. Load under staging names on all targets at once; check rows, sums and invariants.
 * 5. Close the targets and decide by one durable record; then switch all shards, and open them when all have switched. Or drop
 *    everything that was made.
 * 6. Report.
 */
export async function restore(run: Run, reference: string, options: RestoreOptions): Promise<Outcome> {
  const startedMs = performance.now();
  const { target } = options;
  const chosen = await chooseSet(run, reference);
  const { set } = chosen;
  run.progress.step(`reading ${set}`);
  const seal = await readSealedSet(run.store, run.topology.cluster, set);
  if (options.globals) requireGlobals(seal);
  const pairs = mapShards(
    seal.shards.map(({ name }) => name),
    target.shards,
    options.mappings,
  );
  sameRepository(run.topology, target);
  const { catalogue, agents, close } = await readBeside(run, target, seal, pairs);
  try {
    const fits = await planRestore(run, options, seal, catalogue, pairs, agents);
    const rehearse = options.dryRun && planFailure(fits) === undefined;
    const plan = rehearse ? await rehearsePlan(run, options, seal, fits, agents) : fits;
    for (const { target: shard, code, subject, cause, remedy } of planWarnings(plan))
      run.warned?.({ shard, code, subject, cause, remedy });
    const failure = planFailure(plan);
    if (options.dryRun || failure !== undefined) {
      return tellNewer(planned(plan, failure, options.dryRun), chosen);
    }
    run.progress.note(planText(plan));

    const done = await carryOut(run, options, seal, catalogue, pairs, agents);
    return tellNewer(report(plan, done, performance.now() - startedMs), chosen);
  } finally {
    close();
  }
}

/** What the set holds, and who the targets' agents are: side by side, 40 ms each. A damaged set is told of before any agent. */
async function readBeside(
  run: Run,
  target: Topology,
  seal: SealBody,
  pairs: readonly ShardPair[],
): Promise<Agents & { readonly catalogue: StoredCatalogue }> {
  const shards = pairs.map((pair) => pair.target);
  const [catalogue, asked] = await Promise.allSettled([
    readCatalogue(run.store, seal),
    openAgents(target, shards, run.signal),
  ]);
  if (catalogue.status === 'rejected') {
    if (asked.status === 'fulfilled') asked.value.close();
    throw catalogue.reason;
  }
  if (asked.status === 'rejected') throw asked.reason;
  return { ...asked.value, catalogue: catalogue.value };
}

interface Done {
  readonly restore: string;
  readonly loaded: readonly LoadedShard[];
  readonly invariants: readonly ClusterAnswer[];
  readonly notAsked: readonly NotAskedAnswer[];
  /** Why not every shard is known to be open. */
  readonly failure: TidemarkError | undefined;
}

async function carryOut(
  run: Run,
  options: RestoreOptions,
  seal: SealBody,
  catalogue: StoredCatalogue,
  pairs: readonly ShardPair[],
  agents: readonly Agent[],
): Promise<Done> {
  const { target } = options;
  const restoreId = newRestoreId(run.now());
  await writeRestoreIntent(run.store, {
    cluster: target.cluster,
    restore: restoreId,
    tidemark: tidemarkVersion,
    set: seal.set,
    sourceCluster: seal.cluster,
    startedAt: run.now().toISOString(),
    startedBy: startedBy(),
    shards: pairs.map(({ source, target: { name, agent } }) => ({ source, target: name, agent })),
  });
  const shards = agents.map((agent) => new ShardRestore(agent, sourceOf(pairs, agent), run.progress));
  run.progress.step(`loading ${seal.set}`);
  const load = async (): Promise<Omit<Done, 'restore' | 'failure'>> => {
    const loaded = await loadShards(run, options, seal, restoreId, shards);
    const answers = loaded.flatMap((shard) => shard.answers);
    const notAsked = loaded.flatMap((shard) => shard.notAsked);
    const invariants = compareInvariants(run.topology.invariants, catalogue.answers, answers, notAsked);
    return { loaded, invariants, notAsked };
  };
  const { loaded, failure } = await conductRestore({ run, target, restore: restoreId, shards, load });
  for (const { shard, warnings } of shards)
    for (const { code, subject, cause, remedy } of warnings)
      warn(run, { shard, code, subject, cause, remedy });
  return { restore: restoreId, ...loaded, failure };
}

function sourceOf(pairs: readonly ShardPair[], agent: Agent): string {
  const pair = pairs.find(({ target }) => target.name === agent.shard);
  if (pair === undefined) throw new Error(`no stored shard for ${agent.shard}`);
  return pair.source;
}

/** Throws `does-not-fit` when the set was taken without globals. */
function requireGlobals({ cluster, set, globals }: SealBody): void {
  if (globals !== undefined) return;
  throw new TidemarkError({
    code: 'does-not-fit',
    operation: 'restore globals',
    subject: `${cluster}: ${set}`,
    cause: 'the set was taken without globals',
    remedy: 'Restore without --globals, or name a set that was taken with --globals (`tidemark show`).',
  });
}

function planned(plan: RestorePlan, failure: TidemarkError | undefined, dryRun: boolean): Outcome {
  const document = { dryRun, ...plan };
  const text = planText(plan);
  return failure === undefined ? { document, text } : { document, text, failure };
}

function report(plan: RestorePlan, done: Done, durationMs: number): Outcome {
  const shards = done.loaded.map(({ source, target, sums, durationMs: ms }) => ({
    source,
    target,
    sums,
    durationMs: ms,
  }));
  const total = totalSums(done.loaded.map(({ sums }) => sums));
  const document = {
    id: plan.set,
    restore: done.restore,
    dryRun: false,
    durationMs,
    sums: total,
    invariants: done.invariants,
    notAsked: done.notAsked,
    shards,
  };
  const row = (name: string, rows: number, bytes: number, ms: number): string[] => [
    name,
    formatCount(rows),
    formatBytes(bytes),
    formatDuration(ms),
    `${formatBytes((bytes / Math.max(1, ms)) * 1000)}/s`,
  ];
  const rows = shards.map((shard) =>
    row(shard.target, shard.sums.rows, shard.sums.rawBytes, shard.durationMs),
  );
  rows.push(row('total', total.rows, total.rawBytes, durationMs));
  const columns = [
    { title: 'shard' },
    { title: 'rows', align: 'right' },
    { title: 'bytes', align: 'right' },
    { title: 'time', align: 'right' },
    { title: 'rate', align: 'right' },
  ] as const;
  const invariants = done.invariants.map(
    ({ name, across, answer }) => `invariant ${displayText(name)} (${across}): ${displayText(answer)}`,
  );
  const notAsked = done.notAsked.map(
    ({ shard, name, reason }) =>
      `invariant ${displayText(name)} of ${displayText(shard)} was not asked: ${displayText(reason)}`,
  );
  const { failure } = done;
  const verdict =
    failure === undefined
      ? `restored ${plan.set}`
      : `${bad('not complete')}  ${displayLines(failure.message)}`;
  const text = [verdict, table(columns, rows), ...invariants, ...notAsked].join('\n');
  return failure === undefined ? { document, text } : { document, text, failure };
}
