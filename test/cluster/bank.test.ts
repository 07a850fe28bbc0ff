/**
 * Promise 1 on real servers: every set taken under crossing transfers, restored onto other empty servers, holds all
 * money and every transfer whole. The judge reads those servers and imports nothing of the project's.
 */
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { BankCluster } from './bank-cluster.ts';
import { type BankSet, expectAtomicSets, report, takeAndJudge } from './bank-sets.ts';

const wantedSets = Number(process.env['TIDEMARK_BANK_SETS'] ?? 10);
const holdLimitMs = 100;
const transfersAtLeast = 50;

let bank: BankCluster;

beforeAll(async () => {
  bank = await BankCluster.start({
    postgres: 2,
    mariadb: 2,
    clients: 12,
    pauseMs: 20,
    ballastRows: 4000,
    barrier: { holdLimit: `${holdLimitMs}ms` },
    copy: { lanes: 2, chunk: '1MiB' },
  });
});

afterAll(() => bank.stop());

test(
  `${wantedSets} atomic sets under crossing transfers hold all money and no half transfer`,
  {
    timeout: wantedSets * 60_000,
  },
  () => expectAtomicSets(bank, wantedSets, { holdLimitMs, transfersAtLeast }),
);

test('simultaneous sets under the same transfers are torn, so the judge can see it', {
  timeout: 600_000,
}, async () => {
  bank.source.writeTopology({ consistency: 'simultaneous' });
  const sets: BankSet[] = [];
  while (sets.length < 10 && !sets.some((set) => set.verdict.halfTransfers > 0))
    sets.push(await takeAndJudge(bank));
  report('simultaneous', sets);
  expect(sets.map((set) => set.consistency)).toEqual(sets.map(() => 'simultaneous'));
  expect(sets.filter((set) => set.verdict.halfTransfers > 0).length, 'torn sets').toBeGreaterThan(0);
});

test("the judge imports nothing of the project's", () => {
  const folder = path.join(import.meta.dirname, '..', 'bank');
  for (const file of readdirSync(folder)) {
    const imports = readFileSync(path.join(folder, file), 'utf8').matchAll(
      /\bfrom '([^']+)'|\bimport\('([^']+)'\)/g,
    );
    for (const [, fixed, dynamic] of imports) {
      expect(`${file}: ${fixed ?? dynamic}`).toMatch(/: (\.\/[\w-]+\.ts|node:.+|pg|mysql2\/promise)$/);
    }
  }
});
