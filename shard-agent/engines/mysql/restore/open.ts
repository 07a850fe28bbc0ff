/** All tables of the shard get their final names in one statement; then what needs them there. Numbered, idempotent steps. */
import { TidemarkError } from '../../../../proto/errors.ts';
import { grantObjects } from '../accounts/account-maker.ts';
import { isServerError } from '../connection/failure.ts';
import { quoteName, quoteText } from '../connection/quoting.ts';
import { type ObjectUnit, runUnits } from '../schema/object-units.ts';
import { readingAfter } from '../schema/sql-tokens.ts';
import { readViewStatement } from '../schema/view-statement.ts';
import { makeRecorded } from './made-objects.ts';
import { makeViews } from './made-views.ts';
import { listTables } from './staged-objects.ts';
import { readSteps, recordChange, recordComplete, type Step } from './staged-steps.ts';
import { type StagingMark, writeMark } from './staging-mark.ts';
import { loosenKeys, unitsOfPiece, wrongState } from './switch.ts';
import type { Wire } from '../connection/wire.ts';

/**
 * 1. nobody else has one of the names; 2. the mark says `opening`; 3. one RENAME of all tables; 4. defaults that name a sequence,
 * views, grants on objects; 5. the mark says `opened`.
 */
export async function openFinal(wire: Wire, mark: StagingMark): Promise<void> {
  if (mark.state === 'opened') return;
  if (mark.state !== 'switched' && mark.state !== 'opening') {
    throw wrongState(mark, 'open the restored databases', 'it has not been switched');
  }
  const steps = await readSteps(wire, mark.restore);
  const views = viewsToMake(steps);
  const moves = await movesLeft(wire, mark);
  await requireFreeNames(wire, [...moves, ...views.flatMap(viewName)]);
  if (mark.state === 'switched') await writeMark(wire, { ...mark, state: 'opening' });
  await loosenKeys(wire);
  await moveTables(wire, moves);
  // Until then a new row that takes such a default is refused, as the staging's sequence is gone.
  await runUnits(wire, unitsOfPiece(steps, 'defaults'), { target: (database) => database });
  await makeFinalViews(wire, mark.restore, views);
  await grantObjects(wire, mark, steps);
  await writeMark(wire, { ...mark, state: 'opened' });
}

/** Without those that the server has refused in the staging, or at an earlier opening. */
function viewsToMake(steps: readonly Step[]): ObjectUnit[] {
  return ['views', 'views-unsound']
    .flatMap((piece) => unitsOfPiece(steps, piece))
    .filter(({ change }) => change?.change !== 'left-out');
}

/** A view that is refused here after all is left out and noted, as the shard must open; nobody else's view is replaced. */
async function makeFinalViews(wire: Wire, restore: string, views: readonly ObjectUnit[]): Promise<void> {
  const changed = await makeViews(wire, views, {
    target: (database) => database,
    rewrite: (sql) => sql,
    run: async (unit, step, work) => {
      if (step === 'make') return makeRecorded(wire, restore, unit, work);
      await work();
      await recordComplete(wire, restore, unit.number);
    },
  });
  for (const { unit, change, cause } of changed) {
    await recordChange(wire, restore, unit.number, { change, cause });
  }
}

interface FinalName {
  readonly database: string;
  readonly name: string;
}

/** A table on its way to its final name. */
interface Move extends FinalName {
  /** As SQL takes it. */
  readonly from: string;
}

/** All, or none: they are moved in one statement. */
async function movesLeft(wire: Wire, mark: StagingMark): Promise<Move[]> {
  const moves: Move[] = [];
  for (const { name: database, staging, hidden } of mark.databases) {
    for (const name of await listTables(wire, staging)) {
      moves.push({ database, name, from: `${quoteName(staging)}.${quoteName(name)}` });
    }
    const there = new Set(await listTables(wire, database));
    for (const { table, name } of hidden) {
      if (there.has(name))
        moves.push({ database, name: table, from: `${quoteName(database)}.${quoteName(name)}` });
    }
  }
  return moves;
}

/** Of a view that is not made yet. One in another character set is found by the statement that makes it. */
function viewName(unit: ObjectUnit): FinalName[] {
  const statement = readViewStatement(unit.statements.at(-1) ?? '', readingAfter(unit.statements));
  if (unit.made || statement === undefined) return [];
  return [{ database: unit.database, name: Buffer.from(statement.name, 'latin1').toString('utf8') }];
}

async function requireFreeNames(wire: Wire, names: readonly FinalName[]): Promise<void> {
  const taken = await takenName(wire, names);
  if (taken !== undefined) throw notFree(taken, 'somebody made a table or view of this name meanwhile');
}

function notFree({ database, name }: FinalName, cause: string): TidemarkError {
  return new TidemarkError({
    code: 'target-not-empty',
    operation: 'open the restored databases',
    subject: `${database}.${name}`,
    cause,
    remedy: 'Drop or rename that object; the restore then goes on by itself.',
  });
}

async function takenName(wire: Wire, names: readonly FinalName[]): Promise<FinalName | undefined> {
  const folds = (await wire.value('SELECT @@lower_case_table_names')) !== '0';
  const fold = (name: string): string => (folds ? name.toLowerCase() : name);
  for (const database of new Set(names.map((name) => name.database))) {
    const rows = await wire.query(
      `SELECT TABLE_NAME AS n FROM information_schema.TABLES WHERE TABLE_SCHEMA = ${quoteText(database)}`,
    );
    const there = new Set(rows.map((row) => fold(row['n'] ?? '')));
    const taken = names.find((name) => name.database === database && there.has(fold(name.name)));
    if (taken !== undefined) return taken;
  }
  return undefined;
}

async function moveTables(wire: Wire, moves: readonly Move[]): Promise<void> {
  if (moves.length === 0) return;
  const pairs = moves.map(
    ({ from, database, name }) => `${from} TO ${quoteName(database)}.${quoteName(name)}`,
  );
  try {
    await wire.run(`RENAME TABLE ${pairs.join(', ')}`);
  } catch (error) {
    if (!isServerError(error, 1050)) throw error;
    const taken = await takenName(wire, moves);
    if (taken === undefined) throw error;
    throw notFree(taken, error.message);
  }
}
