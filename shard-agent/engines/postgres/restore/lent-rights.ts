/**
 * Rights lent to everybody while a staging is made. The server lets a superuser give an object to anybody; every other role only
 * to one that could make it where it lies, and of the source's owners not all could: somebody else made it for them, or the
 * right was taken away since. Nobody but the restore can connect to a staging meanwhile.
 */
import { foreignNamespaces } from '../catalogue.ts';
import { quoteName, type Session } from '../connection/connection.ts';

/** In the database itself: for schemas and extensions, and for publications after the data. Completing the database takes it back. */
export async function lendInDatabase(session: Session, staging: string): Promise<void> {
  await session.script(`GRANT CREATE ON DATABASE ${quoteName(staging)} TO PUBLIC`);
}

/**
 * In the schemas that everybody may not create in. Returns the statement that takes it back, undefined when nothing
 * needed to be lent. No grants of the set may be made in between: one of them may be this very right.
 */
export async function lendInSchemas(session: Session): Promise<string | undefined> {
  if (await isSuperuser(session)) return undefined;
  return lendOnSchemas(session, 'CREATE');
}

/** The same for owners of extensions, as whom even a superuser makes them. They must find what other extensions brought along. */
export async function lendToExtensionOwners(session: Session): Promise<string[]> {
  const lent = [await lendOnSchemas(session, 'USAGE'), await lendOnSchemas(session, 'CREATE')];
  return lent.filter((statement) => statement !== undefined);
}

async function lendOnSchemas(session: Session, privilege: 'CREATE' | 'USAGE'): Promise<string | undefined> {
  const rows = await session.rows(`
    SELECT n.nspname FROM pg_catalog.pg_namespace n
    WHERE ${foreignNamespaces}
      AND pg_catalog.pg_has_role(n.nspowner, 'USAGE')
      AND NOT EXISTS (SELECT FROM pg_catalog.aclexplode(n.nspacl) a WHERE a.grantee = 0 AND a.privilege_type = '${privilege}')`);
  const names = rows.map((row) => quoteName(row['nspname'] ?? '')).join(', ');
  if (names === '') return undefined;
  await session.script(`GRANT ${privilege} ON SCHEMA ${names} TO PUBLIC`);
  return `REVOKE ${privilege} ON SCHEMA ${names} FROM PUBLIC`;
}

/** Where rights are that rows, keys and indexes may need: what GRANT calls it, its catalogue, and what its default depends on. */
const lendable = [
  {
    kind: 'SCHEMA',
    from: 'pg_catalog.pg_namespace n',
    own: 'n.nspacl, n.nspowner',
    letter: "'n'",
    name: 'pg_catalog.quote_ident(n.nspname)',
    which: 'true',
    extension: "'pg_catalog.pg_namespace'::pg_catalog.regclass, n.oid",
  },
  {
    kind: 'TABLE',
    from: 'pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace',
    own: 'c.relacl, c.relowner',
    letter: "'r'",
    name: 'c.oid::pg_catalog.regclass::text',
    which: `c.relkind IN ('r', 'p', 'v', 'm', 'f')`,
    extension: "'pg_catalog.pg_class'::pg_catalog.regclass, c.oid",
  },
  {
    kind: 'SEQUENCE',
    from: 'pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace',
    own: 'c.relacl, c.relowner',
    letter: "'s'",
    name: 'c.oid::pg_catalog.regclass::text',
    which: `c.relkind = 'S'`,
    extension: "'pg_catalog.pg_class'::pg_catalog.regclass, c.oid",
  },
  {
    kind: 'ROUTINE',
    from: 'pg_catalog.pg_proc p JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace',
    own: 'p.proacl, p.proowner',
    letter: "'f'",
    name: 'p.oid::pg_catalog.regprocedure::text',
    which: 'true',
    extension: "'pg_catalog.pg_proc'::pg_catalog.regclass, p.oid",
  },
  {
    kind: 'TYPE',
    from: 'pg_catalog.pg_type t JOIN pg_catalog.pg_namespace n ON n.oid = t.typnamespace',
    own: 't.typacl, t.typowner',
    letter: "'T'",
    name: 't.oid::pg_catalog.regtype::text',
    which: 'true',
    extension: "'pg_catalog.pg_type'::pg_catalog.regclass, t.oid",
  },
] as const;

/** Everything that lacks a right which its owner, or everybody, has by default; and that this role may grant. */
const missingRights = lendable
  .map(
    ({ kind, from, own, letter, name, which, extension }) => `
  SELECT '${kind}' AS kind, name, privilege FROM (
    SELECT ${name} AS name, ${own}, ${extension} FROM ${from} WHERE ${which} AND ${foreignNamespaces}
  ) o (name, acl, owner, class, oid),
  LATERAL (SELECT DISTINCT d.privilege_type FROM pg_catalog.aclexplode(pg_catalog.acldefault(${letter}, o.owner)) d
    WHERE NOT EXISTS (SELECT FROM pg_catalog.aclexplode(o.acl) a WHERE a.grantee = d.grantee AND a.privilege_type = d.privilege_type)
      AND NOT EXISTS (SELECT FROM pg_catalog.aclexplode(o.acl) a WHERE a.grantee = 0 AND a.privilege_type = d.privilege_type)
  ) m (privilege)
  WHERE o.acl IS NOT NULL AND pg_catalog.pg_has_role(o.owner, 'USAGE')
    AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend x WHERE x.classid = o.class AND x.objid = o.oid AND x.deptype = 'e')`,
  )
  .join(' UNION ALL ');

/** Objects in one statement. */
const longestList = 200;

/**
 * What an owner took from itself, or from everybody: rows, keys and indexes were made while it had that right, and pg_restore makes
 * grants last. To be lent when the grants of the set are made. Returns the statements that take it back.
 */
export async function lendOwnRights(session: Session): Promise<string[]> {
  const lists = new Map<string, { kind: string; privilege: string; names: string[] }>();
  for (const row of await session.rows(missingRights)) {
    const { kind, name, privilege } = row;
    const key = `${kind} ${privilege}`;
    const list = lists.get(key) ?? { kind: kind ?? '', privilege: privilege ?? '', names: [] };
    lists.set(key, list);
    list.names.push(name ?? '');
  }
  const takeBack: string[] = [];
  for (const { kind, privilege, names } of lists.values())
    for (let first = 0; first < names.length; first += longestList) {
      const what = `${privilege} ON ${kind} ${names.slice(first, first + longestList).join(', ')}`;
      await session.script(`GRANT ${what} TO PUBLIC`);
      takeBack.push(`REVOKE ${what} FROM PUBLIC`);
    }
  return takeBack;
}

async function isSuperuser(session: Session): Promise<boolean> {
  const row = await session.row('SELECT rolsuper FROM pg_catalog.pg_roles WHERE rolname = current_user');
  return row['rolsuper'] === 't';
}
