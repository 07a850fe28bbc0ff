/** What a rehearsal was refused: the first of it by name, the rest by number. */
import { TidemarkError } from '../../proto/errors.ts';
import type { Finding } from '../engine.ts';
import { finding } from '../findings.ts';

/** More than anybody corrects before the next run. */
const namedLimit = 50;

/** Codes of a server that refuses what it is asked, as opposed to a rehearsal that could not be tried. */
const refusals: readonly TidemarkError['code'][] = ['database-failed', 'privilege-missing', 'not-supported'];

export class Refusals {
  readonly #shard: string;
  readonly #tell: (finding: Finding) => void;
  #named = 0;
  #more = 0;
  #serious = false;

  /** `tell` hears of each that is named, at once. */
  constructor(shard: string, tell: (finding: Finding) => void) {
    this.#shard = shard;
    this.#tell = tell;
  }

  add(refused: Finding): void {
    this.#serious ||= !refused.warning;
    if (this.#named === namedLimit) {
      this.#more += 1;
      return;
    }
    this.#named += 1;
    this.#tell(refused);
  }

  /** Runs the rehearsal; what the server refuses without which nothing more can be tried is the last refusal. Throws all else. */
  async during(signal: AbortSignal, work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      signal.throwIfAborted();
      if (!(error instanceof TidemarkError) || !refusals.includes(error.code)) throw error;
      this.add(this.#last(error));
    }
    if (this.#more === 0) return;
    const cause = `${this.#more} more were refused and are not named`;
    const remedy = 'Correct what is named, then run the command again to see the others.';
    this.#tell(finding('database-failed', this.#shard, cause, remedy, !this.#serious));
  }

  /** Where something was refused before, this may follow from it, and ends the rehearsal all the same. */
  #last({ code, subject, operation, reason, remedy }: TidemarkError): Finding {
    const cause = `cannot ${operation}: ${reason}`;
    if (!this.#serious) return finding(code, subject, cause, remedy);
    const follows = `the rehearsal ended here, perhaps because of what is named above: ${cause}`;
    return finding(code, subject, follows, 'Correct what is named above, then rehearse again.', true);
  }
}
