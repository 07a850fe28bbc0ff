/**
 * Plays a participant's transcript, as stage.ts does the coordinator's: `['0 FREEZE 1 drain 8', 'lock for 8']`.
 *
 * A happening is a request (`PROBE`, `FREEZE n drain ms`, `THAW n`, `CUT n`, `CUT n without locks`), `half-close`, `call broken`,
 * `hold limit n`, or the engine's word: `nobody in the way`, `locked`, `blocked`, `snapshots`, `engine fails`, `unlocked`.
 */
import { expect } from 'vitest';
import { TidemarkError } from '../../proto/errors.ts';
import { participantStart, participantStep } from '../../shard-agent/participant.ts';
import type {
  ParticipantEffect,
  ParticipantEvent,
  ParticipantState,
  Terms,
} from '../../shard-agent/participant-states.ts';
import type { Line } from './stage.ts';

const defaults: Terms = { shard: 'a', holdLimitMs: 100, locks: true };
const position = { kind: 'wal', lsn: '0/1', timeline: 1, systemIdentifier: 's' } as const;

/** Plays the lines from the start and expects the effects; returns the state it ends in. */
export function playParticipant(terms: Partial<Terms>, lines: readonly Line[]): ParticipantState {
  let state = participantStart;
  const seen: string[] = [];
  for (const [happening] of lines) {
    const next = participantStep({ ...defaults, ...terms }, state, read(happening));
    ({ state } = next);
    seen.push(tell(happening, next.effects.map(effectWords).join('; ')));
  }
  expect(seen.join('\n')).toBe(lines.map(([happening, effects]) => tell(happening, effects)).join('\n'));
  return state;
}

function tell(happening: string, effects: string): string {
  return `${happening.padEnd(40)} | ${effects}`.trimEnd();
}

function read(line: string): ParticipantEvent {
  const space = line.indexOf(' ');
  const atMs = Number(line.slice(0, space));
  const what = line.slice(space + 1);
  const attempt = Number(/ (\d+)/.exec(what)?.[1] ?? 0);
  if (what === 'PROBE') return { atMs, kind: 'probe' };
  if (what.startsWith('FREEZE'))
    return { atMs, kind: 'freeze', attempt, drainMs: Number(/drain (\d+)/.exec(what)?.[1]) };
  if (what.startsWith('THAW')) return { atMs, kind: 'thaw', attempt };
  if (what.startsWith('CUT'))
    return { atMs, kind: 'cut', attempt, withoutLocks: what.endsWith('without locks') };
  if (what === 'half-close') return { atMs, kind: 'finished' };
  if (what === 'call broken') return { atMs, kind: 'broken', error: undefined };
  if (what.startsWith('hold limit')) return { atMs, kind: 'hold-limit', attempt };
  if (what === 'nobody in the way') return { atMs, kind: 'probed', blockers: [] };
  if (what === 'locked') return { atMs, kind: 'lock-returned', outcome: { outcome: 'locked', lockMs: 1 } };
  if (what === 'blocked') {
    return {
      atMs,
      kind: 'lock-returned',
      outcome: { outcome: 'blocked', reason: 'not drained', blockers: [], holdMs: 7 },
    };
  }
  if (what === 'snapshots') return { atMs, kind: 'cut-returned', cut: { holdMs: 7, position } };
  if (what === 'unlocked') return { atMs, kind: 'unlocked' };
  if (what === 'engine fails') {
    const fields = {
      code: 'database-failed',
      operation: 'lock',
      subject: 'a',
      cause: 'the server said no',
    } as const;
    return { atMs, kind: 'engine-failed', error: new TidemarkError(fields) };
  }
  throw new Error(`no happening: ${what}`);
}

function effectWords(effect: ParticipantEffect): string {
  switch (effect.kind) {
    case 'reply': {
      const { probed, frozen, blocked, thawed, cutTaken } = effect.reply;
      if (probed) return '-> PROBED';
      if (frozen) return `-> FROZEN ${frozen.attempt}`;
      if (blocked) return `-> BLOCKED ${blocked.attempt} held ${blocked.holdMs}`;
      if (thawed)
        return `-> THAWED ${thawed.attempt} held ${thawed.holdMs}${thawed.releaseMs ? ` release ${thawed.releaseMs}` : ''}`;
      return `-> CUT TAKEN ${cutTaken?.attempt} held ${cutTaken?.holdMs}`;
    }
    case 'lock':
      return `lock for ${effect.drainMs}`;
    case 'arm':
      return `timer in ${effect.afterMs}`;
    case 'disarm':
      return 'no timer';
    case 'hand-over':
      return 'hand the session over';
    case 'close':
      return effect.error === undefined ? 'close' : `close with ${effect.error.code}`;
    case 'probe':
    case 'cut':
    case 'cut-without-locks':
    case 'unlock':
      return effect.kind;
  }
}
