/** After the opening: what applications need not wait for, and the removal of the staging, which comes last. */
import { TidemarkError } from '../../../../proto/errors.ts';
import type { Finding } from '../../../engine.ts';
import { finishAccounts } from '../accounts/account-maker.ts';
import { quoteName } from '../connection/quoting.ts';
import { setReadOnly } from '../schema/database-options.ts';
import type { Endpoint } from '../connection/handshake.ts';
import { spread, withSessions } from '../connection/side-by-side.ts';
import { isServerError } from '../connection/failure.ts';
import { isPassing } from '../connection/passing-failure.ts';
import { runUnit, runUnits } from '../schema/object-units.ts';
import { changeFindings } from './changed-objects.ts';
import { listTables } from './staged-objects.ts';
import { readSteps, recordChange, type Step } from './staged-steps.ts';
import { listStaging, type StagingMark } from './staging-mark.ts';
import { unitsOfPiece, wrongState } from './switch.ts';
import { restoreTriggerTexts } from './trigger-texts.ts';
import type { Wire } from '../connection/wire.ts';

/**
 * 1. the texts of triggers; 2. events run; 3. statistics; 4. accounts may log in; 5. the staging goes, the mark last. Resolves with
 * what of the set is not as it was.
 */
export async function finishRestore(
  endpoint: Endpoint,
  wire: Wire,
  mark: StagingMark,
): Promise<readonly Finding[]> {
  if (mark.state !== 'opened') throw wrongState(mark, 'finish the restore', 'it has not been opened');
  const steps = await readSteps(wire, mark.restore);
  // A finish that was broken off may have come as far as that.
  for (const database of mark.databases) await setReadOnly(wire, database.name, database, 0);
  await restoreTriggerTexts(endpoint, mark, steps, (unit, change) =>
    recordChange(wire, mark.restore, unit.number, change),
  );
  await letEventsRun(wire, mark, steps);
  for (const database of mark.databases)
    await analyse(endpoint, database.name, await listTables(wire, database.name));
  await finishAccounts(wire, mark, steps);
  for (const database of mark.databases) await setReadOnly(wire, database.name, database, 1);
  const changed = changeFindings(await readSteps(wire, mark.restore));
  for (const staging of await listStaging(wire, mark.restore)) await dropStaging(wire, staging);
  return changed;
}

/** An event that is gone was dropped by somebody who may. One that the server does not let run sleeps on, and is noted. */
async function letEventsRun(wire: Wire, mark: StagingMark, steps: readonly Step[]): Promise<void> {
  const asleep: { readonly number: number; readonly cause: string }[] = [];
  await runUnits(wire, unitsOfPiece(steps, 'events-enable'), {
    target: (database) => database,
    run: async (session, unit, database) => {
      try {
        await runUnit(session, unit, database);
      } catch (error) {
        if (!isServerError(error) || isPassing(error)) throw error;
        if (error.errno !== eventGone) asleep.push({ number: unit.number, cause: error.message });
      }
    },
  });
  for (const { number, cause } of asleep)
    await recordChange(wire, mark.restore, number, { change: 'asleep', cause });
}

const eventGone = 1539;

function analyse(endpoint: Endpoint, database: string, tables: readonly string[]): Promise<void> {
  return withSessions(endpoint, 'statistics', tables.length, (wires) =>
    spread(wires, tables, async (session, table) => {
      await session.results(`ANALYZE TABLE ${quoteName(database)}.${quoteName(table)}`);
    }),
  );
}

async function dropStaging(wire: Wire, staging: string): Promise<void> {
  const left = await listTables(wire, staging);
  if (left.length > 0) {
    throw new TidemarkError({
      code: 'internal',
      operation: 'remove the staging',
      subject: staging,
      cause: `tables are left in it: ${left.slice(0, 5).join(', ')}`,
    });
  }
  await wire.run(`DROP DATABASE IF EXISTS ${quoteName(staging)}`);
}
