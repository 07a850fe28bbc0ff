/** The process that a keeper has started, as it is written down for those who come after both. */
import { readFileSync } from 'node:fs';

/** In the rehearsal's folder. */
export const childFile = 'child.json';

export interface KeptChild {
  readonly pid: number;
  /** When the process began, as the kernel counts it: a process id is used again. Empty where there is no /proc. */
  readonly began: string;
  /** Asks it to end at once. */
  readonly stop: 'SIGQUIT' | 'SIGKILL';
}

/** The start time of a process; empty when there is none, or no /proc. */
export function beganAt(pid: number): string {
  try {
    // The name in brackets may hold anything, so what follows is counted from its end.
    const fields = readFileSync(`/proc/${pid}/stat`, 'latin1')
      .replace(/^.*\) /s, '')
      .split(' ');
    return fields[0] === 'Z' ? '' : (fields[19] ?? '');
  } catch {
    return '';
  }
}

/** Whether that process still runs, and no other under its number. False where that cannot be told. */
export function isRunning({ pid, began }: KeptChild): boolean {
  return began !== '' && beganAt(pid) === began;
}
