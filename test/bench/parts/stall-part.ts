/** The longest a writer waits because of a backup's cut: ours, and that of a script which locks every shard. */
import { rmSync } from 'node:fs';
import path from 'node:path';
import { newFolder } from '../../servers/run-folder.ts';
import { type Family, serversOf, tidemark } from '../bench-clusters.ts';
import { ratios, spreadOf, type Table, words } from '../measure/figures.ts';
import { lockEveryShard } from '../native/lock-script.ts';
import { BankLoad } from './bank-load.ts';

const shards: readonly Family[] = ['postgresql', 'mariadb', 'postgresql', 'mariadb'];

export async function runStallPart(options: { runs: number; perSecond: number }): Promise<Table> {
  const load = await BankLoad.start(shards);
  try {
    const reached = await load.run(options.perSecond);
    const ours: number[] = [];
    const theirs: number[] = [];
    const usual: number[] = [];
    const folder = newFolder('lock-script');
    for (let run = 0; run < options.runs; run += 1) {
      usual.push(
        (await load.during(() => new Promise((resolve) => setTimeout(resolve, 2000)))).longestStallMs,
      );
      const { result, longestStallMs } = await load.during(() => tidemark(load.cluster, 'backup'));
      ours.push(longestStallMs);
      rmSync(path.join(load.cluster.repository, load.cluster.name, 'sets', String(result['id'])), {
        recursive: true,
      });
      theirs.push((await load.during(() => lockEveryShard(serversOf(load.cluster), folder))).longestStallMs);
      console.error(`  stall: run ${run + 1} of ${options.runs}`);
    }
    return {
      title: `Longest stall of a writer, ${reached.toFixed(0)} crossing transfers a second over ${shards.length} shards`,
      columns: ['', 'tidemark backup, ms', 'lock script, ms', 'ratio', 'without either, ms'],
      rows: [
        [
          'longest wait of one statement',
          words(spreadOf(ours), 0),
          words(spreadOf(theirs), 0),
          words(
            ratios(ours, theirs, (ms) => ms),
            1,
          ),
          words(spreadOf(usual), 0),
        ],
      ],
      notes: [
        `Median of ${options.runs} runs in turn (least–greatest). Two PostgreSQL and two MariaDB shards; half of the transfers in two phases, half shard by shard.`,
        'The script locks the tables (PostgreSQL) or flushes with a read lock (MariaDB) shard by shard with psql and mariadb, opens the snapshots, unlocks; a lock it does not get within 2 s makes it begin again.',
      ],
    };
  } finally {
    await load.stop();
  }
}
