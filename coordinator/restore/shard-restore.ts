/** One shard's restore over one call: load, close, switch and open, or discard, as told. */
import type { AgentCall } from '../../proto/channel.ts';
import { TidemarkError } from '../../proto/errors.ts';
import type { Finding__Output as WireFinding } from '../../proto/gen/tidemark/v1/Finding.ts';
import type { Load } from '../../proto/gen/tidemark/v1/Load.ts';
import type { Loaded__Output as WireLoaded } from '../../proto/gen/tidemark/v1/Loaded.ts';
import type { RestoreReply__Output as RestoreReply } from '../../proto/gen/tidemark/v1/RestoreReply.ts';
import type { RestoreRequest } from '../../proto/gen/tidemark/v1/RestoreRequest.ts';
import type { Agent } from '../agents.ts';
import type { Progress } from '../progress.ts';
import { shardProgress } from '../shard-progress.ts';

type Answer = 'loaded' | 'targetClosed' | 'switched' | 'finished' | 'discarded';

export class ShardRestore {
  /** Name of the target shard. */
  readonly shard: string;
  /** Name of the stored shard. */
  readonly source: string;
  readonly agent: Agent;
  readonly #call: AgentCall<RestoreRequest, RestoreReply>;
  readonly #replies: AsyncIterator<RestoreReply>;
  readonly #progress: Progress;
  #loaded = false;
  #warnings: readonly WireFinding[] = [];
  /** A reply that somebody stopped waiting for is not lost: the next to wait gets it. */
  #next: Promise<IteratorResult<RestoreReply>> | undefined;

  constructor(agent: Agent, source: string, progress: Progress) {
    this.shard = agent.shard;
    this.source = source;
    this.agent = agent;
    this.#call = agent.client.restore();
    this.#replies = this.#call[Symbol.asyncIterator]();
    this.#progress = progress;
  }

  /** Resolves when the shard stands complete and checked under its staging names. Stops waiting when `signal` fires. */
  async load(order: Load, signal: AbortSignal): Promise<WireLoaded> {
    this.#call.send({ load: order });
    const { loaded } = await this.#until('loaded', signal);
    this.#loaded = true;
    if (loaded) return loaded;
    throw this.#broken('the agent sent an empty answer');
  }

  /** After `load`: resolves when applications are turned away from what has the final names, and nothing is in it. */
  async closeTarget(signal: AbortSignal): Promise<void> {
    this.#call.send({ closeTarget: {} });
    await this.#until('targetClosed', signal);
  }

  /** After the decision: resolves when the shard has switched, and is still closed to applications. */
  async switch(signal: AbortSignal): Promise<void> {
    this.#call.send({ switch: {} });
    await this.#until('switched', signal);
  }

  /** After the record that all have switched: resolves when the shard is open and nothing is left to do. */
  async open(signal: AbortSignal): Promise<void> {
    this.#call.send({ open: {} });
    const { finished } = await this.#until('finished', signal);
    this.#warnings = finished?.warnings ?? [];
    await this.#end(signal);
  }

  /** True once `load` has resolved: only then does the agent listen for what to do next. */
  get loaded(): boolean {
    return this.#loaded;
  }

  /** After `open`: what of the set the server did not take as it was. The agent's log has it too. */
  get warnings(): readonly WireFinding[] {
    return this.#warnings;
  }

  /** After `load`: resolves when the agent has dropped everything it made. */
  async discard(signal: AbortSignal): Promise<void> {
    this.#call.send({ discard: {} });
    await this.#until('discarded', signal);
    await this.#end(signal);
  }

  /** Breaks the call: the agent stops loading, and follows the restore's decision by itself. Idempotent. */
  cancel(): void {
    this.#call.cancel();
  }

  /** Waits for the agent's own end of the call: then it is free for the next operation. That the call breaks changes nothing any more. */
  async #end(signal: AbortSignal): Promise<void> {
    this.#call.finish();
    await this.#until(undefined, signal).catch(() => undefined);
  }

  async #until(wanted: Answer | undefined, signal: AbortSignal): Promise<RestoreReply> {
    const aborted = Promise.withResolvers<never>();
    aborted.promise.catch(() => {});
    const abort = (): void => aborted.reject(signal.reason);
    signal.addEventListener('abort', abort, { once: true });
    try {
      signal.throwIfAborted();
      for (;;) {
        this.#next ??= this.#replies.next();
        const { done, value } = await Promise.race([this.#next, aborted.promise]);
        this.#next = undefined;
        if (done === true) throw this.#broken(`the call ended before the agent said ${wanted}`);
        if (value.progress) this.#progress.shard(this.shard, shardProgress(value.progress));
        if (value.reply === wanted) return value;
      }
    } finally {
      signal.removeEventListener('abort', abort);
    }
  }

  #broken(cause: string): TidemarkError {
    const subject = `${this.shard}: agent ${this.agent.address}`;
    return new TidemarkError({ code: 'agent-unreachable', operation: 'restore', subject, cause });
  }
}
