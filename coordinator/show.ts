/** `show SET`: what the seal says of a set, shard by shard; with `--tables` what the manifests say of every table. */
import { readSealedSet } from '../repository/backup-set.ts';
import { readManifest } from '../repository/manifest.ts';
import { tableText } from '../repository/layout.ts';
import type { ManifestRef } from '../repository/manifest-entries.ts';
import type { ObjectStore } from '../repository/object-store.ts';
import type { SealBody } from '../repository/seal.ts';
import type { Position } from '../topology/position.ts';
import { formatBytes } from '../topology/units.ts';
import { cancelledText, limitText, longestHoldText, overrunText } from './hold.ts';
import { chooseSet, tellNewer } from './open-set.ts';
import { formatCount, pairs, table, warn } from './output.ts';
import type { Outcome, Run } from './run.ts';
import { shardColumns, shardRows } from './shard-table.ts';

export interface ShowOptions {
  readonly tables: boolean;
}

interface TableSums {
  readonly shard: string;
  readonly name: string;
  rows: number;
  chunks: number;
  rawBytes: number;
  storedBytes: number;
}

/** Reads the seal, and the manifests only for `--tables`. Throws `not-sealed`, `newer-format`, `bad-bytes`, `set-unknown`. */
export async function show(run: Run, reference: string, options: ShowOptions): Promise<Outcome> {
  const chosen = await chooseSet(run, reference);
  const { set } = chosen;
  const seal = await readSealedSet(run.store, run.topology.cluster, set);
  const text = [summary(seal), shardTable(seal)];
  const document: Record<string, unknown> = { id: set, ...seal, globals: seal.globals ?? 'none' };
  if (options.tables) {
    const tables: TableSums[] = [];
    for (const shard of seal.shards) tables.push(...(await tableSums(run.store, shard.name, shard.manifest)));
    document['tables'] = tables;
    text.push(tableTable(tables));
  }
  return tellNewer({ document, text: text.join('\n\n') }, chosen);
}

/** A log position in one word, as the server's own tools write it. */
function positionText(position: Position): string {
  switch (position.kind) {
    case 'wal':
      return `${position.lsn} timeline ${position.timeline}`;
    case 'binlog':
      return position.file === '' ? 'no binary log' : `${position.file}:${position.offset}`;
  }
}

function summary(seal: SealBody): string {
  const overrun = overrunText(seal.barrier);
  return pairs([
    ['set', seal.set],
    ['cluster', seal.cluster],
    ['consistency', seal.consistency],
    ['started', seal.startedAt],
    ['sealed', seal.sealedAt],
    ['attempts', String(seal.barrier.attempts)],
    ['longest hold', longestHoldText(seal.barrier)],
    ['hold limit', limitText(seal.barrier)],
    ...(overrun === undefined ? [] : [['limit exceeded', { text: overrun, style: warn }] as const]),
    ['window', `${seal.barrier.windowMs.toFixed(1)} ms`],
    ['cancelled autovacuums', cancelledText(seal.barrier)],
    ['globals', seal.globals ?? 'none'],
    ['tables', formatCount(seal.sums.tables)],
    ['rows', formatCount(seal.sums.rows)],
    ['raw', formatBytes(seal.sums.rawBytes)],
    ['stored', `${formatBytes(seal.sums.storedBytes)} in ${formatCount(seal.sums.objects)} objects`],
  ]);
}

function shardTable(seal: SealBody): string {
  const rows = shardRows(seal).map((cells, index) => {
    const shard = seal.shards[index];
    return [...cells, shard === undefined ? '' : positionText(shard.position)];
  });
  return table([...shardColumns, { title: 'position' }], rows);
}

function tableTable(tables: readonly TableSums[]): string {
  const rows = tables.map((entry) => [
    entry.shard,
    entry.name,
    formatCount(entry.rows),
    formatCount(entry.chunks),
    formatBytes(entry.rawBytes),
    formatBytes(entry.storedBytes),
  ]);
  const columns = [
    { title: 'shard' },
    { title: 'table' },
    { title: 'rows', align: 'right' },
    { title: 'chunks', align: 'right' },
    { title: 'raw', align: 'right' },
    { title: 'stored', align: 'right' },
  ] as const;
  return table(columns, rows);
}

async function tableSums(store: ObjectStore, shard: string, manifest: ManifestRef): Promise<TableSums[]> {
  const tables = new Map<number, TableSums>();
  for await (const line of readManifest(store, manifest)) {
    if (line.kind === 'table') {
      const name = tableText(line);
      tables.set(line.table, { shard, name, rows: 0, chunks: 0, rawBytes: 0, storedBytes: 0 });
    }
    if (line.kind !== 'chunk') continue;
    const entry = tables.get(line.table);
    if (entry === undefined) continue;
    entry.rows += line.rows;
    entry.chunks += 1;
    entry.rawBytes += line.rawBytes;
    entry.storedBytes += line.length;
  }
  return [...tables.values()].sort((a, b) => b.rawBytes - a.rawBytes);
}
