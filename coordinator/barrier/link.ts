/** One shard's Barrier call as the driver hears it: every reply, then how it ended, in order, whoever listens by then. */
import type { AgentCall } from '../../proto/channel.ts';
import type { BarrierReply__Output } from '../../proto/gen/tidemark/v1/BarrierReply.ts';
import { TidemarkError } from '../../proto/errors.ts';
import type { BarrierRequest } from '../../proto/gen/tidemark/v1/BarrierRequest.ts';

/** What is needed of the call; the client's `barrier()` is one. */
export type BarrierStream = AgentCall<BarrierRequest, BarrierReply__Output>;

export type LinkEvent =
  | { readonly kind: 'replied'; readonly reply: BarrierReply__Output }
  /** The agent has ended the call in good order. */
  | { readonly kind: 'ended' }
  /** The agent refused, or the call or its connection broke. */
  | { readonly kind: 'broken'; readonly error: unknown };

/** Holds back what arrives while nobody listens: between `prepared` and the barrier, an end at most. */
export class BarrierLink {
  readonly shard: string;
  readonly #stream: BarrierStream;
  readonly #waiting: LinkEvent[] = [];
  #listener: ((event: LinkEvent) => void) | undefined;
  #cancelled = false;

  constructor(shard: string, stream: BarrierStream) {
    this.shard = shard;
    this.#stream = stream;
    void this.#pump();
  }

  /** Never throws; a broken call shows as an event. */
  send(request: BarrierRequest): void {
    this.#stream.send(request);
  }

  /** The last request has been sent. The agent answers by ending the call. */
  finish(): void {
    this.#stream.finish();
  }

  /** Breaks the call, so that the shard thaws. Nothing is heard of it any more. Idempotent. */
  cancel(): void {
    this.#cancelled = true;
    this.#stream.cancel();
  }

  /** Takes the place of the listener before. What waits is told at once, in order. */
  listen(listener: ((event: LinkEvent) => void) | undefined): void {
    this.#listener = listener;
    while (this.#listener !== undefined) {
      const event = this.#waiting.shift();
      if (event === undefined) return;
      this.#listener(event);
    }
  }

  async #pump(): Promise<void> {
    try {
      for await (const reply of this.#stream) this.#tell({ kind: 'replied', reply });
      this.#tell({ kind: 'ended' });
    } catch (error) {
      this.#tell({ kind: 'broken', error });
    }
  }

  #tell(event: LinkEvent): void {
    if (this.#cancelled) return;
    if (this.#listener === undefined) this.#waiting.push(event);
    else this.#listener(event);
  }
}

/** What an event means to somebody who waits for something else. */
export function endOf(event: LinkEvent): unknown {
  if (event.kind === 'broken') return event.error;
  return new TidemarkError({
    code: 'agent-unreachable',
    operation: 'hold the barrier',
    subject: 'agent',
    cause:
      event.kind === 'ended' ? 'it ended the call before the barrier was over' : 'it answered out of turn',
  });
}
