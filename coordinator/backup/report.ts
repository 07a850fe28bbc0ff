/** What `backup` prints of the set it has sealed. */
import { TidemarkError } from '../../proto/errors.ts';
import type { SealBody } from '../../repository/seal.ts';
import { displayLines, displayText } from '../../topology/display-text.ts';
import { formatDuration } from '../../topology/units.ts';
import type { BarrierEvidence } from '../barrier/report.ts';
import type { CheckedSet } from './check-set.ts';
import { cancelledText, limitText, longestHoldText, overrunText } from '../hold.ts';
import { good, table, warn } from '../output.ts';
import type { Outcome } from '../run.ts';
import { shardColumns, shardRows, sumCells } from '../shard-table.ts';

/** `unconfirmed`: the seal is there, and the repository has not confirmed that it survives a loss of power. The command then fails. */
export function backupReport(
  seal: SealBody,
  checked: CheckedSet,
  evidence: BarrierEvidence,
  durationMs: number,
  unconfirmed?: TidemarkError,
): Outcome {
  const barriers = new Map(seal.barrier.shards.map((shard) => [shard.name, shard]));
  const shards = seal.shards.map(({ name, family, version, sums, position, manifest }) => {
    const { holdMs = 0, cancelledAutovacuums = [] } = barriers.get(name) ?? {};
    return { name, family, version, holdMs, cancelledAutovacuums, sums, position, manifest };
  });
  const document = {
    id: seal.set,
    type: seal.type,
    cluster: seal.cluster,
    consistency: seal.consistency,
    attempts: seal.barrier.attempts,
    holdLimitMs: seal.barrier.holdLimitMs,
    longestHoldMs: seal.barrier.longestHoldMs,
    longestHold: seal.barrier.longestHold,
    windowMs: seal.barrier.windowMs,
    startedAt: seal.startedAt,
    sealedAt: seal.sealedAt,
    globals: seal.globals ?? 'none',
    durationMs,
    sums: seal.sums,
    invariants: checked.invariants,
    blockers: evidence.blockers,
    shards,
  };
  const rows = [...shardRows(seal), ['total', '', '', ...sumCells(seal.sums)]];
  const reached = seal.consistency === 'atomic' ? good(seal.consistency) : warn(seal.consistency);
  const attempts = seal.barrier.attempts === 1 ? '1 attempt' : `${seal.barrier.attempts} attempts`;
  const overrun = overrunText(seal.barrier);
  const cancelled = cancelledText(seal.barrier);
  const text = [
    ...(unconfirmed === undefined ? [] : [`${warn('not confirmed')}  ${displayLines(unconfirmed.message)}`]),
    `sealed ${seal.set} in ${formatDuration(durationMs)}: ${reached}, ${attempts}, longest hold ${longestHoldText(seal.barrier)}`,
    ...(overrun === undefined
      ? []
      : [`${warn('hold limit exceeded')} ${displayText(overrun)} (limit: ${limitText(seal.barrier)})`]),
    ...(cancelled === 'none' ? [] : [`${warn('cancelled autovacuums')} ${displayText(cancelled)}`]),
    table(shardColumns, rows),
    ...checked.invariants.map(
      ({ name, across, answer }) => `invariant ${displayText(name)} (${across}): ${displayText(answer)}`,
    ),
  ].join('\n');
  if (unconfirmed === undefined) return { document, text };
  return { document, text, failure: sealedThough(seal, unconfirmed) };
}

function sealedThough({ cluster, set }: SealBody, error: TidemarkError): TidemarkError {
  return new TidemarkError(
    {
      code: error.code,
      operation: 'confirm that the seal survives a loss of power',
      subject: `${cluster}: ${set}`,
      cause: `the set is sealed, though the repository failed: ${error.message}`,
      remedy: `The set is sealed and can be restored. ${error.remedy} Then run \`tidemark verify ${set}\`.`,
    },
    { cause: error },
  );
}
