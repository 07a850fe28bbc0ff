/** A database server in memory: tables of text rows, writers, locks, snapshots, and ways to break it. */

import type { Finding } from '../../../shard-agent/engine.ts';

export type Tables = Map<string, string[]>;

/** A writer in an open transaction: nobody can lock until it has ended. */
export interface OpenWriter {
  readonly transaction: string;
  commit(): void;
}

export class FakeServer {
  readonly identity: string;
  readonly databases = new Map<string, Tables>();
  /** What restores have made, by restore id: undropped staging and where it stands. */
  readonly staged = new Map<
    string,
    { cluster: string; databases: Map<string, Tables>; switched: boolean; opened: boolean }
  >();
  /** Who has claimed its restores. Aborted and taken away by a test that kills the holder's session. */
  claim: AbortController | undefined;
  /** How many sessions hold locks, snapshots or guards: a leak shows here. */
  openSessions = 0;
  openSnapshots = 0;
  locked = false;
  /** Marks that agents have set: another server of the same identity does not show them. */
  readonly marks = new Set<string>();
  /** The table of an autovacuum that a barrier cancels, when it may. */
  autovacuum: string | undefined;
  /** Lanes whose connection is cut when they next read, by number. */
  readonly deadLanes = new Set<number>();
  /** Awaited before each row batch of every reading lane. */
  beforeRead: (lane: number) => Promise<void> = () => Promise.resolve();
  /** Awaited before the databases of a cut are described. */
  beforeDescribe: () => Promise<void> = () => Promise.resolve();
  /** Awaited before each chunk that is loaded. */
  beforeLoad: () => Promise<void> = () => Promise.resolve();
  /** Awaited before a target is closed. */
  beforeClose: () => Promise<void> = () => Promise.resolve();
  /** What it refuses to a rehearsal. */
  refusals: Finding[] = [];
  /** Thrown by the next switches, one each. */
  readonly switchFailures: Error[] = [];
  #writers = new Map<string, { ended: PromiseWithResolvers<void> }>();
  #nextWriter = 1;

  constructor(identity: string) {
    this.identity = identity;
  }

  table(database: string, table: string, rows: readonly string[]): void {
    const tables = this.databases.get(database) ?? new Map<string, string[]>();
    tables.set(table, [...rows]);
    this.databases.set(database, tables);
  }

  /** Opens a transaction that has written. Refused while the locks are held, as a real one would wait. */
  beginWriter(): OpenWriter {
    if (this.locked) throw new Error('the writer would wait: the shard is frozen');
    const transaction = `w${this.#nextWriter}`;
    this.#nextWriter += 1;
    const writer = { ended: Promise.withResolvers<void>() };
    this.#writers.set(transaction, writer);
    return {
      transaction,
      commit: () => {
        this.#writers.delete(transaction);
        writer.ended.resolve();
      },
    };
  }

  get writers(): string[] {
    return [...this.#writers.keys()];
  }

  /** Resolves when no writer is open any more. */
  async drained(): Promise<void> {
    while (this.#writers.size > 0)
      await Promise.all([...this.#writers.values()].map(({ ended }) => ended.promise));
  }

  snapshot(): Map<string, Tables> {
    return new Map(
      [...this.databases].map(([name, tables]) => [
        name,
        new Map([...tables].map(([table, rows]) => [table, [...rows]])),
      ]),
    );
  }
}

/** Invariants of this server: `count TABLE`, or `sum TABLE` over the second field of every row. */
export function answer(databases: ReadonlyMap<string, Tables>, database: string, sql: string): string | null {
  const [question, table = ''] = sql.split(' ');
  const rows = databases.get(database)?.get(table);
  if (rows === undefined) return null;
  if (question === 'count') return String(rows.length);
  return String(rows.reduce((total, row) => total + Number(row.split('\t')[1]), 0));
}
