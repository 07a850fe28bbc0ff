/** When each transfer began and ended, and the longest any of its statements waited: what the writers saw. */

export interface WindowReport {
  /** Transfers that ended within the window. */
  readonly transfers: number;
  readonly perSecond: number;
  /** The longest a single statement of a transfer that overlaps the window took; still waiting ones count so far. */
  readonly longestStallMs: number;
  /** The longest transfer that overlaps the window, from its first statement to its last commit. */
  readonly longestTransferMs: number;
}

/** A transfer in flight. Its two halves may wait at the same time, each for its shard. */
export class OpenTransfer {
  readonly begun = now();
  #longestWaitMs = 0;
  #waiting = 0;
  #waitingSince = 0;

  sent(): void {
    if (this.#waiting === 0) this.#waitingSince = now();
    this.#waiting += 1;
  }

  answered(): void {
    this.#longestWaitMs = this.longestWaitMs;
    this.#waiting -= 1;
  }

  /** The longest time it has waited for an answer without a break, the wait it is in included. */
  get longestWaitMs(): number {
    return Math.max(this.#longestWaitMs, this.#waiting === 0 ? 0 : now() - this.#waitingSince);
  }
}

/** Times are milliseconds since the epoch, with fractions. */
export class Timeline {
  readonly #begun: number[] = [];
  readonly #ended: number[] = [];
  readonly #longestWait: number[] = [];
  readonly #open = new Set<OpenTransfer>();
  #started = 0;

  get started(): number {
    return this.#started;
  }

  get inFlight(): number {
    return this.#open.size;
  }

  begin(): OpenTransfer {
    this.#started += 1;
    const open = new OpenTransfer();
    this.#open.add(open);
    return open;
  }

  /** A transfer that was given up leaves the timeline, though its waits count: a stall is a stall. */
  end(open: OpenTransfer, committed: boolean): void {
    this.#open.delete(open);
    if (!committed && open.longestWaitMs < 50) return;
    this.#begun.push(open.begun);
    this.#ended.push(committed ? now() : -now());
    this.#longestWait.push(open.longestWaitMs);
  }

  /** Transfers in flight at each moment: begun, and not yet committed everywhere. */
  inFlightAt(moments: readonly number[]): number[] {
    return moments.map((moment) => {
      let count = 0;
      for (const open of this.#open) if (open.begun <= moment) count += 1;
      for (let index = 0; index < this.#begun.length; index += 1) {
        if ((this.#begun[index] ?? 0) <= moment && Math.abs(this.#ended[index] ?? 0) > moment) count += 1;
      }
      return count;
    });
  }

  /** Committed transfers that had ended at this moment, and transfers that had begun: bounds for any cut of it. */
  countsAt(moment: number): { ended: number; begun: number } {
    let ended = 0;
    let begun = 0;
    for (let index = 0; index < this.#begun.length; index += 1) {
      const end = this.#ended[index] ?? 0;
      if (end > 0 && end <= moment) ended += 1;
      if (end > 0 && (this.#begun[index] ?? 0) <= moment) begun += 1;
    }
    for (const open of this.#open) if (open.begun <= moment) begun += 1;
    return { ended, begun };
  }

  window(from: number, to: number): WindowReport {
    let transfers = 0;
    let longestStallMs = 0;
    let longestTransferMs = 0;
    for (let index = 0; index < this.#begun.length; index += 1) {
      const begun = this.#begun[index] ?? 0;
      const end = this.#ended[index] ?? 0;
      if (begun > to || Math.abs(end) < from) continue;
      longestStallMs = Math.max(longestStallMs, this.#longestWait[index] ?? 0);
      if (end < 0) continue;
      longestTransferMs = Math.max(longestTransferMs, end - begun);
      if (end >= from && end <= to) transfers += 1;
    }
    for (const open of this.#open) {
      if (open.begun > to) continue;
      longestTransferMs = Math.max(longestTransferMs, now() - open.begun);
      longestStallMs = Math.max(longestStallMs, open.longestWaitMs);
    }
    return {
      transfers,
      perSecond: (transfers * 1000) / Math.max(to - from, 1),
      longestStallMs,
      longestTransferMs,
    };
  }
}

/** The wall clock with fractions of a millisecond; all processes of one machine agree on it. */
export function now(): number {
  return performance.timeOrigin + performance.now();
}
