/** All of a restore undone, whatever was done before it was opened. Idempotent. */
import { dropAccounts } from '../accounts/account-maker.ts';
import { isServerError } from '../connection/failure.ts';
import { quoteName, quoteText } from '../connection/quoting.ts';
import { declareDatabase } from '../schema/database-options.ts';
import { countObjects } from './fit.ts';
import { dropMade } from './made-objects.ts';
import { dropObjects, listTables } from './staged-objects.ts';
import { readSteps } from './staged-steps.ts';
import { listStaging, markTables, type StagedDatabase, type StagingMark } from './staging-mark.ts';
import { stagingNameOf } from './staging-names.ts';
import { loosenKeys, unitsOfPiece, wrongState } from './switch.ts';
import type { Wire } from '../connection/wire.ts';

/**
 * The final databases first, as far as they were touched, then the staging. What others made in the final databases meanwhile
 * stays. Without a mark, only a staging's empty beginning is dropped: its name alone does not make a database ours.
 */
export async function discardAll(wire: Wire, restore: string, mark: StagingMark | undefined): Promise<void> {
  if (mark === undefined) {
    await dropBeginning(wire, stagingNameOf(restore, 0));
    return;
  }
  if (mark.state === 'opening' || mark.state === 'opened') {
    throw wrongState(mark, 'drop what the restore made', 'applications may have written to it already');
  }
  await loosenKeys(wire);
  if (mark.state === 'switching' || mark.state === 'switched') await undoSwitch(wire, mark);
  // The mark is in the last of them, so the accounts go before it, and after all that runs as them.
  const stagings = await listStaging(wire, restore);
  for (const [index, staging] of stagings.entries()) {
    if (index === stagings.length - 1) {
      await dropObjects(wire, staging);
      await dropAccounts(wire, mark);
    }
    await wire.run(`DROP DATABASE IF EXISTS ${quoteName(staging)}`);
  }
}

async function dropBeginning(wire: Wire, home: string): Promise<void> {
  if (await isBeginning(wire, home)) await wire.run(`DROP DATABASE IF EXISTS ${quoteName(home)}`);
}

/** A staging whose maker died before it was marked: nothing is in it, but perhaps the tables of the mark without the mark. */
export async function isBeginning(wire: Wire, home: string): Promise<boolean> {
  const objects = await countObjects(wire, home);
  if (objects === undefined || objects > markTables.length) return false;
  return objects === 0 || (await isMarkHome(wire, home, objects));
}

async function isMarkHome(wire: Wire, home: string, objects: number): Promise<boolean> {
  const own = markTables.map(quoteText).join(', ');
  const count = await wire.value(
    `SELECT COUNT(*) FROM information_schema.TABLES WHERE TABLE_SCHEMA = ${quoteText(home)} AND TABLE_NAME IN (${own})`,
  );
  return Number(count) === objects;
}

async function undoSwitch(wire: Wire, mark: StagingMark): Promise<void> {
  const steps = await readSteps(wire, mark.restore);
  await dropMade(
    wire,
    ['libraries', 'routines', 'events'].flatMap((piece) => unitsOfPiece(steps, piece)),
  );
  for (const database of mark.databases) await undoDatabase(wire, database);
}

async function undoDatabase(wire: Wire, database: StagedDatabase): Promise<void> {
  const name = quoteName(database.name);
  if ((await countObjects(wire, database.name)) === undefined) return;
  const there = new Set(await listTables(wire, database.name));
  for (const hidden of database.hidden) {
    if (there.has(hidden.name)) await dropTable(wire, `${name}.${quoteName(hidden.name)}`);
  }
  if (database.before === undefined) {
    if ((await countObjects(wire, database.name)) === 0) await wire.run(`DROP DATABASE IF EXISTS ${name}`);
    return;
  }
  await declareDatabase(wire, database.name, database.before);
}

/** A sequence is dropped as one. */
async function dropTable(wire: Wire, quoted: string): Promise<void> {
  try {
    await wire.run(`DROP TABLE IF EXISTS ${quoted}`);
  } catch (error) {
    if (!isServerError(error, 1965, 4090)) throw error;
    await wire.run(`DROP SEQUENCE IF EXISTS ${quoted}`);
  }
}
