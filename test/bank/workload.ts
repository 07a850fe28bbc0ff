/**
 * The bank's clients, as a process of their own: `fork`ed with the path of a plan, it begins at once and answers
 * messages (see workload-process.ts) until it is told to stop or its parent is gone.
 */
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { DecisionLog } from './decision-log.ts';
import { accountNumber, type BankPlan } from './plan.ts';
import { Session } from './session.ts';
import { now, type OpenTransfer, Timeline } from './timeline.ts';
import { carryOut, type Way, type Watch } from './transfer.ts';
import type { Answer, Question } from './workload-process.ts';

const [planPath, logPath] = process.argv.slice(2);
if (planPath === undefined || logPath === undefined || process.send === undefined) {
  throw new Error('usage: fork workload.ts PLAN DECISIONS');
}
const plan = JSON.parse(readFileSync(planPath, 'utf8')) as BankPlan;
const decisions = await DecisionLog.open(logPath);
const timeline = new Timeline();
const inWork = new Set<string>();
const failures = { count: 0, last: '' };
let repairing = 0;
let stopping = false;
let paused: Promise<void> | undefined;
let resume = (): void => undefined;

const watch: Watch = {
  decisions,
  repairing: (delta) => {
    repairing += delta;
  },
  failed: (error) => {
    failures.count += 1;
    failures.last = String(error);
  },
};

/** Half of all transfers are two-phase; the others go shard by shard, with the second row written or locked first. */
const ways: readonly Way[] = ['two-phase', 'written', 'two-phase', 'locked'];

async function runClient(client: number): Promise<void> {
  let open: OpenTransfer | undefined;
  const observer = { sent: () => open?.sent(), answered: () => open?.answered() };
  const sessions = plan.servers.map((server) => new Session(server, observer));
  const pick = (shard: number): number =>
    accountNumber(shard, client, Math.floor(Math.random() * plan.accountsPerClient));
  for (let number = 0; !stopping; number += 1) {
    await paused;
    const first = Math.floor(Math.random() * sessions.length);
    const second = (first + 1 + Math.floor(Math.random() * (sessions.length - 1))) % sessions.length;
    const cents = 1 + Math.floor(Math.random() * 10_000);
    const id = `bank-${process.pid}-${client}-${number}`;
    open = timeline.begin();
    inWork.add(id);
    const committed = await carryOut(
      {
        id,
        way: ways[(number + client) % ways.length] ?? 'two-phase',
        halves: [
          { session: sessions[first] as Session, account: pick(first), cents: -cents },
          { session: sessions[second] as Session, account: pick(second), cents },
        ],
      },
      watch,
    );
    inWork.delete(id);
    timeline.end(open, committed);
    open = undefined;
    await sleep(plan.pauseMs * (0.5 + Math.random()));
  }
  for (const session of sessions) session.discard();
}

/** Asks for prepared transactions nobody works on after any failure, and once more at the end, until there are none. */
async function resolveInDoubt(): Promise<void> {
  let seen = 0;
  while (!stopping) {
    await sleep(250);
    if (failures.count === seen) continue;
    seen = failures.count;
    await decisions.resolve(plan.servers, inWork).catch((error: unknown) => watch.failed(error));
  }
}

await decisions.resolve(plan.servers, inWork);
const clients = Array.from({ length: plan.clients }, (_, client) => runClient(client));
const resolver = resolveInDoubt();

async function answer(question: Question): Promise<Answer['value']> {
  switch (question.ask) {
    case 'now':
      return {
        at: now(),
        started: timeline.started,
        inFlight: timeline.inFlight,
        repairing,
        failures: failures.count,
        lastFailure: failures.last,
      };
    case 'window':
      return timeline.window(question.from, question.to);
    case 'in-flight-at':
      return timeline.inFlightAt(question.moments);
    case 'counts-at':
      return timeline.countsAt(question.moment);
    case 'pause':
      paused ??= new Promise((resolve) => {
        resume = resolve;
      });
      while (timeline.inFlight > 0) await sleep(5);
      return null;
    case 'resume':
      paused = undefined;
      resume();
      return null;
    case 'stop':
      stopping = true;
      paused = undefined;
      resume();
      await Promise.all([...clients, resolver]);
      while ((await decisions.resolve(plan.servers, inWork)) > 0);
      await decisions.close();
      return null;
  }
}

process.on('message', (question: Question) => {
  void answer(question).then(
    (value) => {
      process.send?.({ id: question.id, value });
      if (question.ask === 'stop') process.disconnect();
    },
    (error: unknown) => process.send?.({ id: question.id, error: String(error), value: null }),
  );
});
// Without a parent nobody reads the answers, and the servers are about to go.
process.on('disconnect', () => process.exit(0));
