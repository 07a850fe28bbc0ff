/** How a backup's speed grows with lanes and with shards, and where the machine's cores end it. */
import { availableParallelism } from 'node:os';
import { rmSync } from 'node:fs';
import path from 'node:path';
import { formatBytes } from '../../../topology/units.ts';
import type { Cluster } from '../../cluster/cluster.ts';
import { type Family, participantsOf, serversOf, startBenchCluster, tidemark } from '../bench-clusters.ts';
import { fillShop } from '../data/fill.ts';
import { shopOf } from '../data/shop.ts';
import { type Spread, spreadOf, type Table, words } from '../measure/figures.ts';
import { atRest, type Measured, measure } from '../measure/meter.ts';

const MiB = 1024 * 1024;
/** Less is chance. */
const realGrowth = 1.05;

export interface GrowthOptions {
  readonly families: readonly Family[];
  /** Of each shard. */
  readonly bytes: number;
  readonly runs: number;
}

const four: readonly Family[] = ['postgresql', 'mariadb', 'postgresql', 'mariadb'];
const cores = availableParallelism();

export async function runGrowthPart(options: GrowthOptions): Promise<Table> {
  const series: Series[] = [];
  for (const family of options.families)
    series.push(
      await withCluster([family], options, (cluster) =>
        grow(`${family}, 1 shard, lanes`, [1, 2, 4, 8], (lanes) => timed(cluster, options, lanes, 1)),
      ),
    );
  series.push(
    await withCluster(four, options, (cluster) =>
      grow('PostgreSQL and MariaDB in turn, 2 lanes, shards', [1, 2, 3, 4], (shards) =>
        timed(cluster, options, 2, shards),
      ),
    ),
  );
  return {
    title: `Growth: backup by lanes and shards, ${formatBytes(options.bytes)} of rows on each`,
    columns: ['', 'MiB/s', 'against the first', 'cores busy'],
    rows: series.flatMap(rowsOf),
    notes: [
      `Median (least–greatest) of ${options.runs} whole backups, start and seal included, of all processes on a machine of ${cores} cores. Where nothing later is over ${(100 * (realGrowth - 1)).toFixed(0)} % faster, growth has ended: ${series.map(endOf).join('; ')}.`,
    ],
  };
}

async function withCluster<T>(
  shards: readonly Family[],
  options: GrowthOptions,
  work: (cluster: Cluster) => Promise<T>,
): Promise<T> {
  const cluster = await startBenchCluster({ purpose: 'source', shards, lanes: 2 });
  try {
    for (const server of serversOf(cluster)) await fillShop(server, shopOf(options.bytes));
    // The first of all pays for what every later one finds warm.
    await timed(cluster, { ...options, runs: 1 }, 2, shards.length);
    return await work(cluster);
  } finally {
    await cluster.stop();
  }
}

interface Rate {
  readonly measured: readonly Measured[];
  readonly rawBytes: number;
}

async function timed(
  cluster: Cluster,
  { runs, bytes }: GrowthOptions,
  lanes: number,
  shards: number,
): Promise<Rate> {
  // The shards take turns in the cluster's order, PostgreSQL and MariaDB.
  cluster.writeTopology({}, { lanes }, cluster.shards.slice(0, shards));
  const measured: Measured[] = [];
  for (let run = 0; run < runs; run += 1) {
    await atRest(serversOf(cluster).map(({ pid }) => pid));
    let id = '';
    measured.push(
      await measure(participantsOf(cluster), async () => {
        id = String((await tidemark(cluster, 'backup'))['id']);
      }),
    );
    rmSync(path.join(cluster.repository, cluster.name, 'sets', id), { recursive: true });
  }
  return { measured, rawBytes: bytes * shards };
}

/** One thing that grows, measured at each step. */
interface Series {
  readonly name: string;
  readonly points: readonly { readonly step: number; readonly rate: Spread; readonly busy: number }[];
}

async function grow(
  name: string,
  steps: readonly number[],
  run: (step: number) => Promise<Rate>,
): Promise<Series> {
  const points: Series['points'][number][] = [];
  for (const step of steps) {
    const { measured, rawBytes } = await run(step);
    const rate = spreadOf(measured.map(({ seconds }) => rawBytes / MiB / seconds));
    const busy = spreadOf(measured.map(({ seconds, cpuSeconds }) => cpuSeconds / seconds)).median;
    points.push({ step, rate, busy });
    console.error(`  growth: ${name}: ${step}`);
  }
  return { name, points };
}

function rowsOf({ name, points }: Series): string[][] {
  const first = points[0]?.rate.median ?? Number.NaN;
  return points.map(({ step, rate, busy }) => [
    `${name}: ${step}`,
    words(rate, 0),
    (rate.median / first).toFixed(2),
    busy.toFixed(2),
  ]);
}

/** Where it ends, and whether the machine's cores are the reason. */
function endOf({ name, points }: Series): string {
  const end = points.find(({ rate }, index) =>
    points.slice(index + 1).every((later) => later.rate.median < rate.median * realGrowth),
  );
  if (end === undefined) return name;
  const share = `${end.busy.toFixed(2)} of ${cores} cores busy`;
  return end.step === points.at(-1)?.step
    ? `${name}: still growing at ${end.step}, ${share}`
    : `${name}: at ${end.step}, ${share}`;
}
