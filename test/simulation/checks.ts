/** What must hold after every simulated run, judged from the databases' own records. */
import { watchdogMs, type LockRecord, type SnapshotRecord } from './database.ts';
import type { Life, Outcome, Scenario } from './world.ts';

/** What the network, timers and servers of the scenario may add to any bound. */
function slackMs(scenario: Scenario): number {
  const { latency, timers } = scenario;
  return 10 + 2 * (latency.highMs + latency.spikeMs) + timers.lateMs;
}

/** Every broken rule, in words. Empty: the run was right. */
export function violationsOf(scenario: Scenario, outcome: Outcome): string[] {
  return [
    ...outcome.violations,
    ...outcome.lives.flatMap((life) => [
      ...cutIsWhole(life, outcome),
      ...endedInTime(scenario, life, outcome),
    ]),
    ...locksAreShort(scenario, outcome),
    ...budgetIsKept(scenario, outcome),
    ...nothingIsLeft(outcome),
  ];
}

function cutIsWhole(life: Life, outcome: Outcome): string[] {
  if (life.outcome.kind === 'error' && life.outcome.error.code === 'internal')
    return [String(life.outcome.error.message)];
  if (life.outcome.kind !== 'cut') return [];
  const { evidence } = life.outcome;
  const snapshots = life.outcome.snapshots.filter((snapshot) => snapshot !== undefined);
  // An agent that died after the hand-over took its snapshot with it: the copy fails, the cut is none.
  if (snapshots.length < evidence.shards.length) return [];
  const violations: string[] = [];
  for (const [at, shard] of evidence.shards.entries()) {
    const told = shard.position.kind === 'wal' ? shard.position.lsn : '';
    if (told !== String(snapshots[at]?.sequence))
      violations.push(`${shard.name}: the evidence is not of the snapshot handed over`);
  }
  if (evidence.consistency !== 'atomic') return violations;
  violations.push(...commonInstant(snapshots));
  const torn = outcome.workload.torn(snapshots);
  if (torn.length > 0) violations.push(`torn transfers in an atomic cut: ${torn.slice(0, 3).join(', ')}`);
  return violations;
}

/** There was an instant at which every shard was locked, and each snapshot was taken under its lock. */
function commonInstant(snapshots: readonly SnapshotRecord[]): string[] {
  let fromMs = -Infinity;
  let untilMs = Infinity;
  for (const { lock, atMs } of snapshots) {
    if (lock?.grantedMs === undefined || lock.releasedMs === undefined)
      return ['a snapshot of an atomic cut has no lock'];
    if (atMs < lock.grantedMs || atMs > lock.releasedMs) return ['a snapshot was taken outside its lock'];
    fromMs = Math.max(fromMs, lock.grantedMs);
    untilMs = Math.min(untilMs, lock.releasedMs);
  }
  return fromMs <= untilMs
    ? []
    : [`no common instant: the last lock came ${fromMs - untilMs} ms after the first unlock`];
}

function endedInTime(scenario: Scenario, life: Life, outcome: Outcome): string[] {
  const { barrier } = scenario;
  const releaseMs = barrier.holdLimitMs * 1.5 + watchdogMs + slackMs(scenario);
  const openMs = 5_000 + slackMs(scenario);
  // A cut or thaw under way at the deadline, and a thaw after it; then what only a fallback and a hand-over may take.
  let limitMs =
    barrier.deadlineMs + 2 * releaseMs + openMs + (outcome.damage.stoppedMs.get(life.number) ?? 0);
  if (barrier.consistency === 'simultaneous' || barrier.onDeadline === 'simultaneous') limitMs += 10_000;
  if (outcome.damage.agentsKilled + outcome.damage.agentsStopped + outcome.damage.callsBroken > 0)
    limitMs += 10_000;
  const tookMs = life.endedMs - life.beganMs;
  return tookMs <= limitMs
    ? []
    : [`coordinator ${life.number} took ${tookMs} ms, allowed were ${limitMs} ms`];
}

function locksAreShort(scenario: Scenario, outcome: Outcome): string[] {
  const { holdLimitMs } = scenario.barrier;
  const undisturbed = outcome.damage.agentsKilled + outcome.damage.agentsStopped === 0;
  const limitMs = holdLimitMs + (undisturbed ? slackMs(scenario) : watchdogMs + 1);
  return outcome.databases.flatMap((database) =>
    database.locks
      .filter((lock) => heldMs(lock) > limitMs)
      .map((lock) => `${database.shard} was held ${heldMs(lock)} ms, the limit is ${limitMs} ms`),
  );
}

function heldMs(lock: LockRecord): number {
  return (lock.releasedMs ?? Infinity) - lock.requestedMs;
}

/** On every shard, for every coordinator: the sum of holds in any minute. */
function budgetIsKept(scenario: Scenario, outcome: Outcome): string[] {
  const { maxHoldPerMinuteMs } = scenario.barrier;
  // A dead or stopped agent's last hold is known only to its server.
  const { agentsKilled, agentsStopped } = outcome.damage;
  const limitMs = maxHoldPerMinuteMs + slackMs(scenario) + (agentsKilled + agentsStopped) * (watchdogMs + 1);
  const violations: string[] = [];
  for (const { shard, locks } of outcome.databases) {
    for (const [at, first] of locks.entries()) {
      const minute = locks
        .slice(at)
        .filter(
          (lock) => lock.session.life === first.session.life && lock.requestedMs < first.requestedMs + 60_000,
        );
      const sumMs = minute.reduce(
        (sum, lock) => sum + Math.min(heldMs(lock), first.requestedMs + 60_000 - lock.requestedMs),
        0,
      );
      if (sumMs > limitMs) {
        violations.push(`${shard} was held ${sumMs} ms within a minute, the limit is ${limitMs} ms`);
        break;
      }
    }
  }
  return violations;
}

function nothingIsLeft(outcome: Outcome): string[] {
  const locks = outcome.databases.flatMap(({ shard, locks: all }) =>
    all.filter((lock) => lock.releasedMs === undefined).map(() => `${shard} is still locked at the end`),
  );
  const sessions = outcome.agents.flatMap((agent) =>
    agent.sessions
      .filter((session) => !session.closed)
      .map(() => `${agent.shard} has a session open at the end`),
  );
  return [...locks, ...sessions];
}
