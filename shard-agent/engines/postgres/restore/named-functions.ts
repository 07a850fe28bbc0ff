/**
 * Functions that a statement evaluates. PostgreSQL 17 and later build indexes and refresh views under a path of their own, and an
 * expression must be read under an empty path whatever the version, so the path is given to the functions instead of the session.
 */
import { quoteName, type Session } from '../connection/connection.ts';
import { type OwnerPath, pathValue } from './owner-path.ts';

/** Functions `p` of users that look names up under the path they are called with. */
const open = `p.oid >= 16384 AND p.prokind = 'f'
  AND NOT EXISTS (SELECT FROM pg_catalog.unnest(p.proconfig) s WHERE s LIKE 'search\\_path=%')`;

const identity = `'FUNCTION ' || p.oid::pg_catalog.regprocedure::text`;

/** What a domain's checks call. */
const ofDomains = `
  SELECT t.oid AS type, d.refobjid AS function FROM pg_catalog.pg_type t
    JOIN pg_catalog.pg_constraint k ON k.contypid = t.oid
    JOIN pg_catalog.pg_depend d ON d.classid = 'pg_catalog.pg_constraint'::pg_catalog.regclass AND d.objid = k.oid
      AND d.refclassid = 'pg_catalog.pg_proc'::pg_catalog.regclass`;

/**
 * In a text that names everything with its schema, quoted: functions, and those behind operators, operator classes, casts, domains
 * and what the tables named in it, and those they are partitions of, have: keys of partitions, checks, generated columns.
 */
const namedQuery = `
  WITH RECURSIVE pairs AS (SELECT DISTINCT n.oid AS schema, one.name FROM ROWS FROM (pg_catalog.unnest($1::text[]), pg_catalog.unnest($2::text[])) one (schema, name)
      JOIN pg_catalog.pg_namespace n ON n.nspname = one.schema),
    types AS (SELECT t.oid FROM pg_catalog.pg_type t JOIN pairs ON pairs.schema = t.typnamespace AND pairs.name = t.typname),
    classes AS (SELECT o.opcfamily AS family FROM pg_catalog.pg_opclass o
      JOIN pairs ON pairs.schema = o.opcnamespace AND pairs.name = o.opcname),
    relations AS (SELECT c.oid FROM pg_catalog.pg_class c JOIN pairs ON pairs.schema = c.relnamespace AND pairs.name = c.relname
      UNION SELECT next.oid FROM relations CROSS JOIN LATERAL (
        SELECT i.indrelid FROM pg_catalog.pg_index i WHERE i.indexrelid = relations.oid
        UNION ALL SELECT h.inhparent FROM pg_catalog.pg_inherits h WHERE h.inhrelid = relations.oid) next (oid)),
    parts AS (SELECT 'pg_catalog.pg_class'::pg_catalog.regclass::oid AS class, oid FROM relations
      UNION SELECT 'pg_catalog.pg_constraint'::pg_catalog.regclass, k.oid FROM pg_catalog.pg_constraint k WHERE k.conrelid IN (SELECT oid FROM relations)
      UNION SELECT 'pg_catalog.pg_attrdef'::pg_catalog.regclass, a.oid FROM pg_catalog.pg_attrdef a WHERE a.adrelid IN (SELECT oid FROM relations))
  SELECT DISTINCT ${identity} AS name FROM pg_catalog.pg_proc p WHERE ${open} AND (
    (p.pronamespace, p.proname) IN (SELECT schema, name FROM pairs)
    OR p.oid IN (SELECT o.oprcode FROM pg_catalog.pg_operator o JOIN pairs ON pairs.schema = o.oprnamespace AND pairs.name = o.oprname)
    OR p.oid IN (SELECT a.amproc FROM pg_catalog.pg_amproc a JOIN classes ON classes.family = a.amprocfamily)
    OR p.oid IN (SELECT o.oprcode FROM pg_catalog.pg_amop a JOIN classes ON classes.family = a.amopfamily
      JOIN pg_catalog.pg_operator o ON o.oid = a.amopopr)
    OR p.oid IN (SELECT c.castfunc FROM pg_catalog.pg_cast c WHERE c.castsource IN (SELECT oid FROM types) OR c.casttarget IN (SELECT oid FROM types))
    OR p.oid IN (SELECT function FROM (${ofDomains}) d WHERE d.type IN (SELECT oid FROM types))
    OR p.oid IN (SELECT d.refobjid FROM parts JOIN pg_catalog.pg_depend d ON d.classid = parts.class AND d.objid = parts.oid
      WHERE d.refclassid = 'pg_catalog.pg_proc'::pg_catalog.regclass))
  ORDER BY 1`;

const word = '"((?:[^"]|"")+)"';

export async function functionsNamedIn(session: Session, sql: string): Promise<string[]> {
  const schemas: string[] = [];
  const names: string[] = [];
  const found = [
    ...sql.matchAll(new RegExp(`${word}\\.${word}`, 'g')),
    ...sql.matchAll(new RegExp(`OPERATOR\\(${word}\\.([^)\\s]+)\\)`, 'g')),
  ];
  for (const [, schema = '', name = ''] of found) {
    schemas.push(schema.replaceAll('""', '"'));
    names.push(name.replaceAll('""', '"'));
  }
  const rows = await session.rows(namedQuery, [schemas, names]);
  return rows.map((row) => row['name'] ?? '');
}

/** Relations that the query of a view reads, through other views that are not stored: `seen`. */
const seenThrough = `
  WITH RECURSIVE seen (oid) AS (
    SELECT pg_catalog.to_regclass($1)::oid
    UNION
    SELECT d.refobjid FROM seen
      JOIN pg_catalog.pg_class c ON c.oid = seen.oid AND (c.relkind = 'v' OR c.oid = pg_catalog.to_regclass($1))
      JOIN pg_catalog.pg_rewrite w ON w.ev_class = c.oid
      JOIN pg_catalog.pg_depend d ON d.classid = 'pg_catalog.pg_rewrite'::pg_catalog.regclass AND d.objid = w.oid
        AND d.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass
  )`;

/** `view`: as SQL names it. */
export async function functionsOfView(session: Session, view: string): Promise<string[]> {
  const rows = await session.rows(
    `${seenThrough}, used AS (
       SELECT d.refclassid, d.refobjid FROM seen JOIN pg_catalog.pg_rewrite w ON w.ev_class = seen.oid
         JOIN pg_catalog.pg_depend d ON d.classid = 'pg_catalog.pg_rewrite'::pg_catalog.regclass AND d.objid = w.oid)
     SELECT DISTINCT ${identity} AS name FROM pg_catalog.pg_proc p WHERE ${open} AND (
       p.oid IN (SELECT refobjid FROM used WHERE refclassid = 'pg_catalog.pg_proc'::pg_catalog.regclass)
       OR p.oid IN (SELECT o.oprcode FROM used JOIN pg_catalog.pg_operator o ON o.oid = refobjid
         WHERE refclassid = 'pg_catalog.pg_operator'::pg_catalog.regclass)
       OR p.oid IN (SELECT function FROM (${ofDomains}) d JOIN used ON d.type = used.refobjid
         WHERE refclassid = 'pg_catalog.pg_type'::pg_catalog.regclass))
     ORDER BY 1`,
    [view],
  );
  return rows.map((row) => row['name'] ?? '');
}

/** Whether the rows of a view come from another server: through its query, and children of the tables it reads. */
export async function looksAtForeignTables(session: Session, view: string): Promise<boolean> {
  const row = await session.row(
    `${seenThrough}, below (oid) AS (
       SELECT oid FROM seen UNION SELECT i.inhrelid FROM below JOIN pg_catalog.pg_inherits i ON i.inhparent = below.oid)
     SELECT EXISTS (SELECT FROM below JOIN pg_catalog.pg_foreign_table f ON f.ftrelid = below.oid) AS yes`,
    [view],
  );
  return row['yes'] === 't';
}

/** To be run before the statement, in its transaction, and after it. */
export function lendPath(functions: readonly string[], owner: OwnerPath): readonly [string[], string[]] {
  const value = pathValue(owner);
  return [
    functions.map((name) => `ALTER ${name} SET ${quoteName('search_path')} TO ${value}`),
    functions.map((name) => `ALTER ${name} RESET ${quoteName('search_path')}`),
  ];
}
