/** A server whose processes do not run: connections stay open, its host takes new ones, and nothing answers. */
import { readFileSync } from 'node:fs';

/** The process and all that it has started, itself first. */
function processTree(pid: number): number[] {
  let children: string;
  try {
    children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8');
  } catch {
    // It ended while the tree was read.
    return [];
  }
  return [
    pid,
    ...children
      .split(' ')
      .filter(Boolean)
      .flatMap((child) => processTree(Number(child))),
  ];
}

/** Stops processes with all they have started; the result lets them run again. Idempotent. */
export function stopProcesses(...pids: readonly number[]): () => void {
  const stopped: number[] = [];
  const send = (pid: number, signal: NodeJS.Signals): void => {
    try {
      process.kill(pid, signal);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
    }
  };
  for (const root of pids) {
    send(root, 'SIGSTOP');
    for (const pid of processTree(root)) {
      send(pid, 'SIGSTOP');
      stopped.push(pid);
    }
  }
  return () => {
    for (const pid of stopped.splice(0)) send(pid, 'SIGCONT');
  };
}
