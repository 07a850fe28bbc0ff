/** Foreign keys of partitions that have a name or a comment of their own: a dump makes them with the key of their parent. */
import { quoteName, quoteTable, quoteText, type Session } from '../connection/connection.ts';

export interface InheritedKey {
  readonly schema: string;
  readonly table: string;
  readonly name: string;
  readonly comment: string | null;
  /** The key of the table above, which this one belongs to. */
  readonly parent: { readonly schema: string; readonly table: string; readonly name: string };
}

/** Key `k` of table `c`, and `p` of the table `u` above it. Keys that refer to the partitions of a table have no parent of another table. */
const keys = `pg_catalog.pg_constraint k JOIN pg_catalog.pg_class c ON c.oid = k.conrelid
  JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace JOIN pg_catalog.pg_constraint p ON p.oid = k.conparentid
  JOIN pg_catalog.pg_class u ON u.oid = p.conrelid JOIN pg_catalog.pg_namespace un ON un.oid = u.relnamespace`;

/** Those of partitions before those of their own partitions. */
export const inheritedKeysQuery = `
  SELECT COALESCE(pg_catalog.json_agg(pg_catalog.json_build_object('schema', n.nspname, 'table', c.relname, 'name', k.conname,
    'comment', t.description, 'parent', pg_catalog.json_build_object('schema', un.nspname, 'table', u.relname, 'name', p.conname))
    ORDER BY (SELECT pg_catalog.count(*) FROM pg_catalog.pg_partition_ancestors(c.oid)), n.nspname, c.relname, k.conname), '[]')
  FROM ${keys} LEFT JOIN pg_catalog.pg_description t ON t.classoid = 'pg_catalog.pg_constraint'::pg_catalog.regclass AND t.objoid = k.oid
  WHERE k.contype = 'f' AND k.conrelid <> p.conrelid AND (k.conname <> p.conname OR t.description IS NOT NULL)`;

/** Gives them their names, once all keys are made. What the server calls one meanwhile is its own choice, so it is asked. */
export async function nameInheritedKeys(session: Session, inherited: readonly InheritedKey[]): Promise<void> {
  for (const { schema, table, name, comment, parent } of inherited) {
    const rows = await session.rows(
      `SELECT k.conname FROM ${keys} WHERE k.contype = 'f' AND k.conrelid <> p.conrelid AND n.nspname = $1 AND c.relname = $2
         AND un.nspname = $3 AND u.relname = $4 AND p.conname = $5`,
      [schema, table, parent.schema, parent.table, parent.name],
    );
    const made = rows[0]?.['conname'];
    if (made == null) continue;
    const alter = `ALTER TABLE ${quoteTable(schema, table)}`;
    if (made !== name)
      await session.script(`${alter} RENAME CONSTRAINT ${quoteName(made)} TO ${quoteName(name)}`);
    if (comment !== null) {
      const on = `${quoteName(name)} ON ${quoteTable(schema, table)}`;
      await session.script(`COMMENT ON CONSTRAINT ${on} IS ${quoteText(comment)}`);
    }
  }
}
