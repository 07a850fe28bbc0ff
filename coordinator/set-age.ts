/** How old a set is, by its own records, and what a wrong clock makes of that. */
import { errorTable } from '../proto/errors.ts';
import type { SealBody } from '../repository/seal.ts';
import type { Warning } from './warnings.ts';

/** Clocks that are set by NTP differ by less. */
export const clockToleranceMs = 5_000;

export interface SetAge {
  /** Since it was begun; never negative. */
  readonly ageMs: number;
  /** By how much it was begun in the future, as this host's clock has it; 0 within the tolerance. */
  readonly aheadMs: number;
}

/** From the seal where there is one; else from the id, which a clock that was set back may have made later than the truth. */
export function setAge(id: string, seal: SealBody | undefined, now: Date): SetAge {
  const startedMs = seal === undefined ? idMs(id) : Date.parse(seal.startedAt);
  const ageMs = now.getTime() - startedMs;
  return { ageMs: Math.max(0, ageMs), aheadMs: -ageMs > clockToleranceMs ? -ageMs : 0 };
}

export function futureSetWarning(cluster: string, id: string): Warning {
  return {
    code: 'clock-wrong',
    subject: `${cluster}: ${id}`,
    cause:
      "it was begun in the future, by this host's clock: this clock is wrong, or that of the host that took it",
    remedy: errorTable['clock-wrong'].remedy,
  };
}

/** When a set's id says it began; ids are made from UTC. */
function idMs(id: string): number {
  const iso = id.replace(/^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z.*$/, '$1-$2-$3T$4:$5:$6Z');
  return Date.parse(iso);
}
