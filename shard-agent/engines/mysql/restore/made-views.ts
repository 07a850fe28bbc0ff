/**
 * Views, made the same way when they are tried in the staging and under their final names.
 *
 * A server refuses a view that reads another whose definer does not exist, or may not read what that one reads, though it
 * keeps both when the account goes. So a view that others read is made with the rights of its user first, which asks for no
 * definer, and gets its own when all that read it are made, from the top down. Until then it gives nobody more than they have.
 */
import { isServerError, type ServerError } from '../connection/failure.ts';
import { isPassing } from '../connection/passing-failure.ts';
import { type ObjectUnit, restoreSession, runStatements } from '../schema/object-units.ts';
import { tablesNamed } from '../schema/named-databases.ts';
import { type Reading, readingAfter } from '../schema/sql-tokens.ts';
import {
  asInvoker,
  asReplacement,
  readViewStatement,
  runsAsDefiner,
  withoutCheckOption,
} from '../schema/view-statement.ts';
import type { Wire } from '../connection/wire.ts';

/** What became of a view that is not as it was on the source. */
export interface ChangedView {
  readonly unit: ObjectUnit;
  readonly change: 'left-out' | 'no-check-option' | 'invoker';
  /** The server's words. */
  readonly cause: string;
}

export interface ViewsOrder {
  /** Name of the database that the views of a database of the set are made in. */
  readonly target: (database: string) => string;
  /** The statement as it is to be run there. */
  readonly rewrite: (sql: string, unit: ObjectUnit) => string;
  /** Runs these statements, which make the view or put another text in its place. */
  readonly run: (unit: ObjectUnit, step: 'make' | 'complete', work: () => Promise<void>) => Promise<void>;
}

/** `CHECK OPTION on non-updatable view`: what it reads was replaced by something that cannot be written. */
const cannotCheck = 1368;
/** It names something that is not there yet. */
const notYet: readonly number[] = [1049, 1146, 1305, 1356, 1449];
/** Makes them all, each after those it reads, and resolves with those that could not be made as they were. */
export async function makeViews(
  wire: Wire,
  units: readonly ObjectUnit[],
  order: ViewsOrder,
): Promise<ChangedView[]> {
  try {
    return await makeAll(wire, units, order);
  } finally {
    await restoreSession(wire);
  }
}

async function makeAll(wire: Wire, units: readonly ObjectUnit[], order: ViewsOrder): Promise<ChangedView[]> {
  const lent = readByOthers(units);
  const changed: ChangedView[] = [];
  const made: ObjectUnit[] = [];
  let left = units.filter((unit) => !unit.complete);
  while (left.length > 0) {
    const refused: { unit: ObjectUnit; error: ServerError }[] = [];
    for (const unit of left) {
      const error = await makeOne(wire, unit, lent.has(unit), order, changed);
      if (error === undefined) made.push(unit);
      else refused.push({ unit, error });
    }
    const again = refused.filter(({ error }) => notYet.includes(error.errno));
    const lost = again.length === left.length ? refused : refused.filter((one) => !again.includes(one));
    changed.push(
      ...lost.map(({ unit, error }) => ({ unit, change: 'left-out' as const, cause: error.message })),
    );
    left = again.length === left.length ? [] : again.map(({ unit }) => unit);
  }
  for (const unit of made.filter((one) => lent.has(one)).toReversed()) {
    const error = await completeOne(wire, unit, order);
    if (error !== undefined) changed.push({ unit, change: 'invoker', cause: error.message });
  }
  return changed;
}

/** Those that run as their definer and that another of them reads. */
function readByOthers(units: readonly ObjectUnit[]): Set<ObjectUnit> {
  const read = new Set<string>();
  for (const unit of units) {
    const own = readViewStatement(statementOf(unit), readingOf(unit))?.name ?? '';
    for (const [database, name] of tablesNamed(statementOf(unit), databaseOf(unit), readingOf(unit))) {
      if (database !== databaseOf(unit) || name !== own) read.add(idOf(database, name));
    }
  }
  return new Set(
    units.filter((unit) => {
      const statement = readViewStatement(statementOf(unit), readingOf(unit));
      return (
        statement !== undefined &&
        runsAsDefiner(statementOf(unit), readingOf(unit)) &&
        read.has(idOf(databaseOf(unit), statement.name))
      );
    }),
  );
}

/** Names may be written in other capitals where the server folds them. */
function idOf(database: string, name: string): string {
  return `${database}\0${name}`.toLowerCase();
}

/** Resolves with the server's refusal; throws what a later try may mend. */
async function makeOne(
  wire: Wire,
  unit: ObjectUnit,
  lent: boolean,
  order: ViewsOrder,
  changed: ChangedView[],
): Promise<ServerError | undefined> {
  const own = order.rewrite(statementOf(unit), unit);
  const sql = lent ? asInvoker(own, readingOf(unit)) : own;
  const refusal = await runView(wire, unit, sql, 'make', order);
  if (refusal?.errno !== cannotCheck) return refusal;
  const unchecked = withoutCheckOption(sql, readingOf(unit));
  if (unchecked === undefined) return refusal;
  const second = await runView(wire, unit, unchecked, 'make', order);
  if (second === undefined) changed.push({ unit, change: 'no-check-option', cause: refusal.message });
  return second;
}

async function completeOne(
  wire: Wire,
  unit: ObjectUnit,
  order: ViewsOrder,
): Promise<ServerError | undefined> {
  const own = asReplacement(order.rewrite(statementOf(unit), unit), readingOf(unit));
  const refusal = await runView(wire, unit, own, 'complete', order);
  if (refusal?.errno !== cannotCheck) return refusal;
  const unchecked = withoutCheckOption(own, readingOf(unit));
  return unchecked === undefined ? refusal : runView(wire, unit, unchecked, 'complete', order);
}

async function runView(
  wire: Wire,
  unit: ObjectUnit,
  sql: string,
  step: 'make' | 'complete',
  order: ViewsOrder,
): Promise<ServerError | undefined> {
  const statements = [...unit.statements.slice(0, -1), sql];
  try {
    await order.run(unit, step, () => runStatements(wire, statements, order.target(unit.database)));
    return undefined;
  } catch (error) {
    if (!isServerError(error) || isPassing(error)) throw error;
    return error;
  }
}

function statementOf(unit: ObjectUnit): string {
  return unit.statements.at(-1) ?? '';
}

function readingOf(unit: ObjectUnit): Reading {
  return readingAfter(unit.statements);
}

/** As the statements name it. */
function databaseOf(unit: ObjectUnit): string {
  return Buffer.from(unit.database, 'utf8').toString('latin1');
}
