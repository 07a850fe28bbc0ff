/** Peak memory of an agent with its children: the same whatever the set's size. */
import { formatBytes } from '../../../topology/units.ts';
import { type Family, participantsOf, serversOf, startBenchCluster, tidemark } from '../bench-clusters.ts';
import { contentOf } from '../data/content.ts';
import { fillLargeValue, fillShop } from '../data/fill.ts';
import { shopOf } from '../data/shop.ts';
import type { Table } from '../measure/figures.ts';
import { type Measured, measure } from '../measure/meter.ts';
import type { TestServer } from '../../servers/server.ts';

const largeValueBytes = 200 * 1024 * 1024;

export async function runMemoryPart(options: {
  families: readonly Family[];
  sizes: readonly number[];
  lanes: number;
}): Promise<Table> {
  const rows: string[][] = [];
  for (const family of options.families) {
    for (const bytes of options.sizes)
      rows.push(
        await row(family, `${formatBytes(bytes)} of rows`, options.lanes, (server) =>
          fillShop(server, shopOf(bytes)),
        ),
      );
    rows.push(
      await row(family, `one value of ${formatBytes(largeValueBytes)}`, options.lanes, (server) =>
        fillLargeValue(server, largeValueBytes),
      ),
    );
  }
  return {
    title: 'Memory: agent, its children and the command, at their peak',
    columns: ['', 'backup', 'time', 'restore', 'time'],
    rows,
    notes: [`${options.lanes} lanes; restored rows are those of the source.`],
  };
}

async function row(
  family: Family,
  what: string,
  lanes: number,
  fill: (server: TestServer) => Promise<void>,
): Promise<string[]> {
  const { backup, restore } = await roundTrip(family, lanes, fill);
  console.error(`  memory: ${family}, ${what}`);
  return [
    `${family}, ${what}`,
    formatBytes(backup.peakBytes),
    `${backup.seconds.toFixed(1)} s`,
    formatBytes(restore.peakBytes),
    `${restore.seconds.toFixed(1)} s`,
  ];
}

async function roundTrip(
  family: Family,
  lanes: number,
  fill: (server: TestServer) => Promise<void>,
): Promise<{ backup: Measured; restore: Measured }> {
  const source = await startBenchCluster({ purpose: 'source', shards: [family], lanes, large: true });
  try {
    for (const server of serversOf(source)) await fill(server);
    const backup = await measure(participantsOf(source), () => tidemark(source, 'backup'));
    const target = await startBenchCluster({
      purpose: 'target',
      shards: [family],
      lanes,
      large: true,
      repository: source.repository,
    });
    try {
      const restore = await measure(participantsOf(target, source), () =>
        tidemark(target, 'restore', 'latest'),
      );
      const [was, is] = await Promise.all(
        [source, target].map((cluster) => contentOf(serversOf(cluster)[0] as TestServer)),
      );
      if (was !== is) throw new Error(`${family} came back different:\n${is}\nwhere the source has\n${was}`);
      return { backup, restore };
    } finally {
      await target.stop();
    }
  } finally {
    await source.stop();
  }
}
