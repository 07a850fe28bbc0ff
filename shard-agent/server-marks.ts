/**
 * Marks that this agent holds on its server for a coordinator. Two agents whose servers have the same identity stand before
 * one server, or before copies of one: only a mark that one of them sets and the other looks for tells which.
 */
import { TidemarkError } from '../proto/errors.ts';
import type { ServerCall } from '../proto/channel.ts';
import type { MarkReply } from '../proto/gen/tidemark/v1/MarkReply.ts';
import type { MarkRequest__Output as MarkRequest } from '../proto/gen/tidemark/v1/MarkRequest.ts';
import { markLimitMs, type Engine } from './engine.ts';
import { wrongOrder } from './orders.ts';

/** Each has a connection to the database; a coordinator holds one for each shard. */
const atOnce = 8;
/** A hundred shards of one origin are asked about at once, and more are a mistake. */
const marksLimit = 1000;

export class ServerMarks {
  readonly #engine: Engine;
  readonly #limitMs: number;
  #held = 0;

  constructor(engine: Engine, limitMs: number = markLimitMs) {
    this.#engine = engine;
    this.#limitMs = limitMs;
  }

  /**
   * Holds the mark until the coordinator ends its side of the call, and answers when it is set and when it has been taken
   * off. Throws what the engine throws, `agent-unreachable` when the call breaks or lasts too long: the mark is off then too.
   */
  async hold(mark: string, call: ServerCall<MarkRequest, MarkReply>): Promise<void> {
    checkMark(mark);
    if (this.#held >= atOnce) throw tooMany();
    this.#held += 1;
    try {
      const held = await this.#engine.setMark(mark);
      try {
        call.send({ held: {} });
        await this.#toldToEnd(call);
      } finally {
        await held.release();
      }
      call.send({ released: {} });
    } finally {
      this.#held -= 1;
    }
  }

  see(marks: readonly string[]): Promise<string[]> {
    if (marks.length > marksLimit) throw wrongOrder(`it asks for ${marks.length} marks`);
    marks.forEach(checkMark);
    return this.#engine.seeMarks(marks);
  }

  async #toldToEnd(call: ServerCall<MarkRequest, MarkReply>): Promise<void> {
    const late = Promise.withResolvers<never>();
    const timer = setTimeout(() => late.reject(tooLong(this.#limitMs)), this.#limitMs);
    try {
      await Promise.race([call[Symbol.asyncIterator]().next(), late.promise]);
    } finally {
      clearTimeout(timer);
    }
  }
}

/** It becomes part of a statement. */
function checkMark(mark: string): void {
  if (!/^[0-9a-f]{16}$/.test(mark)) throw wrongOrder(`${JSON.stringify(mark)} is not a mark`);
}

function tooMany(): TidemarkError {
  return new TidemarkError({
    code: 'agent-busy',
    operation: 'mark the server',
    subject: 'agent',
    cause: `it holds ${atOnce} marks for other commands`,
  });
}

function tooLong(limitMs: number): TidemarkError {
  return new TidemarkError({
    code: 'agent-unreachable',
    operation: 'hold a mark',
    subject: 'coordinator',
    cause: `it did not end the call within ${limitMs / 1000} s`,
  });
}
