/** Which process holds a lease, told so that another on the same host can see that it is dead. */
import { randomUUID } from 'node:crypto';
import { readFileSync, readlinkSync } from 'node:fs';
import { hostname } from 'node:os';
import { z } from 'zod';
import { count } from './stored-shapes.ts';

export const holderShape = z.strictObject({
  /** Random: tells this holding from every other. */
  id: z.string(),
  host: z.string(),
  pid: count,
  /**
   * Linux: boot id and process namespace, within which the pid has a meaning; empty where there is no such thing.
   */
  world: z.string(),
  /** Linux: when the process started, in ticks since boot, so that a reused pid is not taken for it; else empty. */
  started: z.string(),
});

export type Holder = z.infer<typeof holderShape>;

/** This process. */
export function thisHolder(): Holder {
  return {
    id: randomUUID(),
    host: hostname(),
    pid: process.pid,
    world: world(),
    started: startOf(process.pid) ?? '',
  };
}

/**
 * `dead` or `alive` only where it is certain: the same host since the same boot, the same process namespace. A zombie is
 * dead; everything else is `unknown`.
 */
export function lifeOf(holder: Holder): 'alive' | 'dead' | 'unknown' {
  const here = world();
  if (here === '' || holder.world !== here || holder.host !== hostname() || holder.started === '')
    return 'unknown';
  const started = startOf(holder.pid);
  if (started === undefined) return exists(holder.pid) ? 'unknown' : 'dead';
  return started === holder.started ? 'alive' : 'dead';
}

function world(): string {
  try {
    const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
    return `${boot} ${readlinkSync('/proc/self/ns/pid')}`;
  } catch {
    // Not Linux, or no /proc: patience alone decides then.
    return '';
  }
}

/** When a process started; `zombie` when it has ended since; undefined when /proc does not show it. */
function startOf(pid: number): string | undefined {
  let stat: string;
  try {
    stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  } catch {
    return undefined;
  }
  // The second field is the command in parentheses and may hold anything; see proc(5).
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return fields[0] === 'Z' || fields[0] === 'X' ? 'zombie' : fields[19];
}

/** True also for a process of another user, which /proc may hide. */
function exists(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return !(error instanceof Error && 'code' in error && error.code === 'ESRCH');
  }
}
