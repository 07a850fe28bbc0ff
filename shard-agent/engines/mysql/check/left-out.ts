/** What a backup leaves out or alters, and must not in silence. */
import type { Finding } from '../../../engine.ts';
import { alteredFindings, type LookOrder } from './altered.ts';
import { checkOptionFindings } from './check-options.ts';
import { type Database, formerName, listDatabases, stagingName } from '../catalogue.ts';
import { quoteName } from '../connection/quoting.ts';
import type { Dialect } from '../dialect.ts';
import { serverObjectFindings } from './server-objects.ts';
import { listDatabaseNames, readMark } from '../restore/staging-mark.ts';
import { ownPlaces, placeFindings } from '../schema/table-place.ts';
import { soundView, viewsQuery } from '../schema/views.ts';
import type { Wire } from '../connection/wire.ts';

/**
 * Warnings: views that cannot be used, objects of the server, tables in places of their own, databases that have the name of a restore's staging and are none, or that of a folder, and columns
 * whose values or definitions come back otherwise, as far as `looking` gets.
 */
export async function leftOutFindings(
  wire: Wire,
  dialect: Dialect,
  databases: readonly Database[],
  wanted: readonly string[] | undefined,
  looking: LookOrder,
): Promise<Finding[]> {
  const names = databases.map(({ name }) => name);
  return [
    ...(await brokenViews(wire, databases)),
    ...(await checkOptionFindings(wire, names)),
    ...(await alteredFindings(wire, dialect, databases, looking)),
    ...placeFindings(await ownPlaces(wire, dialect, names)),
    ...(await serverObjectFindings(wire, dialect, names)),
    ...(wanted === undefined ? [...(await namedAsStaging(wire)), ...(await namedAsFolders(wire))] : []),
  ];
}

async function brokenViews(wire: Wire, databases: readonly Database[]): Promise<Finding[]> {
  const rows = await wire.query(viewsQuery(databases.map(({ name }) => name)));
  const broken = rows.filter((row) => row['c'] !== soundView);
  return broken.map((row) => {
    const name = `${quoteName(row['d'] ?? '')}.${quoteName(row['n'] ?? '')}`;
    return {
      code: 'not-supported',
      subject: `${row['d']}.${row['n']}`,
      cause: `this view cannot be used, and a restore leaves it out where it cannot be made either: ${row['c']}`,
      remedy: `Grant this account what the view reads, or correct or drop the view: SHOW CREATE VIEW ${name};`,
      warning: true,
    };
  });
}

async function namedAsStaging(wire: Wire): Promise<Finding[]> {
  const taken = new Set((await listDatabases(wire, undefined)).map(({ name }) => name));
  const findings: Finding[] = [];
  for (const name of await listDatabaseNames(wire, 'tidemark')) {
    if (taken.has(name) || !stagingName.test(name)) continue;
    const mark = await readMark(wire, name.split('_')[1] ?? '');
    if (mark?.databases.some(({ staging }) => staging === name) === true) continue;
    findings.push({
      code: 'not-supported',
      subject: name,
      cause: "it is not backed up: its name is that of a restore's staging",
      remedy: "Name every database to be backed up under `database.databases` in the agent's file.",
      warning: true,
    });
  }
  return findings;
}

/** Folders of a name that no database has any more, with tables in them. Empty ones, such as lost+found, are the disk's. */
async function namedAsFolders(wire: Wire): Promise<Finding[]> {
  const rows = await wire.query('SELECT DISTINCT TABLE_SCHEMA AS n FROM information_schema.TABLES');
  return rows
    .map((row) => row['n'] ?? '')
    .filter((name) => formerName.test(name))
    .map((name) => ({
      code: 'not-supported',
      subject: name,
      cause:
        'it is not backed up: no server makes a database of this name, in which its folder has characters that it writes otherwise',
      remedy: `ALTER DATABASE ${quoteName(name)} UPGRADE DATA DIRECTORY NAME;`,
      warning: true,
    }));
}
