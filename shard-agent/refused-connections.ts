/** What the log says of connections that were refused: who and why, however often somebody tries. */
import type { RefusedConnection } from '../proto/listener.ts';

/** The same host with the same cause is told once in so long. */
const silenceMs = 60_000;
/** Lines in that time for all hosts together, and hosts that are remembered. */
const longestBurst = 20;

/** Tells at most `longestBurst` lines a minute; each says how many it left out before it. */
export class RefusedConnections {
  readonly #tell: (connection: RefusedConnection, leftOut: number) => void;
  readonly #nowMs: () => number;
  /** By host and cause: when it was last told. Bounded by the burst. */
  readonly #toldAtMs = new Map<string, number>();
  #leftOut = 0;

  constructor(
    tell: (connection: RefusedConnection, leftOut: number) => void,
    nowMs: () => number = () => performance.now(),
  ) {
    this.#tell = tell;
    this.#nowMs = nowMs;
  }

  add(connection: RefusedConnection): void {
    const now = this.#nowMs();
    for (const [each, toldAtMs] of this.#toldAtMs)
      if (now - toldAtMs >= silenceMs) this.#toldAtMs.delete(each);
    // Each connection comes from another port.
    const key = `${connection.peer.replace(/:\d+$/, '')} ${connection.cause}`;
    if (this.#toldAtMs.has(key) || this.#toldAtMs.size >= longestBurst) {
      this.#leftOut += 1;
      return;
    }
    this.#toldAtMs.set(key, now);
    this.#tell(connection, this.#leftOut);
    this.#leftOut = 0;
  }
}
