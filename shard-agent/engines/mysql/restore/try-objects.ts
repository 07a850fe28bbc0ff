/** What follows the data, tried in the staging: an error comes before the decision. */
import { quoteName } from '../connection/quoting.ts';
import { runUnits, unitsOf } from '../schema/object-units.ts';
import type { Step } from './staging-mark.ts';
import { dropObjects } from './staged-objects.ts';
import type { Wire } from '../connection/wire.ts';

/** Makes every library, routine, view, trigger and event once in the staging, and drops it. `staging`: by database. */
export async function tryObjects(
  wire: Wire,
  steps: readonly Step[],
  staging: ReadonlyMap<string, string>,
): Promise<void> {
  const databases = [...staging.keys()];
  const others = (database: string): string[] =>
    databases.filter((name) => name !== database).map((name) => `${quoteName(name)}.`);
  for (const piece of ['libraries', 'routines', 'views', 'triggers', 'events']) {
    const units = unitsOf(steps.filter((step) => step.piece === piece));
    // What reaches into another database of the set finds it only after the switch.
    await runUnits(wire, units, {
      target: (database) => staging.get(database) ?? database,
      tolerate: (unit) =>
        others(unit.database).some((name) => unit.statements.at(-1)?.includes(name) === true),
    });
  }
  for (const name of staging.values()) await dropObjects(wire, name);
}
