/** Watches one coordinator's messages, as they leave and arrive, for the rules of the protocol. */
import type { BarrierReply, BarrierReply__Output } from '../../proto/gen/tidemark/v1/BarrierReply.ts';
import type { BarrierRequest, BarrierRequest__Output } from '../../proto/gen/tidemark/v1/BarrierRequest.ts';
import type { Tap } from './network.ts';

/** The messages of a Barrier call. */
export interface BarrierWire {
  readonly request: BarrierRequest;
  readonly requestRead: BarrierRequest__Output;
  readonly reply: BarrierReply;
  readonly replyRead: BarrierReply__Output;
}

/** The shards that said something, by attempt. */
class Said {
  readonly #shards = new Map<number, Set<string>>();

  add(attempt: number | undefined, shard: string): void {
    const shards = this.#shards.get(attempt ?? 0) ?? new Set();
    this.#shards.set(attempt ?? 0, shards.add(shard));
  }

  count(attempt: number): number {
    return this.#shards.get(attempt)?.size ?? 0;
  }
}

export class MessageWatch implements Tap<BarrierWire> {
  readonly violations: string[] = [];
  readonly #shards: number;
  readonly #decisive: () => void;
  readonly #frozen = new Said();
  readonly #released = new Said();

  /** `decisive` is called for each CUT that leaves and each FROZEN and cut_taken that arrives. */
  constructor(shards: number, decisive: () => void) {
    this.#shards = shards;
    this.#decisive = decisive;
  }

  sent(shard: string, { cut, freeze }: BarrierRequest): void {
    if (cut) this.#decisive();
    if (cut && cut.withoutLocks !== true) {
      const heard = this.#frozen.count(cut.attempt ?? 0);
      if (heard < this.#shards) {
        this.violations.push(
          `CUT of attempt ${cut.attempt} sent to ${shard} when ${heard} of ${this.#shards} were FROZEN`,
        );
      }
    }
    if (freeze?.attempt !== undefined && freeze.attempt > 1) {
      const heard = this.#released.count(freeze.attempt - 1);
      if (heard < this.#shards) {
        this.violations.push(
          `FREEZE of attempt ${freeze.attempt} sent when ${heard} of ${this.#shards} had let go of the last`,
        );
      }
    }
  }

  arrived(shard: string, { frozen, blocked, thawed, cutTaken }: BarrierReply): void {
    if (frozen || cutTaken) this.#decisive();
    if (frozen) this.#frozen.add(frozen.attempt, shard);
    for (const release of [blocked, thawed, cutTaken])
      if (release) this.#released.add(release.attempt, shard);
  }
}
