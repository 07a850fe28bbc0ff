/** Tables as they fill: the rows that all lanes have committed, and the indexes and foreign keys that follow them. */
import { attempt, isServerError } from '../connection/failure.ts';
import { isPassing } from '../connection/passing-failure.ts';
import { quoteName } from '../connection/quoting.ts';
import { spread } from '../connection/side-by-side.ts';
import type { Wire } from '../connection/wire.ts';
import type { StagedTable } from '../schema/create-table.ts';

/** A table that waits for what follows its data. */
interface WaitingTable {
  /** In the set; undefined of one that the set does not list, which has no rows there. */
  readonly number: number | undefined;
  readonly staging: string;
  readonly table: StagedTable;
  readonly bytes: number;
}

/**
 * A table's indexes are built by the lane that commits the last of its rows, while the others load on: built after all data,
 * those of the largest table keep one lane busy when the others have nothing left to do.
 */
export class LoadedTables {
  readonly #expected: ReadonlyMap<number, number>;
  readonly #rows = new Map<number, number>();
  readonly #waiting: WaitingTable[] = [];
  readonly #byNumber = new Map<number, WaitingTable>();
  readonly #unindexed = new Set<WaitingTable>();

  /** `expected`: rows by table; of tables that are not in it nothing is built before `finish`. */
  constructor(expected: ReadonlyMap<number, number>) {
    this.#expected = expected;
  }

  /** Remembers what follows the data of this table. */
  wait(waiting: WaitingTable): void {
    this.#waiting.push(waiting);
    this.#unindexed.add(waiting);
    if (waiting.number !== undefined) this.#byNumber.set(waiting.number, waiting);
  }

  /** These rows are committed. On `wire`, which has no transaction open, the table's indexes are built if they were the last. */
  async committed(wire: Wire, table: number, rows: number): Promise<void> {
    const all = (this.#rows.get(table) ?? 0) + rows;
    this.#rows.set(table, all);
    const waiting = this.#byNumber.get(table);
    if (waiting === undefined || all !== this.#expected.get(table)) return;
    if (!this.#unindexed.delete(waiting)) return;
    await buildKeys(wire, waiting);
  }

  /** Indexes that are still to be built, then foreign keys. Once, when no lane loads any more. */
  async finish(wires: readonly Wire[], signal: AbortSignal): Promise<void> {
    // The largest first: the last to end then leave the other lanes little to wait for.
    const left = [...this.#unindexed].sort((a, b) => b.bytes - a.bytes);
    this.#unindexed.clear();
    await spread(wires, left, async (wire, waiting) => {
      signal.throwIfAborted();
      await buildKeys(wire, waiting);
    });
    const [first] = wires;
    if (first === undefined) return;
    const all = this.#waiting.splice(0);
    // A foreign key needs the other table's index, and locks it: one after the other.
    for (const { staging, table } of all) await addForeignKeys(first, staging, table);
    for (const { staging, table } of all) await alter(first, staging, table.name, table.floats);
  }
}

async function buildKeys(wire: Wire, { staging, table }: WaitingTable): Promise<void> {
  const name = Buffer.from(table.name, 'latin1').toString('utf8');
  await attempt('build the indexes', `${staging}.${name}`, async () => {
    for (const clauses of table.keys) await alter(wire, staging, table.name, clauses);
  });
}

/** In one statement, else one by one and, where the server wants that, by copying the table. */
async function addForeignKeys(
  wire: Wire,
  staging: string,
  { name, foreignKeys }: StagedTable,
): Promise<void> {
  try {
    await alter(wire, staging, name, foreignKeys);
  } catch (error) {
    if (!isServerError(error) || isPassing(error)) throw error;
    for (const key of foreignKeys) {
      await alter(wire, staging, name, [key]).catch(async (refusal: unknown) => {
        if (!isServerError(refusal) || isPassing(refusal)) throw refusal;
        await alter(wire, staging, name, [key, 'ALGORITHM=COPY']);
      });
    }
  }
}

/** `table` and `clauses` are bytes as latin1 text. */
async function alter(wire: Wire, staging: string, table: string, clauses: readonly string[]): Promise<void> {
  if (clauses.length === 0) return;
  const sql = `ALTER TABLE ${quoteName(staging)}.${quoteName(table)} ${clauses.join(', ')}`;
  await wire.run(Buffer.from(sql, 'latin1'));
}
