/** What stands in one database: tables and their columns, as the plan of a backup needs them. */
import { wholeTables } from './backup/whole-tables.ts';
import { tableLocked } from './barrier/altered-tables.ts';
import { sqlState, type Row, type Session } from './connection/connection.ts';

export interface CatalogueTable {
  readonly oid: number;
  readonly schema: string;
  readonly name: string;
  /** Partitioned parents hold no rows: they are locked, not read. */
  readonly partitioned: boolean;
  readonly unlogged: boolean;
  /** In the order of the data; generated columns are not among them. */
  readonly columns: readonly string[];
  /** Object ids of their types. */
  readonly types: readonly number[];
  /** As the server last counted or estimated them; -1 where it never has. */
  readonly rows: number;
  /** Pages of the main fork, 0 where the table is no heap. */
  readonly pages: number;
  /** Main fork and TOAST on disk. */
  readonly bytes: number;
  /** For a configuration table of an extension: its rows that belong to the user. */
  readonly condition: string;
  /** For a partition of a table whose rows may lie in other partitions on another server: that table. */
  readonly loadInto: TableName | undefined;
  /** It cannot be read in ranges: see wholeTables. */
  readonly whole?: boolean;
}

export interface TableName {
  readonly schema: string;
  readonly name: string;
}

export interface Catalogue {
  readonly database: string;
  readonly encoding: string;
  readonly tables: readonly CatalogueTable[];
  /** Tells whether tables or columns have changed since. */
  readonly fingerprint: string;
  readonly largeObjects: boolean;
}

/** Namespaces that belong to the server or to a session. */
export const foreignNamespaces = `n.nspname NOT IN ('pg_catalog', 'information_schema') AND n.nspname !~ '^pg_(toast|temp)'`;

/**
 * Permanent tables: those of users, and configuration tables of extensions, whose condition says which rows a dump
 * carries. What else belongs to an extension comes back with CREATE EXTENSION.
 */
export const coveredTables = `
  FROM pg_catalog.pg_class c
  JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
  LEFT JOIN pg_catalog.pg_am am ON am.oid = c.relam
  LEFT JOIN pg_catalog.pg_depend member ON member.classid = 'pg_catalog.pg_class'::pg_catalog.regclass
    AND member.objid = c.oid AND member.objsubid = 0 AND member.deptype = 'e'
  LEFT JOIN (
    SELECT pg_catalog.unnest(extconfig) AS oid, pg_catalog.unnest(extcondition) AS condition FROM pg_catalog.pg_extension
  ) config ON config.oid = c.oid
  WHERE c.relkind IN ('r', 'p') AND c.relpersistence <> 't' AND ${foreignNamespaces}
    AND (member.objid IS NULL OR config.oid IS NOT NULL)`;

/**
 * Partitioned table `p` hashes otherwise from server to server: enums and what may hold them are hashed by object ids,
 * nondeterministic collations by the library's version, and nobody knows what a user's own operator class does.
 */
export const hashedByTheServer = `p.partstrat = 'h' AND (
  EXISTS (SELECT FROM pg_catalog.pg_opclass k WHERE k.oid = ANY (p.partclass) AND (k.oid >= 16384 OR k.opcintype
    IN ('anyenum'::pg_catalog.regtype, 'anyarray'::pg_catalog.regtype, 'record'::pg_catalog.regtype,
      'anyrange'::pg_catalog.regtype, 'anymultirange'::pg_catalog.regtype)))
  OR EXISTS (SELECT FROM pg_catalog.pg_collation k WHERE k.oid = ANY (p.partcollation) AND NOT k.collisdeterministic))`;

/** The topmost such ancestor. */
const loadInto = `
  SELECT pg_catalog.json_build_object('schema', un.nspname, 'name', u.relname)
  FROM pg_catalog.pg_partition_ancestors(c.oid) WITH ORDINALITY up(oid, level)
  JOIN pg_catalog.pg_partitioned_table p ON p.partrelid = up.oid
  JOIN pg_catalog.pg_class u ON u.oid = up.oid JOIN pg_catalog.pg_namespace un ON un.oid = u.relnamespace
  WHERE ${hashedByTheServer}
  ORDER BY up.level DESC LIMIT 1`;

const seed = 'a.attrelid::int8 * 2048 + a.attnum';

/**
 * One text for all tables and columns of the database the statement runs in: about 25 ms for 5,000 tables of 8 columns
 * (hashing whole rows takes twice that). Column defaults and constraints are not in it: they come with the dump, from
 * the snapshot itself.
 */
export const fingerprintQuery = `
  SELECT pg_catalog.concat_ws(':',
    (SELECT pg_catalog.concat_ws(',', pg_catalog.count(*), pg_catalog.sum(pg_catalog.hashtextextended(
       c.relname::text || '.' || n.nspname::text || c.relkind::text || c.relpersistence::text, c.oid::int8)))
     FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
     WHERE c.relkind IN ('r', 'p') AND c.relpersistence <> 't' AND ${foreignNamespaces}),
    (SELECT pg_catalog.concat_ws(',', pg_catalog.count(*),
       pg_catalog.sum(pg_catalog.hashtextextended(a.attname::text, ${seed})),
       pg_catalog.sum(pg_catalog.hashint8extended(
         a.atttypid::int8 * 4 + (a.attgenerated <> '')::int * 2 + a.attisdropped::int, ${seed})))
     FROM pg_catalog.pg_attribute a JOIN pg_catalog.pg_class c ON c.oid = a.attrelid
     JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
     WHERE a.attnum > 0 AND c.relkind IN ('r', 'p') AND c.relpersistence <> 't' AND ${foreignNamespaces})
  ) AS fingerprint`;

/**
 * Reads the catalogue in one snapshot of its own. The session must not be in a transaction. The size of a table is not told while it
 * is being altered: throws `table-locked` when that takes longer than two seconds.
 */
export async function readCatalogue(session: Session): Promise<Catalogue> {
  try {
    await session.script(`BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; SET LOCAL lock_timeout = '2s'`);
    return await readCatalogueHere(session);
  } catch (error) {
    if (sqlState(error) !== '55P03') throw error; // lock_not_available
  } finally {
    if (session.alive) await session.script('ROLLBACK');
  }
  throw await tableLocked(session, 'read the catalogue');
}

/** The same inside the caller's transaction and snapshot. */
async function readCatalogueHere(session: Session): Promise<Catalogue> {
  const head = await session.row(`
    SELECT pg_catalog.pg_encoding_to_char(encoding) AS encoding,
      EXISTS (SELECT FROM pg_catalog.pg_largeobject_metadata) AS large_objects
    FROM pg_catalog.pg_database WHERE datname = pg_catalog.current_database()`);
  const rows = await session.rows(`
    SELECT c.oid, n.nspname, c.relname, c.relkind, c.relpersistence, COALESCE(config.condition, '') AS condition,
      CASE WHEN am.amname = 'heap' THEN pg_catalog.pg_relation_size(c.oid) / pg_catalog.current_setting('block_size')::int
        ELSE 0 END AS pages,
      CASE WHEN c.relkind = 'r' THEN pg_catalog.pg_relation_size(c.oid)
        + CASE WHEN c.reltoastrelid <> 0 THEN pg_catalog.pg_relation_size(c.reltoastrelid) ELSE 0 END
        ELSE 0 END AS bytes,
      CASE WHEN c.relkind = 'r' AND c.relispartition THEN (${loadInto}) END AS load_into,
      c.reltuples AS rows,
      COALESCE((SELECT pg_catalog.json_agg(pg_catalog.json_build_array(a.attname, a.atttypid::int8) ORDER BY a.attnum) FROM pg_catalog.pg_attribute a
        WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = ''), '[]') AS columns
    ${coveredTables} ORDER BY n.nspname, c.relname`);
  const { fingerprint } = await session.row(fingerprintQuery);
  const tables = rows.map((row) => tableOf(row));
  const whole = await wholeTables(session, tables);
  return {
    database: session.database,
    encoding: head['encoding'] ?? '',
    largeObjects: head['large_objects'] === 't',
    fingerprint: fingerprint ?? '',
    tables: tables.map((table) => ({ ...table, whole: whole.has(table.oid) })),
  };
}

function tableOf(row: Row): CatalogueTable {
  const columns = JSON.parse(row['columns'] ?? '[]') as [name: string, type: number][];
  return {
    oid: Number(row['oid']),
    schema: row['nspname'] ?? '',
    name: row['relname'] ?? '',
    partitioned: row['relkind'] === 'p',
    unlogged: row['relpersistence'] === 'u',
    columns: columns.map(([name]) => name),
    types: columns.map(([, type]) => type),
    rows: Number(row['rows'] ?? -1),
    pages: Number(row['pages'] ?? 0),
    bytes: Number(row['bytes'] ?? 0),
    condition: row['condition'] ?? '',
    loadInto: row['load_into'] == null ? undefined : (JSON.parse(row['load_into']) as TableName),
  };
}
