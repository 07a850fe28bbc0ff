/** Tables that take one chunk at a time, however many lanes there are. */
import { comparesRows, type CreateTable, withoutQuoted } from '../schema/create-table.ts';

/**
 * Two lanes in this table lock each other out. One with a key that InnoDB does not keep unique itself. One that counts in partitions: by innodb_autoinc_lock_mode = 1, MariaDB's own, a load locks the counter
 * of each partition when it comes to it, until its end.
 */
export function lanesDeadlock({ definitions, tail }: CreateTable): boolean {
  const counts = (words: string): boolean => / AUTO_INCREMENT\b/.test(words);
  const words = definitions.map((definition) => withoutQuoted(definition));
  return words.some(comparesRows) || (words.some(counts) && / PARTITION BY /.test(withoutQuoted(tail)));
}

/** Lanes wait for each other here, first come first served. */
export class TableTurns {
  readonly #alone = new Set<string>();
  readonly #last = new Map<string, Promise<void>>();

  /** From now on this table is loaded by one lane at a time. */
  loadAlone(database: string, table: string): void {
    this.#alone.add(`${database}\0${table}`);
  }

  isAlone(database: string, table: string): boolean {
    return this.#alone.has(`${database}\0${table}`);
  }

  /** Runs `load` at once; for a table that is loaded alone when those before it have ended, well or badly. */
  async run<T>(database: string, table: string, load: () => Promise<T>): Promise<T> {
    const id = `${database}\0${table}`;
    if (!this.#alone.has(id)) return load();
    const before = this.#last.get(id);
    const turn = (before ?? Promise.resolve()).then(load);
    this.#last.set(
      id,
      turn.then(
        () => undefined,
        () => undefined,
      ),
    );
    return turn;
  }
}
