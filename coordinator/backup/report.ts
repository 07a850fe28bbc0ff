/** What `backup` prints of the set it has sealed. */
import type { SealBody } from '../../repository/seal.ts';
import { formatBytes, formatDuration } from '../../topology/units.ts';
import type { BarrierEvidence } from '../barrier/report.ts';
import type { CheckedSet } from './check-set.ts';
import { holdText } from '../list.ts';
import { formatCount, good, table, warn } from '../output.ts';
import type { Outcome } from '../run.ts';

export function backupReport(
  seal: SealBody,
  checked: CheckedSet,
  evidence: BarrierEvidence,
  now: Date,
): Outcome {
  const durationMs = now.getTime() - Date.parse(seal.startedAt);
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
    durationMs,
    sums: seal.sums,
    invariants: checked.invariants,
    blockers: evidence.blockers,
    shards,
  };
  const rows = shards.map(({ name, family, version, holdMs, sums }) => [
    name,
    `${family} ${version}`,
    holdText(holdMs),
    formatCount(sums.tables),
    formatCount(sums.rows),
    formatBytes(sums.rawBytes),
    formatBytes(sums.storedBytes),
  ]);
  const { sums } = seal;
  const stored = formatBytes(sums.storedBytes);
  rows.push([
    'total',
    '',
    '',
    formatCount(sums.tables),
    formatCount(sums.rows),
    formatBytes(sums.rawBytes),
    stored,
  ]);
  const columns = [
    { title: 'shard' },
    { title: 'server' },
    { title: 'hold', align: 'right' },
    { title: 'tables', align: 'right' },
    { title: 'rows', align: 'right' },
    { title: 'raw', align: 'right' },
    { title: 'stored', align: 'right' },
  ] as const;
  const reached = seal.consistency === 'atomic' ? good(seal.consistency) : warn(seal.consistency);
  const attempts = seal.barrier.attempts === 1 ? '1 attempt' : `${seal.barrier.attempts} attempts`;
  const text = [
    `sealed ${seal.set} in ${formatDuration(durationMs)}: ${reached}, ${attempts}, longest hold ${holdText(seal.barrier.longestHoldMs)}`,
    table(columns, rows),
    ...checked.invariants.map(({ name, across, answer }) => `invariant ${name} (${across}): ${answer}`),
  ].join('\n');
  return { document, text };
}
