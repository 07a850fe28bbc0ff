/**
 * Notices a database that falls silent: the connection is there, something was asked, and nothing comes any more. Silence alone
 * is no proof, because an index build, a sort or a wait for a lock sends no byte for hours. So before a connection is given up,
 * the server is asked over a second one whether it answers at all, and whether it is at work for the first.
 */
import { TidemarkError } from '../proto/errors.ts';
import { defaultStallLimitMs } from '../topology/agent-file.ts';
import { formatDuration } from '../topology/units.ts';

/** What is waited for. */
export interface Awaited {
  /** For the message: `COPY of public.accounts`. */
  readonly doing: string;
  /** True when rows must flow: then a server that is at work and comes no further for half of the limit is silent as well. */
  readonly flowing: boolean;
}

/** What a second connection was told of the first. */
export interface Sighting {
  /**
   * `at-work`: the server answers, and is busy with what was asked. `held-up`: it waits for a lock of somebody else's. `idle`: it
   * answers, but does nothing for this connection, so that question or answer are lost. `silent`: it does not answer.
   */
  readonly state: 'at-work' | 'held-up' | 'idle' | 'silent';
  /** What was seen, as the end of a sentence. */
  readonly words: string;
  /** How far the server has come, where it says so: rows that are slow to make or to take move it without a byte to us. */
  readonly reached?: string;
}

export interface WatchedConnection {
  /** For the message: `127.0.0.1:5432: database shop`. */
  readonly subject: string;
  /** Grows with every byte that the server has sent or taken. */
  progress(): number;
  /** Undefined while nothing is asked, or we ourselves hold the bytes up. */
  awaited(): Awaited | undefined;
  /** Looks at the connection from another one. Gives up when `signal` is aborted; what it throws counts as silence. */
  probe(signal: AbortSignal): Promise<Sighting>;
  /** Called once at most: breaks the connection with this error. */
  stalled(error: TidemarkError): void;
}

const hearOperation = 'hear from the database server';

/** Looks per limit: what the time of notice may be late by. */
const looksPerLimit = 8;
const longestPauseMs = 5_000;

/** Watches one connection until `end`. Costs a timer that looks at two numbers. */
export class StallWatch {
  readonly #limitMs: number;
  readonly #pauseMs: number;
  readonly #connection: WatchedConnection;
  readonly #timer: NodeJS.Timeout;
  #progress = -1;
  #lookedMs = performance.now();
  /** When the last sign of life came. */
  #heardMs = performance.now();
  #probe: AbortController | undefined;
  #probedMs = 0;
  /** What the last looks of this silence saw. */
  #sightings: Sighting[] = [];

  constructor(limitMs: number | undefined, connection: WatchedConnection) {
    this.#limitMs = limitMs ?? defaultStallLimitMs;
    this.#connection = connection;
    this.#pauseMs = Math.min(this.#limitMs / looksPerLimit, longestPauseMs);
    this.#timer = setInterval(() => this.#look(), this.#pauseMs);
    this.#timer.unref();
  }

  /** Idempotent. */
  end(): void {
    clearInterval(this.#timer);
    this.#probe?.abort();
  }

  #look(): void {
    const nowMs = performance.now();
    // While this process itself did not run, it could hear nothing.
    const missedMs = nowMs - this.#lookedMs - this.#pauseMs;
    if (missedMs > this.#pauseMs) this.#heardMs += missedMs;
    this.#lookedMs = nowMs;
    const awaited = this.#connection.awaited();
    const progress = this.#connection.progress();
    if (awaited === undefined || progress !== this.#progress) {
      this.#progress = progress;
      this.#hear(nowMs);
      return;
    }
    const silentMs = nowMs - this.#heardMs;
    if (silentMs < this.#limitMs / 2 || this.#probe !== undefined) return;
    const [seen, before] = this.#sightings.toReversed();
    const certain = seen !== undefined && (seen.state !== 'at-work' || before !== undefined);
    if (silentMs >= this.#limitMs && certain) this.#giveUp(awaited, silentMs, seen);
    else if (nowMs - this.#probedMs >= this.#limitMs / 4) void this.#ask(awaited);
  }

  #hear(nowMs: number): void {
    this.#heardMs = nowMs;
    this.#sightings = [];
    this.#probe?.abort();
  }

  async #ask(awaited: Awaited): Promise<void> {
    const probe = new AbortController();
    this.#probe = probe;
    this.#probedMs = performance.now();
    const seen = await this.#answer(probe.signal);
    this.#probe = undefined;
    // Bytes came meanwhile, or the watch is over.
    if (probe.signal.aborted) return;
    if (seen.state === 'held-up' || (seen.state === 'at-work' && (!awaited.flowing || this.#moved(seen))))
      this.#hear(performance.now());
    else this.#sightings.push(seen);
  }

  /** Has the server come further since an earlier look of this silence? */
  #moved({ reached }: Sighting): boolean {
    return reached !== undefined && this.#sightings.some((before) => before.reached !== reached);
  }

  /** Never rejects, and takes no longer than half of the limit. */
  async #answer(over: AbortSignal): Promise<Sighting> {
    const limitMs = this.#limitMs / 2;
    const { promise: ended, resolve: end } = Promise.withResolvers<Sighting>();
    const stop = new AbortController();
    const give = (): void => {
      const words = `a second connection got no answer within ${formatDuration(Math.round(limitMs))}`;
      end({ state: 'silent', words });
      stop.abort();
    };
    const timer = setTimeout(give, limitMs);
    over.addEventListener('abort', give, { once: true });
    const answer = this.#connection.probe(stop.signal).catch((error: unknown): Sighting => {
      const words = `a second connection failed: ${error instanceof Error ? error.message : String(error)}`;
      return { state: 'silent', words };
    });
    try {
      return await Promise.race([answer, ended]);
    } finally {
      clearTimeout(timer);
    }
  }

  #giveUp({ doing }: Awaited, silentMs: number, { words }: Sighting): void {
    this.end();
    const silent = formatDuration(Math.round(silentMs / 100) * 100);
    this.#connection.stalled(
      new TidemarkError({
        code: 'database-unreachable',
        operation: hearOperation,
        subject: this.#connection.subject,
        cause: `it has been silent for ${silent} in the middle of: ${doing}; ${words}`,
        remedy:
          "See whether the server's processes run and the network passes, then run the command again. `database.stallLimit` in the agent's file says how long a silence may last.",
      }),
    );
  }
}

/** True for the error of a connection that was given up because its server fell silent. */
export function isStall(error: unknown): error is TidemarkError {
  return error instanceof TidemarkError && error.operation === hearOperation;
}

/** A statement as a message may show it: its beginning, up to what may be a secret. */
export function statementWords(sql: string): string {
  const beginning = sql.slice(0, 2_000).split(/'|\b0x|\bPASSWORD\b|\bIDENTIFIED\b/i, 1)[0] ?? '';
  const words = beginning.replace(/\s+/g, ' ').trim();
  return words.length > 120 ? `${words.slice(0, 119)}…` : words;
}
