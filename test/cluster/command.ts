/** Runs the project's two programs as the processes they are. */
import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import path from 'node:path';

export const projectRoot = path.join(import.meta.dirname, '..', '..');

export interface CommandResult {
  /** Undefined when a signal ended the process. */
  readonly exitCode: number | undefined;
  readonly signal: NodeJS.Signals | undefined;
  readonly stdout: string;
  readonly stderr: string;
  /** The one document of `--json`; undefined when stdout is not JSON. */
  readonly json: Record<string, unknown> | undefined;
}

export interface RunOptions {
  readonly environment?: Readonly<Record<string, string>>;
  /** Arguments of Node itself. */
  readonly nodeArguments?: readonly string[];
  /** A file that stdout and stderr go to, such as /dev/full; else they are kept for the result. */
  readonly outputTo?: string;
}

const running = new Set<ChildProcess>();
let hooked = false;

/** A process that is running, or has ended. It does not outlive this process. */
export class RunningCommand {
  readonly #child: ChildProcess;
  /** Resolves at the end, however it ended; never rejects. */
  readonly result: Promise<CommandResult>;
  #stdout = '';
  #stderr = '';

  constructor(program: string, args: readonly string[], options: RunOptions = {}) {
    if (!hooked) {
      hooked = true;
      process.on('exit', () => {
        for (const child of running) child.kill('SIGKILL');
      });
    }
    const command = [
      process.execPath,
      ...(options.nodeArguments ?? []),
      path.join(projectRoot, program),
      ...args,
    ];
    const wrapped = process.platform === 'linux' ? ['setpriv', '--pdeathsig', 'KILL', ...command] : command;
    const output = options.outputTo === undefined ? 'pipe' : openSync(options.outputTo, 'w');
    this.#child = spawn(wrapped[0] as string, wrapped.slice(1), {
      cwd: projectRoot,
      env: { ...process.env, NO_COLOR: '1', ...options.environment },
      stdio: ['ignore', output, output],
      // Ctrl-C on the terminal is for the test; it ends its children in its own order.
      detached: true,
    });
    if (typeof output === 'number') closeSync(output);
    running.add(this.#child);
    this.#child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      this.#stdout += text;
    });
    this.#child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.#stderr += text;
    });
    this.result = new Promise((resolve, reject) => {
      this.#child.once('error', reject);
      this.#child.once('close', (code, signal) => {
        running.delete(this.#child);
        resolve({
          exitCode: code ?? undefined,
          signal: signal ?? undefined,
          stdout: this.#stdout,
          stderr: this.#stderr,
          json: parse(this.#stdout),
        });
      });
    });
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  /** What it has written to stderr so far. */
  get stderr(): string {
    return this.#stderr;
  }

  kill(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }
}

function parse(stdout: string): Record<string, unknown> | undefined {
  try {
    return JSON.parse(stdout) as Record<string, unknown>;
  } catch {
    return undefined;
  }
}

/** For failure messages: how a command ended and what it said. */
export function describeResult(result: CommandResult): string {
  const end = result.signal ?? `exit code ${result.exitCode}`;
  return `${end}\nstdout: ${result.stdout.slice(-3000)}\nstderr: ${result.stderr.slice(-3000)}`;
}
