/**
 * Roles that rows name: values of regrole and aclitem, alone, in arrays and under domains. The server keeps them by number and
 * writes them by name, and a server without the role refuses the row. In no catalogue, so the tables are read.
 */
import { coveredTables } from '../catalogue.ts';
import { quoteName, quoteTable, type Session } from '../connection/connection.ts';

export interface RoleColumn {
  readonly schema: string;
  readonly table: string;
  readonly column: string;
  readonly type: 'regrole' | 'aclitem';
  readonly array: boolean;
  /** False where this session's role may not read the table, or reads a part of it. */
  readonly readable: boolean;
}

/** The type under whatever domains. */
const baseType = `(WITH RECURSIVE under (oid, level) AS (
    SELECT a.atttypid, 0 UNION SELECT t.typbasetype, level + 1 FROM under JOIN pg_catalog.pg_type t ON t.oid = under.oid WHERE t.typtype = 'd')
  SELECT t.typname FROM under JOIN pg_catalog.pg_type t ON t.oid = under.oid AND t.typnamespace = 'pg_catalog'::pg_catalog.regnamespace
  ORDER BY level DESC LIMIT 1)`;

const columnsQuery = `
  SELECT * FROM (
    SELECT c.nspname, c.relname, a.attname, ${baseType} AS type, pg_catalog.has_table_privilege(c.oid, 'SELECT')
      AND pg_catalog.has_schema_privilege(c.relnamespace, 'USAGE') AND NOT pg_catalog.row_security_active(c.oid) AS readable
    FROM (SELECT c.oid, c.relnamespace, n.nspname, c.relname ${coveredTables} AND c.relkind = 'r') c
    JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = ''
    JOIN pg_catalog.pg_type own ON own.oid = a.atttypid
      AND (own.typtype = 'd' OR own.oid IN ('regrole'::pg_catalog.regtype, 'regrole[]'::pg_catalog.regtype,
        'aclitem'::pg_catalog.regtype, 'aclitem[]'::pg_catalog.regtype))) q
  WHERE type IN ('regrole', '_regrole', 'aclitem', '_aclitem') ORDER BY 1, 2, 3`;

export async function roleColumns(session: Session): Promise<RoleColumn[]> {
  const rows = await session.rows(columnsQuery);
  return rows.map((row) => {
    const type = row['type'] ?? '';
    return {
      schema: row['nspname'] ?? '',
      table: row['relname'] ?? '',
      column: row['attname'] ?? '',
      type: type.endsWith('regrole') ? 'regrole' : 'aclitem',
      array: type.startsWith('_'),
      readable: row['readable'] === 't',
    };
  });
}

/** Numbers of the roles in a column, as rows of `role`. */
export function rolesOf({ schema, table, column, type, array }: RoleColumn): string {
  const value = `t.${quoteName(column)}`;
  const each = array ? `pg_catalog.unnest(${value}::pg_catalog.${type}[])` : `(VALUES (${value}))`;
  const values = `SELECT one.value FROM ONLY ${quoteTable(schema, table)} t, LATERAL ${each} one (value) WHERE one.value IS NOT NULL`;
  if (type === 'regrole')
    return `SELECT DISTINCT one.value::pg_catalog.regrole::pg_catalog.oid AS role FROM (${values}) one`;
  return `SELECT DISTINCT r.role FROM (${values}) one, LATERAL pg_catalog.aclexplode(ARRAY[one.value::pg_catalog.aclitem]) a,
    LATERAL (VALUES (a.grantee), (a.grantor)) r (role)`;
}

/** Names of those that the server has, in the session's transaction. */
export async function rolesInValues(session: Session, columns: readonly RoleColumn[]): Promise<string[]> {
  const names = new Set<string>();
  for (const column of columns) {
    const rows = await session.rows(
      `SELECT r.rolname FROM pg_catalog.pg_roles r WHERE r.rolname !~ '^pg_' AND r.oid IN (${rolesOf(column)})`,
    );
    for (const row of rows) names.add(row['rolname'] ?? '');
  }
  return [...names].sort();
}
