/** The barrier under load: time to the cut, attempts and hold, by shards and rate of crossing transfers. */
import type { Family } from '../bench-clusters.ts';
import { spreadOf, type Table, words } from '../measure/figures.ts';
import { BankLoad, type Cut } from './bank-load.ts';

const rates = [0, 100, 500, 'all'] as const;
const wordsOf: Readonly<Record<(typeof rates)[number], string>> = {
  0: 'no transfers',
  100: '100 transfers a second wanted',
  500: '500 wanted',
  all: 'six clients that never pause',
};

export async function runBarrierPart(options: { shards: readonly number[]; runs: number }): Promise<Table> {
  const rows: string[][] = [];
  for (const shards of options.shards) {
    const families = Array.from(
      { length: shards },
      (_, index): Family => (index % 2 === 0 ? 'postgresql' : 'mariadb'),
    );
    const load = await BankLoad.start(families);
    try {
      for (const rate of rates) {
        const reached = (await load.run(rate)).toFixed(0);
        rows.push(await row(load, `${shards} shards, ${wordsOf[rate]}: ${reached} a second`, options.runs));
      }
    } finally {
      await load.stop();
    }
  }
  return {
    title: 'Barrier: time to the cut, attempts and hold',
    columns: [
      '',
      'ms to the cut',
      'attempts',
      'longest hold, ms',
      'longest stall of a statement, ms',
      'not reached',
    ],
    rows,
    notes: [
      `Median (least–greatest) of ${options.runs} backups; half of the transfers in two phases, half shard by shard; PostgreSQL and MariaDB in equal parts; the clients run on the same machine. "Not reached": given up at the deadline of 30 s, nothing stored; the stalls count all the same.`,
    ],
  };
}

async function row(load: BankLoad, name: string, runs: number): Promise<string[]> {
  const cuts: Cut[] = [];
  const stalls: number[] = [];
  for (let run = 0; run < runs; run += 1) {
    const { result, longestStallMs } = await load.backup();
    stalls.push(longestStallMs);
    if (result !== undefined) cuts.push(result);
  }
  console.error(`  barrier: ${name}`);
  const of = (figure: (cut: Cut) => number, digits: number): string =>
    words(spreadOf(cuts.map(figure)), digits);
  return [
    name,
    of(({ cutMs }) => cutMs, 0),
    of(({ attempts }) => attempts, 0),
    of(({ longestHoldMs }) => longestHoldMs, 1),
    words(spreadOf(stalls), 0),
    `${runs - cuts.length} of ${runs}`,
  ];
}
