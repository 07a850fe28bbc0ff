/** The bank over all three families in one cluster, each the newest of its kind. */
import { afterAll, beforeAll, test } from 'vitest';
import { BankCluster } from '../cluster/bank-cluster.ts';
import { expectAtomicSets } from '../cluster/bank-sets.ts';
import {
  newestPostgresTools,
  startNewestMariadb,
  startNewestMysql,
  startNewestPostgres,
} from '../servers/newest.ts';

const wantedSets = Number(process.env['TIDEMARK_BANK_SETS'] ?? 5);
const holdLimitMs = 100;

let bank: BankCluster;

beforeAll(async () => {
  const mysql = (): ReturnType<typeof startNewestMysql> =>
    startNewestMysql({ settings: { 'local-infile': 'ON' } });
  bank = await BankCluster.start({
    servers: [startNewestPostgres, startNewestPostgres, mysql, startNewestMariadb].map(
      (start) => () => start(),
    ),
    tools: { ...(await newestPostgresTools()) },
    clients: 12,
    pauseMs: 20,
    ballastRows: 4000,
    barrier: { holdLimit: `${holdLimitMs}ms` },
    copy: { lanes: 2, chunk: '1MiB' },
  });
});

afterAll(() => bank?.stop());

test(
  `${wantedSets} atomic sets over PostgreSQL, MySQL and MariaDB hold all money and no half transfer`,
  {
    timeout: wantedSets * 60_000,
  },
  () => expectAtomicSets(bank, wantedSets, { holdLimitMs, transfersAtLeast: 50 }),
);
