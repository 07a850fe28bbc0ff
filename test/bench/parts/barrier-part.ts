/** The barrier under load: time to the cut, attempts and hold, by shards and rate of crossing transfers. */
import { rmSync } from 'node:fs';
import path from 'node:path';
import { type Family, tidemark } from '../bench-clusters.ts';
import { spreadOf, type Table, words } from '../measure/figures.ts';
import { now } from '../../bank/timeline.ts';
import { readStepLog } from '../../cluster/steps.ts';
import { BankLoad } from './bank-load.ts';

/** As `backup --json` prints it. */
interface Backup {
  readonly id: string;
  readonly attempts: number;
  readonly longestHoldMs: number;
}

export async function runBarrierPart(options: { shards: readonly number[]; runs: number }): Promise<Table> {
  const rows: string[][] = [];
  for (const shards of options.shards) {
    const families = Array.from(
      { length: shards },
      (_, index): Family => (index % 2 === 0 ? 'postgresql' : 'mariadb'),
    );
    const load = await BankLoad.start(families);
    try {
      for (const rate of [0, 100, 500, 'all'] as const) {
        const reached = await load.run(rate);
        rows.push(
          await row(load, `${shards} shards, ${reached.toFixed(0)} transfers a second`, options.runs),
        );
      }
    } finally {
      await load.stop();
    }
  }
  return {
    title: 'Barrier: time to the cut, attempts and hold',
    columns: ['', 'ms to the cut', 'attempts', 'longest hold, ms', 'longest stall of a statement, ms'],
    rows,
    notes: [
      `Median (least–greatest) of ${options.runs} backups; half of the transfers in two phases, half shard by shard; PostgreSQL and MariaDB in equal parts.`,
    ],
  };
}

async function row(load: BankLoad, name: string, runs: number): Promise<string[]> {
  const backups: Backup[] = [];
  const cutMs: number[] = [];
  const stalls: number[] = [];
  for (let run = 0; run < runs; run += 1) {
    const from = now();
    const { result, longestStallMs } = await load.during(() => tidemark(load.cluster, 'backup'));
    const backup = result as unknown as Backup;
    backups.push(backup);
    cutMs.push(timeToTheCut(load, from));
    stalls.push(longestStallMs);
    rmSync(path.join(load.cluster.repository, load.cluster.name, 'sets', backup.id), { recursive: true });
  }
  console.error(`  barrier: ${name}`);
  const of = (figure: (backup: Backup) => number, digits: number): string =>
    words(spreadOf(backups.map(figure)), digits);
  return [
    name,
    words(spreadOf(cutMs), 0),
    of(({ attempts }) => attempts, 0),
    of(({ longestHoldMs }) => longestHoldMs, 1),
    words(spreadOf(stalls), 0),
  ];
}

/** From the last agent's having prepared to all shards frozen at once, by the coordinator's own steps since `from`. */
function timeToTheCut(load: BankLoad, from: number): number {
  const steps = readStepLog(load.cluster.stepLog).filter(({ at }) => at >= from);
  const at = (point: string): number => steps.find((step) => step.point === point)?.at ?? Number.NaN;
  return at('coordinator.frozen') - at('coordinator.prepared');
}
