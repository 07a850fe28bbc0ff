/**
 * The folders of rehearsals: a scratch server's data, and what is restored into it. It holds rows and passwords of foreign
 * servers, so only this account (and the server's, where that is another) may enter. A killed agent's folder is
 * removed by the keeper of its scratch server, and what that one could not remove goes when the next agent starts.
 */
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { TidemarkError } from '../../proto/errors.ts';
import { systemClock, pause } from '../../proto/clock.ts';
import { ProcessFolders } from '../process-folders.ts';
import { childFile, isRunning, type KeptChild } from './kept-child.ts';

/** Each with the server in it, if its keeper has not ended that: it ends before the folder is removed. */
export const rehearsalFolders = new ProcessFolders('rehearsal', endKept);

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

/** How long a server that is told to end may take before it is killed. */
const endLimitMs = 10_000;
const lookMs = 50;

/** A server whose keeper was killed. */
async function endKept(folder: string): Promise<void> {
  const kept = await readKept(folder);
  if (kept === undefined) return;
  for (const signal of [kept.stop, 'SIGKILL'] as const) {
    if (!isRunning(kept)) return;
    // A killed maker of a data folder leaves what it has started, which writes there: it leads a group of all of them.
    process.kill(signal === 'SIGKILL' ? -kept.pid : kept.pid, signal);
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
