/** The restore of one shard from its part of a set: what is loaded and checked. Its course is in restore-course.ts. */
import { pause } from '../proto/clock.ts';
import { asTidemarkError } from '../proto/errors.ts';
import type { Nonce__Output as WireNonce } from '../proto/gen/tidemark/v1/Nonce.ts';
import { reached } from '../proto/step-points.ts';
import type { ManifestRef } from '../repository/manifest-entries.ts';
import type { InvariantQuery } from '../topology/agent-file.ts';
import { askedInvariants, requireSameAnswers } from './asked-invariants.ts';
import type { Engine, RestoreSession, SettlingSession, StagedRestore } from './engine.ts';
import { loadChunks } from './load.ts';
import type { OperationContext } from './messages.ts';
import { answerNonce } from './nonce.ts';
import type { Progress } from './progress.ts';
import { ServerClaim } from './restore-claim.ts';
import {
  runCourse,
  settleCourse,
  type CourseParts,
  type LoadedMessage,
  type RestoreCall,
} from './restore-course.ts';
import { openStoredShard, requireGlobals, type OpenStoredShard } from './stored-shard.ts';

export interface RestoreParts extends CourseParts {
  readonly engine: Engine;
  /** As this agent's own file declares them: a restore asks no other. */
  readonly invariants: readonly InvariantQuery[];
}

export interface RestoreTask {
  readonly context: OperationContext;
  /** Id of this restore. */
  readonly restore: string;
  readonly sourceShard: string;
  readonly manifest: ManifestRef;
  readonly lanes: number;
  readonly globals: boolean;
  readonly nonce: WireNonce | null;
}

/**
 * Runs one restore over its call. `answered` settles when the call is to end (it rejects with the error to send), `over` when
 * nothing is left to do here. Rejects, with nothing begun, when the set or the server cannot be opened.
 */
export async function restoreShard(
  parts: RestoreParts,
  task: RestoreTask,
  progress: Progress,
  call: RestoreCall,
  stop: AbortSignal,
): Promise<{ readonly answered: Promise<void>; readonly over: Promise<void> }> {
  const { restore, lanes, context, globals } = task;
  const { cluster } = context;
  // The records are read from the repository, so a copy of the one that the coordinator writes to will not do.
  await answerNonce(parts.store, cluster, task.nonce);
  const stored = await openStoredShard(parts.store, task.manifest, {
    set: context.set,
    shard: task.sourceShard,
  });
  if (globals) requireGlobals(stored);
  // Once the load is over, what breaks must no longer stop the engine: it has records to follow.
  const loading = new AbortController();
  const order = { restore, cluster, lanes, stored, globals, signal: loading.signal };
  const claim = new ServerClaim(parts.engine, parts.shard);
  await claim.ensure(stop);
  const session = await parts.engine.prepareRestore(order).catch(async (error: unknown) => {
    await claim.release();
    throw error;
  });
  const step: Step = { parts, task, session, progress };
  const claimed = claimedSession(claim, session);
  const work = {
    load: (gone: AbortSignal) => whileLoading(loading, gone, () => load(step, stored, loading.signal)),
    closeTarget: () => inPhase(progress, 'close', () => session.closeTarget()),
    switch: () => inPhase(progress, 'switch', claimed.switch),
    open: () => inPhase(progress, 'open', claimed.open),
    finish: claimed.finish,
    discard: claimed.discard,
    close: claimed.close,
  };
  const { answered, over } = runCourse(parts, { cluster, restore }, work, call, stop);
  const closed = over.finally(() => session.close()).finally(() => claim.release());
  // Who hears that the restore has ended may begin the next.
  return { answered: answered.then(() => closed), over: closed };
}

/** The steps of a restore, each with the claim made sure of before it: what another agent has settled is not touched. */
function claimedSession(claim: ServerClaim, session: SettlingSession): SettlingSession {
  // A step that must be done in the end is not given up because its call has ended.
  const never = new AbortController().signal;
  const withClaim =
    <Result>(work: () => Promise<Result>) =>
    async (): Promise<Result> => {
      await claim.ensure(never);
      return work();
    };
  return {
    switch: withClaim(() => session.switch()),
    open: withClaim(() => session.open()),
    finish: withClaim(() => session.finish()),
    discard: withClaim(() => session.discard()),
    close: () => session.close(),
  };
}

function inPhase(progress: Progress, phase: Progress['phase'], work: () => Promise<void>): Promise<void> {
  progress.phase = phase;
  return work();
}

async function whileLoading<Result>(
  loading: AbortController,
  gone: AbortSignal,
  work: () => Promise<Result>,
): Promise<Result> {
  const stopLoading = (): void => loading.abort(gone.reason);
  gone.addEventListener('abort', stopLoading, { once: true });
  if (gone.aborted) stopLoading();
  try {
    return await work();
  } finally {
    gone.removeEventListener('abort', stopLoading);
  }
}

/** What all steps of the load share. */
interface Step {
  readonly parts: RestoreParts;
  readonly task: RestoreTask;
  readonly session: RestoreSession;
  readonly progress: Progress;
}

async function load(
  { parts, task, session, progress }: Step,
  stored: OpenStoredShard,
  signal: AbortSignal,
): Promise<LoadedMessage> {
  progress.totalBytes = stored.sums.rawBytes;
  progress.totalChunks = stored.sums.chunks;
  await session.stage();
  signal.throwIfAborted();
  await reached('agent.staged');
  progress.phase = 'load';
  await reached('agent.loading');
  const sums = await loadChunks({
    shard: parts.shard,
    store: parts.store,
    stored,
    session,
    progress,
    signal,
  });
  progress.phase = 'index';
  await session.finishLoad();
  signal.throwIfAborted();
  progress.phase = 'check';
  const answers = await compareInvariants(parts, stored, session, task.sourceShard);
  signal.throwIfAborted();
  return { sums, ...answers, warnings: [...(session.warnings ?? [])] };
}

/**
 * Asks in the staging what this agent's own file declares under the names that the set recorded. Throws `invariant-differs`
 * naming each that has another answer.
 */
async function compareInvariants(
  { shard, invariants }: Pick<RestoreParts, 'shard' | 'invariants'>,
  stored: OpenStoredShard,
  session: RestoreSession,
  source: string,
): Promise<Pick<LoadedMessage, 'invariants' | 'notAsked'>> {
  const { queries, recorded, notAsked } = askedInvariants(stored, invariants);
  const answers = await session.invariants(queries);
  requireSameAnswers(`${shard}: from ${source}`, recorded, answers);
  return {
    invariants: answers.map(({ name, answer }) => (answer === null ? { name } : { name, answer })),
    notAsked: [...notAsked],
  };
}

/**
 * At the agent's start: brings every restore that an agent left behind to the end that its records name, all side by side, since
 * one may have to wait for shards that another does not. Waits as long as another agent has the claim on this server's restores.
 * Resolves with how many there were; rejects when the agent leaves.
 */
/** What settling needs: no invariant is asked again. */
type SettlingParts = Omit<RestoreParts, 'invariants'>;

export async function settleStaged(parts: SettlingParts, stop: AbortSignal): Promise<number> {
  const { persistence, engine, shard, states } = parts;
  const look = async (): Promise<StagedRestore[]> => {
    const staged = await persistence.until(
      'look for restores that were left behind',
      () => engine.staged(),
      (error) => (states.waiting = error.message),
    );
    states.waiting = '';
    return staged;
  };
  if ((await look()).length === 0) return 0;
  const claim = new ServerClaim(engine, shard);
  await waitForClaim(parts, claim, stop);
  try {
    // What was there before belonged to somebody, perhaps.
    const staged = await look();
    await Promise.all(staged.map((left) => settleOne(parts, claim, left, stop)));
    return staged.length;
  } finally {
    await claim.release();
  }
}

const firstClaimPauseMs = 500;
const longestClaimPauseMs = 15_000;

async function waitForClaim(
  { persistence, states, shard }: SettlingParts,
  claim: ServerClaim,
  stop: AbortSignal,
): Promise<void> {
  for (let pauseMs = firstClaimPauseMs; ; pauseMs = Math.min(pauseMs * 2, longestClaimPauseMs)) {
    try {
      await claim.ensure(stop);
      states.waiting = '';
      return;
    } catch (error) {
      stop.throwIfAborted();
      const fields = {
        code: 'internal',
        operation: 'claim the restores of the server',
        subject: shard,
      } as const;
      states.waiting = asTidemarkError(error, fields).message;
    }
    await pause(persistence.clock, pauseMs, stop);
    stop.throwIfAborted();
  }
}

async function settleOne(
  parts: SettlingParts,
  claim: ServerClaim,
  { restore, cluster, reopen }: StagedRestore,
  stop: AbortSignal,
): Promise<void> {
  const { persistence } = parts;
  const opened = await persistence.until('open a restore that was left behind', reopen);
  const session = claimedSession(claim, opened);
  try {
    // Staging that names no cluster was left before anything was loaded: nobody can have decided to switch to it.
    if (cluster === '') await persistence.until('discard the staging', () => session.discard());
    else await settleCourse(parts, { cluster, restore }, session, stop);
  } finally {
    await session.close();
  }
}
