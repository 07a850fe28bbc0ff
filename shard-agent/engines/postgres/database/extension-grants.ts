/**
 * Rights on an extension's objects that it was made with and that its script does not give: they came from default privileges.
 * pg_dump takes all that an extension's objects are made with for the work of the script.
 */
import { quoteName, type Session } from '../connection/connection.ts';
import { namingScript } from '../connection/shared-names.ts';

export interface ExtensionGrant {
  /** Of the object, as `pg_identify_object` names both. */
  readonly type: string;
  readonly identity: string;
  /** Null: everybody, who lost what every new object gives. */
  readonly grantee: string | null;
  readonly privilege: string;
  readonly grantable: boolean;
}

/** Objects that default privileges reach, their owner, their grants, and what everybody has by default. */
const objects = [
  ['pg_proc', 'proacl', 'proowner', 'f'],
  ['pg_class', 'relacl', 'relowner', ''],
  ['pg_type', 'typacl', 'typowner', 'T'],
  ['pg_namespace', 'nspacl', 'nspowner', ''],
] as const;

const initial = (catalogue: string): string => `pg_catalog.${catalogue} o
  JOIN pg_catalog.pg_depend d ON d.classid = 'pg_catalog.${catalogue}'::pg_catalog.regclass AND d.objid = o.oid AND d.deptype = 'e'
  JOIN pg_catalog.pg_init_privs i ON i.classoid = d.classid AND i.objoid = o.oid AND i.objsubid = 0
  CROSS JOIN LATERAL pg_catalog.pg_identify_object(d.classid, o.oid, 0) x`;

/** With their grantees' object ids. Of roles of users, what an object has and was made with; of everybody, what it has not and was not made with. */
export const extensionGrantsQuery = `
  SELECT COALESCE(pg_catalog.json_agg(pg_catalog.json_build_object('type', type, 'identity', identity, 'grantee', grantee,
    'privilege', privilege, 'grantable', grantable) ORDER BY type, identity, grantee, privilege), '[]') FROM (
    ${objects
      .flatMap(([catalogue, grants, owner, kind]) => [
        `SELECT DISTINCT x.type, x.identity, r.oid::int8 AS grantee, a.privilege_type AS privilege, a.is_grantable AS grantable
         FROM ${initial(catalogue)} CROSS JOIN LATERAL (SELECT grantee, privilege_type, is_grantable FROM pg_catalog.aclexplode(o.${grants})
           INTERSECT SELECT grantee, privilege_type, is_grantable FROM pg_catalog.aclexplode(i.initprivs)) a
         JOIN pg_catalog.pg_roles r ON r.oid = a.grantee WHERE r.oid <> o.${owner} AND r.rolname !~ '^pg_'`,
        ...(kind === ''
          ? []
          : [
              `SELECT x.type, x.identity, NULL, a.privilege_type, false FROM ${initial(catalogue)}
               CROSS JOIN LATERAL pg_catalog.aclexplode(pg_catalog.acldefault('${kind}', o.${owner})) a WHERE a.grantee = 0
                 AND NOT EXISTS (SELECT FROM pg_catalog.aclexplode(i.initprivs || o.${grants}) e WHERE e.grantee = 0)`,
            ]),
      ])
      .join(' UNION ALL ')}) q`;

/** Extensions on whose objects a restore has something to grant or revoke, by a dump or by this list. */
export const grantedExtensionsQuery = `
  SELECT COALESCE(pg_catalog.json_agg(DISTINCT e.extname), '[]') FROM (
    ${[
      ...objects.map(([catalogue, grants]) => [catalogue, grants] as const),
      ['pg_language', 'lanacl'] as const,
    ]
      .map(
        ([catalogue, grants]) => `SELECT d.refobjid FROM pg_catalog.${catalogue} o
         JOIN pg_catalog.pg_depend d ON d.classid = 'pg_catalog.${catalogue}'::pg_catalog.regclass AND d.objid = o.oid AND d.deptype = 'e'
         LEFT JOIN pg_catalog.pg_init_privs i ON i.classoid = d.classid AND i.objoid = o.oid AND i.objsubid = 0
         WHERE o.${grants} IS DISTINCT FROM i.initprivs OR EXISTS (SELECT FROM pg_catalog.aclexplode(i.initprivs) a
           JOIN pg_catalog.pg_roles r ON r.oid = a.grantee WHERE a.grantee <> a.grantor AND r.rolname !~ '^pg_')`,
      )
      .join(' UNION ALL ')}) granted(extension) JOIN pg_catalog.pg_extension e ON e.oid = granted.extension`;

const kinds: Readonly<Record<string, string>> = {
  function: 'ROUTINE',
  procedure: 'ROUTINE',
  aggregate: 'ROUTINE',
  table: 'TABLE',
  view: 'TABLE',
  'materialized view': 'TABLE',
  'foreign table': 'TABLE',
  sequence: 'SEQUENCE',
  type: 'TYPE',
  schema: 'SCHEMA',
};

/** On the objects that the extensions of this database have as well; another version of one may have others. */
export async function grantOnExtensions(session: Session, grants: readonly ExtensionGrant[]): Promise<void> {
  if (grants.length === 0) return;
  const rows = await session.rows(
    `SELECT x.type, x.identity, CASE d.classid WHEN 'pg_catalog.pg_proc'::pg_catalog.regclass
         THEN pg_catalog.has_function_privilege('public', d.objid, 'EXECUTE')
       WHEN 'pg_catalog.pg_type'::pg_catalog.regclass THEN pg_catalog.has_type_privilege('public', d.objid, 'USAGE') END AS open
     FROM pg_catalog.pg_depend d CROSS JOIN LATERAL pg_catalog.pg_identify_object(d.classid, d.objid, 0) x
     WHERE d.deptype = 'e' AND x.identity = ANY ($1)`,
    [[...new Set(grants.map(({ identity }) => identity))]],
  );
  // By the server's own words for its own objects: none of the set's become SQL.
  const there = new Map(
    rows.map(({ type, identity, open }) => [
      `${type} ${identity}`,
      { name: identity ?? '', open: open === 't' },
    ]),
  );
  const statements = grants.flatMap(({ type, identity, grantee, privilege, grantable }) => {
    const object = there.get(`${type} ${identity}`);
    const kind = kinds[type];
    if (object === undefined || kind === undefined) return [];
    const { name, open } = object;
    if (grantee === null) return open ? [`REVOKE ${privilege} ON ${kind} ${name} FROM PUBLIC`] : [];
    return [
      `GRANT ${privilege} ON ${kind} ${name} TO ${quoteName(grantee)}${grantable ? ' WITH GRANT OPTION' : ''}`,
    ];
  });
  if (statements.length > 0) await namingScript(session, statements.join('; '));
}
