/** Views, routines, triggers and events: each a statement with the session settings that go before it. */
import { ownSqlMode } from '../connection/connection.ts';
import { quoteName } from '../connection/quoting.ts';
import { isServerError } from '../connection/failure.ts';
import type { Step, StepChange } from '../restore/staged-steps.ts';
import type { Wire } from '../connection/wire.ts';

export interface ObjectUnit {
  readonly database: string;
  readonly piece: string;
  /** Of the step that makes the object. */
  readonly number: number;
  /** An earlier attempt has made it, or was about to. */
  readonly made: boolean;
  /** Nothing is left to be done with what was made. */
  readonly complete: boolean;
  /** In what it cannot be made as it was; undefined when it can, as far as is known. */
  readonly change: StepChange | undefined;
  /** Bytes as latin1 text; the last makes the object. */
  readonly statements: readonly string[];
}

/** Something it names is not there yet: a view before another, in this database or the next. */
const notYet: readonly number[] = [1049, 1146, 1305, 1356];

export function unitsOf(steps: readonly Step[]): ObjectUnit[] {
  const units: ObjectUnit[] = [];
  // What a file sets at its head holds for all that follows in it, so it is repeated for each.
  let file = '';
  let head: string[] = [];
  let own: string[] = [];
  for (const step of steps) {
    const id = `${step.database}\0${step.piece}`;
    if (id !== file) {
      file = id;
      head = [];
      own = [];
    }
    if (/^(?:SET|ALTER DATABASE) /.test(step.sql)) {
      if (units.some((unit) => `${unit.database}\0${unit.piece}` === file)) own.push(step.sql);
      else head.push(step.sql);
      continue;
    }
    const { database, piece, number, made, complete, change } = step;
    const statements = [...head, ...own, step.sql];
    units.push({ database, piece, number, made, complete, change, statements });
    own = [];
  }
  return units;
}

/** How units are run. */
export interface UnitsOrder {
  /** Name of the database that the objects of a database of the set are made in. */
  readonly target: (database: string) => string;
  /** Error numbers that mean "not needed". */
  readonly ignored?: readonly number[];
  /** Runs one; `runUnit` unless given. */
  readonly run?: (wire: Wire, unit: ObjectUnit, database: string) => Promise<void>;
  /** Hears of each that cannot be made, and the others are run without it; what it throws ends the run. Absent: the first is thrown. */
  readonly refused?: (unit: ObjectUnit, error: unknown) => void;
}

/**
 * Runs them all. What names something that is not there yet is tried again after the others; when nothing gets further,
 * the error is thrown.
 * The session is as before afterwards, except for its database and foreign_key_checks.
 */
export async function runUnits(wire: Wire, units: readonly ObjectUnit[], order: UnitsOrder): Promise<void> {
  try {
    await runAll(wire, units, order);
  } finally {
    await restoreSession(wire);
  }
}

/** What the last object was made with must not be what our own statements, and the names in them, are read with. */
export async function restoreSession(wire: Wire): Promise<void> {
  if (wire.alive) await wire.run('SET NAMES utf8mb4');
  if (wire.alive)
    await wire.run(`SET SESSION sql_mode = '${ownSqlMode}', time_zone = '+00:00', timestamp = DEFAULT`);
}

async function runAll(wire: Wire, units: readonly ObjectUnit[], order: UnitsOrder): Promise<void> {
  const { target, ignored = [], run = runUnit, refused = throwFirst } = order;
  let left = [...units];
  while (left.length > 0) {
    const later: { unit: ObjectUnit; error: unknown }[] = [];
    for (const unit of left) {
      try {
        await run(wire, unit, target(unit.database));
      } catch (error) {
        const number = isServerError(error) ? error.errno : 0;
        if (ignored.includes(number)) continue;
        if (notYet.includes(number)) later.push({ unit, error });
        else refused(unit, error);
      }
    }
    if (later.length === left.length) {
      for (const { unit, error } of later) refused(unit, error);
      return;
    }
    left = later.map(({ unit }) => unit);
  }
}

function throwFirst(_unit: ObjectUnit, error: unknown): never {
  throw error;
}

export async function runUnit(wire: Wire, unit: ObjectUnit, database: string): Promise<void> {
  await runStatements(wire, unit.statements, database);
}

/** `statements`: of one unit, perhaps rewritten. */
export async function runStatements(
  wire: Wire,
  statements: readonly string[],
  database: string,
): Promise<void> {
  await wire.run('SET NAMES utf8mb4');
  await wire.run(`USE ${quoteName(database)}`);
  for (const sql of statements) await wire.run(Buffer.from(sql, 'latin1'));
}

/** The character set that the text of the object is in: the one its client had. */
export function clientCharset({ statements }: ObjectUnit): string {
  const settings = statements.filter((sql) => sql.startsWith('SET ')).join(' ');
  return [...settings.matchAll(/\bcharacter_set_client = (\w+)/g)].at(-1)?.[1] ?? 'utf8mb4';
}
