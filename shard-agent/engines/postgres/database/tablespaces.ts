/** What lies in a tablespace of its own; where the target lacks that tablespace, it comes to the default one. */
import { foreignNamespaces } from '../catalogue.ts';
import { quoteName, quoteTable, type Session } from '../connection/connection.ts';
import { sharedText } from '../connection/shared-names.ts';
import type { DatabaseProperties } from './properties.ts';

/** A table, materialised view or index that does not lie in its database's tablespace. */
export interface Placement {
  readonly kind: 'table' | 'view' | 'index';
  readonly schema: string;
  readonly name: string;
  readonly tablespace: string;
}

/** With the tablespaces' object ids. */
export const placementsQuery = `
  SELECT COALESCE(pg_catalog.json_agg(pg_catalog.json_build_object('schema', n.nspname, 'name', c.relname, 'tablespace', s.oid::int8,
    'kind', CASE WHEN c.relkind IN ('r', 'p') THEN 'table' WHEN c.relkind = 'm' THEN 'view' ELSE 'index' END)), '[]')
  FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
  JOIN pg_catalog.pg_tablespace s ON s.oid = c.reltablespace
  WHERE c.relkind IN ('r', 'p', 'm', 'i', 'I') AND c.relpersistence <> 't' AND ${foreignNamespaces}`;

/** Every tablespace the database uses that this server has not. */
export async function missingTablespaces(
  session: Session,
  { tablespaces }: Pick<DatabaseProperties, 'tablespaces'>,
): Promise<string[]> {
  if (tablespaces.length === 0) return [];
  const values = tablespaces.map((name, number) => `(${number}, ${sharedText(session, name)})`);
  const rows = await session.rows(
    `SELECT number FROM (VALUES ${values.join(', ')}) v (number, name)
     WHERE name NOT IN (SELECT spcname FROM pg_catalog.pg_tablespace) ORDER BY number`,
  );
  return rows.map((row) => tablespaces[Number(row['number'])] ?? '').sort();
}

/** Into the tablespaces that are there, of a database whose others are not. Empty where none is missing. */
export async function placementStatements(
  session: Session,
  properties: Pick<DatabaseProperties, 'tablespaces' | 'placements'>,
  kind: 'table' | 'index',
): Promise<string[]> {
  const missing = await missingTablespaces(session, properties);
  if (missing.length === 0) return [];
  return properties.placements
    .filter((one) => (one.kind === 'index') === (kind === 'index') && !missing.includes(one.tablespace))
    .map((one) => {
      const alter = { table: 'ALTER TABLE', view: 'ALTER MATERIALIZED VIEW', index: 'ALTER INDEX' }[one.kind];
      return `${alter} ${quoteTable(one.schema, one.name)} SET TABLESPACE ${quoteName(one.tablespace)}`;
    });
}
