/** Tables that take one chunk at a time, however many lanes there are: some always, all while they are empty. */

/** Lanes wait for each other here, first come first served. */
export class TableTurns {
  readonly #alone = new Set<string>();
  readonly #last = new Map<string, Promise<void>>();

  /** From now on this table is loaded by one lane at a time. */
  loadAlone(database: string, table: string): void {
    this.#alone.add(`${database}\0${table}`);
  }

  /**
   * Runs `load` at once, or when those before it have ended, well or badly. The first load of any table is alone: into an
   * empty one MariaDB inserts under a lock of the whole table, which two at a time would deadlock over.
   */
  async run<T>(database: string, table: string, load: () => Promise<T>): Promise<T> {
    const id = `${database}\0${table}`;
    const before = this.#last.get(id);
    if (before !== undefined && !this.#alone.has(id)) {
      await before;
      return load();
    }
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
