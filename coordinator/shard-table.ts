/** The table of a set's shards: one line for each, as `backup` and `show` print it. */
import type { SealBody } from '../repository/seal.ts';
import { formatBytes } from '../topology/units.ts';
import { holdText } from './hold.ts';
import { formatCount } from './output.ts';
import type { Sums } from '../repository/manifest-entries.ts';

export const shardColumns = [
  { title: 'shard' },
  { title: 'server' },
  { title: 'hold', align: 'right' },
  { title: 'tables', align: 'right' },
  { title: 'rows', align: 'right' },
  { title: 'raw', align: 'right' },
  { title: 'stored', align: 'right' },
] as const;

/** The cells of every shard's line, in the order of the seal. */
export function shardRows(seal: SealBody): string[][] {
  const holds = new Map(seal.barrier.shards.map(({ name, holdMs }) => [name, holdMs]));
  return seal.shards.map(({ name, family, version, sums }) => [
    name,
    `${family} ${version}`,
    holdText(holds.get(name) ?? 0),
    ...sumCells(sums),
  ]);
}

/** The last four cells of a line. */
export function sumCells(sums: Sums): string[] {
  return [
    formatCount(sums.tables),
    formatCount(sums.rows),
    formatBytes(sums.rawBytes),
    formatBytes(sums.storedBytes),
  ];
}
