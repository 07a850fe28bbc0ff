/**
 * What is in the databases besides tables, tried before a backup relies on it: views that cannot be used, and stored programs that
 * the server no longer shows or would not make again. None of them keeps the rest from being backed up.
 */
import { TidemarkError } from '../../../../proto/errors.ts';
import type { Finding } from '../../../engine.ts';
import { finding } from '../../../findings.ts';
import type { Catalogue } from '../catalogue.ts';
import { ownSqlMode } from '../connection/connection.ts';
import { isServerError } from '../connection/failure.ts';
import { quoteName } from '../connection/quoting.ts';
import { readLibraries } from './libraries.ts';
import { readProgram } from './program-statement.ts';
import { hidesEvents, listPrograms, type Program, type ProgramGroup } from './programs.ts';
import { staysQuoted } from './multibyte-text.ts';
import { syntaxErrors, unreadable } from './readable-program.ts';
import { type ObjectName, showCreate } from './shown-object.ts';
import { missingColumn } from './trigger-columns.ts';
import { readViews, type View } from './views.ts';
import type { Wire } from '../connection/wire.ts';

/** A stored program or a view that no server makes again. */
export interface LeftOut extends ObjectName {
  readonly reason: string;
}

export interface SourceObjects {
  readonly views: readonly View[];
  /** Those that a restore makes, by database and group in the order in which they are made. */
  readonly programs: readonly Program[];
  readonly leftOut: readonly LeftOut[];
  /** Warnings about both, and what keeps the whole from being restored. */
  readonly findings: readonly Finding[];
}

/** The session is as before afterwards, except for its database. Changes nothing. */
export async function readSourceObjects(wire: Wire, catalogue: Catalogue): Promise<SourceObjects> {
  const databases = catalogue.databases.map(({ name }) => name);
  const views = await readViews(wire, databases);
  const programs: Program[] = [];
  const leftOut: LeftOut[] = [];
  const findings: Finding[] = views.flatMap((view) => viewFinding(view) ?? []);
  const eventless = await hidesEvents(wire);
  if (eventless) findings.push(hiddenEvents);
  const groups: ProgramGroup[] = ['routines', 'triggers', ...(eventless ? [] : ['events' as const])];
  await wire.run('SET SESSION character_set_results = NULL');
  try {
    for (const database of databases) {
      await wire.run(`USE ${quoteName(database)}`);
      findings.push(...(await unshownParts(wire, catalogue, database)));
      leftOut.push(...(await unreadableViews(wire, database, views)));
      for (const group of groups) {
        for (const program of await listPrograms(wire, database, group)) {
          const reason = await whyNot(wire, catalogue, program);
          if (reason instanceof TidemarkError) findings.push(stopping(reason));
          else if (reason === undefined) programs.push(program);
          else leftOut.push({ ...program, reason });
        }
      }
    }
  } finally {
    await restoreSession(wire);
  }
  const usable = views.filter((view) => !leftOut.some((left) => left.kind === 'VIEW' && isSame(left, view)));
  return { views: usable, programs, leftOut, findings: [...findings, ...leftOut.map(leftOutFinding)] };
}

async function restoreSession(wire: Wire): Promise<void> {
  if (wire.alive) await wire.run('SET NAMES utf8mb4');
  if (wire.alive) await wire.run(`SET SESSION sql_mode = '${ownSqlMode}'`);
}

/** Why no server makes this program again; an error when this account may not see it. */
async function whyNot(
  wire: Wire,
  catalogue: Catalogue,
  program: Program,
): Promise<string | TidemarkError | undefined> {
  const shown = await readProgram(wire, program).catch(refusedOnly);
  if (shown instanceof TidemarkError)
    return shown.code === 'privilege-missing' ? shown : `the server does not show it: ${shown.reason}`;
  const { row, text } = shown;
  const refused = await unreadable(wire, shown);
  await restoreNames(wire);
  if (refused !== undefined) return `no server makes it again: ${refused}`;
  if (program.group !== 'triggers') return undefined;
  if (!staysQuoted(program.table, row['character_set_client'] ?? 'utf8mb4'))
    return `its table's name in UTF-8 cannot be read as ${row['character_set_client']}, and MariaDB makes it unreadable when the table is renamed`;
  const table = catalogue.tables.find(
    ({ database, name }) => database === program.database && name === program.table,
  );
  if (table === undefined) return undefined;
  const settings = { charset: row['character_set_client'] ?? 'utf8mb4', sqlMode: row['sql_mode'] ?? '' };
  const columns = table.columns.map(({ name }) => name);
  const missing = missingColumn(text, settings, columns);
  return missing === undefined
    ? undefined
    : `no server makes it again: its table ${program.table} has no column ${missing}`;
}

/** Views that can be used, whose text the server itself does not read: it is not what they were made from. */
async function unreadableViews(wire: Wire, database: string, views: readonly View[]): Promise<LeftOut[]> {
  const leftOut: LeftOut[] = [];
  for (const { name, reason } of views.filter((view) => view.database === database)) {
    if (reason !== undefined) continue;
    const view: ObjectName = { database, kind: 'VIEW', name };
    const shown = await showCreate(wire, view, /^Create View$/).catch(refusedOnly);
    // That it is not shown is said with the privileges.
    if (shown instanceof TidemarkError) continue;
    const refused = await unreadable(wire, shown, syntaxErrors);
    await restoreNames(wire);
    if (refused !== undefined) leftOut.push({ ...view, reason: `no server makes it again: ${refused}` });
  }
  return leftOut;
}

function isSame(
  one: Pick<ObjectName, 'database' | 'name'>,
  other: Pick<ObjectName, 'database' | 'name'>,
): boolean {
  return one.database === other.database && one.name === other.name;
}

/** Names and texts of the next question are in our own words again; results stay as they are stored. */
async function restoreNames(wire: Wire): Promise<void> {
  await restoreSession(wire);
  await wire.run('SET SESSION character_set_results = NULL');
}

/** What the server itself has refused. Throws the rest. */
function refusedOnly(error: unknown): TidemarkError {
  if (!(error instanceof TidemarkError)) throw error;
  if (error.code !== 'privilege-missing' && !isServerError(error.cause)) throw error;
  return error;
}

/** Sequences and libraries: tables and routines need them, so none of them can be left out. */
async function unshownParts(wire: Wire, catalogue: Catalogue, database: string): Promise<Finding[]> {
  const parts: (ObjectName & { readonly column: RegExp })[] = [];
  for (const { kind, name, database: own } of catalogue.tables) {
    if (kind === 'sequence' && own === database)
      parts.push({ database, kind: 'SEQUENCE', name, column: /^Create Table$/ });
  }
  for (const library of await readLibraries(wire, database))
    parts.push({ database, kind: 'LIBRARY', name: library['n'] ?? '', column: /^Create Library$/ });
  const findings: Finding[] = [];
  for (const part of parts) {
    const shown = await showCreate(wire, part, part.column).catch(refusedOnly);
    if (shown instanceof TidemarkError) findings.push(stopping(shown));
  }
  return findings;
}

function stopping({ code, subject, reason, remedy }: TidemarkError): Finding {
  return finding(code, subject, reason, remedy);
}

const hiddenEvents = finding(
  'not-supported',
  'events',
  'the server shows no events while its scheduler is disabled: those that it has are left out',
  'Start the server without event_scheduler = DISABLED; OFF keeps events from running too.',
  true,
);

function viewFinding({ database, name, reason }: View): Finding | undefined {
  if (reason === undefined) return undefined;
  const quoted = `${quoteName(database)}.${quoteName(name)}`;
  return finding(
    'not-supported',
    `${database}.${name}`,
    `this view cannot be used, and a restore leaves it out where it cannot be made either: ${reason}`,
    `Grant this account what the view reads, or correct or drop the view: SHOW CREATE VIEW ${quoted};`,
    true,
  );
}

function leftOutFinding({ database, kind, name, reason }: LeftOut): Finding {
  const what = kind.toLowerCase();
  const quoted = `${quoteName(database)}.${quoteName(name)}`;
  const cause = `this ${what} is left out: ${reason}`;
  return finding(
    'not-supported',
    `${database}.${name}`,
    cause,
    `Correct it, or: DROP ${kind} ${quoted};`,
    true,
  );
}
