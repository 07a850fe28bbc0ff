/** One server process: started under an unprivileged account, watched until it is ready, and gone with this process. */
import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import type { Command, Place } from './place.ts';
import { releasePorts, removeRunFolder } from './run-folder.ts';

export interface Launch {
  readonly name: string;
  readonly place: Place;
  readonly program: string;
  readonly args: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  /** The server is ready when it prints a line that matches. */
  readonly readyLine: RegExp;
  /** Sent by the kernel when this process dies, and at its exit. */
  readonly deathSignal: 'QUIT' | 'KILL';
}

const running = new Map<number, Launch>();
const readyWithinMs = 120_000;

export class ServerProcess {
  readonly #child: ChildProcessByStdio<null, Readable, Readable>;
  readonly #gone: Promise<void>;
  readonly #lines: string[] = [];
  #exited = false;

  private constructor(launch: Launch) {
    cleanUpAtExit();
    const command = launch.place.command(launch.program, launch.args, launch.deathSignal);
    // Its own process group: Ctrl-C on the terminal reaches this process, which then stops the servers in order.
    this.#child = spawnCommand(command, launch.environment);
    this.#gone = new Promise((resolve) => {
      const end = (): void => {
        this.#exited = true;
        if (this.#child.pid !== undefined) running.delete(this.#child.pid);
        resolve();
      };
      this.#child.once('exit', end);
      this.#child.once('error', (error) => {
        this.#lines.push(String(error));
        end();
      });
    });
    if (this.#child.pid !== undefined) running.set(this.#child.pid, launch);
  }

  /** Resolves when the server has printed its ready line; throws with its last words when it ends or is too slow. */
  static async start(launch: Launch): Promise<ServerProcess> {
    const server = new ServerProcess(launch);
    const timer = AbortSignal.timeout(readyWithinMs);
    const ready = new Promise<'ready'>((resolve) => {
      for (const output of [server.#child.stdout, server.#child.stderr]) {
        createInterface({ input: output }).on('line', (line) => {
          server.#lines.push(line);
          if (server.#lines.length > 200) server.#lines.shift();
          if (launch.readyLine.test(line)) resolve('ready');
        });
      }
    });
    const late = once(timer, 'abort').then(() => 'late' as const);
    const outcome = await Promise.race([ready, late, server.#gone.then(() => 'ended' as const)]);
    if (outcome === 'ready') return server;
    await server.signal('SIGKILL');
    throw new Error(`${launch.name} did not start (${outcome}):\n${server.lastWords()}`);
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  get exited(): boolean {
    return this.#exited;
  }

  /** The last lines the server printed, for failure messages. */
  lastWords(lines = 30): string {
    return this.#lines.slice(-lines).join('\n');
  }

  /** Sends a signal and resolves when the process is gone; SIGKILL after `patienceMs`. */
  async signal(signal: NodeJS.Signals, patienceMs = 30_000): Promise<void> {
    if (this.#exited) return;
    this.#child.kill(signal);
    const timer = setTimeout(() => this.#child.kill('SIGKILL'), patienceMs);
    await this.#gone;
    clearTimeout(timer);
  }
}

const tools = new Set<number>();

/** The leader of a process group of its own. */
function spawnCommand(
  command: Command,
  environment: Readonly<Record<string, string>> = {},
): ChildProcessByStdio<null, Readable, Readable> {
  return spawn(command.program, [...command.args], {
    ...command.account,
    cwd: '/',
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { PATH: process.env['PATH'], TZ: 'UTC', LC_ALL: 'C', ...environment },
  });
}

/**
 * Runs a program that prepares a server (initdb and its kind) at the server's place and returns what it printed.
 * Throws with that when it fails. At this process's exit it is ended with everything it has started.
 */
export async function runTool(
  place: Place,
  program: string,
  args: readonly string[],
  environment: Readonly<Record<string, string>> = {},
): Promise<string> {
  cleanUpAtExit();
  const child = spawnCommand(place.command(program, args, 'KILL'), environment);
  let printed = '';
  const { pid } = child;
  if (pid !== undefined) tools.add(pid);
  child.stdout.setEncoding('utf8').on('data', (text: string) => (printed += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (printed += text));
  const outcome = await new Promise<string | number | null>((resolve) => {
    child.once('error', (error) => resolve(String(error)));
    child.once('close', (code, signal) => resolve(signal ?? code));
  });
  if (pid !== undefined) tools.delete(pid);
  if (outcome === 0) return printed;
  throw new Error(`${program} failed (${outcome}):\n${printed.trim().split('\n').slice(-20).join('\n')}`);
}

let hooked = false;

function cleanUpAtExit(): void {
  if (hooked) return;
  hooked = true;
  process.on('exit', () => {
    for (const pid of tools) endNow(-pid, 'KILL');
    for (const [pid, launch] of running) endNow(pid, launch.deathSignal);
    removeRunFolder();
    releasePorts();
  });
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(signal, () => {
      // Whoever else listens decides when to leave; the exit hook above follows.
      if (process.listenerCount(signal) === 1) process.exit(signal === 'SIGINT' ? 130 : 143);
    });
  }
}

/** A negative number stands for the process group it leads. */
function endNow(pid: number, signal: Launch['deathSignal']): void {
  try {
    process.kill(pid, `SIG${signal}`);
  } catch {
    // It ended in this very moment: what was wanted.
  }
}
