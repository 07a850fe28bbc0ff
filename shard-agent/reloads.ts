/** Reading the agent's file again while the agent runs. */
import { isDeepStrictEqual } from 'node:util';
import { asTidemarkError } from '../proto/errors.ts';
import type { AgentFile } from '../topology/agent-file.ts';
import { readAgentFile } from '../topology/parse.ts';
import type { RunningAgent } from './agent.ts';
import type { AgentLog } from './log.ts';
import { openEngine } from './open-engine.ts';
import { readPassword } from './password.ts';

/** What a running agent takes over. */
const changeable = ['allow', 'invariants', 'transport'] as const;
/** What it was started with, and keeps until it is started again. */
const fixed = ['shard', 'listen', 'repository', 'tools'] as const;

/**
 * Reloads one after the other, however often they are asked for. A file with mistakes changes nothing: they are logged, and the
 * agent goes on with what it has. Operations that run keep what they began with.
 */
export class Reloads {
  readonly #log: AgentLog;
  #file: AgentFile;
  #agent: RunningAgent | undefined;
  #asked = false;
  #running = false;

  /** `file` is what the agent was started with. */
  constructor(file: AgentFile, log: AgentLog) {
    this.#file = file;
    this.#log = log;
  }

  /** The agent runs; what was asked for before is done now. */
  begin(agent: RunningAgent): void {
    this.#agent = agent;
    if (this.#asked) this.ask();
  }

  /** Never throws. */
  ask(): void {
    this.#asked = true;
    if (this.#agent === undefined || this.#running) return;
    this.#running = true;
    void this.#work(this.#agent);
  }

  async #work(agent: RunningAgent): Promise<void> {
    while (this.#asked) {
      this.#asked = false;
      try {
        await this.#reload(agent);
      } catch (error) {
        const known = asTidemarkError(error, {
          code: 'internal',
          operation: 'read the configuration again',
          subject: this.#file.path,
        });
        this.#log.error(
          { operation: 'reload', error: known.toJSON() },
          `the configuration stays as it was: ${known.message}`,
        );
      }
    }
    this.#running = false;
  }

  async #reload(agent: RunningAgent): Promise<void> {
    const before = this.#file;
    const read = await readAgentFile(before.path);
    const restart = needsRestart(before, read);
    const { allow, invariants } = read;
    const transport = restart.includes('transport') ? before.transport : read.transport;
    const database = { ...before.database, password: read.database.password };
    // Read again also when the file names the same source: the password in it may be another one.
    const password = await readPassword(database.password);
    const engine = await openEngine(database, password, before.tools);
    const next = { ...before, allow, invariants, transport, database };
    agent.reconfigure({ file: next, engine });
    this.#file = next;
    const changed: string[] = changeable.filter((key) => !isDeepStrictEqual(before[key], next[key]));
    this.#log.info(
      { operation: 'reload', changed, restart },
      'the configuration was read again, with certificates and password',
    );
    if (restart.length > 0) {
      this.#log.warn(
        { operation: 'reload', restart },
        `these changes need a restart of the agent, and are not in force: ${restart.join(', ')}`,
      );
    }
  }
}

/** The keys of the agent's file, as a person writes them, that differ and cannot be changed while it runs. */
function needsRestart(before: AgentFile, read: AgentFile): string[] {
  const keys: string[] = fixed.filter((key) => !isDeepStrictEqual(before[key], read[key]));
  if (before.transport.kind !== read.transport.kind) keys.push('transport');
  const { password: _before, ...database } = before.database;
  const { password: _read, ...readDatabase } = read.database;
  if (!isDeepStrictEqual(database, readDatabase)) keys.push('database');
  return keys;
}
