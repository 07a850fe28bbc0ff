/**
 * When an event is made. A server drops or refuses one whose last time has passed unless it is kept then (ON COMPLETION PRESERVE), and that
 * time may pass between a backup and its restore. So each is made under a clock that shows a time before.
 */
import { scriptStatement } from './sql-script.ts';

/** More than any time zone differs from UTC, since `until` is in the event's own. */
const marginMs = 48 * 3_600_000;

/** The statement that goes before the event's. `until`: its last time, `2020-06-01 00:00:00`; empty when it goes on for ever. */
export function eventClock(until: string, nowMs: number): string {
  return scriptStatement(`SET SESSION timestamp = ${seconds(until, nowMs) ?? 'DEFAULT'}`);
}

export const usualClock = scriptStatement('SET SESSION timestamp = DEFAULT');

function seconds(until: string, nowMs: number): number | undefined {
  if (until === '') return undefined;
  const last = Date.parse(`${until.replace(' ', 'T')}Z`);
  if (!Number.isFinite(last)) return undefined;
  // 0 would be the same as DEFAULT.
  return Math.max(1, Math.floor(Math.min(last - marginMs, nowMs) / 1000));
}
