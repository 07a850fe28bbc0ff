/** What follows the data, tried in the staging: an error comes before the decision. */
import { changeFinding } from './changed-objects.ts';
import { isServerError } from '../connection/failure.ts';
import { makeViews } from './made-views.ts';
import { renameDatabases } from '../schema/named-databases.ts';
import { type ObjectUnit, runStatements, runUnits, unitsOf } from '../schema/object-units.ts';
import { readingAfter } from '../schema/sql-tokens.ts';
import type { RefusedObjects } from './refused-objects.ts';
import { recordChange, type Step } from './staged-steps.ts';
import { dropObjects } from './staged-objects.ts';
import type { Wire } from '../connection/wire.ts';

/**
 * Makes everything once in the staging, where it names the staging's databases instead of its own, and drops it: libraries, routines,
 * defaults that name a sequence, views, triggers and events. What the server refuses of views is noted at its step and left
 * out of the restore; anything else that it refuses is thrown, or told to `refused`, which hears of views too. `staging`: by database.
 */
export async function tryObjects(
  wire: Wire,
  restore: string,
  steps: readonly Step[],
  staging: ReadonlyMap<string, string>,
  refused?: RefusedObjects,
): Promise<void> {
  const fold = (await wire.value('SELECT @@lower_case_table_names')) !== '0';
  const trial = new Trial(wire, staging, fold, refused);
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
  // In the staging a definer may lack what it may do under the final names: that alone says nothing.
  for (const view of changed.filter(({ change }) => change !== 'invoker')) {
    const { database, statements } = view.unit;
    refused?.addView(view, changeFinding({ database, sql: statements.at(-1) ?? '' }, view));
  }
}

class Trial {
  readonly #wire: Wire;
  readonly #staging: ReadonlyMap<string, string>;
  /** The same with names as bytes, as statements have them. */
  readonly #names: ReadonlyMap<string, string>;
  readonly #fold: boolean;
  readonly #refused: RefusedObjects | undefined;

  constructor(
    wire: Wire,
    staging: ReadonlyMap<string, string>,
    fold: boolean,
    refused: RefusedObjects | undefined,
  ) {
    this.#wire = wire;
    this.#refused = refused;
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
    const refused = this.#refused?.addUnit;
    const order = { target: this.target, run: this.#runProgram };
    await runUnits(this.#wire, units, refused === undefined ? order : { ...order, refused });
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
