/**
 * What follows the decision of a restore: every shard is undone, or every shard is switched and then opened. A shard whose call
 * breaks is brought there by its agent; here we only ask how far it is, for a bounded time.
 */
import { pause, type Clock } from '../../proto/clock.ts';
import { TidemarkError, asTidemarkError } from '../../proto/errors.ts';
import { reached } from '../../proto/step-points.ts';
import { decide } from '../../repository/restore-decision.ts';
import { openWhenSwitched, readEnding, type Ending } from '../../repository/restore-ending.ts';
import type { Topology } from '../../topology/topology.ts';
import { combineFailures, contextFor, shardError } from '../agents.ts';
import type { Agent, ShardFailure } from '../agents.ts';
import type { Run } from '../run.ts';
import type { ShardRestore } from './shard-restore.ts';

/** One restore that is being settled. */
export interface Settling {
  readonly run: Pick<Run, 'store' | 'log' | 'progress'>;
  readonly target: Pick<Topology, 'cluster' | 'repository'>;
  readonly restore: string;
  readonly shards: readonly ShardRestore[];
  readonly clock: Clock;
}

interface Patience {
  /** How long an agent that answers may take. */
  readonly answeringMs: number;
  /** How long an agent may be silent, at a stretch, before we leave the shard to it. */
  readonly silentMs: number;
}

/** An agent that is gone undoes its part when it is started again: there is nothing to wait for. */
const undoPatience: Patience = { answeringMs: 120_000, silentMs: 5_000 };
/** The cluster is closed until every shard has switched, so a restarted agent is waited for. */
const completePatience: Patience = { answeringMs: 300_000, silentMs: 60_000 };

const firstPauseMs = 50;
const longestPauseMs = 2_000;

/** States of an agent, in order, in which its shard has switched. */
const switchedStates = ['switched', 'opening', 'opened', 'finished'];

/** What a shard is waited for to come to: `undone` is that nothing of the restore is there. */
type Goal = 'switched' | 'finished' | 'undone';

/**
 * Undoes a restore after `error` and returns the error to end with. The record `undo` is created first, so that an agent
 * whose call has broken undoes it too. If `switch` is recorded already, nothing is undone: the caller must complete it
 * (`undone: false`).
 */
export async function undoRestore(
  settling: Settling,
  error: TidemarkError,
): Promise<{ readonly undone: boolean; readonly error: TidemarkError }> {
  const { run, target, restore, shards } = settling;
  try {
    if ((await decide(run.store, target.cluster, restore, 'undo')) === 'switch')
      return { undone: false, error };
  } catch (undecided) {
    // Every agent tries the same record when its call breaks, and keeps its staging until it can.
    for (const shard of shards) shard.cancel();
    const why = asTidemarkError(undecided, {
      code: 'repository-failed',
      operation: 'decide',
      subject: restore,
    }).message;
    return {
      undone: true,
      error: withNote(
        error,
        `the decision could not be recorded (${why}); each agent follows the record, and undoes its part if there is none, as soon as it can reach the repository`,
      ),
    };
  }
  const left: string[] = [];
  await Promise.all(
    shards.map(async (shard) => {
      const remains = await discardShard(settling, shard);
      if (remains !== undefined) left.push(`${shard.shard} (${remains.reason})`);
    }),
  );
  if (left.length === 0) return { undone: true, error };
  return {
    undone: true,
    error: withNote(
      error,
      `not confirmed as undone: ${left.join(', ')}`,
      'Make sure that the agents named run and reach their servers and the repository: each undoes its part by itself. Then run the restore again.',
    ),
  };
}

/**
 * After the decision `switch`: every shard switches, then, when all have, every shard opens. An interruption no longer counts.
 * Resolves with what keeps the restore from being complete, and on which shards; undefined when it is complete.
 */
export async function completeRestore(settling: Settling): Promise<TidemarkError | undefined> {
  const { run, shards } = settling;
  const unswitched = await bringAll(settling, 'switched', (shard, signal) => shard.switch(signal));
  await reached('coordinator.restore-switched');
  if (unswitched.length > 0) return notSwitched(settling, unswitched);
  const ended = await recordOpen(settling);
  await reached('coordinator.restore-ended');
  if (ended instanceof TidemarkError) return letGo(settling, ended);
  if (ended === 'undo') return letGo(settling, givenUp(settling));
  run.progress.step('opening the restored databases');
  const unfinished = await bringAll(settling, 'finished', (shard, signal) => shard.open(signal));
  for (const shard of shards) shard.cancel();
  return unfinished.length === 0 ? undefined : notFinished(settling, unfinished);
}

/** Orders all shards at once, and asks after those whose call breaks. Resolves with those that are not known to have done it. */
async function bringAll(
  settling: Settling,
  goal: 'switched' | 'finished',
  order: (shard: ShardRestore, signal: AbortSignal) => Promise<void>,
): Promise<ShardFailure[]> {
  const { run, restore, shards, clock } = settling;
  const failures: ShardFailure[] = [];
  await Promise.all(
    shards.map(async (shard) => {
      try {
        await within(clock, completePatience.answeringMs, (signal) => order(shard, signal));
      } catch (thrown) {
        const broken = shardError(shard.shard, thrown, new AbortController().signal, goal);
        run.log.warn(
          { shard: shard.shard, operation: 'restore', restore, cause: broken.reason },
          'the call broke after the decision; waiting for the agent to go on by itself',
        );
        shard.cancel();
        const remains = await askUntil(settling, shard.agent, goal, completePatience);
        if (remains !== undefined) failures.push({ shard: shard.shard, error: remains });
      }
    }),
  );
  return failures;
}

/** Undefined when the agent has dropped everything; else why that is not certain. */
async function discardShard(settling: Settling, shard: ShardRestore): Promise<TidemarkError | undefined> {
  const { run, clock } = settling;
  if (shard.loaded) {
    try {
      await within(clock, undoPatience.answeringMs, (signal) => shard.discard(signal));
      return undefined;
    } catch (thrown) {
      run.log.debug(
        { shard: shard.shard, operation: 'restore', err: thrown },
        'the call broke while undoing',
      );
    }
  }
  // An agent that is still loading does not listen; it stops and undoes when its call breaks.
  shard.cancel();
  return askUntil(settling, shard.agent, 'undone', undoPatience);
}

/** Records that every shard has switched; tries as long as the repository may be away for a moment. */
async function recordOpen(settling: Settling): Promise<Ending | TidemarkError> {
  const { run, target, restore, clock } = settling;
  const startedMs = clock.now();
  for (let pauseMs = firstPauseMs; ; pauseMs = Math.min(pauseMs * 2, longestPauseMs)) {
    let last: TidemarkError;
    try {
      const { ending, waitingFor } = await openWhenSwitched(run.store, target.cluster, restore);
      if (ending !== undefined) return ending;
      last = new TidemarkError({
        code: 'repository-mismatch',
        operation: 'open the restored databases',
        subject: `restore ${restore}: ${waitingFor.join(', ')}`,
        cause: 'these agents say that they have switched, and their records are not in this repository',
        remedy: 'Let every agent use one and the same repository. All shards stay closed until then.',
      });
    } catch (thrown) {
      const fields = { code: 'internal', operation: 'record that every shard has switched' } as const;
      last = asTidemarkError(thrown, { ...fields, subject: `restore ${restore}` });
    }
    if (clock.now() + pauseMs - startedMs > completePatience.silentMs) return last;
    await pause(clock, pauseMs);
  }
}

/**
 * Asks an agent how far its part is until it has come to `goal`; resolves with undefined then, else with what kept it from saying so within
 * our patience, or with why it never will.
 */
export async function askUntil(
  { run, target, restore, clock }: Omit<Settling, 'shards'>,
  agent: Agent,
  goal: Goal,
  patience: Patience = undoPatience,
): Promise<TidemarkError | undefined> {
  const context = contextFor(target.cluster, target.repository.url, agent.shard);
  const startedMs = clock.now();
  let heardMs = startedMs;
  for (let pauseMs = firstPauseMs; ; pauseMs = Math.min(pauseMs * 2, longestPauseMs)) {
    let last: TidemarkError;
    try {
      const { state, trouble } = await agent.client.restoreState({ context, restore });
      if (isAt(goal, state)) return undefined;
      if (goal !== 'undone' && (state === 'none' || state === 'undoing'))
        return (await readEnding(run.store, target.cluster, restore)) === 'undo'
          ? givenUp({ restore })
          : otherRecord(agent);
      if (goal === 'undone' && state === 'finished') return opened(agent, restore);
      heardMs = clock.now();
      last = new TidemarkError({
        code: 'agent-busy',
        operation: 'restore',
        subject: `${agent.shard}: agent ${agent.address}`,
        cause: trouble === '' ? `it is still ${state}` : `it is still ${state}: ${trouble}`,
      });
    } catch (thrown) {
      last = shardError(agent.shard, thrown, new AbortController().signal, 'ask whether it is done');
    }
    run.log.debug({ shard: agent.shard, operation: 'restore', cause: last.reason }, 'not done yet');
    const nextMs = clock.now() + pauseMs;
    if (nextMs - startedMs > patience.answeringMs || nextMs - heardMs > patience.silentMs) return last;
    await pause(clock, pauseMs);
  }
}

function isAt(goal: Goal, state: string): boolean {
  switch (goal) {
    case 'undone':
      return state === 'none';
    case 'switched':
      return switchedStates.includes(state);
    case 'finished':
      return state === 'finished';
  }
}

/** Runs `work` with a signal that fires after `ms`. No timer is left behind. */
async function within<Result>(
  clock: Clock,
  ms: number,
  work: (signal: AbortSignal) => Promise<Result>,
): Promise<Result> {
  const late = new AbortController();
  const cancel = clock.setTimer(ms, () => late.abort(new Error(`no answer within ${ms} ms`)));
  try {
    return await work(late.signal);
  } finally {
    cancel();
  }
}

/** The agents that are still at it follow the records by themselves. */
function letGo({ shards }: Settling, error: TidemarkError): TidemarkError {
  for (const shard of shards) shard.cancel();
  return error;
}

function notSwitched(settling: Settling, failures: readonly ShardFailure[]): TidemarkError {
  const combined = combineFailures('switch', failures);
  const ours = failures.some(({ error }) => error.code === 'repository-mismatch');
  return letGo(
    settling,
    new TidemarkError({
      code: combined.code,
      operation: 'switch every shard',
      subject: `restore ${settling.restore}: ${failures.map(({ shard }) => shard).join(', ')}`,
      cause: `the restore is decided, but these shards are not confirmed as switched, and all shards stay closed to applications: ${combined.reason}`,
      remedy: ours
        ? `Let every agent use one and the same repository. Give this restore up with \`tidemark restore --abandon ${settling.restore}\`, then run it again.`
        : `Start the agents named, and correct what they name: the agents complete the restore by themselves. To give it up instead: \`tidemark restore --abandon ${settling.restore}\`.`,
    }),
  );
}

function notFinished(settling: Settling, failures: readonly ShardFailure[]): TidemarkError {
  const combined = combineFailures('open', failures);
  return new TidemarkError({
    code: combined.code,
    operation: 'open every shard',
    subject: `restore ${settling.restore}: ${failures.map(({ shard }) => shard).join(', ')}`,
    cause: `every shard has switched, but these are not confirmed as open and finished: ${combined.reason}`,
    remedy: 'Start the agents named, and correct what they name: each completes the restore by itself.',
  });
}

function givenUp({ restore }: Pick<Settling, 'restore'>): TidemarkError {
  return new TidemarkError({
    code: 'interrupted',
    operation: 'complete the restore',
    subject: `restore ${restore}`,
    cause: 'it was given up with `tidemark restore --abandon`; every agent undoes its part',
  });
}

/** The agent has nothing of the restore where we have recorded `switch`: it does not read what we write. */
function otherRecord(agent: Agent): TidemarkError {
  return new TidemarkError({
    code: 'repository-mismatch',
    operation: 'switch',
    subject: `${agent.shard}: agent ${agent.address}`,
    cause:
      'it has undone its part, although the record of the decision says switch: it reads another repository',
  });
}

function opened(agent: Agent, restore: string): TidemarkError {
  return new TidemarkError({
    code: 'repository-mismatch',
    operation: 'undo',
    subject: `${agent.shard}: agent ${agent.address}`,
    cause: `it has completed restore ${restore}, although the record says undo`,
  });
}

function withNote(error: TidemarkError, note: string, otherRemedy?: string): TidemarkError {
  const { code, operation, subject, cause, remedy } = error.toJSON();
  return new TidemarkError(
    { code, operation, subject, cause: `${cause}; ${note}`, remedy: otherRemedy ?? remedy },
    { cause: error },
  );
}
