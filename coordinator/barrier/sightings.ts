/** Who was seen in the way, on which shard, since when. Pure. */
import type { Blocker__Output } from '../../proto/gen/tidemark/v1/Blocker.ts';
import type { Run, SeenBlocker, Sighting } from './states.ts';

/** Of one shard; the engine sorts what matters first. */
const keptBlockers = 20;

export interface Report {
  readonly atMs: number;
  readonly attempt: number | undefined;
  readonly reason: string;
  readonly blockers: readonly Blocker__Output[];
  /** How many more the agent saw, which it has not named. */
  readonly more: number;
}

/** Remembers a report. One that names nobody does not replace one that did. */
export function sight(run: Run, shard: string, report: Report): Run {
  const before = run.sightings.get(shard);
  if (report.blockers.length === 0 && before !== undefined && before.blockers.length > 0) return run;
  const since = new Map(before?.blockers.map((seen) => [seen.blocker.transaction, seen.sinceMs]));
  const blockers = report.blockers
    .slice(0, keptBlockers)
    .map((blocker) => ({ blocker, sinceMs: since.get(blocker.transaction) ?? report.atMs }));
  const { atMs, attempt, reason } = report;
  const more = report.more + report.blockers.length - blockers.length;
  const sighting: Sighting = { atMs, attempt, reason, blockers, more };
  return { ...run, sightings: new Map(run.sightings).set(shard, sighting) };
}

/** The age the server tells, or the time it has been seen: some servers do not tell the age of an in-doubt transaction. */
export function ageMs(seen: SeenBlocker, atMs: number): number {
  return Math.max(seen.blocker.ageMs, atMs - seen.sinceMs);
}

/** Would an attempt be useless while what `sighting` reports is there? */
export function inTheWay(run: Run, sighting: Sighting): boolean {
  return sighting.blockers.some((seen) => {
    const { kind } = seen.blocker;
    return kind === 'vacuum' || kind === 'ddl' || ageMs(seen, sighting.atMs) >= run.plan.holdLimitMs;
  });
}

/** Is a writer among `blockers` that kept the attempt before this one from succeeding on the same shard? */
export function lasting(run: Run, shard: string, blockers: readonly Blocker__Output[]): boolean {
  const before = run.sightings.get(shard);
  if (before === undefined || before.attempt !== run.attempt - 1) return false;
  const known = new Set(before.blockers.map((seen) => seen.blocker.transaction));
  // In-doubt transactions refuse at once: they need time between attempts, not a longer one.
  return blockers.some(
    ({ kind, transaction }) => kind !== 'in-doubt' && transaction !== '' && known.has(transaction),
  );
}
