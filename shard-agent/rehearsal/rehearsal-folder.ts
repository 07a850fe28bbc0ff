/**
 * The folders of rehearsals: a scratch server's data, and what is restored into it. It holds rows and passwords of foreign
 * servers, so only this account (and the server's, where that is another) may enter. A killed agent's folder is
 * removed by the keeper of its scratch server, and what that one could not remove goes when the next agent starts.
 */
import { chmod, mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { TidemarkError } from '../../proto/errors.ts';
import { systemClock, pause } from '../../proto/clock.ts';
import { childFile, isRunning, type KeptChild } from './kept-child.ts';

const own = new Set<string>();

/** A new folder, named by this process. The caller removes it. */
export async function newRehearsalFolder(parent: string = tmpdir()): Promise<string> {
  const folder = await mkdtemp(path.join(parent, `tidemark-rehearsal-${process.pid}-`));
  own.add(folder);
  await chmod(folder, 0o700);
  return folder;
}

/** Of the path of a socket, on every system with a margin. */
const socketPathBytes = 103;

/** Throws `not-ready` when the path is longer than a socket's may be. */
export function requireShortSocket(socket: string): void {
  if (Buffer.byteLength(socket) <= socketPathBytes) return;
  throw new TidemarkError({
    code: 'not-ready',
    operation: 'start a scratch server',
    subject: socket,
    cause: `the path of its socket is longer than ${socketPathBytes} bytes`,
    remedy: 'Set TMPDIR for the agent to a shorter path, such as /tmp.',
  });
}

/** With the server in it, if its keeper has not ended that. Idempotent. Rejects when the folder cannot be removed. */
export async function removeRehearsalFolder(folder: string): Promise<void> {
  await endKept(folder);
  await rm(folder, { recursive: true, force: true, maxRetries: 5 });
  own.delete(folder);
}

/** Ends the servers and removes the folders of agents that no longer run. Those of other accounts are theirs, and stay. */
export async function sweepRehearsals(parent: string = tmpdir()): Promise<void> {
  for (const name of await readdir(parent)) {
    const pid = /^tidemark-rehearsal-(\d+)-/.exec(name)?.[1];
    const folder = path.join(parent, name);
    // In a container every agent has the same number: what bears ours and is not ours was left by the one before.
    if (pid === undefined || own.has(folder)) continue;
    if (Number(pid) !== process.pid && runs(Number(pid))) continue;
    try {
      await endKept(folder);
      await rm(folder, { recursive: true, force: true, maxRetries: 5 });
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code !== 'EACCES' && code !== 'EPERM') throw error;
    }
  }
}

/** How long a server that is told to end may take before it is killed. */
const endLimitMs = 10_000;
const lookMs = 50;

/** A server whose keeper was killed. */
async function endKept(folder: string): Promise<void> {
  const kept = await readKept(folder);
  if (kept === undefined) return;
  for (const signal of [kept.stop, 'SIGKILL'] as const) {
    if (!isRunning(kept)) return;
    process.kill(kept.pid, signal);
    const patience = AbortSignal.timeout(endLimitMs);
    // It is no child of ours, so that nothing tells of its end.
    while (isRunning(kept) && !patience.aborted) await pause(systemClock, lookMs, patience);
  }
}

async function readKept(folder: string): Promise<KeptChild | undefined> {
  const text = await readFile(path.join(folder, childFile), 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  });
  if (text === undefined) return undefined;
  try {
    return JSON.parse(text) as KeptChild;
  } catch {
    // Its keeper was killed while it wrote.
    return undefined;
  }
}

function runs(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
