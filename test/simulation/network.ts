/** Simulated calls: in order, late, and lost only as a broken connection, which each side notices in its own time. */
import type { AgentCall, ReplyStream } from '../../proto/channel.ts';
import { TidemarkError } from '../../proto/errors.ts';
import type { BarrierReply, BarrierReply__Output } from '../../proto/gen/tidemark/v1/BarrierReply.ts';
import type { BarrierRequest, BarrierRequest__Output } from '../../proto/gen/tidemark/v1/BarrierRequest.ts';
import { MessageQueue } from '../../proto/message-queue.ts';
import type { Chance, Process, VirtualTime } from './virtual-time.ts';

export type ClientEnd = AgentCall<BarrierRequest, BarrierReply__Output>;
export type ServerEnd = AsyncIterable<BarrierRequest__Output> &
  Pick<ReplyStream<BarrierReply>, 'send' | 'broken'>;

export interface Latency {
  readonly lowMs: number;
  readonly highMs: number;
  /** Now and then a message takes this long. */
  readonly spikeShare: number;
  readonly spikeMs: number;
}

/** Sees everything that is sent and everything that arrives, at its time. */
export interface Tap {
  sent(shard: string, request: BarrierRequest): void;
  arrived(shard: string, reply: BarrierReply): void;
}

const flow = { pause: () => undefined, resume: () => undefined };

/** One Barrier call between two processes. */
export class FakeCall {
  readonly client: ClientEnd;
  readonly server: ServerEnd;
  readonly #time: VirtualTime;
  readonly #chance: Chance;
  readonly #latency: Latency;
  readonly #requests = new MessageQueue<BarrierRequest__Output>(flow);
  readonly #replies = new MessageQueue<BarrierReply__Output>(flow);
  readonly #serverBroken = new AbortController();
  readonly #agent: Process;
  readonly #coordinator: Process;
  #requestsUntilMs = 0;
  #repliesUntilMs = 0;
  #open = true;

  constructor(
    shard: string,
    ends: { readonly coordinator: Process; readonly agent: Process },
    world: {
      readonly time: VirtualTime;
      readonly chance: Chance;
      readonly latency: Latency;
      readonly tap: Tap;
    },
  ) {
    this.#time = world.time;
    this.#chance = world.chance;
    this.#latency = world.latency;
    this.#agent = ends.agent;
    this.#coordinator = ends.coordinator;
    this.client = {
      send: (request) => {
        world.tap.sent(shard, request);
        this.#toAgent(() => this.#requests.push(request as BarrierRequest__Output));
      },
      finish: () => this.#toAgent(() => this.#requests.end()),
      cancel: () => {
        this.#replies.fail(new Error('cancelled here'));
        this.#toAgent(() => this.#breakAtAgent());
        this.#open = false;
      },
      [Symbol.asyncIterator]: () => this.#replies[Symbol.asyncIterator](),
    };
    this.server = {
      broken: this.#serverBroken.signal,
      send: (reply) =>
        this.#toCoordinator(() => {
          world.tap.arrived(shard, reply);
          this.#replies.push(reply as BarrierReply__Output);
        }),
      [Symbol.asyncIterator]: () => this.#requests[Symbol.asyncIterator](),
    };
  }

  /** The agent's handler has returned. */
  endedByAgent(error: TidemarkError | undefined): void {
    this.#toCoordinator(() => {
      if (error === undefined) this.#replies.end();
      else this.#replies.fail(error);
      this.#open = false;
    });
  }

  /** The connection is gone, with what was under way; each side notices within `noticeMs`. */
  break(noticeMs: number): void {
    if (!this.#open) return;
    this.#open = false;
    this.#time.after(this.#chance.between(0, noticeMs), () =>
      this.#agent.deliver(() => this.#breakAtAgent()),
    );
    this.#time.after(this.#chance.between(0, noticeMs), () =>
      this.#coordinator.deliver(() => {
        const cause = 'the connection is lost';
        const fields = {
          code: 'agent-unreachable',
          operation: 'hold the barrier',
          subject: 'agent',
          cause,
        } as const;
        this.#replies.fail(new TidemarkError(fields));
      }),
    );
  }

  #breakAtAgent(): void {
    this.#serverBroken.abort();
    this.#requests.fail(new Error('the call is broken'));
  }

  #toAgent(arrive: () => void): void {
    if (!this.#open) return;
    this.#requestsUntilMs = this.#arrival(this.#requestsUntilMs);
    this.#travel(this.#requestsUntilMs, this.#agent, arrive);
  }

  #toCoordinator(arrive: () => void): void {
    if (!this.#open) return;
    this.#repliesUntilMs = this.#arrival(this.#repliesUntilMs);
    this.#travel(this.#repliesUntilMs, this.#coordinator, arrive);
  }

  #travel(arrivalMs: number, to: Process, arrive: () => void): void {
    const cancelled = !this.#open;
    this.#time.after(arrivalMs - this.#time.nowMs, () => {
      // What was under way when the connection went is lost; a cancel sent before still arrives.
      if (this.#open || cancelled) to.deliver(arrive);
      else if (this.#serverBroken.signal.aborted === false && to === this.#agent)
        to.deliver(() => this.#breakAtAgent());
    });
  }

  /** In order: never before what was sent earlier. */
  #arrival(lastMs: number): number {
    const { lowMs, highMs, spikeShare, spikeMs } = this.#latency;
    const spike = this.#chance.happens(spikeShare) ? this.#chance.between(0, spikeMs) : 0;
    return Math.max(lastMs, this.#time.nowMs + this.#chance.between(lowMs, highMs) + spike);
  }
}
