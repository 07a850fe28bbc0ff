/** How a backup's speed grows with lanes and with shards, and where the machine's cores end it. */
import { availableParallelism } from 'node:os';
import { rmSync } from 'node:fs';
import path from 'node:path';
import type { Cluster } from '../../cluster/cluster.ts';
import { type Family, participantsOf, serversOf, startBenchCluster, tidemark } from '../bench-clusters.ts';
import { fillShop } from '../data/fill.ts';
import { shopOf } from '../data/shop.ts';
import { spreadOf, type Table, words } from '../measure/figures.ts';
import { atRest, type Measured, measure } from '../measure/meter.ts';

const MiB = 1024 * 1024;

export interface GrowthOptions {
  readonly families: readonly Family[];
  /** Of each shard. */
  readonly bytes: number;
  readonly runs: number;
}

export async function runGrowthPart(options: GrowthOptions): Promise<Table> {
  const rows: string[][] = [];
  for (const family of options.families) {
    rows.push(
      ...(await withCluster([family], options, async (cluster) =>
        grow(
          [1, 2, 4, 8],
          (lanes) => `${family}, 1 shard, ${lanes} lanes`,
          (lanes) => timed(cluster, options, lanes, 1),
        ),
      )),
    );
  }
  const four: Family[] = ['postgresql', 'mariadb', 'postgresql', 'mariadb'];
  rows.push(
    ...(await withCluster(four, options, async (cluster) =>
      grow(
        [1, 2, 3, 4],
        (shards) => `${shards} of: PostgreSQL, MariaDB, PostgreSQL, MariaDB; 2 lanes`,
        (shards) => timed(cluster, options, 2, shards),
      ),
    )),
  );
  const cores = availableParallelism();
  return {
    title: 'Growth: backup by lanes and shards',
    columns: ['', 'MiB/s', 'cores busy', ''],
    rows,
    notes: [
      `This machine has ${cores} cores: from the lines marked "all cores busy" on, more lanes or shards only share them.`,
    ],
  };
}

async function withCluster<T>(
  shards: readonly Family[],
  { bytes }: GrowthOptions,
  work: (cluster: Cluster) => Promise<T>,
): Promise<T> {
  const cluster = await startBenchCluster({ purpose: 'source', shards, lanes: 2 });
  try {
    for (const server of serversOf(cluster)) await fillShop(server, shopOf(bytes));
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

async function grow(
  steps: readonly number[],
  name: (step: number) => string,
  run: (step: number) => Promise<Rate>,
): Promise<string[][]> {
  const rows: string[][] = [];
  for (const step of steps) {
    const { measured, rawBytes } = await run(step);
    const rate = spreadOf(measured.map(({ seconds }) => rawBytes / MiB / seconds));
    const busy = spreadOf(measured.map(({ seconds, cpuSeconds }) => cpuSeconds / seconds)).median;
    const ended = busy > availableParallelism() * 0.9 ? 'all cores busy' : '';
    rows.push([name(step), words(rate, 0), busy.toFixed(2), ended]);
    console.error(`  growth: ${name(step)}`);
  }
  return rows;
}
