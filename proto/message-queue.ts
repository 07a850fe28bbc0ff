/** Messages of one call, in order, from the events of grpc-js to an async iterator with one reader. */

interface Flow {
  pause(): unknown;
  resume(): unknown;
}

/** The source is told to pause when so many messages wait to be read. */
const highWater = 64;

/**
 * Bounded by pausing its source. Every message that arrived before the end or the failure is given out first.
 * One reader at a time; iterating twice shares what is left.
 */
export class MessageQueue<Message> implements AsyncIterable<Message> {
  readonly #flow: Flow;
  readonly #waiting: Message[] = [];
  #outcome: { readonly error: unknown } | 'ended' | undefined;
  #wake: (() => void) | undefined;

  constructor(flow: Flow) {
    this.#flow = flow;
  }

  push(message: Message): void {
    if (this.#outcome !== undefined) return;
    this.#waiting.push(message);
    if (this.#waiting.length >= highWater) this.#flow.pause();
    this.#wake?.();
  }

  /** No more messages will come. The first outcome stands. */
  end(): void {
    this.#outcome ??= 'ended';
    this.#wake?.();
  }

  /** The call broke: the reader gets `error` after the messages that had arrived. The first outcome stands. */
  fail(error: unknown): void {
    this.#outcome ??= { error };
    this.#wake?.();
  }

  async next(): Promise<IteratorResult<Message, undefined>> {
    for (;;) {
      const message = this.#waiting.shift();
      if (message !== undefined) {
        if (this.#waiting.length < highWater / 2) this.#flow.resume();
        return { done: false, value: message };
      }
      if (this.#outcome === 'ended') return { done: true, value: undefined };
      if (this.#outcome !== undefined) throw this.#outcome.error;
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
      this.#wake = undefined;
    }
  }

  [Symbol.asyncIterator](): AsyncIterator<Message, undefined> {
    return { next: () => this.next() };
  }
}
