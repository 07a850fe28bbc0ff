/** What follows the data, tried in the staging: an error comes before the decision. */
import { isServerError } from '../connection/failure.ts';
import { makeViews } from './made-views.ts';
import { renameDatabases } from '../schema/named-databases.ts';
import { type ObjectUnit, runStatements, runUnits, unitsOf } from '../schema/object-units.ts';
import { readingAfter } from '../schema/sql-tokens.ts';
import { recordChange, type Step } from './staged-steps.ts';
import { dropObjects } from './staged-objects.ts';
import type { Wire } from '../connection/wire.ts';

/**
 * Makes everything once in the staging, where it names the staging's databases instead of its own, and drops it: libraries, routines,
 * defaults that name a sequence, views, triggers and events. What the server refuses of views is noted at its step and left
 * out of the restore; anything else that it refuses is thrown. `staging`: by database.
 */
export async function tryObjects(
  wire: Wire,
  restore: string,
  steps: readonly Step[],
  staging: ReadonlyMap<string, string>,
): Promise<void> {
  const trial = new Trial(wire, staging, (await wire.value('SELECT @@lower_case_table_names')) !== '0');
  const units = (...pieces: string[]): ObjectUnit[] =>
    pieces.flatMap((piece) => unitsOf(steps.filter((step) => step.piece === piece)));
  for (const piece of ['libraries', 'routines', 'defaults']) await trial.programs(units(piece));
  const changed = await makeViews(wire, units('views', 'views-unsound'), {
    target: trial.target,
    rewrite: (sql, unit) => trial.rewrite(sql, unit),
    run: (_unit, _step, work) => work(),
  });
  for (const piece of ['triggers', 'events']) await trial.programs(units(piece));
  for (const { unit, change, cause } of changed) {
    if (change === 'left-out') await recordChange(wire, restore, unit.number, { change, cause });
  }
  for (const name of staging.values()) await dropObjects(wire, name);
}

class Trial {
  readonly #wire: Wire;
  readonly #staging: ReadonlyMap<string, string>;
  /** The same with names as bytes, as statements have them. */
  readonly #names: ReadonlyMap<string, string>;
  readonly #fold: boolean;

  constructor(wire: Wire, staging: ReadonlyMap<string, string>, fold: boolean) {
    this.#wire = wire;
    this.#staging = staging;
    this.#names = new Map([...staging].map(([from, to]) => [Buffer.from(from).toString('latin1'), to]));
    this.#fold = fold;
  }

  readonly target = (database: string): string => this.#staging.get(database) ?? database;

  rewrite(sql: string, unit: ObjectUnit): string {
    const reading = readingAfter(unit.statements);
    return renameDatabases(sql, this.#names, { reading, fold: this.#fold });
  }

  async programs(units: readonly ObjectUnit[]): Promise<void> {
    await runUnits(this.#wire, units, { target: this.target, run: this.#runProgram });
  }

  /**
   * A body is as somebody typed it, so the names in it may be taken for others; the server does not look at most of them. What it
   * refuses is therefore tried as it is too.
   */
  readonly #runProgram = async (wire: Wire, unit: ObjectUnit, database: string): Promise<void> => {
    const own = unit.statements.at(-1) ?? '';
    const renamed = this.rewrite(own, unit);
    const before = unit.statements.slice(0, -1);
    try {
      await runStatements(wire, [...before, renamed], database);
    } catch (error) {
      if (!isServerError(error) || renamed === own) throw error;
      await runStatements(wire, unit.statements, database);
    }
  };
}
