/** The roles of the source, made on a scratch server: without passwords, logins and settings, for nobody uses them there. */
import { quoteName, type Session } from '../connection/connection.ts';

export interface SourceRoles {
  readonly roles: readonly {
    readonly name: string;
    readonly superuser: boolean;
    readonly inherits: boolean;
    readonly bypasses: boolean;
  }[];
  readonly memberships: readonly { readonly role: string; readonly member: string }[];
}

/** Those of the server's own are there already. */
const ownRoles = '^pg_';

export async function readSourceRoles(session: Session): Promise<SourceRoles> {
  const roles = await session.rows(
    `SELECT rolname, rolsuper, rolinherit, rolbypassrls FROM pg_catalog.pg_roles
     WHERE rolname !~ $1 ORDER BY oid`,
    [ownRoles],
  );
  const memberships = await session.rows(
    `SELECT DISTINCT r.rolname AS role, m.rolname AS member FROM pg_catalog.pg_auth_members a
     JOIN pg_catalog.pg_roles r ON r.oid = a.roleid JOIN pg_catalog.pg_roles m ON m.oid = a.member
     WHERE m.rolname !~ $1 ORDER BY 1, 2`,
    [ownRoles],
  );
  return {
    roles: roles.map((row) => ({
      name: row['rolname'] ?? '',
      superuser: row['rolsuper'] === 't',
      inherits: row['rolinherit'] === 't',
      bypasses: row['rolbypassrls'] === 't',
    })),
    memberships: memberships.map((row) => ({ role: row['role'] ?? '', member: row['member'] ?? '' })),
  };
}

export async function makeSourceRoles(session: Session, { roles, memberships }: SourceRoles): Promise<void> {
  const there = await session.rows('SELECT rolname FROM pg_catalog.pg_roles');
  const names = new Set(there.map((row) => row['rolname']));
  const statements = [
    ...roles
      .filter(({ name }) => !names.has(name))
      .map(({ name, superuser, inherits, bypasses }) => {
        const attributes = [
          superuser ? 'SUPERUSER' : '',
          inherits ? '' : 'NOINHERIT',
          bypasses ? 'BYPASSRLS' : '',
        ];
        return `CREATE ROLE ${quoteName(name)} ${attributes.join(' ')}`;
      }),
    ...memberships.map(({ role, member }) => `GRANT ${quoteName(role)} TO ${quoteName(member)}`),
  ];
  if (statements.length > 0) await session.script(['BEGIN', ...statements, 'COMMIT'].join('; '));
}
