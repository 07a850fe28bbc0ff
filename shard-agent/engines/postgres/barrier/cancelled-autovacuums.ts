/**
 * When a running autovacuum may be cancelled for the barrier, and which ones were. The server does it by itself, for a session that
 * waits longer than its deadlock_timeout, and tells nobody but its log: so who was there before an attempt is compared with who
 * is there when its locks have been answered.
 */
import type { Blocker } from '../../../engine.ts';
import { autovacuumOf } from './blockers.ts';

/** More are counted by nobody: a set with so many has been told enough. */
const keptTables = 100;

interface Questions {
  /** Everybody in the way, autovacuums among them. Between attempts. */
  readonly inTheWay: () => Promise<readonly Blocker[]>;
  /** What those processes do, as far as they still run. At any time. */
  readonly running: (pids: readonly number[]) => Promise<readonly Blocker[]>;
}

export class CancelledAutovacuums {
  readonly #afterMs: number | undefined;
  readonly #ask: Questions;
  #beganMs: number | undefined;
  #watched: readonly Blocker[] = [];
  /** Resolves when the last attempt has been looked at. Never rejects. */
  #noted: Promise<void> = Promise.resolve();
  readonly #tables = new Set<string>();

  /** `afterMs` undefined: never. */
  constructor(afterMs: number | undefined, ask: Questions) {
    this.#afterMs = afterMs;
    this.#ask = ask;
  }

  /** Has an autovacuum been waited for long enough, since this was first asked? */
  get due(): boolean {
    this.#beganMs ??= performance.now();
    return this.#afterMs !== undefined && performance.now() - this.#beganMs >= this.#afterMs;
  }

  /** Before an attempt that may cancel one. */
  async watch(): Promise<void> {
    await this.#noted;
    this.#watched = (await this.#ask.inTheWay()).filter((blocker) => autovacuumOf(blocker) !== undefined);
  }

  /** When the locks of an attempt were answered. Does not wait: writers may. */
  note(): void {
    const watched = this.#watched;
    this.#watched = [];
    if (watched.length > 0) this.#noted = this.#compare(watched);
  }

  async #compare(watched: readonly Blocker[]): Promise<void> {
    // When nobody can be asked, all are taken for cancelled: rather one too many than an autovacuum starved unseen.
    const pids = watched.map(({ processId }) => Number(processId));
    const now = await this.#ask.running(pids).catch((): readonly Blocker[] => []);
    const left = new Set(now.map(({ transaction }) => transaction));
    for (const blocker of watched) {
      const table = autovacuumOf(blocker);
      if (table === undefined || left.has(blocker.transaction) || this.#tables.size >= keptTables) continue;
      this.#tables.add(table);
    }
  }

  /** Tables whose autovacuum was cancelled so far, by name. */
  async cancelled(): Promise<string[]> {
    await this.#noted;
    return [...this.#tables].sort();
  }
}
