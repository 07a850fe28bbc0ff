/** What the barrier leaves behind: the evidence of a cut, or the words for why there is none. Pure. */
import { TidemarkError } from '../../proto/errors.ts';
import type { Position__Output } from '../../proto/gen/tidemark/v1/Position.ts';
import type { Position } from '../../topology/position.ts';
import type { Consistency } from '../../topology/topology.ts';
import { displayText, displayWidth, padToWidth } from '../../topology/display-text.ts';
import { formatDuration } from '../../topology/units.ts';
import { ageMs } from './sightings.ts';
import type { BarrierState, LongestHold, Run } from './states.ts';

/** A shard's part of the cut. */
export interface ShardEvidence {
  readonly name: string;
  /** From the first lock request of the attempt that cut to the confirmed unlock. 0 without locks. */
  readonly holdMs: number;
  /** From the CUT's arrival at the agent to the last snapshot, at most. */
  readonly snapshotMs: number;
  readonly position: Position;
  /** Tables whose autovacuum was cancelled for the barrier. */
  readonly cancelledAutovacuums: readonly string[];
}

/** Somebody who was in the way of an attempt, or kept one from beginning. */
export interface BlockerEvidence {
  readonly shard: string;
  readonly kind: string;
  readonly processId: string;
  readonly user: string;
  readonly database: string;
  readonly application: string;
  readonly client: string;
  readonly state: string;
  readonly ageMs: number;
  readonly statement: string;
}

export interface BarrierEvidence {
  readonly attempts: number;
  readonly consistency: Consistency;
  /** No attempt was to hold a shard's writers for longer. */
  readonly holdLimitMs: number;
  /** The longest hold of any shard in any attempt, the failed ones included. */
  readonly longestHoldMs: number;
  /** Where that was. Undefined: nobody was held. */
  readonly longest: LongestHold | undefined;
  /**
   * Upper bound of the time between the first and the last snapshot, on the coordinator's own clock: from sending the first
   * CUT to receiving the last answer to it. Each shard's snapshots were opened within it. With consistency `atomic` it says
   * nothing about consistency: all shards were frozen throughout, each until its own cut.
   */
  readonly windowMs: number;
  /** In the order of the topology. */
  readonly shards: readonly ShardEvidence[];
  /** Each shard's last report, if there was one; at most 20 each. */
  readonly blockers: readonly BlockerEvidence[];
}

/** Throws `internal` when an agent sent a cut without a position. */
export function evidenceOf(state: Extract<BarrierState, { kind: 'reached' }>): BarrierEvidence {
  const { run, answers, locks, sentMs } = state;
  let lastMs = sentMs;
  const shards = run.plan.shards.map((name): ShardEvidence => {
    const answer = answers.get(name);
    if (answer?.kind !== 'cut') throw new Error(`the barrier is reached without a cut of ${name}`);
    lastMs = Math.max(lastMs, answer.atMs);
    const { holdMs, snapshotMs, position, cancelledAutovacuums } = answer.taken;
    return { name, holdMs, snapshotMs, position: positionFromWire(name, position), cancelledAutovacuums };
  });
  return {
    attempts: run.attempt,
    consistency: locks ? 'atomic' : 'simultaneous',
    holdLimitMs: run.plan.holdLimitMs,
    longestHoldMs: run.longest?.holdMs ?? 0,
    longest: run.longest,
    windowMs: lastMs - sentMs,
    shards,
    blockers: blockersOf(run),
  };
}

function blockersOf(run: Run): BlockerEvidence[] {
  return run.plan.shards.flatMap((shard) => {
    const sighting = run.sightings.get(shard);
    if (sighting === undefined) return [];
    return sighting.blockers.map((seen) => {
      const { transaction: _, ...told } = seen.blocker;
      return { shard, ...told, ageMs: ageMs(seen, sighting.atMs) };
    });
  });
}

/** `barrier-not-reached`, with a line for every shard: who was in the way, or that nobody was. */
export function notReached(state: Extract<BarrierState, { kind: 'not-reached' }>): TidemarkError {
  const { run, silent } = state;
  const { plan } = run;
  const rows: string[][] = [['shard', 'process', 'user', 'application', 'state', 'age', 'statement']];
  for (const shard of plan.shards) {
    if (silent.includes(shard)) rows.push([shard, '', '', '', 'has not answered', '', '']);
    const sighting = run.sightings.get(shard);
    for (const seen of sighting?.blockers ?? []) {
      const age = formatDuration(ageMs(seen, sighting?.atMs ?? seen.sinceMs));
      const { kind, processId, user, application, state: doing, statement } = seen.blocker;
      const shown = kind === 'writer' || kind === 'unknown' ? doing : `${kind}: ${doing}`;
      rows.push([shard, processId, user, application, shown, age, statement]);
    }
    if (sighting !== undefined && sighting.more > 0)
      rows.push([shard, '', '', '', `and ${sighting.more} more`, '', '']);
    if (silent.includes(shard) || (sighting?.blockers.length ?? 0) > 0) continue;
    rows.push([
      shard,
      '',
      '',
      '',
      sighting === undefined ? 'nobody was in the way' : sighting.reason,
      '',
      '',
    ]);
  }
  const attempts = run.attempt === 1 ? '1 attempt' : `${run.attempt} attempts`;
  const longest = run.attempt === 0 ? '' : `, longest hold ${formatDuration(run.longest?.holdMs ?? 0)}`;
  return new TidemarkError({
    code: 'barrier-not-reached',
    operation: 'bring all shards to one instant',
    subject: `${plan.shards.length} shards`,
    cause: `not within ${formatDuration(plan.deadlineMs)} (${attempts}${longest}); in the way were last seen:\n${columns(rows)}`,
  });
}

/** Cells of a column stand under each other; the last column is as long as it is. A statement of several lines becomes one. */
function columns(rows: readonly (readonly string[])[]): string {
  const cleaned = rows.map((row) => row.map(displayText));
  const widths: number[] = [];
  for (const row of cleaned)
    for (const [at, cell] of row.entries()) widths[at] = Math.max(widths[at] ?? 0, displayWidth(cell));
  return cleaned
    .map((row) => `  ${row.map((cell, at) => padToWidth(cell, widths[at] ?? 0)).join('  ')}`.trimEnd())
    .join('\n');
}

function positionFromWire(shard: string, position: Position__Output | null): Position {
  if (position?.wal) {
    const { lsn, timeline, systemIdentifier } = position.wal;
    return { kind: 'wal', lsn, timeline, systemIdentifier };
  }
  if (position?.binlog) {
    const { file, offset, gtidSet, serverUuid } = position.binlog;
    return { kind: 'binlog', file, offset: Number(offset), gtidSet, serverUuid };
  }
  throw new TidemarkError({
    code: 'internal',
    operation: 'read the cut',
    subject: shard,
    cause: 'the agent named no log position',
  });
}
