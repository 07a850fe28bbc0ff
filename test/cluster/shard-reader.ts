/** An application that polls all shards through a restore, as their superuser, and says what it must never see. */
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Cluster, ClusterShard } from './cluster.ts';

/**
 * `old`: the empty database that was there before lets us in. `away`: we are turned away, or nothing is there: closed or, on
 * MySQL and MariaDB, perhaps the old state. `new`: the restored rows. `down`: the server does not answer.
 */
type Seen = 'old' | 'away' | 'new' | 'down';

const pauseMs = 10;

export class ShardReader {
  readonly violations: string[] = [];
  /** How often all shards were looked at. */
  rounds = 0;
  readonly #cluster: Cluster;
  readonly #restoresBefore: ReadonlySet<string>;
  #newSeen: string | undefined;
  #stopped = false;
  readonly #over: Promise<void>;

  constructor(cluster: Cluster) {
    this.#cluster = cluster;
    this.#restoresBefore = new Set(this.#restores());
    this.#over = this.#run();
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    await this.#over;
  }

  async #run(): Promise<void> {
    while (!this.#stopped) {
      for (const shard of this.#cluster.shards) this.#judge(shard.name, await look(shard));
      this.rounds += 1;
      await sleep(pauseMs);
    }
  }

  #judge(shard: string, seen: Seen): void {
    if (seen === 'old' && this.#newSeen !== undefined)
      this.violations.push(`${shard} still shows the old state after ${this.#newSeen} showed the new one`);
    if (seen !== 'new') return;
    if (this.#newSeen === undefined && !this.#isOpen())
      this.violations.push(
        `${shard} shows the restored rows, and no record says that every shard has switched`,
      );
    this.#newSeen ??= shard;
  }

  /** The records of this cluster's restores that began after this reader. */
  #isOpen(): boolean {
    return this.#restores()
      .filter((restore) => !this.#restoresBefore.has(restore))
      .some((restore) => {
        try {
          const file = path.join(this.#folder(), restore, 'ending.json');
          return (JSON.parse(readFileSync(file, 'utf8')) as { ending: string }).ending === 'open';
        } catch {
          return false;
        }
      });
  }

  #restores(): string[] {
    try {
      return readdirSync(this.#folder());
    } catch {
      // Nobody has restored anything yet.
      return [];
    }
  }

  #folder(): string {
    return path.join(this.#cluster.repository, this.#cluster.name, 'restores');
  }
}

async function look({ server }: ClusterShard): Promise<Seen> {
  try {
    await server.run('SELECT 1 FROM accounts LIMIT 1', 'bank');
    return 'new';
  } catch (error) {
    const text =
      error instanceof Error ? `${error.message} ${String((error as { code?: unknown }).code)}` : '';
    if (
      /ECONNREFUSED|ECONNRESET|shutting down|starting up|recovery|Connection (lost|terminated)|PROTOCOL_/i.test(
        text,
      )
    )
      return 'down';
    // Let in, and the table is not there: 42P01.
    if (server.engine === 'postgres' && text.includes('42P01')) return 'old';
    return 'away';
  }
}
