/** One `tidemark-agent` as a real process. */
import { credentials } from '@grpc/grpc-js';
import { services } from '../../proto/contract.ts';
import { describeResult, RunningCommand, type RunOptions } from './command.ts';

export class AgentProcess {
  readonly shard: string;
  readonly address: string;
  readonly configPath: string;
  #command: RunningCommand | undefined;

  constructor(shard: string, address: string, configPath: string) {
    this.shard = shard;
    this.address = address;
    this.configPath = configPath;
  }

  /** Starts the daemon and resolves when its health check says that it serves. */
  async start(options: RunOptions = {}): Promise<void> {
    const command = new RunningCommand('shard-agent/daemon.ts', ['--config', this.configPath], options);
    this.#command = command;
    const ended = command.result.then((result) => {
      throw new Error(`the agent of ${this.shard} ended at its start: ${describeResult(result)}`);
    });
    await Promise.race([waitUntilServing(this.address), ended]);
    ended.catch(() => undefined);
  }

  get pid(): number {
    return this.#command?.pid ?? 0;
  }

  /** Its log lines so far. */
  log(): string {
    return this.#command?.stderr ?? '';
  }

  /** Only sends the signal. */
  signal(signal: NodeJS.Signals): void {
    this.#command?.kill(signal);
  }

  /** SIGKILL, also for a stopped process; resolves when it is gone. */
  async kill(): Promise<void> {
    this.#command?.kill('SIGKILL');
    await this.#command?.result;
  }

  /** SIGTERM. Throws when the agent does not leave within 20 s with exit code 0. */
  async stop(): Promise<void> {
    const command = this.#command;
    if (command === undefined) return;
    this.#command = undefined;
    command.kill('SIGTERM');
    const timer = setTimeout(() => command.kill('SIGKILL'), 20_000);
    const result = await command.result;
    clearTimeout(timer);
    if (result.exitCode !== 0 && result.signal !== 'SIGKILL') {
      throw new Error(`the agent of ${this.shard} did not leave in good order: ${describeResult(result)}`);
    }
  }

  /** A new process at the same address, whatever became of the old one. */
  async restart(options: RunOptions = {}): Promise<void> {
    await this.kill();
    await this.start(options);
  }
}

const serving = 'SERVING';

async function waitUntilServing(address: string): Promise<void> {
  const client = new services.health(address, credentials.createInsecure());
  const until = Date.now() + 60_000;
  try {
    for (;;) {
      const status = await new Promise<string>((resolve) => {
        const deadline = Math.min(Date.now() + 5000, until);
        client.check({ service: '' }, { deadline, waitForReady: true } as never, (error, reply) =>
          resolve(error === null ? String(reply?.status) : error.message),
        );
      });
      if (status === serving) return;
      if (Date.now() > until) throw new Error(`the agent at ${address} does not serve: ${status}`);
    }
  } finally {
    client.close();
  }
}
