/**
 * `npm run bench`: what backups and restores cost, against the native tools, on the newest servers, all in one run.
 *
 *   npm run bench                              every part, results added to docs/performance.md
 *   npm run bench -- --part copy,small         some parts: copy, shards, stall, small, growth, barrier, memory
 *   npm run bench -- --engine mariadb          some families: postgresql, mariadb, mysql
 *   npm run bench -- --size 2GiB --runs 5      bytes of rows on a shard, and how often each tool runs
 *   npm run bench -- --memory-sizes 1GiB,10GiB sizes of the memory part
 *   npm run bench -- --no-record               prints only
 *
 * It needs root, as `npm run test:newest` does. Nothing here asserts a time; what is asserted is that both tools
 * restored the rows of the source.
 */
import { parseArgs } from 'node:util';
import { parseBytes, formatBytes } from '../../topology/units.ts';
import { type Family, families } from './bench-clusters.ts';
import { manySmallTables, shopOf } from './data/shop.ts';
import { printTable, type Table } from './measure/figures.ts';
import { runBarrierPart } from './parts/barrier-part.ts';
import { runCopyPart } from './parts/copy-part.ts';
import { runGrowthPart } from './parts/growth-part.ts';
import { runMemoryPart } from './parts/memory-part.ts';
import { runStallPart } from './parts/stall-part.ts';
import { record } from './record.ts';

const { values } = parseArgs({
  allowNegative: true,
  options: {
    part: { type: 'string', default: 'copy,shards,stall,small,growth,barrier,memory' },
    engine: { type: 'string', default: families.join(',') },
    size: { type: 'string', default: '512MiB' },
    runs: { type: 'string', default: '5' },
    lanes: { type: 'string', default: '2' },
    tables: { type: 'string', default: '5000' },
    'memory-sizes': { type: 'string', default: '1GiB,10GiB' },
    record: { type: 'boolean', default: true },
  },
});

function bytesOf(text: string): number {
  const bytes = parseBytes(text);
  if (bytes === undefined) throw new Error(`${text} is not a size such as 512MiB`);
  return bytes;
}

const wanted = families.filter((family) => values.engine.split(',').includes(family));
const size = bytesOf(values.size);
const runs = Number(values.runs);
const lanes = Number(values.lanes);
/** Of the wanted families in turn; PostgreSQL and MariaDB where all are wanted. */
const fourShards = Array.from({ length: 4 }, (_, shard): Family => {
  const among = wanted.length === families.length ? families.slice(0, 2) : wanted;
  return among[shard % among.length] ?? 'postgresql';
});

const parts: Readonly<Record<string, () => AsyncGenerator<Table>>> = {
  async *copy() {
    for (const family of wanted)
      yield await runCopyPart({
        title: `One shard, ${family}, ${formatBytes(size)} of rows`,
        shards: [family],
        size: shopOf(size),
        lanes,
        runs,
      });
  },
  async *shards() {
    yield await runCopyPart({
      title: `Four shards at once, ${formatBytes(size / 2)} of rows on each`,
      shards: fourShards,
      size: shopOf(size / 2),
      lanes,
      runs,
    });
  },
  async *stall() {
    // Each takes some seconds, and what it meets is chance.
    yield await runStallPart({ times: runs * 4, perSecond: 500 });
  },
  async *small() {
    for (const family of wanted)
      yield await runCopyPart({
        title: `Many small tables, ${family}: ${values.tables} of 10 rows`,
        shards: [family],
        size: manySmallTables(Number(values.tables), 10),
        lanes,
        runs,
      });
  },
  async *growth() {
    yield await runGrowthPart({ families: wanted, bytes: size, runs: Math.min(3, runs) });
  },
  async *barrier() {
    yield await runBarrierPart({ shards: [2, 4, 8], runs });
  },
  async *memory() {
    yield await runMemoryPart({
      families: wanted,
      sizes: values['memory-sizes'].split(',').map(bytesOf),
      lanes,
    });
  },
};

const tables: Table[] = [];
for (const name of values.part.split(',')) {
  const part = parts[name];
  if (part === undefined)
    throw new Error(`no such part: ${name}; there are ${Object.keys(parts).join(', ')}`);
  for await (const table of part()) {
    printTable(table);
    tables.push(table);
  }
}
if (values.record) record(tables);
