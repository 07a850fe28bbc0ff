/** One Rehearse call: which rehearsal is ordered, and what it tells while it runs. */
import type { ReplyStream } from '../../proto/channel.ts';
import type { RehearseReply } from '../../proto/gen/tidemark/v1/RehearseReply.ts';
import type { RehearseRequest__Output as RehearseRequest } from '../../proto/gen/tidemark/v1/RehearseRequest.ts';
import { findingMessage, manifestFromWire, serverMessage, type OperationContext } from '../messages.ts';
import { checkRehearsal } from '../orders.ts';
import { Progress } from '../progress.ts';
import { ServerClaim } from '../restore-claim.ts';
import type { RestoreParts } from '../restore.ts';
import { requireGlobals, openStoredShard } from '../stored-shard.ts';
import { Refusals } from './refusals.ts';
import { rehearsalCluster } from '../../repository/layout.ts';
import { rehearseInStaging, rehearseOnScratch, takeSample } from './rehearsal.ts';

type Done = NonNullable<RehearseReply['done']>;

/** Tries it, telling each refusal at once and `done` at the end. Throws where it cannot be tried. */
export async function rehearse(
  parts: Pick<RestoreParts, 'engine' | 'store' | 'shard' | 'persistence'>,
  context: OperationContext,
  request: RehearseRequest,
  replies: ReplyStream<RehearseReply>,
  stop: AbortSignal,
): Promise<void> {
  checkRehearsal(request);
  const progress = new Progress('schema');
  const endReports = progress.report(replies);
  const signal = AbortSignal.any([stop, replies.broken]);
  const refusals = new Refusals(parts.shard, (finding) => replies.send({ finding: findingMessage(finding) }));
  try {
    replies.send({ done: await run(parts, context, request, { progress, signal, refusals }) });
  } finally {
    endReports();
  }
}

interface Course {
  readonly progress: Progress;
  readonly signal: AbortSignal;
  readonly refusals: Refusals;
}

async function run(
  parts: Pick<RestoreParts, 'engine' | 'store' | 'shard' | 'persistence'>,
  context: OperationContext,
  request: RehearseRequest,
  { progress, signal, refusals }: Course,
): Promise<Done> {
  const { engine, store, shard } = parts;
  const { cluster } = context;
  const { lanes, rows } = request;
  if (request.manifest !== null) return runInStaging(parts, context, request, { progress, signal, refusals });
  const sample = { engine, shard, lanes, rows, progress, signal };
  if (request.store) {
    const taken = await takeSample({ ...sample, cluster: rehearsalCluster(cluster, request.restore) }, store);
    return { sums: taken.sums, manifest: taken.manifest, set: taken.set };
  }
  const { server, sums } = await rehearseOnScratch({ ...sample, cluster }, refusals);
  return { server: serverMessage(server), sums };
}

async function runInStaging(
  { engine, store, shard, persistence }: Pick<RestoreParts, 'engine' | 'store' | 'shard' | 'persistence'>,
  { set }: OperationContext,
  request: RehearseRequest,
  { progress, signal, refusals }: Course,
): Promise<Done> {
  const { restore, lanes, globals, sourceShard, rows } = request;
  const manifest = manifestFromWire(request.manifest, 'rehearse');
  if (globals) requireGlobals(await openStoredShard(store, manifest, { set, shard: sourceShard }));
  const claim = new ServerClaim(engine, shard);
  await claim.ensure(signal);
  try {
    const { server, sums } = await rehearseInStaging(
      {
        engine,
        shard,
        restore,
        lanes,
        globals,
        progress,
        signal,
        // What another agent has settled meanwhile is not touched.
        persist: (work) =>
          persistence.until('discard the staging of a rehearsal', async () => {
            await claim.ensure(new AbortController().signal);
            await work();
          }),
      },
      { store, manifest, set, shard: sourceShard },
      rows > 0,
      refusals,
    );
    return { server: serverMessage(server), sums };
  } finally {
    await claim.release();
  }
}
