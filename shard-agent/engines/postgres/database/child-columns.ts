/**
 * Columns of children that are stored in another way than their parents'. pg_dump tells a way only where it is not the usual
 * one, and a child made again takes its parent's: one that has kept the usual way would lose it.
 */
import { foreignNamespaces } from '../catalogue.ts';
import { quoteName, quoteTable } from '../connection/connection.ts';

export interface ChildColumn {
  readonly schema: string;
  readonly table: string;
  readonly column: string;
  /** Letters of the catalogue `pg_attribute`; of the compression none for the server's default. */
  readonly storage: 'p' | 'e' | 'm' | 'x';
  readonly compression: '' | 'p' | 'l';
}

/**
 * A child's child too is made with what the first of them has. Not of partitions: those are dumped as tables of their own.
 */
export const childColumnsQuery = `
  WITH RECURSIVE above (child, ancestor) AS (
    SELECT inhrelid, inhparent FROM pg_catalog.pg_inherits
    UNION SELECT a.child, i.inhparent FROM above a JOIN pg_catalog.pg_inherits i ON i.inhrelid = a.ancestor)
  SELECT COALESCE(pg_catalog.json_agg(pg_catalog.json_build_object('schema', n.nspname, 'table', c.relname, 'column', a.attname,
    'storage', a.attstorage, 'compression', a.attcompression) ORDER BY n.nspname, c.relname, a.attnum), '[]')
  FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
  JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid
  WHERE c.relkind = 'r' AND NOT c.relispartition AND c.relpersistence <> 't' AND a.attnum > 0 AND NOT a.attisdropped
    AND EXISTS (SELECT FROM above u JOIN pg_catalog.pg_attribute p ON p.attrelid = u.ancestor
      WHERE u.child = c.oid AND p.attname = a.attname AND NOT p.attisdropped
        AND (p.attstorage <> a.attstorage OR p.attcompression <> a.attcompression))
    AND ${foreignNamespaces}`;

const storages = { p: 'PLAIN', e: 'EXTERNAL', m: 'MAIN', x: 'EXTENDED' } as const;
const compressions = { '': 'DEFAULT', p: 'pglz', l: 'lz4' } as const;

/** For tables without rows: what is stored before stays as it is. */
export function childColumnStatements(columns: readonly ChildColumn[]): string[] {
  return columns.map(({ schema, table, column, storage, compression }) => {
    const alter = `ALTER COLUMN ${quoteName(column)} SET`;
    return `ALTER TABLE ONLY ${quoteTable(schema, table)} ${alter} STORAGE ${storages[storage]}, ${alter} COMPRESSION ${compressions[compression]}`;
  });
}
