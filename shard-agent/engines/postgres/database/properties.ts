/**
 * What belongs to a database and is in no dump of its contents: encoding, locale, owner, grants, settings, comment;
 * and what a restore must know beforehand: roles, extensions, tablespaces, sequence values.
 */
import { foreignNamespaces } from '../catalogue.ts';
import { type ChildColumn, childColumnsQuery } from './child-columns.ts';
import { quoteName, quoteTable, quoteText, type Session } from '../connection/connection.ts';
import { extensionsQuery, type Extension } from './extensions.ts';
import { placementsQuery, type Placement } from './tablespaces.ts';
import { readMark } from '../restore/staging-mark.ts';
import { superuserObjectsQuery } from './superuser-objects.ts';
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

/** The `engine` of a database's line. */
export interface DatabaseProperties {
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
  /** Null: the default grants. */
  readonly grants: readonly DatabaseGrant[] | null;
  /** ALTER DATABASE … SET, with role: ALTER ROLE … IN DATABASE … SET. */
  readonly settings: readonly { role: string | null; name: string; value: string }[];
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
      ${major >= 16 ? 'd.daticurules' : 'NULL'} AS rules, pg_catalog.pg_get_userbyid(d.datdba) AS owner,
      t.spcname, pg_catalog.shobj_description(d.oid, 'pg_database') AS comment,
      pg_catalog.pg_database_size(d.oid) AS bytes,
      (SELECT pg_catalog.json_agg(pg_catalog.json_build_object(
          'grantee', CASE WHEN a.grantee = 0 THEN NULL ELSE pg_catalog.pg_get_userbyid(a.grantee) END,
          'grantor', pg_catalog.pg_get_userbyid(a.grantor), 'privilege', a.privilege_type, 'grantable', a.is_grantable)
          ORDER BY a.number)
        FROM pg_catalog.aclexplode(d.datacl) WITH ORDINALITY a(grantor, grantee, privilege_type, is_grantable, number)) AS grants,
      (${extensionsQuery}) AS extensions, (${placementsQuery}) AS placements,
      (${childColumnsQuery}) AS children, (${superuserObjectsQuery(major)}) AS guarded,
      (SELECT COALESCE(pg_catalog.json_agg(s.spcname), '[]') FROM pg_catalog.pg_tablespace s
        WHERE s.oid = d.dattablespace OR s.oid IN (SELECT reltablespace FROM pg_catalog.pg_class WHERE oid >= 16384)
      ) AS tablespaces,
      EXISTS (SELECT FROM pg_catalog.pg_namespace WHERE nspname = 'public') AS public
    FROM pg_catalog.pg_database d JOIN pg_catalog.pg_tablespace t ON t.oid = d.dattablespace
    WHERE d.datname = pg_catalog.current_database()`);
  const settings = await session.rows(
    `SELECT r.rolname AS role, s.setting FROM pg_catalog.pg_db_role_setting g
     LEFT JOIN pg_catalog.pg_roles r ON r.oid = g.setrole,
       pg_catalog.unnest(g.setconfig) WITH ORDINALITY s(setting, place)
     WHERE g.setdatabase = $1 AND (g.setrole = 0 OR r.rolname IS NOT NULL) ORDER BY r.rolname, s.place`,
    [row['oid']],
  );
  const properties: DatabaseProperties = {
    encoding: row['encoding'] ?? '',
    collate: row['datcollate'] ?? '',
    ctype: row['datctype'] ?? '',
    localeProvider: (row['provider'] ?? 'c') as 'c',
    locale: row['locale'] ?? null,
    icuRules: row['rules'] ?? null,
    owner: row['owner'] ?? '',
    connectionLimit: Number(row['datconnlimit'] ?? -1),
    isTemplate: row['datistemplate'] === 't',
    tablespace: row['spcname'] ?? '',
    // Of a database that a restore is making, the comment it will have.
    comment: ownComment(row['comment'] ?? null),
    grants: JSON.parse(row['grants'] ?? 'null') as DatabaseProperties['grants'],
    settings: settings.map((one) => splitSetting(one['role'] ?? null, one['setting'] ?? '')),
    roles: await readUsedRoles(session, row['oid'] ?? ''),
    extensions: JSON.parse(row['extensions'] ?? '[]') as DatabaseProperties['extensions'],
    tablespaces: JSON.parse(row['tablespaces'] ?? '[]') as string[],
    placements: JSON.parse(row['placements'] ?? '[]') as DatabaseProperties['placements'],
    childColumns: JSON.parse(row['children'] ?? '[]') as ChildColumn[],
    publicSchema: row['public'] === 't',
    superuserObjects: JSON.parse(row['guarded'] ?? '[]') as string[],
    sequences: await readSequences(session),
    dumpMajor,
    serverMajor: major,
  };
  return { bytes: Number(row['bytes'] ?? 0), properties };
}

function ownComment(comment: string | null): string | null {
  const mark = readMark(comment);
  return mark === undefined ? comment : mark.comment;
}

function splitSetting(
  role: string | null,
  setting: string,
): { role: string | null; name: string; value: string } {
  const at = setting.indexOf('=');
  return { role, name: setting.slice(0, at), value: setting.slice(at + 1) };
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
  for (const { role, name: setting, value } of properties.settings) {
    const target = role === null ? `DATABASE ${database}` : `ROLE ${quoteName(role)} IN DATABASE ${database}`;
    statements.push(settingStatement(target, setting, value));
  }
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
      else statements.push(`SET LOCAL ROLE ${quoteName(grant.grantor)}`, statement, 'RESET ROLE');
    }
  }
  return [`ALTER DATABASE ${database} OWNER TO ${quoteName(properties.owner)}`, ...statements];
}

/** `target`: of what, as ALTER takes it. */
export function settingStatement(target: string, name: string, value: string): string {
  const key = name.split('.').map(quoteName).join('.');
  return `ALTER ${target} SET ${key} TO ${settingValue(name, value)}`;
}

export function settingValue(name: string, value: string): string {
  if (!quotedLists.has(name.toLowerCase())) return quoteText(value);
  const elements = value.match(/"(?:[^"]|"")*"|[^,\s]+/g) ?? [];
  const names = elements.map((one) => (one.startsWith('"') ? one.slice(1, -1).replaceAll('""', '"') : one));
  return names.length === 0 ? "''" : names.map(quoteText).join(', ');
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
