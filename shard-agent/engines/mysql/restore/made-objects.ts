/** Objects that a restore makes in the final databases, on record: what others made there meanwhile is not taken for ours. */
import { TidemarkError } from '../../../../proto/errors.ts';
import { isServerError } from '../connection/failure.ts';
import { type ObjectUnit, runUnit, runUnits, type UnitsOrder } from '../schema/object-units.ts';
import { readObjectHead } from '../schema/object-head.ts';
import { recordMade } from './staged-steps.ts';
import type { Wire } from '../connection/wire.ts';

/** Of a table or view, a trigger, a routine, package or library, an event. */
const alreadyThere: readonly number[] = [1050, 1359, 1304, 1537];

/**
 * Makes them in the databases of their names. One that an earlier attempt has made stays as it is. Throws `target-not-empty`
 * when somebody else has an object of that name.
 */
export async function makeObjects(wire: Wire, restore: string, units: readonly ObjectUnit[]): Promise<void> {
  const run: UnitsOrder['run'] = (session, unit, database) =>
    makeRecorded(session, restore, unit, () => runUnit(session, unit, database));
  await runUnits(wire, units, { target: (database) => database, run });
}

/** The same for one, which `work` makes. */
export async function makeRecorded(
  wire: Wire,
  restore: string,
  unit: ObjectUnit,
  work: () => Promise<void>,
): Promise<void> {
  await recordMade(wire, restore, unit.number, true);
  try {
    await work();
  } catch (error) {
    // Without an answer it may have been made.
    if (!isServerError(error)) throw error;
    const there = alreadyThere.includes(error.errno);
    if (there && unit.made) return;
    await recordMade(wire, restore, unit.number, false);
    if (!there) throw error;
    throw new TidemarkError(
      {
        code: 'target-not-empty',
        operation: 'make the objects of the set',
        subject: unit.database,
        cause: `somebody made an object of the same name meanwhile: ${error.message}`,
        remedy: 'Drop or rename that object; the restore then goes on by itself.',
      },
      { cause: error },
    );
  }
}

/** Drops those of them that this restore has made, the last first. Triggers go with their tables. */
export async function dropMade(wire: Wire, units: readonly ObjectUnit[]): Promise<void> {
  const made = units.filter((unit) => unit.made);
  const drops = made.reverse().flatMap((unit) => {
    const head = readObjectHead(unit.statements.at(-1) ?? '');
    if (head === undefined) return [];
    // The name is read under the settings that it was written under.
    const settings = unit.statements.filter((sql) => sql.startsWith('SET '));
    return [{ ...unit, statements: [...settings, `DROP ${head.kind} IF EXISTS ${head.name}`] }];
  });
  // Its database may have been dropped.
  await runUnits(wire, drops, { target: (database) => database, ignored: [1049] });
}
