/**
 * The right to create, lent to everybody while a staging is made. The server lets a superuser give an object to anybody;
 * every other role only to one that could make it where it lies, and of the source's owners not all could: somebody else
 * made it for them, or the right was taken away since. Nobody but the restore can connect to a staging meanwhile.
 */
import { foreignNamespaces } from '../catalogue.ts';
import { quoteName, type Session } from '../connection/connection.ts';

/** In the database itself: for schemas, and for publications after the data. Completing the database takes it back. */
export async function lendInDatabase(session: Session, staging: string): Promise<void> {
  if (await isSuperuser(session)) return;
  await session.script(`GRANT CREATE ON DATABASE ${quoteName(staging)} TO PUBLIC`);
}

/**
 * In the schemas that everybody may not create in. Returns the statement that takes it back, undefined when nothing
 * needed to be lent. No grants of the set may be made in between: one of them may be this very right.
 */
export async function lendInSchemas(session: Session): Promise<string | undefined> {
  if (await isSuperuser(session)) return undefined;
  const rows = await session.rows(`
    SELECT n.nspname FROM pg_catalog.pg_namespace n
    WHERE ${foreignNamespaces}
      AND pg_catalog.pg_has_role(n.nspowner, 'USAGE')
      AND NOT EXISTS (SELECT FROM pg_catalog.aclexplode(n.nspacl) a WHERE a.grantee = 0 AND a.privilege_type = 'CREATE')`);
  const names = rows.map((row) => quoteName(row['nspname'] ?? '')).join(', ');
  if (names === '') return undefined;
  await session.script(`GRANT CREATE ON SCHEMA ${names} TO PUBLIC`);
  return `REVOKE CREATE ON SCHEMA ${names} FROM PUBLIC`;
}

async function isSuperuser(session: Session): Promise<boolean> {
  const row = await session.row('SELECT rolsuper FROM pg_catalog.pg_roles WHERE rolname = current_user');
  return row['rolsuper'] === 't';
}
