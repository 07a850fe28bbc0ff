/**
 * Every row of a database as hashes the server computes: by the text a type's output function gives and, where that does
 * not hold an OID of this server, by the bytes its send function gives. Independent of the order of rows and of settings.
 */
import pg from 'pg';
import type { TestServer } from '../../servers/server.ts';
import type { Fact } from '../fact.ts';

/** What the text of a value depends on, all of it, whatever a role or database has set. */
const settings = [
  "client_encoding = 'UTF8'",
  "search_path = ''",
  'row_security = off',
  'extra_float_digits = 3',
  "bytea_output = 'hex'",
  "DateStyle = 'ISO, YMD'",
  "IntervalStyle = 'postgres'",
  "TimeZone = 'UTC'",
  "lc_monetary = 'C'",
  'xmloption = content',
  'array_nulls = on',
  'quote_all_identifiers = off',
  'standard_conforming_strings = on',
  'statement_timeout = 0',
  'lock_timeout = 0',
  'jit = off',
];

const ownSchemas = `n.nspname NOT IN ('pg_catalog', 'information_schema') AND n.nspname !~ '^pg_(toast|temp)'`;

interface Column {
  readonly name: string;
  readonly type: string;
  /** A qualified function; null: only the text is hashed. */
  readonly send: string | null;
}

interface Relation {
  readonly schema: string;
  readonly name: string;
  readonly kind: 'TABLE' | 'PARTITIONED TABLE' | 'MATERIALIZED VIEW' | 'SEQUENCE';
  readonly populated: boolean;
  readonly columns: readonly Column[];
}

/**
 * One fact for each table (its own rows only: those of partitions and children are theirs), populated materialised view,
 * sequence and large object. A table's fact says the number of rows, one hash of them all, and one of each column.
 */
export async function valuesOf(server: TestServer, database: string): Promise<Fact[]> {
  const { host, port, user, password } = server;
  const client = new pg.Client({ host, port, user, password, database });
  client.on('error', () => undefined);
  await client.connect();
  try {
    await client.query(settings.map((line) => `SET ${line}`).join('; '));
    // From PostgreSQL 16 on: planning takes minutes where 1,600 columns are each sorted.
    await client.query(
      "SELECT set_config(name, 'off', false) FROM pg_settings WHERE name = 'enable_presorted_aggregate'",
    );
    const relations = (await client.query(relationsQuery)).rows as Relation[];
    const facts: Fact[] = [];
    for (const relation of relations) facts.push(await relationFact(client, relation));
    return [...facts, ...(await largeObjectFacts(client))];
  } finally {
    await client.end();
  }
}

/**
 * A table partitioned by the hash of an enum is told as one: its server chooses the partition of a row by object ids.
 *
 * Types whose send form cannot be compared between servers: it holds OIDs (regclass and its kin, composites, arrays of
 * elements whose type has an OID of its own), or a part of it has no send form at all. Some types lend themselves the
 * send function of another, which then does not take them; nor do those of pseudo-types take domains.
 */
const relationsQuery = `
  WITH RECURSIVE parts (type, part) AS (
    SELECT oid, oid FROM pg_type
    UNION
    SELECT parts.type, inside.oid FROM parts JOIN pg_type t ON t.oid = parts.part, LATERAL (
      SELECT t.typbasetype AS oid WHERE t.typbasetype <> 0
      UNION ALL SELECT t.typelem WHERE t.typelem <> 0
      UNION ALL SELECT rngsubtype FROM pg_range WHERE rngtypid = t.oid
      UNION ALL SELECT rngtypid FROM pg_range WHERE rngmultitypid = t.oid
    ) inside
  ), unsendable AS (
    SELECT DISTINCT parts.type FROM parts JOIN pg_type t ON t.oid = parts.part
    WHERE t.typtype = 'c' OR t.typname = 'record' OR t.typsend = 0
      OR t.typnamespace = 'pg_catalog'::regnamespace AND t.typname ~ '^_?reg'
      OR t.typelem >= 16384
  ), enum_hashed AS (
    SELECT p.partrelid AS oid FROM pg_partitioned_table p JOIN pg_opclass k ON k.oid = ANY (p.partclass)
    WHERE p.partstrat = 'h' AND k.opcintype = 'anyenum'::regtype
  )
  SELECT n.nspname AS schema, c.relname AS name, c.relispopulated AS populated,
    CASE c.relkind WHEN 'r' THEN 'TABLE' WHEN 'p' THEN 'PARTITIONED TABLE' WHEN 'm' THEN 'MATERIALIZED VIEW' ELSE 'SEQUENCE' END AS kind,
    COALESCE((
      SELECT json_agg(json_build_object('name', a.attname, 'type', format_type(a.atttypid, a.atttypmod),
        'send', CASE WHEN getdatabaseencoding() = 'UTF8' AND a.atttypid NOT IN (SELECT type FROM unsendable) THEN
          (SELECT format('%I.%I', pn.nspname, p.proname) FROM pg_proc p JOIN pg_namespace pn ON pn.oid = p.pronamespace
           WHERE p.oid = t.typsend AND EXISTS (SELECT FROM parts JOIN pg_type own ON own.oid = p.proargtypes[0]
             WHERE parts.type = t.oid AND (parts.part = own.oid OR own.typtype = 'p' AND t.typtype <> 'd'))) END) ORDER BY a.attnum)
      FROM pg_attribute a JOIN pg_type t ON t.oid = a.atttypid
      WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
    ), '[]') AS columns
  FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
  WHERE c.relpersistence <> 't' AND ${ownSchemas} AND (c.relkind IN ('m', 'S')
    OR c.relkind = 'r' AND NOT EXISTS (SELECT FROM pg_partition_ancestors(c.oid) up JOIN enum_hashed e ON e.oid = up)
    OR c.relkind = 'p' AND c.oid IN (SELECT oid FROM enum_hashed))
  ORDER BY n.nspname, c.relname`;

async function relationFact(client: pg.Client, relation: Relation): Promise<Fact> {
  const { schema, name, kind } = relation;
  const subject = `rows of ${kind} ${quoted(name)}`;
  if (!relation.populated) return { schema, subject, says: 'not populated' };
  const table = `${quoted(schema)}.${quoted(name)}`;
  if (kind === 'SEQUENCE') {
    const [row] = (await client.query(`SELECT last_value, is_called FROM ${table}`)).rows;
    return { schema, subject, says: `last_value ${row.last_value}, is_called ${row.is_called}` };
  }
  const only = kind === 'PARTITIONED TABLE' ? '' : 'ONLY ';
  const text = hashQuery(table, relation.columns, only);
  const [row] = (await client.query({ text, rowMode: 'array' })).rows;
  const [count, all, ...each] = row as (string | null)[];
  const columns = relation.columns.map((column, i) => `  ${quoted(column.name)} ${column.type}: ${each[i]}`);
  return { schema, subject, says: [`${count} rows, all ${all}`, ...columns].join('\n') };
}

/** The subquery is a fence: every value is hashed once, then hashes are sorted, once for the rows and for each column. */
function hashQuery(table: string, columns: readonly Column[], only: 'ONLY ' | ''): string {
  const hashes = columns.map((column, i) => `${valueHash(column)} AS h${i}`);
  const names = columns.map((_, i) => `h${i}`);
  const row = `md5(array_to_string(ARRAY[${names.join(', ')}]::text[], ','))`;
  return `SELECT ${['count(*)', sorted(row), ...names.map(sorted)].join(', ')}
    FROM (SELECT ${hashes.join(', ')} FROM ${only}${table} x OFFSET 0) hashes`;
}

/** `concat` calls the output function, where a cast to text may do something else (char(n) loses its padding). */
function valueHash({ name, send }: Column): string {
  const column = `x.${quoted(name)}`;
  const bytes = send === null ? '' : ` || md5(${send}(${column}))`;
  // Not IS NULL, which is also true for a composite of nothing but NULLs.
  return `CASE WHEN ${column} IS NOT DISTINCT FROM NULL THEN 'NULL' ELSE md5(concat(${column}))${bytes} END`;
}

function sorted(hash: string): string {
  return `md5(string_agg(${hash}, ',' ORDER BY ${hash} COLLATE "C"))`;
}

async function largeObjectFacts(client: pg.Client): Promise<Fact[]> {
  const { rows } = await client.query(
    'SELECT oid, length(lo_get(oid)) AS bytes, md5(lo_get(oid)) AS hash FROM pg_largeobject_metadata ORDER BY oid',
  );
  return rows.map(({ oid, bytes, hash }) => ({
    schema: '',
    subject: `bytes of large object ${oid}`,
    says: `${bytes} bytes: ${hash}`,
  }));
}

function quoted(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}
