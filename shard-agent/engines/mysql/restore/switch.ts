/** What a restore does to the databases of the final names, and how it is undone: numbered, idempotent steps. */
import { TidemarkError } from '../../../../proto/errors.ts';
import { dropAccounts, finishAccounts, grantObjects } from '../accounts/account-maker.ts';
import { ownSqlMode } from '../connection/connection.ts';
import { quoteName, quoteText } from '../connection/quoting.ts';
import { declareDatabase, setReadOnly } from '../schema/database-options.ts';
import { allowLooseKeys } from '../schema/foreign-key.ts';
import type { Endpoint } from '../connection/handshake.ts';
import { isServerError } from '../connection/failure.ts';
import { countObjects } from './fit.ts';
import { spread, withSessions } from '../connection/side-by-side.ts';
import { readLibraries } from '../schema/libraries.ts';
import { type ObjectUnit, runUnits, unitsOf } from '../schema/object-units.ts';
import {
  listStaging,
  markTables,
  readSteps,
  type StagedDatabase,
  type StagingMark,
  stagingNameOf,
  type Step,
  writeMark,
} from './staging-mark.ts';
import type { Wire } from '../connection/wire.ts';

/** The view names a column or a function that is not there, or selects what nobody may. */
const invalidView = [1054, 1142, 1143, 1305, 1347, 1370];

const switchPieces = ['defaults', 'libraries', 'routines', 'views', 'triggers', 'events'];

/**
 * From the staging to the final names. Every step finds out by itself whether it has been done:
 * 1. the mark says `switching`; 2. the databases stand; 3. one RENAME for each database; 4. libraries, routines, views,
 * triggers, events, all anew, and what accounts may do with them; 5. the mark says `switched`.
 */
export async function switchOver(wire: Wire, mark: StagingMark): Promise<void> {
  if (mark.state === 'switched') return;
  if (mark.state === 'staging') {
    throw new TidemarkError({
      code: 'internal',
      operation: 'switch to the final names',
      subject: mark.restore,
      cause: 'the staging was never loaded to its end',
    });
  }
  if (mark.state === 'loaded') await requireFree(wire, mark);
  await writeMark(wire, { ...mark, state: 'switching' });
  await wire.run('SET SESSION foreign_key_checks = 0');
  await allowLooseKeys(wire);
  for (const database of mark.databases) await declareDatabase(wire, database.name, database);
  for (const database of mark.databases) await renameTables(wire, database);
  const steps = await readSteps(wire, mark.restore);
  for (const database of mark.databases) await dropObjects(wire, database.name, madeBy(steps, database));
  const units: ObjectUnit[] = [];
  for (const piece of switchPieces) {
    units.push(...unitsOf(steps.filter((step) => step.piece === piece)));
  }
  await runUnits(wire, units, (database) => database);
  const unsound = unitsOf(steps.filter((step) => step.piece === 'views-unsound'));
  // What cannot be made could not be used on the source either: the backup has named it.
  await runUnits(
    wire,
    unsound,
    (database) => database,
    invalidView,
    () => true,
  );
  // Stored programs that were made under another collation have turned it.
  for (const database of mark.databases) await declareDatabase(wire, database.name, database);
  await grantObjects(wire, mark, steps);
  await writeMark(wire, { ...mark, state: 'switched' });
}

/** Somebody may have used the names since the staging was made. */
async function requireFree(wire: Wire, mark: StagingMark): Promise<void> {
  for (const { name, before } of mark.databases) {
    const count = await countObjects(wire, name);
    if (count === undefined || (count === 0 && before !== undefined)) continue;
    throw new TidemarkError({
      code: 'target-not-empty',
      operation: 'switch to the final names',
      subject: name,
      cause: 'the database came to be, or was filled, while the set was loaded',
    });
  }
}

/** Tables and sequences that stand in a database, without our own. */
export async function listTables(wire: Wire, database: string): Promise<string[]> {
  const rows = await wire.query(
    'SELECT TABLE_NAME AS n FROM information_schema.TABLES ' +
      `WHERE TABLE_SCHEMA = ${quoteText(database)} AND TABLE_TYPE NOT LIKE '%VIEW' ORDER BY TABLE_NAME`,
  );
  return rows
    .map((row) => row['n'] ?? '')
    .filter((name) => !(markTables as readonly string[]).includes(name));
}

async function renameTables(wire: Wire, database: StagedDatabase): Promise<void> {
  const tables = await listTables(wire, database.staging);
  if (tables.length === 0) return;
  const from = quoteName(database.staging);
  const to = quoteName(database.name);
  const pairs = tables.map((table) => `${from}.${quoteName(table)} TO ${to}.${quoteName(table)}`);
  await wire.run(`RENAME TABLE ${pairs.join(', ')}`);
}

interface StoredObject {
  readonly kind: string;
  readonly name: string;
  /** Of a trigger. */
  readonly table: string;
}

/** Is this object of the database one that the restore makes? Somebody may have made others since. */
function madeBy(steps: readonly Step[], database: StagedDatabase): (object: StoredObject) => boolean {
  const texts = steps.filter((step) => step.database === database.name).map((step) => step.sql);
  return ({ kind, name, table }) => {
    if (kind === 'TRIGGER') return database.tables.includes(table);
    // Statements are in the character set of the client that made the object: most often one of these two.
    const names = [Buffer.from(name, 'utf8').toString('latin1'), name];
    const heads = names.flatMap((text) => [`${kind} ${quoteName(text)}`, `${kind} "${text}"`]);
    return texts.some((text) => heads.some((head) => text.includes(head)));
  };
}

/** Drops triggers, views, routines, libraries and events as far as they are `ours`; tables stay. */
export async function dropObjects(
  wire: Wire,
  database: string,
  ours: (object: StoredObject) => boolean = () => true,
): Promise<void> {
  const schema = quoteText(database);
  const name = quoteName(database);
  const rows = await wire.query(
    `SELECT 'TRIGGER' AS kind, TRIGGER_NAME AS n, EVENT_OBJECT_TABLE AS t FROM information_schema.TRIGGERS WHERE TRIGGER_SCHEMA = ${schema} ` +
      `UNION ALL SELECT 'VIEW', TABLE_NAME, '' FROM information_schema.TABLES WHERE TABLE_SCHEMA = ${schema} AND TABLE_TYPE = 'VIEW' ` +
      `UNION ALL SELECT ROUTINE_TYPE, ROUTINE_NAME, '' FROM information_schema.ROUTINES WHERE ROUTINE_SCHEMA = ${schema} ` +
      `UNION ALL SELECT 'EVENT', EVENT_NAME, '' FROM information_schema.EVENTS WHERE EVENT_SCHEMA = ${schema}`,
  );
  const libraries = await readLibraries(wire, database);
  for (const row of [...rows, ...libraries.map(({ n = null }) => ({ kind: 'LIBRARY', n, t: '' }))]) {
    const object = { kind: row['kind'] ?? '', name: row['n'] ?? '', table: row['t'] ?? '' };
    if (!ours(object)) continue;
    // MariaDB before 11.4 has that word in this mode only.
    const oracle = object.kind.startsWith('PACKAGE');
    if (oracle) await wire.run("SET SESSION sql_mode = 'ORACLE'");
    await wire.run(`DROP ${object.kind} IF EXISTS ${name}.${quoteName(object.name)}`);
    if (oracle) await wire.run(`SET SESSION sql_mode = '${ownSqlMode}'`);
  }
}

/**
 * Undoes everything, whatever had been done: final names first, as far as they were touched, then the staging. What
 * others made under the final names meanwhile stays. Without a mark, only a staging's empty beginning is dropped: its
 * name alone does not make a database ours.
 */
export async function discardAll(wire: Wire, restore: string, mark: StagingMark | undefined): Promise<void> {
  if (mark === undefined) {
    await dropBeginning(wire, stagingNameOf(restore, 0));
    return;
  }
  await wire.run('SET SESSION foreign_key_checks = 0');
  if (mark.state === 'switching' || mark.state === 'switched') {
    const steps = await readSteps(wire, restore);
    for (const database of mark.databases) await undoSwitch(wire, database, steps);
  }
  // The mark stands in the last of them, so the accounts go before it, and after all that runs as them.
  const stagings = await listStaging(wire, restore);
  for (const [index, staging] of stagings.entries()) {
    if (index === stagings.length - 1) {
      await dropObjects(wire, staging);
      await dropAccounts(wire, mark);
    }
    await wire.run(`DROP DATABASE IF EXISTS ${quoteName(staging)}`);
  }
}

/** Nothing of another maker stands in it: tables of the mark, perhaps, without the mark. */
async function dropBeginning(wire: Wire, home: string): Promise<void> {
  const objects = await countObjects(wire, home);
  if (objects === undefined || objects > markTables.length) return;
  if (objects > 0 && !(await isMarkHome(wire, home))) return;
  await wire.run(`DROP DATABASE IF EXISTS ${quoteName(home)}`);
}

async function isMarkHome(wire: Wire, home: string): Promise<boolean> {
  const [first] = markTables;
  const rows = await wire.query(
    `SELECT TABLE_NAME AS n FROM information_schema.TABLES WHERE TABLE_SCHEMA = ${quoteText(home)}`,
  );
  return rows.some((row) => row['n'] === first) && (await listTables(wire, home)).length === 0;
}

async function undoSwitch(wire: Wire, database: StagedDatabase, steps: readonly Step[]): Promise<void> {
  const name = quoteName(database.name);
  if ((await countObjects(wire, database.name)) === undefined) return;
  await dropObjects(wire, database.name, madeBy(steps, database));
  const staged = new Set(await listTables(wire, database.staging));
  const ours = new Set(database.tables);
  for (const table of await listTables(wire, database.name)) {
    if (!ours.has(table) || staged.has(table)) continue;
    await dropTable(wire, `${name}.${quoteName(table)}`);
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

/** After the switch of this shard, whether or not the others have theirs: events run, statistics are made, the staging goes. */
export async function finishRestore(endpoint: Endpoint, wire: Wire, mark: StagingMark): Promise<void> {
  if (mark.state !== 'switched') {
    throw new TidemarkError({
      code: 'internal',
      operation: 'finish the restore',
      subject: mark.restore,
      cause: `it has not been switched (${mark.state})`,
    });
  }
  const steps = await readSteps(wire, mark.restore);
  // A finish that was broken off may have come as far as that.
  for (const database of mark.databases) await setReadOnly(wire, database.name, database, 0);
  const enabling = unitsOf(steps.filter((step) => step.piece === 'events-enable'));
  await runUnits(wire, enabling, (database) => database, [1539]);
  for (const database of mark.databases) {
    const tables = await listTables(wire, database.name);
    await withSessions(endpoint, 'statistics', tables.length, (wires) =>
      spread(wires, tables, async (session, table) => {
        await session.results(`ANALYZE TABLE ${quoteName(database.name)}.${quoteName(table)}`);
      }),
    );
  }
  await finishAccounts(wire, mark, steps);
  for (const database of mark.databases) await setReadOnly(wire, database.name, database, 1);
  for (const staging of await listStaging(wire, mark.restore)) {
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
}
