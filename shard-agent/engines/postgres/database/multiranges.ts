/** Multirange types, which come into being with their range type and stand in no dump of their own. */
import { quoteName, quoteTable, type Session } from '../connection/connection.ts';
import { namingScript, sharedRows } from '../connection/shared-names.ts';
import { SharedNames } from './shared-properties.ts';

/**
 * Gives every multirange type to the owner of its range type. Where ALTER TYPE … OWNER does not do so by itself (measured:
 * 15 does not, 18 does), they would stay with whoever restored them.
 */
export async function giveMultirangesToOwners(session: Session): Promise<void> {
  const rows = await session.rows(`
    SELECT n.nspname, m.typname, t.typowner AS owner
    FROM pg_catalog.pg_range r JOIN pg_catalog.pg_type t ON t.oid = r.rngtypid
    JOIN pg_catalog.pg_type m ON m.oid = r.rngmultitypid JOIN pg_catalog.pg_namespace n ON n.oid = m.typnamespace
    WHERE m.typowner <> t.typowner`);
  if (rows.length === 0) return;
  const roles = new SharedNames(
    'role',
    await sharedRows(session, 'SELECT oid, rolname AS name FROM pg_catalog.pg_roles'),
  );
  for (const row of rows) {
    const name = quoteTable(row['nspname'] ?? '', row['typname'] ?? '');
    await namingScript(session, `ALTER TYPE ${name} OWNER TO ${quoteName(roles.of(row['owner'] ?? ''))}`);
  }
}
