/** Tables as they fill: the rows that all lanes have committed, and the indexes and foreign keys that follow them. */
import { attempt, isServerError } from '../connection/failure.ts';
import { isPassing } from '../connection/passing-failure.ts';
import { quoteName } from '../connection/quoting.ts';
import { spread } from '../connection/side-by-side.ts';
import type { Wire } from '../connection/wire.ts';
import type { StagedTable } from '../schema/create-table.ts';
import { signedMode } from '../schema/unsigned-subtraction.ts';

/** `clause` is bytes as latin1 text. */
type KeyRefused = (table: WaitingTable, clause: string, error: unknown) => void;

/** A table that waits for what follows its data. */
export interface WaitingTable {
  /** In the set; undefined of one that the set does not list, which has no rows there. */
  readonly number: number | undefined;
  readonly staging: string;
  readonly table: StagedTable;
  readonly bytes: number;
  /** Its expressions may give a negative difference of unsigned numbers. */
  readonly subtracts: boolean;
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
  readonly #refused: KeyRefused;

  /**
   * `expected`: rows by table; of tables that are not in it nothing is built before `finish`. `refused` hears of each clause that the
   * server does not take, and the others are run without it; absent, the first is thrown.
   */
  constructor(expected: ReadonlyMap<number, number>, refused: KeyRefused = throwFirst) {
    this.#expected = expected;
    this.#refused = refused;
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
    await buildKeys(wire, waiting, this.#refused);
  }

  /** Indexes that are still to be built, then foreign keys. Once, when no lane loads any more. */
  async finish(wires: readonly Wire[], signal: AbortSignal): Promise<void> {
    // The largest first: the last to end then leave the other lanes little to wait for.
    const left = [...this.#unindexed].sort((a, b) => b.bytes - a.bytes);
    this.#unindexed.clear();
    await spread(wires, left, async (wire, waiting) => {
      signal.throwIfAborted();
      await buildKeys(wire, waiting, this.#refused);
    });
    const [first] = wires;
    if (first === undefined) return;
    const all = this.#waiting.splice(0);
    // A foreign key needs the other table's index, and locks it: one after the other.
    for (const waiting of all) await addForeignKeys(first, waiting, this.#refused);
    for (const waiting of all) await alter(first, waiting, waiting.table.floats);
  }
}

function throwFirst(_table: WaitingTable, _clause: string, error: unknown): never {
  throw error;
}

async function buildKeys(wire: Wire, waiting: WaitingTable, refused: KeyRefused): Promise<void> {
  const { staging, table } = waiting;
  const name = Buffer.from(table.name, 'latin1').toString('utf8');
  await attempt('build the indexes', `${staging}.${name}`, async () => {
    for (const clauses of table.keys) {
      try {
        await alter(wire, waiting, clauses);
      } catch (error) {
        if (!isServerError(error) || refused === throwFirst) throw error;
        for (const clause of clauses)
          await alter(wire, waiting, [clause]).catch((refusal: unknown) => refused(waiting, clause, refusal));
      }
    }
  });
}

/** In one statement, else one by one and, where the server wants that, by copying the table. */
async function addForeignKeys(wire: Wire, waiting: WaitingTable, refused: KeyRefused): Promise<void> {
  const { foreignKeys } = waiting.table;
  try {
    await alter(wire, waiting, foreignKeys);
  } catch (error) {
    if (!isServerError(error) || isPassing(error)) throw error;
    for (const key of foreignKeys) {
      await alter(wire, waiting, [key]).catch(async (refusal: unknown) => {
        if (!isServerError(refusal) || isPassing(refusal)) throw refusal;
        await alter(wire, waiting, [key, 'ALGORITHM=COPY']).catch((last: unknown) =>
          refused(waiting, key, last),
        );
      });
    }
  }
}

/** `clauses` are bytes as latin1 text, as the table's name. */
async function alter(
  wire: Wire,
  { staging, table, subtracts }: WaitingTable,
  clauses: readonly string[],
): Promise<void> {
  if (clauses.length === 0) return;
  const sql = Buffer.from(
    `ALTER TABLE ${quoteName(staging)}.${quoteName(table.name)} ${clauses.join(', ')}`,
    'latin1',
  );
  if (!subtracts) return void (await wire.run(sql));
  await wire.run(`SET @tidemark_mode = @@SESSION.sql_mode`);
  await wire.run(`SET SESSION sql_mode = CONCAT(@tidemark_mode, ',${signedMode}')`);
  try {
    await wire.run(sql);
  } finally {
    if (wire.alive) await wire.run('SET SESSION sql_mode = @tidemark_mode');
  }
}
