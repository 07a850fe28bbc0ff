/**
 * Where the agent's log lines go: stderr, whatever becomes of it. A full disk, a reader that went away or one that no longer
 * reads loses lines, and never an operation or the agent; the next line that gets through says how many were lost.
 */
import type { Writable } from 'node:stream';

/** What a reader that stalls may leave in memory; further lines are lost. */
const waitingBytes = 1024 * 1024;
const drainMs = 1_000;

export class LogStream {
  readonly #target: Writable;
  readonly #lostLine: (lines: number, cause: string) => string;
  #lost = 0;
  #cause = '';

  /** `lostLine` makes the line that says how many were lost. The target's errors are listened to from now on. */
  constructor(target: Writable, lostLine: (lines: number, cause: string) => string) {
    this.#target = target;
    this.#lostLine = lostLine;
    // Each write hears of its own failure; without a listener the same failure would end the process.
    target.on('error', () => undefined);
  }

  /** One whole line. Never throws, never waits. */
  write(line: string): void {
    if (this.#target.writableLength > waitingBytes) {
      this.#lose(1, 'nobody reads it');
      return;
    }
    const owed = this.#lost;
    const text = owed === 0 ? line : `${this.#lostLine(owed, this.#cause)}${line}`;
    this.#lost = 0;
    this.#target.write(text, (error) => {
      if (error) this.#lose(owed + 1, error.message);
    });
  }

  /** Resolves when all that was written has left the process, at the latest after a second. */
  async drain(): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, drainMs);
    });
    const written = new Promise<void>((resolve) => this.#target.write('', () => resolve()));
    await Promise.race([written, late]);
    clearTimeout(timer);
  }

  #lose(lines: number, cause: string): void {
    this.#lost += lines;
    this.#cause = cause;
  }
}
