/**
 * `npm run demo`: the main job on real servers, in about a minute.
 *
 * Two PostgreSQL and two MariaDB shards with an agent each, four empty servers to restore onto, and a bank whose
 * clients move money across the shards without pause. Beside it on every shard lie the books of a shop, with objects of every
 * kind. One set is taken under that load, verified, restored and judged.
 * Ends with exit code 0 only when every check is good; leaves nothing behind, Ctrl-C included.
 */
import { cpSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parse, stringify } from 'yaml';
import { judgeBank, type Verdict } from '../bank/oracle.ts';
import { now, type WindowReport } from '../bank/timeline.ts';
import { BankCluster } from '../cluster/bank-cluster.ts';
import type { CommandResult } from '../cluster/command.ts';
import { readStepLog } from '../cluster/steps.ts';
import { serverToleranceMs } from '../../coordinator/barrier/pace.ts';
import { holdText, longestHoldText, overrunText } from '../../coordinator/hold.ts';
import type { SealBody } from '../../repository/seal.ts';
import { besideTheBank, compareSamples } from './sample.ts';
import { type Check, say, showChecks, showCommand, step } from './screen.ts';

const holdLimitMs = 100;

process.on('exit', (code) => {
  if (code === 130) console.log('\ninterrupted: servers, agents and their folders are removed');
});

step('Start four shards with an agent each, four empty servers, the books of a shop, and a bank');
const bank = await BankCluster.start({
  postgres: 2,
  mariadb: 2,
  clients: 12,
  pauseMs: 12,
  ballastRows: 20_000,
  barrier: { holdLimit: `${holdLimitMs}ms` },
  copy: { lanes: 2, chunk: '4MiB' },
  beside: besideTheBank,
});
const { source, workload } = bank;
const target = bank.target as NonNullable<typeof bank.target>;
for (const { name, server, agent } of source.shards) {
  say(`${name}: ${server.family} ${server.version} on port ${server.port}, agent at ${agent.address}`);
}
await sleep(2000);
const before = await workload.window(now() - 1500, now());
say(`12 clients move money across the shards, ${before.perSecond.toFixed(0)} transfers a second,`);
say('half of them in two phases (PREPARE TRANSACTION, XA), half shard by shard');
await run(['check']);

step('Take one backup set while they do');
let taken = await takeSet();
// A freeze that met no transfer would prove little: such a set is as good, but it is not the one to show.
for (let again = 0; again < 3 && taken.inFlight === 0; again += 1) {
  say('by chance no transfer was in flight at that freeze: once more');
  taken = await takeSet();
}

step('Look at it, and read every stored byte');
await run(['list']);
const verify = await run(['verify', 'latest']);

step('Flip one bit in a copy of the repository: verify names the object');
const flipped = await flipABit();

step('Restore the set onto the four empty servers');
const restore = await run(['restore', 'latest', '--to', target.topologyPath]);

step('Ask the restored servers themselves, by code that knows nothing of Tidemark');
const restored = await bank.judgeTarget({ atLeast: taken.atLeast, atMost: taken.atMost });
say(`${restored.accounts} accounts and ${restored.transfers} transfers on ${restored.shards} shards`);
await workload.pause();
const live = await judgeBank(bank.plan);
const sample = await compareSamples(source, target);
say(
  `the books of the shop: ${sample.objects} definitions, ${sample.rows} rows of ${sample.tables} tables compared,`,
);
say(`${sample.questions} questions asked of source and restored servers`);
for (const difference of sample.differences.slice(0, 5)) say(difference);
await bank.resume();

step('Stop and remove everything');
let tidy = 'nothing is left';
await bank.stop().catch((error: unknown) => {
  tidy = String(error);
});

const good = showChecks(checks());
process.exitCode = good ? 0 : 1;

interface Taken {
  readonly backup: CommandResult;
  readonly id: string;
  readonly consistency: string;
  readonly barrier: SealBody['barrier'];
  readonly writers: WindowReport;
  readonly inFlight: number;
  readonly atLeast: number;
  readonly atMost: number;
}

/** Runs a command, shows it, and returns how it ended. */
async function run(args: readonly string[]): Promise<CommandResult> {
  const result = await source.tidemark(...args);
  const shown = args.map((argument) => (path.isAbsolute(argument) ? path.basename(argument) : argument));
  showCommand(`tidemark ${shown.join(' ')}`, result.stdout + (result.exitCode === 0 ? '' : result.stderr));
  return result;
}

async function takeSet(): Promise<Taken> {
  const from = now();
  const backup = await run(['backup']);
  const to = now();
  const frozen = readStepLog(source.stepLog).filter(
    (record) => record.point === 'coordinator.frozen' && record.at >= from,
  );
  const inFlight = await workload.inFlightAt(frozen.map((record) => record.at));
  const writers = await workload.window(from, to);
  const seal = (await source.tidemark('show', 'latest', '--json')).json as unknown as {
    id: string;
    consistency: string;
    barrier: SealBody['barrier'];
  };
  const taken: Taken = {
    backup,
    id: seal.id,
    consistency: seal.consistency,
    barrier: seal.barrier,
    writers,
    inFlight: Math.max(0, ...inFlight),
    atLeast: (await workload.countsAt(from)).ended,
    atMost: (await workload.countsAt(to)).begun,
  };
  say(
    `we held the writers for ${holdText(seal.barrier.longestHoldMs)} at most, in ${seal.barrier.attempts} attempts;`,
  );
  say(`the writers themselves saw no wait longer than ${writers.longestStallMs.toFixed(1)} ms,`);
  say(`${taken.inFlight} transfers were in flight when all shards stood still`);
  return taken;
}

/** Flips one bit in the largest chunk of a copy of the repository, and lets `verify` look at the copy. */
async function flipABit(): Promise<{ result: CommandResult; object: string }> {
  const copy = path.join(source.folder, 'repository-copy');
  cpSync(source.repository, copy, { recursive: true });
  const chunks = readdirSync(copy, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.parentPath.includes(`${path.sep}data${path.sep}`))
    .map((entry) => path.join(entry.parentPath, entry.name))
    .sort((a, b) => statSync(b).size - statSync(a).size);
  const [chunk] = chunks;
  if (chunk === undefined) throw new Error('the set has no chunk');
  const bytes = readFileSync(chunk);
  const middle = bytes.length >> 1;
  bytes[middle] = (bytes[middle] ?? 0) ^ 1;
  writeFileSync(chunk, bytes);
  const topology = parse(readFileSync(source.topologyPath, 'utf8')) as Record<string, unknown>;
  const topologyPath = path.join(source.folder, 'copy.yaml');
  writeFileSync(topologyPath, stringify({ ...topology, repository: { url: `file://${copy}` } }));
  const object = path.relative(copy, chunk);
  say(`byte ${middle} of ${object}`);
  return { result: await run(['-t', topologyPath, 'verify', 'latest']), object };
}

function checks(): Check[] {
  const stall = taken.writers.longestStallMs;
  const overMs = taken.barrier.longestHoldMs - taken.barrier.holdLimitMs;
  return [
    {
      what: 'backup set',
      found: `${taken.id}, ${taken.consistency}`,
      good: taken.backup.exitCode === 0 && taken.consistency === 'atomic',
    },
    {
      what: 'transfers a second meanwhile',
      found: taken.writers.perSecond.toFixed(0),
      good: taken.writers.perSecond >= 200,
    },
    { what: 'in flight at the freeze', found: String(taken.inFlight), good: taken.inFlight > 0 },
    {
      what: 'our longest hold',
      found: longestHoldText(taken.barrier),
      good: taken.barrier.longestHoldMs > 0 && overMs <= serverToleranceMs,
    },
    {
      what: 'over the hold limit',
      found: overrunText(taken.barrier) ?? `never; tolerance ${serverToleranceMs} ms`,
      good: overMs <= serverToleranceMs,
    },
    {
      what: "writers' longest stall",
      found: `${stall.toFixed(1)} ms`,
      good: stall < holdLimitMs + 500,
    },
    { what: 'verify', found: `exit code ${verify.exitCode}`, good: verify.exitCode === 0 },
    {
      what: 'verify after one bit flipped',
      found: `exit code ${flipped.result.exitCode}, object named`,
      good:
        flipped.result.exitCode === 4 &&
        (flipped.result.stdout + flipped.result.stderr).includes(path.basename(flipped.object)),
    },
    { what: 'restore', found: `exit code ${restore.exitCode}`, good: restore.exitCode === 0 },
    { what: 'money restored', found: money(restored), good: restored.totalCents === restored.expectedCents },
    {
      what: 'transfers restored',
      found: `${restored.transfers} whole, ${restored.halfTransfers} half`,
      good: restored.violations === 0 && restored.transfers > 0,
    },
    {
      what: 'sample: tables / rows compared',
      found: `${sample.tables} / ${sample.rows}`,
      good: sample.tables > 0 && sample.rows > 0,
    },
    {
      what: 'sample: differences',
      found: String(sample.differences.length),
      good: sample.differences.length === 0,
    },
    { what: 'money on the live shards', found: money(live), good: live.violations === 0 },
    { what: 'left behind', found: tidy, good: tidy === 'nothing is left' },
  ];
}

function money(verdict: Verdict): string {
  const amount = (cents: bigint): string => `${cents / 100n}.${String(cents % 100n).padStart(2, '0')}`;
  return `${amount(verdict.totalCents)} of ${amount(verdict.expectedCents)}`;
}
