/** Grants that rows hold, as those of a copy of the catalogue do, and that name a role which is gone. */
import { quoteName, quoteTable, type Session, sqlState } from '../../connection/connection.ts';
import { type RoleColumn, roleColumns, rolesOf } from '../../database/roles-in-values.ts';

export const lostRoleValues = {
  things: 'columns with grants to roles which are gone',
  cause:
    'no restore can load them: the server writes such a role by its number, and takes no number for a role',
  remedy: 'ALTER TABLE … ALTER … TYPE text; or delete these values.',
  fatal: true,
} as const;

const lockWait = '2s';

/** As SQL names them. The session is in no transaction. */
export async function columnsWithLostRoles(session: Session): Promise<string[]> {
  const found: string[] = [];
  for (const column of await roleColumns(session)) {
    // A number is taken for a regrole. What cannot be read has a finding of its own.
    if (column.type !== 'aclitem' || !column.readable) continue;
    const { schema, table } = column;
    if (await namesLost(session, column))
      found.push(`${quoteTable(schema, table)}.${quoteName(column.column)}`);
  }
  return found;
}

async function namesLost(session: Session, column: RoleColumn): Promise<boolean> {
  try {
    const answers = await session.script(
      `BEGIN READ ONLY; SET LOCAL lock_timeout = '${lockWait}'; SELECT EXISTS (SELECT FROM (${rolesOf(column)}) q
         WHERE role <> 0 AND role NOT IN (SELECT oid FROM pg_catalog.pg_roles)) AS lost; COMMIT`,
    );
    return answers[2]?.rows[0]?.['lost'] === 't';
  } catch (error) {
    if (session.alive) await session.script('ROLLBACK');
    // 55P03, lock_not_available: somebody alters it, which the barrier will say.
    if (sqlState(error) === '55P03') return false;
    throw error;
  }
}
