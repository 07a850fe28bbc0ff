/** Peak memory of an agent and of the command: the same whatever the set's size. */
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
  family: Family;
  /** Bytes of rows, ascending. */
  sizes: readonly number[];
  lanes: number;
}): Promise<Table> {
  const { family, sizes, lanes } = options;
  const rows: string[][] = [];
  const take = async (what: string, fill: (server: TestServer) => Promise<void>): Promise<RoundTrip> => {
    const trip = await roundTrip(family, lanes, fill);
    console.error(`  memory: ${family}, ${what}`);
    rows.push([what, ...cells(trip.backup), ...cells(trip.restore)]);
    return trip;
  };
  const trips: RoundTrip[] = [];
  for (const bytes of sizes)
    trips.push(await take(`${formatBytes(bytes)} of rows`, (server) => fillShop(server, shopOf(bytes))));
  await take(`one value of ${formatBytes(largeValueBytes)}`, (server) =>
    fillLargeValue(server, largeValueBytes),
  );
  const [least, greatest] = [sizes[0] ?? 0, sizes.at(-1) ?? 0].map(formatBytes);
  const way = (name: string): string[] => [
    `${name}: agent before`,
    'at its peak',
    'with the command',
    'time',
  ];
  return {
    title: `Memory of agent and command, with the programs they start, ${family}`,
    columns: ['', ...way('backup'), ...way('restore')],
    rows,
    notes: [
      `${lanes} lanes; restored rows are those of the source. Resident memory, sampled; what processes share counts for each of them.`,
      `The agent's peak at ${greatest} against ${least}, backup and restore: ${growthOf(trips)}.`,
    ],
  };
}

function cells({ standingBytes, standingPeakBytes, peakBytes, seconds }: Measured): string[] {
  return [...[standingBytes, standingPeakBytes, peakBytes].map(formatBytes), `${seconds.toFixed(1)} s`];
}

/** The agents' peak of the last against that of the first. */
function growthOf(trips: readonly RoundTrip[]): string {
  const [first, last] = [trips[0], trips.at(-1)];
  if (first === undefined || last === undefined) return '–';
  const growth = (way: keyof RoundTrip): string => {
    const percent = 100 * (last[way].standingPeakBytes / first[way].standingPeakBytes - 1);
    return `${percent < 0 ? '' : '+'}${percent.toFixed(0)} %`;
  };
  return `${growth('backup')}, ${growth('restore')}`;
}

interface RoundTrip {
  readonly backup: Measured;
  readonly restore: Measured;
}

async function roundTrip(
  family: Family,
  lanes: number,
  fill: (server: TestServer) => Promise<void>,
): Promise<RoundTrip> {
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
