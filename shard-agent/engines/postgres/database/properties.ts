/**
 * What belongs to a database and is in no dump of its contents: encoding, locale, owner, grants, settings, comment;
 * and what a restore must know beforehand: roles, extensions, tablespaces, sequence values.
 */
import { foreignNamespaces } from '../catalogue.ts';
import { type BesideDump, readBesideDump } from './beside-dump.ts';
import { type ChildColumn, childColumnsQuery } from './child-columns.ts';
import { quoteName, quoteTable, quoteText, type Session } from '../connection/connection.ts';
import { extensionsQuery, type Extension } from './extensions.ts';
import { placementsQuery, type Placement } from './tablespaces.ts';
import { readMark } from '../restore/staging-mark.ts';
import { superuserObjectsQuery } from './superuser-objects.ts';
import { readSharedProperties, type SharedProperties } from './shared-properties.ts';
import { readUsedRoles } from './used-roles.ts';

export interface SequenceState {
  readonly schema: string;
  readonly name: string;
  readonly lastValue: string;
  readonly isCalled: boolean;
}

export interface DatabaseGrant {
  /** Null: PUBLIC. */
  readonly grantee: string | null;
  readonly grantor: string;
  readonly privilege: 'CREATE' | 'CONNECT' | 'TEMPORARY';
  readonly grantable: boolean;
}

/** ALTER DATABASE … SET, with role: ALTER ROLE … IN DATABASE … SET. */
export interface DatabaseSetting {
  readonly role: string | null;
  readonly name: string;
  readonly value: string;
  /** Its bytes are in the database's own encoding, not in that of shared texts: it must be set in a session of the database. */
  readonly inside?: boolean;
}

/** The `engine` of a database's line. */
export interface DatabaseProperties extends BesideDump {
  readonly encoding: string;
  readonly collate: string;
  readonly ctype: string;
  /** libc, icu or builtin. */
  readonly localeProvider: 'c' | 'i' | 'b';
  readonly locale: string | null;
  readonly icuRules: string | null;
  readonly owner: string;
  readonly connectionLimit: number;
  /** Absent in sets of before it was read. */
  readonly isTemplate?: boolean;
  readonly tablespace: string;
  readonly comment: string | null;
  /** As a setting's `inside`. */
  readonly commentInside?: boolean;
  /** Null: the default grants. */
  readonly grants: readonly DatabaseGrant[] | null;
  readonly settings: readonly DatabaseSetting[];
  /** Every role that owns something in the database, has a grant in it or a setting for it. */
  readonly roles: readonly string[];
  /** Roles that rows name: see rolesInValues. Absent where there are none, and in sets of before they were read. */
  readonly rolesInValues?: readonly string[];
  readonly extensions: readonly Extension[];
  /** Of the database itself and of everything in it. */
  readonly tablespaces: readonly string[];
  readonly placements: readonly Placement[];
  /** Absent in sets of before they were read. */
  readonly childColumns?: readonly ChildColumn[];
  /** False where the schema `public`, which every new database has, was dropped. */
  readonly publicSchema: boolean;
  readonly sequences: readonly SequenceState[];
  /** What only a superuser can make again. Absent in sets of before it was read. */
  readonly superuserObjects?: readonly string[];
  /** Major version of the pg_dump that wrote the archive. */
  readonly dumpMajor: number;
  readonly serverMajor: number;
}

/** Reads them in the session's transaction. Sequences are outside transactions: their values are those of now, which
 * is at or after the cut. */
export async function readProperties(
  session: Session,
  dumpMajor: number,
): Promise<{ bytes: number; properties: DatabaseProperties }> {
  const major = session.majorVersion;
  const locale = major >= 17 ? 'd.datlocale' : major >= 15 ? 'd.daticulocale' : 'NULL';
  const row = await session.row(`
    SELECT d.oid, pg_catalog.pg_encoding_to_char(d.encoding) AS encoding, d.datcollate, d.datctype, d.datconnlimit, d.datistemplate,
      ${major >= 15 ? 'd.datlocprovider' : "'c'"} AS provider, ${locale} AS locale,
      ${major >= 16 ? 'd.daticurules' : 'NULL'} AS rules, d.datdba AS owner, d.dattablespace AS tablespace,
      pg_catalog.pg_database_size(d.oid) AS bytes,
      (${extensionsQuery}) AS extensions, (${placementsQuery}) AS placements,
      (${childColumnsQuery}) AS children, (${superuserObjectsQuery(major)}) AS guarded,
      (SELECT COALESCE(pg_catalog.json_agg(s.oid::int8 ORDER BY s.oid), '[]') FROM pg_catalog.pg_tablespace s
        WHERE s.oid = d.dattablespace OR s.oid IN (SELECT reltablespace FROM pg_catalog.pg_class WHERE oid >= 16384)
      ) AS tablespaces,
      EXISTS (SELECT FROM pg_catalog.pg_namespace WHERE nspname = 'public') AS public
    FROM pg_catalog.pg_database d WHERE d.datname = pg_catalog.current_database()`);
  const shared = await readSharedProperties(session, row['oid'] ?? '');
  const { roles, tablespaces, settings } = shared;
  const extensions = JSON.parse(row['extensions'] ?? '[]') as (Extension & { owner: number })[];
  const placements = JSON.parse(row['placements'] ?? '[]') as (Placement & { tablespace: number })[];
  const properties: DatabaseProperties = {
    encoding: row['encoding'] ?? '',
    collate: row['datcollate'] ?? '',
    ctype: row['datctype'] ?? '',
    localeProvider: (row['provider'] ?? 'c') as 'c',
    locale: row['locale'] ?? null,
    icuRules: row['rules'] ?? null,
    owner: roles.of(row['owner'] ?? ''),
    connectionLimit: Number(row['datconnlimit'] ?? -1),
    isTemplate: row['datistemplate'] === 't',
    tablespace: tablespaces.of(row['tablespace'] ?? ''),
    // Of a database that a restore is making, the comment it will have.
    ...ownComment(shared),
    grants: shared.grants,
    settings,
    roles: distinctSorted([
      ...(await readUsedRoles(session, row['oid'] ?? '', roles)),
      ...rolesOfSettings(settings),
    ]),
    extensions: extensions.map((one) => ({ ...one, owner: roles.of(one.owner) })),
    tablespaces: (JSON.parse(row['tablespaces'] ?? '[]') as number[]).map((oid) => tablespaces.of(oid)),
    placements: placements.map((one) => ({ ...one, tablespace: tablespaces.of(one.tablespace) })),
    childColumns: JSON.parse(row['children'] ?? '[]') as ChildColumn[],
    publicSchema: row['public'] === 't',
    superuserObjects: JSON.parse(row['guarded'] ?? '[]') as string[],
    ...(await readBesideDump(session, roles)),
    sequences: await readSequences(session),
    dumpMajor,
    serverMajor: major,
  };
  return { bytes: Number(row['bytes'] ?? 0), properties };
}

function ownComment({
  comment,
  commentInside,
}: SharedProperties): Pick<DatabaseProperties, 'comment' | 'commentInside'> {
  const mark = readMark(comment);
  const inside = mark === undefined ? commentInside : mark.commentInside === true;
  return {
    comment: mark === undefined ? comment : mark.comment,
    ...(inside ? { commentInside: true } : {}),
  };
}

/** A database with ALTER DATABASE … SET role cannot be made where that role is not. */
function rolesOfSettings(settings: readonly DatabaseSetting[]): string[] {
  return settings.flatMap(({ name, value }) =>
    name.toLowerCase() === 'role' && value !== 'none' && !value.startsWith('pg_') ? [value] : [],
  );
}

function distinctSorted(names: readonly string[]): string[] {
  return [...new Set(names)].sort((a, b) => (a < b ? -1 : a > b ? 1 : 0));
}

/** Sequence `c` is a configuration of an extension, or that of a column of one. */
export const configurationSequence = `EXISTS (SELECT FROM pg_catalog.pg_extension e WHERE c.oid = ANY (e.extconfig)
  OR EXISTS (SELECT FROM pg_catalog.pg_depend d WHERE d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass AND d.objid = c.oid
    AND d.deptype IN ('a', 'i') AND d.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass AND d.refobjid = ANY (e.extconfig)))`;

const sequencesPerQuery = 200;

async function readSequences(session: Session): Promise<SequenceState[]> {
  const names = await session.rows(`
    SELECT n.nspname, c.relname FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
    WHERE c.relkind = 'S' AND c.relpersistence <> 't'
      AND ${foreignNamespaces}
      AND (NOT EXISTS (SELECT FROM pg_catalog.pg_depend d WHERE d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass
          AND d.objid = c.oid AND d.deptype = 'e')
        OR ${configurationSequence})
    ORDER BY 1, 2`);
  const states: SequenceState[] = [];
  // Whoever alters one keeps readers out for as long as its transaction lasts.
  if (names.length > 0) await session.script("SET LOCAL lock_timeout = '5s'");
  for (let first = 0; first < names.length; first += sequencesPerQuery) {
    const part = names.slice(first, first + sequencesPerQuery);
    const rows = await session.rows(
      part
        .map((row, index) => {
          const name = quoteTable(row['nspname'] ?? '', row['relname'] ?? '');
          return `SELECT ${index} AS i, last_value, is_called FROM ${name}`;
        })
        .join(' UNION ALL '),
    );
    for (const row of rows) {
      const named = part[Number(row['i'])];
      states.push({
        schema: named?.['nspname'] ?? '',
        name: named?.['relname'] ?? '',
        lastValue: row['last_value'] ?? '',
        isCalled: row['is_called'] === 't',
      });
    }
  }
  return states;
}

/** CREATE DATABASE with the recorded properties, on a server of that major version. */
export function createStatement(name: string, properties: DatabaseProperties, major: number): string {
  const options = [
    'TEMPLATE template0',
    `ENCODING ${quoteText(properties.encoding)}`,
    `LC_COLLATE ${quoteText(properties.collate)}`,
    `LC_CTYPE ${quoteText(properties.ctype)}`,
    // The default, named, is refused to whoever may not create in it otherwise.
    ...(properties.tablespace === 'pg_default' ? [] : [`TABLESPACE ${quoteName(properties.tablespace)}`]),
  ];
  if (major >= 15)
    options.push(`LOCALE_PROVIDER ${{ c: 'libc', i: 'icu', b: 'builtin' }[properties.localeProvider]}`);
  if (properties.localeProvider === 'i') options.push(`ICU_LOCALE ${quoteText(properties.locale ?? '')}`);
  if (properties.localeProvider === 'b') options.push(`BUILTIN_LOCALE ${quoteText(properties.locale ?? '')}`);
  if (properties.icuRules !== null) options.push(`ICU_RULES ${quoteText(properties.icuRules)}`);
  return `CREATE DATABASE ${quoteName(name)} WITH ${options.join(' ')}`;
}

/** Settings whose value is a list of quoted names: each element is written for itself, as pg_dump does. */
const quotedLists = new Set([
  'local_preload_libraries',
  'search_path',
  'session_preload_libraries',
  'shared_preload_libraries',
  'temp_tablespaces',
  'unix_socket_directories',
]);

/** Owner, grants, settings and limits, in an order in which each may be applied. All fit in one transaction. */
export function propertyStatements(name: string, properties: DatabaseProperties): string[] {
  const database = quoteName(name);
  const statements: string[] = [];
  for (const { role, name: setting, value, inside } of properties.settings)
    if (inside !== true) statements.push(settingStatement(settingTarget(database, role), setting, value));
  statements.push(`ALTER DATABASE ${database} CONNECTION LIMIT ${properties.connectionLimit}`);
  if (properties.isTemplate === true) statements.push(`ALTER DATABASE ${database} IS_TEMPLATE true`);
  // The default, written out: a staging has others.
  if (properties.grants === null)
    statements.push(
      `REVOKE CREATE ON DATABASE ${database} FROM PUBLIC`,
      `GRANT CONNECT, TEMPORARY ON DATABASE ${database} TO PUBLIC`,
    );
  else {
    statements.push(`REVOKE ALL ON DATABASE ${database} FROM PUBLIC, ${quoteName(properties.owner)}`);
    for (const grant of properties.grants) {
      const grantee = grant.grantee === null ? 'PUBLIC' : quoteName(grant.grantee);
      const option = grant.grantable ? ' WITH GRANT OPTION' : '';
      const statement = `GRANT ${grant.privilege} ON DATABASE ${database} TO ${grantee}${option}`;
      if (grant.grantor === properties.owner) statements.push(statement);
      else statements.push(`SET LOCAL ROLE ${quoteName(grant.grantor)}`, statement, 'SET LOCAL ROLE NONE');
    }
  }
  return [`ALTER DATABASE ${database} OWNER TO ${quoteName(properties.owner)}`, ...statements];
}

/** Of whom a setting of a database is, as ALTER takes it. */
export function settingTarget(database: string, role: string | null): string {
  return role === null ? `DATABASE ${database}` : `ROLE ${quoteName(role)} IN DATABASE ${database}`;
}

/** `target`: of what, as ALTER takes it. */
export function settingStatement(target: string, name: string, value: string): string {
  return assignment(target, name, settingElements(name, value).map(quoteText));
}

/** `elements`: of the value, as SQL writes them. */
export function assignment(target: string, name: string, elements: readonly string[]): string {
  const key = name.split('.').map(quoteName).join('.');
  return `ALTER ${target} SET ${key} TO ${elements.join(', ')}`;
}

/** One, or as many as the setting's list has. */
export function settingElements(name: string, value: string): string[] {
  if (!quotedLists.has(name.toLowerCase())) return [value];
  const elements = value.match(/"(?:[^"]|"")*"|[^,\s]+/g) ?? [];
  const names = elements.map((one) => (one.startsWith('"') ? one.slice(1, -1).replaceAll('""', '"') : one));
  return names.length === 0 ? [''] : names;
}

/** setval for every sequence, in batches. */
export function sequenceStatements(sequences: readonly SequenceState[]): string[] {
  const statements: string[] = [];
  for (let first = 0; first < sequences.length; first += sequencesPerQuery) {
    const calls = sequences
      .slice(first, first + sequencesPerQuery)
      .map(
        (one) =>
          `pg_catalog.setval(${quoteText(quoteTable(one.schema, one.name))}, ${one.lastValue}, ${one.isCalled ? 'true' : 'false'})`,
      );
    statements.push(`SELECT ${calls.join(', ')}`);
  }
  return statements;
}
