/**
 * What a database uses of the server's own objects and a server of another version may not have: functions and columns that
 * somebody was granted, columns and relations that views read, collations.
 */
import type { Session } from '../connection/connection.ts';

export interface ServerParts {
  /** As `regprocedure` prints them: `pg_create_logical_replication_slot(name,name,boolean,boolean)`. */
  readonly functions: readonly string[];
  /** Of relations; without a name, the relation as a whole. */
  readonly columns: readonly {
    readonly schema: string;
    readonly relation: string;
    readonly column: string | null;
  }[];
  /** In the schema `pg_catalog`. */
  readonly collations: readonly string[];
}

/** Not as initdb left them: only then a dump tells them. */
const granted = (
  catalogue: string,
  oid: string,
  part: string,
  grants: string,
): string => `${grants} IS NOT NULL
  AND ${grants} IS DISTINCT FROM (SELECT i.initprivs FROM pg_catalog.pg_init_privs i
    WHERE i.classoid = 'pg_catalog.${catalogue}'::pg_catalog.regclass AND i.objoid = ${oid} AND i.objsubid = ${part})`;

/** A dump tells no grants on `information_schema`. */
const own = `'pg_catalog'::pg_catalog.regnamespace`;

/** A dependency of what users made. The server records none on its oldest objects, whose number is below 12,000. */
const usedBy = `d.objid >= 16384 AND d.deptype IN ('n', 'a')`;

/** As one JSON object. The session's search path is empty. */
export const serverPartsQuery = `SELECT pg_catalog.json_build_object(
  'functions', (SELECT COALESCE(pg_catalog.json_agg(p.oid::pg_catalog.regprocedure::text ORDER BY p.oid), '[]') FROM pg_catalog.pg_proc p
    WHERE p.oid < 16384 AND p.pronamespace = ${own} AND ${granted('pg_proc', 'p.oid', '0', 'p.proacl')}),
  'columns', (SELECT COALESCE(pg_catalog.json_agg(pg_catalog.json_build_object('schema', n.nspname, 'relation', c.relname, 'column', a.attname)
      ORDER BY n.nspname, c.relname, a.attname), '[]') FROM (
    SELECT c.oid, 0 AS part FROM pg_catalog.pg_class c WHERE c.oid < 16384 AND c.relnamespace = ${own} AND ${granted('pg_class', 'c.oid', '0', 'c.relacl')}
    UNION SELECT a.attrelid, a.attnum FROM pg_catalog.pg_attribute a JOIN pg_catalog.pg_class c ON c.oid = a.attrelid
      WHERE a.attrelid < 16384 AND c.relnamespace = ${own} AND ${granted('pg_class', 'a.attrelid', 'a.attnum', 'a.attacl')}
    UNION SELECT d.refobjid, d.refobjsubid FROM pg_catalog.pg_depend d
      WHERE d.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass AND d.refobjid < 16384 AND ${usedBy}) u
    JOIN pg_catalog.pg_class c ON c.oid = u.oid JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
    LEFT JOIN pg_catalog.pg_attribute a ON a.attrelid = u.oid AND a.attnum = u.part AND u.part <> 0),
  'collations', (SELECT COALESCE(pg_catalog.json_agg(DISTINCT o.collname), '[]') FROM pg_catalog.pg_depend d
    JOIN pg_catalog.pg_collation o ON o.oid = d.refobjid JOIN pg_catalog.pg_namespace n ON n.oid = o.collnamespace
    WHERE d.refclassid = 'pg_catalog.pg_collation'::pg_catalog.regclass AND n.nspname = 'pg_catalog' AND ${usedBy}))`;

/** Those that this server has not, as a person calls them. */
export async function missingParts(
  session: Session,
  parts: ServerParts,
  encoding: string,
): Promise<string[]> {
  const rows = await session.rows(
    `SELECT 'function ' || f AS name FROM pg_catalog.unnest($1::text[]) f WHERE pg_catalog.to_regprocedure(f) IS NULL
     UNION ALL SELECT COALESCE('column ' || x."column" || ' of ', '') || 'relation ' || x.schema || '.' || x.relation
     FROM pg_catalog.json_to_recordset($2::json) x(schema text, relation text, "column" text)
     WHERE NOT EXISTS (SELECT FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
       WHERE n.nspname = x.schema AND c.relname = x.relation AND (x."column" IS NULL OR EXISTS (SELECT FROM pg_catalog.pg_attribute a
         WHERE a.attrelid = c.oid AND a.attname = x."column" AND NOT a.attisdropped)))
     UNION ALL SELECT 'collation ' || o FROM pg_catalog.unnest($3::text[]) o WHERE NOT EXISTS (
       SELECT FROM pg_catalog.pg_collation c JOIN pg_catalog.pg_namespace n ON n.oid = c.collnamespace
       WHERE n.nspname = 'pg_catalog' AND c.collname = o AND c.collencoding IN (-1, pg_catalog.pg_char_to_encoding($4)))
     ORDER BY 1`,
    [parts.functions, JSON.stringify(parts.columns), parts.collations, encoding],
  );
  return rows.map((row) => row['name'] ?? '');
}
