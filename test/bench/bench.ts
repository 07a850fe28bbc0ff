/**
 * `npm run bench`: what a backup and a restore cost, measured on real servers in one run.
 *
 *   npm run bench                                 speed against the native tools, then peak memory
 *   npm run bench -- --size 2GiB --runs 5         rows of the speed part, and how often each tool runs
 *   npm run bench -- --memory-size 5GiB           rows of the memory part
 *   npm run bench -- --part memory --engine mysql one part, one engine
 *
 * Nothing here asserts a time. What is asserted is that what came back is what was there.
 */
import { parseArgs } from 'node:util';
import { Cluster } from '../cluster/cluster.ts';
import { type CommandResult, describeResult } from '../cluster/command.ts';
import { newFolder } from '../servers/run-folder.ts';
import { formatBytes, parseBytes } from '../../topology/units.ts';
import { contentOf, fillLargeValue, fillOrders } from './data.ts';
import { nativeDump } from './native.ts';
import { ProcessMemory } from './process-memory.ts';
import type { TestServer } from '../servers/server.ts';

const { values } = parseArgs({
  options: {
    size: { type: 'string', default: '512MiB' },
    runs: { type: 'string', default: '3' },
    'memory-size': { type: 'string', default: '5GiB' },
    part: { type: 'string', default: 'speed,memory' },
    engine: { type: 'string', default: 'postgres,mysql' },
  },
});

const MiB = 1024 * 1024;
const largeValueBytes = 200 * MiB;

function bytesOf(text: string): number {
  const bytes = parseBytes(text);
  if (bytes === undefined) throw new Error(`${text} is not a size such as 512MiB`);
  return bytes;
}

type EngineName = 'postgres' | 'mysql';

function oneShard(engine: EngineName, purpose: 'source' | 'target', repository?: string): Promise<Cluster> {
  return Cluster.start({
    name: 'bench',
    postgres: engine === 'postgres' ? 1 : 0,
    mariadb: engine === 'mysql' ? 1 : 0,
    purpose,
    databases: ['bench'],
    ...(repository === undefined ? {} : { repository }),
    settings: {
      postgres: { shared_buffers: '256MB', max_wal_size: '4GB' },
      mariadb: { innodb_buffer_pool_size: '512M', innodb_log_file_size: '2560M', max_allowed_packet: '1G' },
    },
  });
}

function serverOf(cluster: Cluster): TestServer {
  return cluster.shard('shard-0').server;
}

async function succeed(running: Promise<CommandResult>): Promise<CommandResult> {
  const result = await running;
  if (result.exitCode !== 0) throw new Error(`tidemark failed: ${describeResult(result)}`);
  return result;
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const began = performance.now();
  await work();
  return (performance.now() - began) / 1000;
}

function median(numbers: readonly number[]): number {
  const sorted = numbers.toSorted((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}

function line(...cells: string[]): void {
  console.log(cells.map((cell, index) => (index === 0 ? cell.padEnd(44) : cell.padStart(20))).join(''));
}

/** Tidemark and the native tool in turn, A B A B. */
async function speed(engine: EngineName): Promise<void> {
  const size = bytesOf(values.size);
  const source = await oneShard(engine, 'source');
  try {
    await fillOrders(serverOf(source), size);
    const folder = newFolder('native');
    const ours: number[] = [];
    const theirs: number[] = [];
    for (let run = 0; run < Number(values.runs); run++) {
      ours.push(await timed(() => succeed(source.tidemark('backup', '--json'))));
      theirs.push(await nativeDump(serverOf(source), folder));
    }
    const ratios = theirs.map((seconds, run) => seconds / (ours[run] ?? Number.NaN));
    line(
      `${engine}: backup of ${formatBytes(size)}`,
      `${median(ours).toFixed(2)} s`,
      `${median(theirs).toFixed(2)} s`,
      `${median(ratios).toFixed(2)} (${Math.min(...ratios).toFixed(2)}–${Math.max(...ratios).toFixed(2)})`,
    );
  } finally {
    await source.stop();
  }
}

/** Peak memory of the agent with its children, over one backup and one restore. */
async function memory(
  engine: EngineName,
  what: string,
  tables: readonly string[],
  fill: (server: TestServer) => Promise<void>,
): Promise<void> {
  const source = await oneShard(engine, 'source');
  try {
    await fill(serverOf(source));
    const backup = new ProcessMemory(source.shard('shard-0').agent.pid);
    const backupSeconds = await timed(() => succeed(source.tidemark('backup', '--json')));
    const backupBytes = backup.stop();
    const target = await oneShard(engine, 'target', source.repository);
    try {
      const restore = new ProcessMemory(target.shard('shard-0').agent.pid);
      const restoreSeconds = await timed(() => succeed(target.tidemark('restore', 'latest', '--json')));
      const restoreBytes = restore.stop();
      for (const table of tables) {
        const [was, is] = [
          await contentOf(serverOf(source), table),
          await contentOf(serverOf(target), table),
        ];
        if (was !== is) throw new Error(`${engine}: ${table} came back different: ${was} became ${is}`);
      }
      line(`${engine}: backup, ${what}`, formatBytes(backupBytes), `${backupSeconds.toFixed(1)} s`);
      line(`${engine}: restore, ${what}`, formatBytes(restoreBytes), `${restoreSeconds.toFixed(1)} s`);
    } finally {
      await target.stop();
    }
  } finally {
    await source.stop();
  }
}

const engines = values.engine.split(',') as EngineName[];
const parts = values.part.split(',');
if (parts.includes('speed')) {
  console.log(`\nSpeed, median of ${values.runs} runs in turn; ratio is theirs / ours with its range\n`);
  line('', 'tidemark', 'native', 'ratio');
  for (const engine of engines) await speed(engine);
}
if (parts.includes('memory')) {
  const size = bytesOf(values['memory-size']);
  console.log('\nPeak resident memory of the agent with its children\n');
  line('', 'peak', 'time');
  for (const engine of engines) {
    await memory(engine, `${formatBytes(size)} of rows`, ['orders', 'orders_small'], (server) =>
      fillOrders(server, size),
    );
    await memory(engine, `a value of ${formatBytes(largeValueBytes)}`, ['large'], (server) =>
      fillLargeValue(server, largeValueBytes),
    );
  }
}
