/**
 * Folders and ports of this run. Everything lies under one folder of this process, which is removed at its exit;
 * a process that was killed leaves its folder behind, and the next run of anyone removes it.
 */
import {
  chmodSync,
  chownSync,
  closeSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  rmSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Account } from './host.ts';

/** The folder all runs of this user share on this machine. */
export function machineFolder(): string {
  const folder = path.join(tmpdir(), `tidemark-test-${process.getuid?.() ?? 0}`);
  mkdirSync(folder, { recursive: true, mode: 0o755 });
  return folder;
}

let ownFolder: string | undefined;

function runFolder(): string {
  if (ownFolder === undefined) {
    sweep();
    ownFolder = mkdtempSync(path.join(machineFolder(), `run-${process.pid}-`));
    giveAccess(ownFolder);
  }
  return ownFolder;
}

/** A new folder of this run, owned by `account`. Removed by the caller, or at this process's exit. */
export function newFolder(name: string, account?: Account): string {
  const folder = mkdtempSync(path.join(runFolder(), `${name}-`));
  giveAccess(folder, account);
  return folder;
}

/** mkdtemp makes folders for the owner alone; a server under another account has to pass through. */
function giveAccess(folder: string, account?: Account): void {
  if (process.getuid?.() !== 0) return;
  if (account === undefined) chmodSync(folder, 0o755);
  else chownSync(folder, account.uid, account.gid);
}

/** Removes this run's folder. For the exit hook, hence synchronous. */
export function removeRunFolder(): void {
  if (ownFolder !== undefined) removeNow(ownFolder);
  ownFolder = undefined;
}

/**
 * Servers that die at this moment still write into their folder, and a removal that loses such a race does not say so:
 * it is repeated until the folder is gone, for at most 3 s.
 */
function removeNow(folder: string): void {
  const until = Date.now() + 3000;
  while (existsSync(folder) && Date.now() < until) {
    try {
      rmSync(folder, { recursive: true, force: true });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOTEMPTY') throw error;
    }
    if (existsSync(folder)) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 20);
  }
}

/** Removes the folders of runs whose process is gone. */
function sweep(): void {
  for (const name of readdirSync(machineFolder())) {
    const pid = /^run-(\d+)-/.exec(name)?.[1];
    if (pid === undefined || isAlive(Number(pid))) continue;
    rmSync(path.join(machineFolder(), name), { recursive: true, force: true, maxRetries: 2 });
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

const taken = new Set<number>();

/**
 * A loopback port nobody listens on, not given out twice by this process, and below the range from which kernels
 * choose the ports of outgoing connections, so that no client happens to sit on it later.
 */
export async function freePort(): Promise<number> {
  for (let attempt = 0; attempt < 1000; attempt += 1) {
    const port = 15_000 + Math.floor(Math.random() * 17_000);
    if (taken.has(port) || !(await canListen(port)) || !claim(port)) continue;
    taken.add(port);
    return port;
  }
  throw new Error('found no free port between 15000 and 32000');
}

/** Two test processes may try the same port at the same time: the one that makes the file has it for its run. */
function claim(port: number): boolean {
  const folder = path.join(machineFolder(), 'ports');
  mkdirSync(folder, { recursive: true });
  const mine = path.join(folder, `${port}-${process.pid}`);
  const others = readdirSync(folder).filter((name) => name.startsWith(`${port}-`));
  for (const name of others) {
    if (isAlive(Number(name.split('-')[1]))) return false;
    rmSync(path.join(folder, name), { force: true });
  }
  closeSync(openSync(mine, 'w'));
  // Both may have passed the check before either file stood: both then look elsewhere.
  return readdirSync(folder).filter((name) => name.startsWith(`${port}-`)).length === 1;
}

/** Forgets the ports this process has claimed. */
export function releasePorts(): void {
  for (const port of taken)
    rmSync(path.join(machineFolder(), 'ports', `${port}-${process.pid}`), { force: true });
  taken.clear();
}

function canListen(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
  });
}
