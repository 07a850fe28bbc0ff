/**
 * The restore of one shard: load under staging names, check, then switch or discard.
 *
 * Before `loaded` was said nothing can have been decided for `switch`, and everything made here is dropped on any failure.
 * After it, only the restore's durable decision counts: whoever dies or falls silent, the shard ends on the side that
 * the record names.
 */
import { asTidemarkError, TidemarkError } from '../proto/errors.ts';
import type { ServerCall } from '../proto/channel.ts';
import type { Nonce__Output as WireNonce } from '../proto/gen/tidemark/v1/Nonce.ts';
import type { RestoreReply } from '../proto/gen/tidemark/v1/RestoreReply.ts';
import type { RestoreRequest__Output as RestoreRequest } from '../proto/gen/tidemark/v1/RestoreRequest.ts';
import { reached } from '../proto/step-points.ts';
import type { ManifestRef } from '../repository/manifest-entries.ts';
import type { ObjectStore } from '../repository/object-store.ts';
import { decide } from '../repository/restore-decision.ts';
import type { InvariantQuery } from '../topology/agent-file.ts';
import { askedInvariants, requireSameAnswers } from './asked-invariants.ts';
import type { Engine, RestoreSession } from './engine.ts';
import { loadChunks } from './load.ts';
import type { OperationContext } from './messages.ts';
import { answerNonce } from './nonce.ts';
import type { Persistence } from './persistence.ts';
import type { Progress } from './progress.ts';
import { openStoredShard, requireGlobals, type OpenStoredShard } from './stored-shard.ts';

export interface RestoreParts {
  readonly shard: string;
  readonly engine: Engine;
  readonly store: ObjectStore;
  readonly persistence: Persistence;
  /** As this agent's own file declares them: a restore asks no other. */
  readonly invariants: readonly InvariantQuery[];
  /** Told when nothing is left of a restore that was undone. */
  readonly undone: (restore: string) => void;
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

/** A coordinator that waits so long for a switch or a discard gets an error; the agent goes on by itself. */
const patienceMs = 60_000;

type RestoreCall = ServerCall<RestoreRequest, RestoreReply>;

/**
 * Runs one restore over its call. `answered` settles when the call is to end (it rejects with the error to send), `over` when nothing is
 * left to do here, which may be later: a switch or a discard that fails is tried again until it is done or the agent leaves.
 */
export function restoreShard(
  parts: RestoreParts,
  task: RestoreTask,
  progress: Progress,
  call: RestoreCall,
  stop: AbortSignal,
): { readonly answered: Promise<void>; readonly over: Promise<void> } {
  const answered = Promise.withResolvers<void>();
  const run = async (): Promise<void> => {
    const signal = AbortSignal.any([stop, call.broken]);
    const { restore, lanes, context, globals } = task;
    const name = { set: context.set, shard: task.sourceShard };
    // The decision is read from the repository, so a copy of the one that the coordinator writes to will not do.
    await answerNonce(parts.store, context.cluster, task.nonce);
    const stored = await openStoredShard(parts.store, task.manifest, name);
    if (globals) requireGlobals(stored);
    // Once everything is loaded, what breaks must no longer stop the engine: it has a decision to follow.
    const loading = new AbortController();
    const stopLoading = (): void => loading.abort(signal.reason);
    signal.addEventListener('abort', stopLoading, { once: true });
    if (signal.aborted) stopLoading();
    const order = { restore, cluster: context.cluster, lanes, stored, globals, signal: loading.signal };
    const session = await parts.engine.prepareRestore(order);
    const step: Step = { parts, task, session, progress, call, answered };
    try {
      const loaded = await loadOrDiscard(step, stored, loading.signal);
      signal.removeEventListener('abort', stopLoading);
      call.send({ loaded });
      await settle(step, signal);
    } finally {
      signal.removeEventListener('abort', stopLoading);
      await session.close();
    }
  };
  const over = run().then(answered.resolve, answered.reject);
  return { answered: answered.promise, over };
}

/** What all steps of one restore share. */
interface Step {
  readonly parts: RestoreParts;
  readonly task: RestoreTask;
  readonly session: RestoreSession;
  readonly progress: Progress;
  readonly call: RestoreCall;
  readonly answered: PromiseWithResolvers<void>;
}

type LoadedMessage = NonNullable<RestoreReply['loaded']>;

async function loadOrDiscard(
  step: Step,
  stored: OpenStoredShard,
  signal: AbortSignal,
): Promise<LoadedMessage> {
  try {
    return await load(step, stored, signal);
  } catch (error) {
    const { parts } = step;
    const failure = asTidemarkError(signal.aborted ? signal.reason : error, {
      code: 'internal',
      operation: 'load the shard',
      subject: parts.shard,
    });
    await patiently(step, failure, () => discard(step));
    throw failure;
  }
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
  return { sums, ...answers };
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

/** After `loaded`: does what the coordinator says, or what the record says when the coordinator falls silent. */
async function settle(step: Step, signal: AbortSignal): Promise<void> {
  const { parts, task, call, progress } = step;
  const order = await nextOrder(call, signal);
  const wish = order === 'switch' ? 'switch' : 'undo';
  const decision = await decisionOf(parts, task.context.cluster, task.restore);
  progress.phase = 'switch';
  await patiently(step, slow(parts.shard, decision), () =>
    decision === 'switch' ? rollForward(step) : discard(step),
  );
  if (order !== 'gone' && decision !== wish) throw otherDecision(parts.shard, task.restore, decision);
  call.send(decision === 'switch' ? { switched: {} } : { discarded: {} });
}

/** Lets the coordinator go with `error` when `work` takes long; the work goes on. */
async function patiently(step: Step, error: TidemarkError, work: () => Promise<void>): Promise<void> {
  const patience = setTimeout(() => step.answered.reject(error), patienceMs);
  try {
    await work();
  } finally {
    clearTimeout(patience);
  }
}

async function discard({ parts, session, task }: Step): Promise<void> {
  await parts.persistence.until('discard the staging', () => session.discard());
  parts.undone(task.restore);
}

async function rollForward({ parts: { persistence }, session }: Step): Promise<void> {
  await reached('agent.before-switch');
  await persistence.until('switch to the restored databases', () => session.switch());
  await reached('agent.switched');
  await persistence.until('finish the restore', () => session.finish());
}

/**
 * What stands in the record. Asking for `undo` is right also when told to switch: a recorded `switch` stands, and
 * without one nobody may switch, whatever a coordinator says.
 */
function decisionOf(parts: RestoreParts, cluster: string, restore: string): Promise<'switch' | 'undo'> {
  return parts.persistence.until('read the decision', () => decide(parts.store, cluster, restore, 'undo'));
}

async function nextOrder(call: RestoreCall, signal: AbortSignal): Promise<'switch' | 'discard' | 'gone'> {
  const gone = Promise.withResolvers<'gone'>();
  const leave = (): void => gone.resolve('gone');
  signal.addEventListener('abort', leave, { once: true });
  if (signal.aborted) leave();
  const told = async (): Promise<'switch' | 'discard' | 'gone'> => {
    for await (const request of call) {
      if (request.switch) return 'switch';
      if (request.discard) return 'discard';
    }
    return 'gone';
  };
  try {
    return await Promise.race([told().catch(() => 'gone' as const), gone.promise]);
  } finally {
    signal.removeEventListener('abort', leave);
  }
}

/**
 * At the agent's start: brings every restore that an agent left half-done to the side its record names, and resolves with
 * how many there were. Repeatable after it threw. No restore may run on this agent meanwhile.
 */
export async function settleStaged(
  parts: Pick<RestoreParts, 'engine' | 'store' | 'undone'>,
): Promise<number> {
  const staged = await parts.engine.staged();
  for (const left of staged) {
    // Staging that names no cluster was left before anything was loaded: nobody can have decided to switch to it.
    const decision =
      left.cluster === '' ? 'undo' : await decide(parts.store, left.cluster, left.restore, 'undo');
    const session = await left.reopen();
    try {
      if (decision === 'switch') {
        await session.switch();
        await session.finish();
      } else {
        await session.discard();
        parts.undone(left.restore);
      }
    } finally {
      await session.close();
    }
  }
  return staged.length;
}

function slow(shard: string, decision: 'switch' | 'undo'): TidemarkError {
  return new TidemarkError({
    code: 'database-failed',
    operation: decision === 'switch' ? 'switch to the restored databases' : 'discard the staging',
    subject: shard,
    cause: `it is not done after ${patienceMs} ms; the agent goes on trying`,
    remedy: "See the agent's log for what the server answers; the agent ends the restore by itself.",
  });
}

function otherDecision(shard: string, restore: string, decision: 'switch' | 'undo'): TidemarkError {
  return new TidemarkError({
    code: 'internal',
    operation: 'follow the order',
    subject: `${shard}: restore ${restore}`,
    cause: `the record of the decision says ${decision}, and it was followed`,
  });
}
