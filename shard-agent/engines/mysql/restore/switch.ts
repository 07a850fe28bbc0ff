/**
 * From the load to a shard that can be opened at once. There is no way to keep everybody out of a database here, so a shard
 * is closed as long as its tables do not have their final names. Numbered, idempotent steps.
 */
import { TidemarkError } from '../../../../proto/errors.ts';
import { quoteName } from '../connection/quoting.ts';
import { declareDatabase, readDatabaseOptions } from '../schema/database-options.ts';
import { allowLooseKeys } from '../schema/foreign-key.ts';
import { unitsOf } from '../schema/object-units.ts';
import { countObjects, someObjects } from './fit.ts';
import { hiddenTriggers } from './hidden-tables.ts';
import { makeObjects } from './made-objects.ts';
import { listTables } from './staged-objects.ts';
import { readSteps, type Step } from './staged-steps.ts';
import { type RestoreState, type StagedDatabase, type StagingMark, writeMark } from './staging-mark.ts';
import type { Wire } from '../connection/wire.ts';

/** The mark does not allow what is to be done. */
export function wrongState(mark: StagingMark, operation: string, cause: string): TidemarkError {
  const told = `${cause} (it is ${mark.state})`;
  return new TidemarkError({ code: 'internal', operation, subject: mark.restore, cause: told });
}

const beforeSwitch: readonly RestoreState[] = ['loaded', 'closed'];

/** Before the decision: the final databases are still empty, and the mark says so. Resolves with the mark as it is then. */
export async function closeFinal(wire: Wire, mark: StagingMark): Promise<StagingMark> {
  if (mark.state === 'staging')
    throw wrongState(mark, 'close the target', 'the staging was not loaded to its end');
  if (!beforeSwitch.includes(mark.state)) return mark;
  for (const { name } of mark.databases) await requireEmpty(wire, name);
  const closed: StagingMark = { ...(await withFoundDatabases(wire, mark)), state: 'closed' };
  await writeMark(wire, closed);
  return closed;
}

/** Somebody may have used the name since the staging was made. */
async function requireEmpty(wire: Wire, database: string): Promise<void> {
  const count = await countObjects(wire, database);
  if (count === undefined || count === 0) return;
  const some = await someObjects(wire, database);
  throw new TidemarkError({
    code: 'target-not-empty',
    operation: 'close the target',
    subject: database,
    cause: `it was filled while the set was loaded, and holds ${count} objects: ${some.join(', ')}`,
  });
}

/** An empty database that somebody has made meanwhile is theirs when the restore is undone; one that is gone is not. */
async function withFoundDatabases(wire: Wire, mark: StagingMark): Promise<StagingMark> {
  const found = await readDatabaseOptions(wire);
  const databases = mark.databases.map((database): StagedDatabase => {
    const now = { ...database };
    delete now.before;
    const before = found.get(database.name);
    return before === undefined ? now : { ...now, before };
  });
  return { ...mark, databases };
}

/**
 * 1. the mark says `switching`; 2. the final databases are there; 3. tables with triggers go there under hidden names; 4. libraries,
 * routines, triggers, sleeping events; 5. the mark says `switched`. No table has its final name.
 */
export async function switchOver(wire: Wire, found: StagingMark): Promise<void> {
  if (['switched', 'opening', 'opened'].includes(found.state)) return;
  const mark = await beginSwitch(wire, found);
  await loosenKeys(wire);
  for (const database of mark.databases) await declareDatabase(wire, database.name, database);
  await hideTables(wire, mark.databases);
  const steps = await readSteps(wire, mark.restore);
  const units = [
    ...unitsOfPiece(steps, 'libraries'),
    ...unitsOfPiece(steps, 'routines'),
    ...hiddenTriggers(mark.databases, steps),
    ...unitsOfPiece(steps, 'events'),
  ];
  await makeObjects(wire, mark.restore, units);
  // Stored programs that were made under another collation have turned it.
  for (const database of mark.databases) await declareDatabase(wire, database.name, database);
  await writeMark(wire, { ...mark, state: 'switched' });
}

async function beginSwitch(wire: Wire, found: StagingMark): Promise<StagingMark> {
  if (found.state === 'switching') return found;
  const closed =
    found.state === 'closed' ? await withFoundDatabases(wire, found) : await closeFinal(wire, found);
  const mark: StagingMark = { ...closed, state: 'switching' };
  await writeMark(wire, mark);
  return mark;
}

/** Of this session: tables are moved and dropped whatever points to them. */
export async function loosenKeys(wire: Wire): Promise<void> {
  await wire.run('SET SESSION foreign_key_checks = 0');
  await allowLooseKeys(wire);
}

export function unitsOfPiece(steps: readonly Step[], piece: string): ReturnType<typeof unitsOf> {
  return unitsOf(steps.filter((step) => step.piece === piece));
}

async function hideTables(wire: Wire, databases: readonly StagedDatabase[]): Promise<void> {
  const pairs: string[] = [];
  for (const database of databases) {
    const staged = new Set(await listTables(wire, database.staging));
    for (const { table, name } of database.hidden) {
      if (!staged.has(table)) continue;
      const from = `${quoteName(database.staging)}.${quoteName(table)}`;
      pairs.push(`${from} TO ${quoteName(database.name)}.${quoteName(name)}`);
    }
  }
  if (pairs.length > 0) await wire.run(`RENAME TABLE ${pairs.join(', ')}`);
}
