/**
 * The keeper of a scratch server: a process of its own that starts it, and ends it and removes its folder when the agent lets go
 * of it or dies in any way. The pipe on stdin tells: the kernel closes it with the agent.
 *
 * Its argument is a KeeperOrder as JSON; it says `ready`, or why it cannot be, in one line of JSON on stdout.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import path from 'node:path';
import { beganAt, childFile, type KeptChild } from './kept-child.ts';
import type { KeeperOrder, KeeperWord, ScratchProgram } from './scratch-process.ts';

/** How long a server that is told to end may take before it is killed with all it has started. */
const endLimitMs = 10_000;
/** The last of what the programs print is kept, for the reason of a failure. */
const keptWordsBytes = 4_096;

const order = JSON.parse(process.argv[2] ?? '') as KeeperOrder;
const forsaken = new AbortController();
// The agent decides when the server ends, not the terminal or the service manager that tells the agent too.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => undefined);
process.stdout.on('error', () => undefined);
process.stdin.on('error', () => undefined);
process.stdin.on('close', () => forsaken.abort());
process.stdin.resume();

let words = '';

function start({ program, args, environment, stop }: ScratchProgram): ChildProcess {
  const child = spawn(program, [...args], {
    ...order.account,
    cwd: '/',
    // The leader of a process group, which can be ended with all that it has started.
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { PATH: process.env['PATH'], LC_ALL: 'C', TZ: 'UTC', ...environment },
  });
  for (const stream of [child.stdout, child.stderr]) {
    stream?.on('data', (piece: Buffer) => {
      words = (words + piece.toString()).slice(-keptWordsBytes);
      child.emit('words');
    });
  }
  if (child.pid !== undefined) {
    const kept: KeptChild = { pid: child.pid, began: beganAt(child.pid), stop };
    writeFileSync(path.join(order.folder, childFile), JSON.stringify(kept), { mode: 0o600 });
  }
  return child;
}

/** Resolves with the exit code, null after a signal; ends the child when the agent is gone. */
async function ended(child: ChildProcess, stop: ScratchProgram['stop']): Promise<number | null> {
  const exit = new Promise<number | null>((resolve) => {
    child.once('error', (error) => {
      words += error.message;
      resolve(null);
    });
    child.once('close', (code) => resolve(code));
  });
  const end = (): void => {
    child.kill(stop);
    setTimeout(() => killGroup(child), endLimitMs).unref();
  };
  forsaken.signal.addEventListener('abort', end, { once: true });
  if (forsaken.signal.aborted) end();
  const code = await exit;
  forsaken.signal.removeEventListener('abort', end);
  // What it has started and not ended.
  killGroup(child);
  return code;
}

function killGroup({ pid }: ChildProcess): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // Nothing of it is left.
  }
}

function say(word: KeeperWord): void {
  process.stdout.write(`${JSON.stringify(word)}\n`);
}

async function keep(): Promise<void> {
  for (const program of order.prepare) {
    words = '';
    const code = await ended(start(program), program.stop);
    if (forsaken.signal.aborted) return;
    if (code !== 0) return say({ failed: `${program.program} ended with ${code}: ${words.trim()}` });
  }
  words = '';
  const server = start(order.server);
  const over = ended(server, order.server.stop);
  const ready = new RegExp(order.ready);
  server.on('words', () => {
    if (ready.test(words)) say({ ready: true });
  });
  await over;
  if (!forsaken.signal.aborted) say({ failed: `${order.server.program} ended: ${words.trim()}` });
}

await keep();
// The agent may still have to read why, and has its own part of the folder open.
if (!forsaken.signal.aborted) await once(forsaken.signal, 'abort');
await rm(order.folder, { recursive: true, force: true, maxRetries: 10 });
process.exit(0);
