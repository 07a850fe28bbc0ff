/** Backup and restore against the native tools: in turn, several times, both checked to have restored the same rows. */
import { readdirSync, rmSync, statSync } from 'node:fs';
import path from 'node:path';
import type { Cluster } from '../../cluster/cluster.ts';
import { newFolder } from '../../servers/run-folder.ts';
import type { TestServer } from '../../servers/server.ts';
import { formatBytes } from '../../../topology/units.ts';
import { type Family, participantsOf, serversOf, startBenchCluster, tidemark } from '../bench-clusters.ts';
import { contentOf } from '../data/content.ts';
import { fillShop } from '../data/fill.ts';
import { benchDatabase, type ShopSize } from '../data/shop.ts';
import { type Table, ratios, spreadOf, words } from '../measure/figures.ts';
import { atRest, type Measured, measure } from '../measure/meter.ts';
import { type NativeTool, runTogether } from '../native/native-tool.ts';
import { nativeToolsOf } from '../native/native-tools.ts';

export interface CopyPart {
  readonly title: string;
  /** One server for each. */
  readonly shards: readonly Family[];
  /** What each shard holds. */
  readonly size: ShopSize;
  readonly lanes: number;
  readonly runs: number;
}

/** A run of one tool: both directions, and what it stored. */
interface Round {
  readonly backup: Measured;
  readonly restore: Measured;
  readonly storedBytes: number;
}

export async function runCopyPart(part: CopyPart): Promise<Table> {
  const { shards, lanes } = part;
  const source = await startBenchCluster({ purpose: 'source', shards, lanes });
  try {
    await Promise.all(serversOf(source).map((server) => fillShop(server, part.size)));
    const target = await startBenchCluster({
      purpose: 'target',
      shards,
      lanes,
      repository: source.repository,
    });
    try {
      return await compare(part, source, target);
    } finally {
      await target.stop();
    }
  } finally {
    await source.stop();
  }
}

async function compare(part: CopyPart, source: Cluster, target: Cluster): Promise<Table> {
  const expected = await contentsOf(source);
  const tools = await toolsOf(part);
  const ours: Round[] = [];
  const theirs: Round[][] = tools.map(() => []);
  for (let run = 0; run < part.runs; run += 1) {
    ours.push(await ourRound(source, target, expected));
    for (const [index, tool] of tools.entries())
      theirs[index]?.push(await theirRound(tool, source, target, expected));
    console.error(`  ${part.title}: run ${run + 1} of ${part.runs}`);
  }
  const rows: string[][] = [];
  for (const [index, tool] of tools.entries()) rows.push(...comparison(tool.name, ours, theirs[index] ?? []));
  return {
    title: part.title,
    columns: [
      '',
      'tidemark',
      'native',
      'ratio of wall time',
      'CPU s',
      'native CPU s',
      'peak',
      'native peak',
      'stored',
      'native stored',
    ],
    rows,
    notes: [
      `${versionsOf(source)}; ${part.lanes} lanes; median of ${part.runs} runs in turn (least–greatest); ratio: theirs through ours, run by run.`,
    ],
  };
}

function versionsOf(cluster: Cluster): string {
  return [...new Set(serversOf(cluster).map(({ family, version }) => `${family} ${version}`))].join(', ');
}

/** One entry for each set of tools: with several families, the tool that comes with each server. */
interface ToolSet {
  readonly name: string;
  readonly toolOf: (server: TestServer) => NativeTool;
}

async function toolsOf(part: CopyPart): Promise<ToolSet[]> {
  const wanted = [...new Set(part.shards)];
  const lists = new Map(
    await Promise.all(
      wanted.map(async (family) => [family, await nativeToolsOf(family, part.lanes)] as const),
    ),
  );
  const at = (server: TestServer, index: number): NativeTool => {
    const tool = lists.get(server.family)?.[index];
    if (tool === undefined) throw new Error(`no native tool for ${server.family}`);
    return tool;
  };
  if (wanted.length > 1)
    return [{ name: 'those tools, started together', toolOf: (server) => at(server, 0) }];
  const own = lists.get(wanted[0] ?? 'postgresql') ?? [];
  return own.map((tool, index) => ({ name: tool.name, toolOf: (server) => at(server, index) }));
}

async function ourRound(source: Cluster, target: Cluster, expected: string): Promise<Round> {
  await rest(source, target);
  let id = '';
  const backup = await measure(participantsOf(source), async () => {
    id = String((await tidemark(source, 'backup'))['id']);
  });
  await rest(source, target);
  const set = path.join(source.repository, source.name, 'sets', id);
  const storedBytes = bytesBelow(set);
  const restore = await measure(participantsOf(target), () => tidemark(target, 'restore', id));
  await expectContent('tidemark', target, expected);
  await target.dropDatabases();
  rmSync(set, { recursive: true });
  return { backup, restore, storedBytes };
}

async function theirRound(
  { name, toolOf }: ToolSet,
  source: Cluster,
  target: Cluster,
  expected: string,
): Promise<Round> {
  const folder = newFolder('native');
  const pathOf = (index: number): string => path.join(folder, `dump-${index}`);
  const servers = (cluster: Cluster): number[] => serversOf(cluster).map(({ pid }) => pid);
  await rest(source, target);
  const backup = await measure({ tools: [], servers: servers(source) }, () =>
    runTogether(serversOf(source).map((server, index) => toolOf(server).backup(server, pathOf(index)))),
  );
  const storedBytes = bytesBelow(folder);
  for (const server of serversOf(target)) await server.run(`CREATE DATABASE ${benchDatabase}`);
  await rest(source, target);
  const restore = await measure({ tools: [], servers: servers(target) }, () =>
    runTogether(serversOf(target).map((server, index) => toolOf(server).restore(server, pathOf(index)))),
  );
  await expectContent(name, target, expected);
  await target.dropDatabases();
  rmSync(folder, { recursive: true });
  return { backup, restore, storedBytes };
}

/** Until nobody does anything for the run before. */
async function rest(source: Cluster, target: Cluster): Promise<void> {
  const servers = [...serversOf(source), ...serversOf(target)];
  for (const server of servers) if (server.engine === 'postgres') await server.run('CHECKPOINT');
  await atRest(servers.map(({ pid }) => pid));
}

async function contentsOf(cluster: Cluster): Promise<string> {
  return (await Promise.all(serversOf(cluster).map(contentOf))).join('\n');
}

async function expectContent(tool: string, target: Cluster, expected: string): Promise<void> {
  const found = await contentsOf(target);
  if (found !== expected)
    throw new Error(`${tool} restored other rows:\n${found}\nwhere the source has\n${expected}`);
}

function bytesBelow(folder: string): number {
  let bytes = 0;
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true }))
    if (entry.isFile()) bytes += statSync(path.join(entry.parentPath, entry.name)).size;
  return bytes;
}

function comparison(name: string, ours: readonly Round[], theirs: readonly Round[]): string[][] {
  const median = (rounds: readonly Round[], figure: (round: Round) => number): number =>
    spreadOf(rounds.map(figure)).median;
  return (['backup', 'restore'] as const).map((way) => {
    const seconds = (round: Round): number => round[way].seconds;
    const cpu = (round: Round): number => round[way].cpuSeconds;
    const peak = (round: Round): number => round[way].peakBytes;
    const stored = (round: Round): number => round.storedBytes;
    return [
      `${way}: ${name}`,
      `${words(spreadOf(ours.map(seconds)))} s`,
      `${words(spreadOf(theirs.map(seconds)))} s`,
      words(ratios(ours, theirs, seconds)),
      median(ours, cpu).toFixed(2),
      median(theirs, cpu).toFixed(2),
      formatBytes(median(ours, peak)),
      formatBytes(median(theirs, peak)),
      formatBytes(median(ours, stored)),
      formatBytes(median(theirs, stored)),
    ];
  });
}
