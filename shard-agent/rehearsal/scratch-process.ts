/** A scratch server as the agent holds it: by the pipe to its keeper. See scratch-keeper.ts. */
import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { TidemarkError } from '../../proto/errors.ts';

export interface ScratchProgram {
  readonly program: string;
  readonly args: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  /** Ends it at once, without leaving shared memory behind. */
  readonly stop: 'SIGQUIT' | 'SIGKILL';
}

export interface KeeperOrder {
  /** The rehearsal's folder, which the keeper removes in the end. */
  readonly folder: string;
  /** Under which the programs run; absent: the agent's own. */
  readonly account?: { readonly uid: number; readonly gid: number };
  /** Run to their end, one after the other, before the server is started. */
  readonly prepare: readonly ScratchProgram[];
  readonly server: ScratchProgram;
  /** The source of a regular expression that the server's words match when it takes connections. */
  readonly ready: string;
}

export type KeeperWord = { readonly ready: true } | { readonly failed: string };

export interface ScratchProcess {
  /** Ends the server and removes its folder. Idempotent, never throws. */
  stop(): Promise<void>;
}

/** To make and start a server takes 1 to 10 s. */
const startLimitMs = 120_000;
/** The keeper itself ends a server within 10 s. */
const stopLimitMs = 30_000;

const keeper = fileURLToPath(new URL('./scratch-keeper.ts', import.meta.url));

/** Resolves when the server takes connections. Throws `not-ready` with the programs' last words; then nothing is left of it. */
export async function startScratchProcess(order: KeeperOrder, signal: AbortSignal): Promise<ScratchProcess> {
  const child = spawn(process.execPath, [keeper, JSON.stringify(order)], {
    stdio: ['pipe', 'pipe', 'inherit'],
    // Ctrl-C is for the agent, which then lets go of it.
    detached: true,
    env: { PATH: process.env['PATH'] },
  });
  const gone = new Promise<void>((resolve) => {
    child.once('error', () => resolve());
    child.once('close', () => resolve());
  });
  child.stdin.on('error', () => undefined);
  const stop = (): Promise<void> => letGo(child, gone);
  try {
    await readiness(child, gone, signal);
    return { stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

type Keeper = ChildProcessByStdio<Writable, Readable, null>;

function readiness(child: Keeper, gone: Promise<void>, signal: AbortSignal): Promise<void> {
  const patience = AbortSignal.any([signal, AbortSignal.timeout(startLimitMs)]);
  return new Promise<void>((resolve, reject) => {
    const fail = (cause: string): void => reject(notStarted(cause));
    createInterface({ input: child.stdout }).on('line', (line) => {
      const word = JSON.parse(line) as KeeperWord;
      if ('failed' in word) fail(word.failed);
      else resolve();
    });
    void gone.then(() => fail('its keeper has ended'));
    const giveUp = (): void =>
      reject(signal.aborted ? signal.reason : notStarted(`it was not ready within ${startLimitMs / 1000} s`));
    patience.addEventListener('abort', giveUp, { once: true });
    if (patience.aborted) giveUp();
  });
}

async function letGo(child: Keeper, gone: Promise<void>): Promise<void> {
  child.stdin.end();
  const timer = setTimeout(() => child.kill('SIGKILL'), stopLimitMs);
  await gone;
  clearTimeout(timer);
}

function notStarted(cause: string): TidemarkError {
  return new TidemarkError({
    code: 'not-ready',
    operation: 'start a scratch server',
    subject: 'the rehearsal',
    cause,
    remedy:
      "Correct what the server's program says. Without one on this host, name a target: `tidemark check --rehearse --to TOPOLOGY`.",
  });
}
