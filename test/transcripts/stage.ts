/**
 * Plays a transcript: lines of what happens, each with what the machine does about it.
 *
 *   ['5 b: FROZEN 1', 'a b <- CUT 1']
 *
 * The number is the time in milliseconds. A happening is `begin`, `interrupt`, `timer` (the one that stands, at its time),
 * `<shard>: <REPLY>` or `<shard>: lost`. Jitter is always 0.5. Timers are not told among the effects; `timer` checks their time.
 */
import { expect } from 'vitest';
import { barrierStart, barrierStep } from '../../coordinator/barrier/protocol.ts';
import type {
  BarrierEffect,
  BarrierEvent,
  BarrierPlan,
  BarrierState,
} from '../../coordinator/barrier/states.ts';
import { TidemarkError } from '../../proto/errors.ts';
import type { BarrierReply__Output } from '../../proto/gen/tidemark/v1/BarrierReply.ts';
import type { Blocker__Output } from '../../proto/gen/tidemark/v1/Blocker.ts';

export type Line = readonly [happening: string, effects: string];

const defaults: BarrierPlan = {
  shards: ['a', 'b'],
  uncontendedLockMs: 2,
  consistency: 'atomic',
  holdLimitMs: 100,
  deadlineMs: 30_000,
  maxHoldPerMinuteMs: 6_000,
  onDeadline: 'fail',
};

/** Plays the lines from the start and expects the effects; returns the state it ends in. */
export function play(plan: Partial<BarrierPlan>, lines: readonly Line[]): BarrierState {
  let state = barrierStart({ ...defaults, ...plan }, 0);
  let standing: { timer: number; atMs: number } | undefined;
  const seen: string[] = [];
  for (const [happening] of lines) {
    const event = read(happening, standing);
    const next = barrierStep(state, event);
    ({ state } = next);
    for (const effect of next.effects) if (effect.kind === 'wake') standing = effect;
    seen.push(tell(happening, next.effects.flatMap(effectWords).join('; ')));
  }
  expect(seen.join('\n')).toBe(lines.map(([happening, effects]) => tell(happening, effects)).join('\n'));
  return state;
}

function tell(happening: string, effects: string): string {
  return `${happening.padEnd(60)} | ${effects}`.trimEnd();
}

function read(line: string, standing: { timer: number; atMs: number } | undefined): BarrierEvent {
  const space = line.indexOf(' ');
  const now = { atMs: Number(line.slice(0, space)), jitter: 0.5 };
  const what = line.slice(space + 1);
  if (what === 'begin') return { ...now, kind: 'began' };
  if (what === 'interrupt') return { ...now, kind: 'aborted', error: problem('interrupted', 'Ctrl-C') };
  if (what === 'timer') {
    expect(standing?.atMs, `a timer at ${now.atMs}`).toBeCloseTo(now.atMs, 6);
    return { ...now, kind: 'woke', timer: standing?.timer ?? -1 };
  }
  const [shard = '', reply = ''] = what.split(': ');
  if (reply === 'lost')
    return { ...now, kind: 'lost', shard, error: problem('agent-unreachable', 'connection lost') };
  return { ...now, kind: 'replied', shard, reply: replyOf(reply) };
}

function problem(code: 'interrupted' | 'agent-unreachable', cause: string): TidemarkError {
  return new TidemarkError({ code, operation: 'hold the barrier', subject: 'a transcript', cause });
}

/** `PROBED`, `FROZEN 1`, `BLOCKED 1 held 8 by writer w7 for 12 ms`, `THAWED 1 held 9 release 2`, `CUT TAKEN 1 held 6`. */
function replyOf(words: string): BarrierReply__Output {
  const by = / by (\S+) (\S+) for (\d+) ms/.exec(words);
  const blockers = by === null ? [] : [blocker(by[1] ?? '', by[2] ?? '', Number(by[3]))];
  const attempt = Number(/ (\d+)/.exec(words)?.[1] ?? 0);
  const holdMs = Number(/ held (\d+)/.exec(words)?.[1] ?? 0);
  const releaseMs = Number(/ release (\d+)/.exec(words)?.[1] ?? 0);
  if (words.startsWith('PROBED')) return { probed: { blockers, more: 0 } };
  if (words.startsWith('FROZEN')) return { frozen: { attempt, lockMs: 1 } };
  if (words.startsWith('BLOCKED'))
    return { blocked: { attempt, reason: 'not drained', blockers, holdMs, more: 0 } };
  if (words.startsWith('THAWED')) return { thawed: { attempt, holdMs, releaseMs } };
  if (words.startsWith('CUT TAKEN')) {
    const position = { wal: { lsn: `0/${attempt}`, timeline: 1, systemIdentifier: 's' } };
    return { cutTaken: { attempt, holdMs, snapshotMs: 2, position, cancelledAutovacuums: [] } };
  }
  throw new Error(`no reply: ${words}`);
}

function blocker(kind: string, transaction: string, ageMs: number): Blocker__Output {
  return {
    kind,
    processId: '4711',
    user: 'app',
    database: 'shop',
    application: 'transfers',
    client: '10.0.0.7',
    state: kind === 'in-doubt' ? 'prepared' : 'idle in transaction',
    ageMs,
    statement: 'UPDATE accounts SET balance = 0',
    transaction,
  };
}

function effectWords(effect: BarrierEffect): string[] {
  switch (effect.kind) {
    case 'wake':
      return [];
    case 'finish':
      return ['end all calls in good order'];
    case 'break':
      return ['break all calls'];
    case 'send': {
      const { order, shards } = effect;
      const to = `${shards.join(' ')} <- `;
      switch (order.kind) {
        case 'probe':
          return [`${to}PROBE`];
        case 'freeze':
          return [`${to}FREEZE ${order.attempt} drain ${order.drainMs}`];
        case 'thaw':
          return [`${to}THAW ${order.attempt}`];
        case 'cut':
          return [`${to}CUT ${order.attempt}${order.withoutLocks ? ' without locks' : ''}`];
      }
    }
  }
}
