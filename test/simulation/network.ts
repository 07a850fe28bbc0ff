/** Simulated calls: in order, late, and lost only as a broken connection, which each side notices in its own time. */
import type { AgentCall, ReplyStream } from '../../proto/channel.ts';
import { TidemarkError } from '../../proto/errors.ts';
import { MessageQueue } from '../../proto/message-queue.ts';
import type { Chance, Process, VirtualTime } from './virtual-time.ts';

/** What one side sends and the other reads: the wire's optional fields are all there when they are read. */
export interface Wire {
  readonly request: object;
  readonly requestRead: object;
  readonly reply: object;
  readonly replyRead: object;
}

export type ClientEnd<Of extends Wire> = AgentCall<Of['request'], Of['replyRead']>;
export type ServerEnd<Of extends Wire> = AsyncIterable<Of['requestRead']> &
  Pick<ReplyStream<Of['reply']>, 'send' | 'broken'>;

export interface Latency {
  readonly lowMs: number;
  readonly highMs: number;
  /** Now and then a message takes this long. */
  readonly spikeShare: number;
  readonly spikeMs: number;
}

/** Sees everything that is sent and everything that arrives, at its time. */
export interface Tap<Of extends Wire> {
  sent(shard: string, request: Of['request']): void;
  arrived(shard: string, reply: Of['reply']): void;
}

const flow = { pause: () => undefined, resume: () => undefined };

/** One two-way call between two processes. */
export class FakeCall<Of extends Wire> {
  readonly client: ClientEnd<Of>;
  readonly server: ServerEnd<Of>;
  readonly #time: VirtualTime;
  readonly #chance: Chance;
  readonly #latency: Latency;
  readonly #requests = new MessageQueue<Of['requestRead']>(flow);
  readonly #replies = new MessageQueue<Of['replyRead']>(flow);
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
      readonly tap: Tap<Of>;
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
        this.#toAgent(() => this.#requests.push(request as Of['requestRead']));
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
          this.#replies.push(reply as Of['replyRead']);
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
