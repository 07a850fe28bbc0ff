/**
 * `npm run bench`: what backups and restores cost, against the native tools, on the newest servers, all in one run.
 *
 *   npm run bench                              every part, two hours; results added to docs/performance.md
 *   npm run bench -- --part copy,small         some parts: copy, shards, stall, small, growth, barrier, memory
 *   npm run bench -- --engine mariadb          some families: postgresql, mariadb, mysql
 *   npm run bench -- --size 2GiB --runs 5      bytes of rows on a shard, and how often each tool runs
 *   npm run bench -- --tables 5000             of the small part
 *   npm run bench -- --memory-sizes 1GiB,10GiB sizes of the memory part
 *   npm run bench -- --no-record               prints only
 *
 * It needs root, as `npm run test:newest` does. Nothing here asserts a time; what is asserted is that both tools
 * restored the rows of the source. A part that fails is told, and the others go on.
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

/** Each gives one table. */
type Job = () => Promise<Table>;

const parts: Readonly<Record<string, readonly Job[]>> = {
  copy: wanted.map(
    (family): Job =>
      () =>
        runCopyPart({
          title: `One shard, ${family}, ${formatBytes(size)} of rows`,
          shards: [family],
          size: shopOf(size),
          lanes,
          runs,
        }),
  ),
  shards: [
    () =>
      runCopyPart({
        title: `Four shards at once, ${formatBytes(size / 2)} of rows on each`,
        shards: fourShards,
        size: shopOf(size / 2),
        lanes,
        runs,
      }),
  ],
  // Each takes some seconds, and what it meets is chance.
  stall: [() => runStallPart({ times: runs * 4, perSecond: 500 })],
  small: wanted.map(
    (family): Job =>
      () =>
        runCopyPart({
          title: `Many small tables, ${family}: ${values.tables} of 10 rows`,
          shards: [family],
          size: manySmallTables(Number(values.tables), 10),
          lanes,
          runs,
        }),
  ),
  growth: [() => runGrowthPart({ families: wanted, bytes: size, runs: Math.min(3, runs) })],
  barrier: [() => runBarrierPart({ shards: [2, 4, 8], runs })],
  memory: wanted.map(
    (family): Job =>
      () =>
        runMemoryPart({ family, sizes: values['memory-sizes'].split(',').map(bytesOf), lanes }),
  ),
};

const names = values.part.split(',');
const unknown = names.find((name) => parts[name] === undefined);
if (unknown !== undefined)
  throw new Error(`no such part: ${unknown}; there are ${Object.keys(parts).join(', ')}`);
for (const job of names.flatMap((name) => parts[name] ?? [])) {
  try {
    const table = await job();
    printTable(table);
    if (values.record) record(table);
  } catch (error) {
    // An hour's other figures are not lost for one.
    console.error(error);
    process.exitCode = 1;
  }
}
