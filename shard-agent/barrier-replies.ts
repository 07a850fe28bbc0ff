/** What an agent answers inside a barrier, as the wire carries it. */
import type { BarrierReply } from '../proto/gen/tidemark/v1/BarrierReply.ts';
import type { Position as WirePosition } from '../proto/gen/tidemark/v1/Position.ts';
import type { Position } from '../topology/position.ts';
import type { Blocker, Cut } from './engine.ts';

export function probedReply(blockers: readonly Blocker[]): BarrierReply {
  return { probed: { blockers: [...blockers] } };
}

export function frozenReply(attempt: number, lockMs: number): BarrierReply {
  return { frozen: { attempt, lockMs } };
}

export function blockedReply(
  attempt: number,
  reason: string,
  blockers: readonly Blocker[],
  holdMs: number,
): BarrierReply {
  return { blocked: { attempt, reason, blockers: [...blockers], holdMs } };
}

/** `releaseMs` is the last part of the hold: from the order, or the hold limit's timer, to the server's confirmation. */
export function thawedReply(attempt: number, holdMs: number, releaseMs: number): BarrierReply {
  return { thawed: { attempt, holdMs, releaseMs } };
}

/** `snapshotMs` bounds, from the cut's arrival, when the last snapshot was opened; it includes the proof and the unlock. */
export function cutTakenReply(attempt: number, cut: Cut, snapshotMs: number): BarrierReply {
  const { holdMs, position, cancelledAutovacuums = [] } = cut;
  return {
    cutTaken: {
      attempt,
      holdMs,
      snapshotMs,
      position: wirePosition(position),
      cancelledAutovacuums: [...cancelledAutovacuums],
    },
  };
}

function wirePosition(position: Position): WirePosition {
  switch (position.kind) {
    case 'wal': {
      const { lsn, timeline, systemIdentifier } = position;
      return { wal: { lsn, timeline, systemIdentifier } };
    }
    case 'binlog': {
      const { file, offset, gtidSet, serverUuid } = position;
      return { binlog: { file, offset, gtidSet, serverUuid } };
    }
  }
}
