/** What `backup` prints of the set it has sealed. */
import { TidemarkError } from '../../proto/errors.ts';
import type { SealBody } from '../../repository/seal.ts';
import { displayLines, displayText } from '../../topology/display-text.ts';
import { formatDuration } from '../../topology/units.ts';
import type { BarrierEvidence } from '../barrier/report.ts';
import type { CheckedSet } from './check-set.ts';
import { holdText } from '../list.ts';
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
  const holds = new Map(seal.barrier.shards.map(({ name, holdMs }) => [name, holdMs]));
  const shards = seal.shards.map(({ name, family, version, sums, position, manifest }) => {
    return { name, family, version, holdMs: holds.get(name) ?? 0, sums, position, manifest };
  });
  const document = {
    id: seal.set,
    type: seal.type,
    cluster: seal.cluster,
    consistency: seal.consistency,
    attempts: seal.barrier.attempts,
    longestHoldMs: seal.barrier.longestHoldMs,
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
  const text = [
    ...(unconfirmed === undefined ? [] : [`${warn('not confirmed')}  ${displayLines(unconfirmed.message)}`]),
    `sealed ${seal.set} in ${formatDuration(durationMs)}: ${reached}, ${attempts}, longest hold ${holdText(seal.barrier.longestHoldMs)}`,
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
