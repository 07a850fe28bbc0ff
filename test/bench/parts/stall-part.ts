/** The longest a writer waits because of a backup's cut: ours, and that of a script which locks every shard. */
import { setTimeout as sleep } from 'node:timers/promises';
import { newFolder } from '../../servers/run-folder.ts';
import { type Family, serversOf } from '../bench-clusters.ts';
import { ratios, spreadOf, type Table, words } from '../measure/figures.ts';
import { lockEveryShard, lockScriptLimits } from '../native/lock-script.ts';
import { BankLoad } from './bank-load.ts';

const shards: readonly Family[] = ['postgresql', 'mariadb', 'postgresql', 'mariadb'];

/** A cut of either kind. */
interface Outcome {
  readonly longestStallMs: number;
  /** Undefined when it was given up. */
  readonly attempts: number | undefined;
}

/** `times`: how often each, in turn. What a cut meets is chance, so there should be some twenty. */
export async function runStallPart(options: { times: number; perSecond: number }): Promise<Table> {
  const load = await BankLoad.start(shards);
  try {
    const reached = await load.run(options.perSecond);
    const ours: Outcome[] = [];
    const theirs: Outcome[] = [];
    const usual: number[] = [];
    for (let time = 0; time < options.times; time += 1) {
      usual.push((await load.during(() => sleep(1500))).longestStallMs);
      const backup = await load.backup();
      ours.push({ longestStallMs: backup.longestStallMs, attempts: backup.result?.attempts });
      const folder = newFolder('lock-script');
      const script = await load.during(() => lockEveryShard(serversOf(load.cluster), folder));
      theirs.push({ longestStallMs: script.longestStallMs, attempts: script.result });
      console.error(`  stall: ${time + 1} of ${options.times}`);
    }
    return tableOf(reached, ours, theirs, usual);
  } finally {
    await load.stop();
  }
}

function tableOf(
  perSecond: number,
  ours: readonly Outcome[],
  theirs: readonly Outcome[],
  usual: readonly number[],
): Table {
  const stall = ({ longestStallMs }: Outcome): number => longestStallMs;
  const attempts = (outcomes: readonly Outcome[]): string =>
    words(spreadOf(outcomes.flatMap((outcome) => outcome.attempts ?? [])), 0);
  const givenUp = (outcomes: readonly Outcome[]): string =>
    `${outcomes.filter((outcome) => outcome.attempts === undefined).length} of ${outcomes.length}`;
  const ratio = words(ratios(ours, theirs, stall), 1);
  return {
    title: `Longest stall of a writer, ${perSecond.toFixed(0)} crossing transfers a second over ${shards.length} shards`,
    columns: ['', 'tidemark backup', 'lock script', 'ratio', 'without either'],
    rows: [
      [
        'longest wait of one statement, ms',
        words(spreadOf(ours.map(stall)), 0),
        words(spreadOf(theirs.map(stall)), 0),
        ratio,
        words(spreadOf(usual), 0),
      ],
      ['attempts, where it got its cut', attempts(ours), attempts(theirs), '', ''],
      ['given up without a cut', givenUp(ours), givenUp(theirs), '', ''],
    ],
    notes: [
      `Median (least–greatest) of ${ours.length} of each in turn. Two PostgreSQL and two MariaDB shards; half of the transfers in two phases, half shard by shard.`,
      `The script locks the tables (PostgreSQL) or flushes with a read lock (MariaDB) shard by shard with psql and mariadb, all connected before, opens the snapshots, unlocks. ${lockScriptLimits} With no such limit it would wait for ever: a transfer that has written on a shard not locked yet and waits for a locked one is waited for by the script.`,
    ],
  };
}
