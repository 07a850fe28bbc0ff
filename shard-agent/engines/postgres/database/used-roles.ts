/** The roles that a database names: a restore cannot do without them. */
import type { Session } from '../connection/connection.ts';
import type { SharedNames } from './shared-properties.ts';

/** Where owners stand. What belongs to an extension comes with the extension, whoever has it then. */
export const owners: readonly (readonly [catalogue: string, owner: string])[] = [
  ['pg_class', 'relowner'],
  ['pg_namespace', 'nspowner'],
  ['pg_proc', 'proowner'],
  ['pg_type', 'typowner'],
  ['pg_operator', 'oprowner'],
  ['pg_opclass', 'opcowner'],
  ['pg_opfamily', 'opfowner'],
  ['pg_collation', 'collowner'],
  ['pg_conversion', 'conowner'],
  ['pg_ts_config', 'cfgowner'],
  ['pg_ts_dict', 'dictowner'],
  ['pg_statistic_ext', 'stxowner'],
  ['pg_language', 'lanowner'],
  ['pg_event_trigger', 'evtowner'],
  ['pg_foreign_data_wrapper', 'fdwowner'],
  ['pg_foreign_server', 'srvowner'],
  ['pg_publication', 'pubowner'],
  ['pg_default_acl', 'defaclrole'],
  ['pg_largeobject_metadata', 'lomowner'],
];

/** Where grants stand. */
export const grants: readonly (readonly [catalogue: string, grants: string])[] = [
  ['pg_class', 'relacl'],
  ['pg_namespace', 'nspacl'],
  ['pg_proc', 'proacl'],
  ['pg_type', 'typacl'],
  ['pg_language', 'lanacl'],
  ['pg_foreign_data_wrapper', 'fdwacl'],
  ['pg_foreign_server', 'srvacl'],
  ['pg_default_acl', 'defaclacl'],
  ['pg_largeobject_metadata', 'lomacl'],
];

/** The lowest object id that is not the server's own; the bootstrap superuser's. */
const firstOwn = 16_384;
const bootstrap = 10;

/** What comes with something else, and has its owner: indexes, row types and array types. */
const dependent: Readonly<Record<string, string>> = {
  pg_class: `AND o.relkind NOT IN ('i', 'I', 't')`,
  pg_type: `AND o.typtype <> 'c' AND NOT EXISTS (SELECT FROM pg_catalog.pg_type e WHERE e.typarray = o.oid)`,
};

const own = (catalogue: string): string => `
  o.oid >= ${firstOwn} ${dependent[catalogue] ?? ''} AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend d
    WHERE d.classid = 'pg_catalog.${catalogue}'::pg_catalog.regclass AND d.objid = o.oid AND d.deptype = 'e')`;

/** The bootstrap superuser is pinned: the list of dependencies on roles does not hold it. */
const namesBootstrap = [
  ...owners.map(
    ([catalogue, owner]) =>
      `EXISTS (SELECT FROM pg_catalog.${catalogue} o WHERE o.${owner} = ${bootstrap} AND ${own(catalogue)})`,
  ),
  ...grants.map(
    ([catalogue, acl]) =>
      `EXISTS (SELECT FROM pg_catalog.${catalogue} o, pg_catalog.aclexplode(o.${acl}) a
         WHERE ${bootstrap} IN (a.grantee, a.grantor) AND ${own(catalogue)})`,
  ),
  `EXISTS (SELECT FROM pg_catalog.pg_attribute o, pg_catalog.aclexplode(o.attacl) a
     WHERE ${bootstrap} IN (a.grantee, a.grantor) AND o.attrelid >= ${firstOwn})`,
  // The catalogue itself, which has passwords in it, is for superusers alone.
  `EXISTS (SELECT FROM pg_catalog.pg_user_mappings o WHERE o.umuser = ${bootstrap})`,
  `EXISTS (SELECT FROM pg_catalog.pg_policy o WHERE ${bootstrap} = ANY (o.polroles))`,
].join(' OR ');

/**
 * Every role that owns something in the database or the database itself, has or gave a grant in it, a policy, default
 * privileges, a user mapping or a setting. The server's predefined roles are not among them.
 */
export async function readUsedRoles(
  session: Session,
  databaseOid: string,
  names: SharedNames,
): Promise<string[]> {
  const rows = await session.rows(
    `SELECT r.oid FROM pg_catalog.pg_roles r WHERE (r.oid >= ${firstOwn} OR r.oid = ${bootstrap}) AND (
       r.oid IN (SELECT refobjid FROM pg_catalog.pg_shdepend WHERE refclassid = 'pg_catalog.pg_authid'::pg_catalog.regclass
         AND (dbid = $1 OR (classid = 'pg_catalog.pg_database'::pg_catalog.regclass AND objid = $1)))
       OR r.oid IN (SELECT datdba FROM pg_catalog.pg_database WHERE oid = $1)
       OR r.oid IN (SELECT a.grantee FROM pg_catalog.pg_database d, pg_catalog.aclexplode(d.datacl) a WHERE d.oid = $1)
       OR r.oid IN (SELECT setrole FROM pg_catalog.pg_db_role_setting WHERE setdatabase = $1)
       OR r.oid = ${bootstrap} AND (${namesBootstrap})
     )`,
    [databaseOid],
  );
  return rows.map((row) => names.of(row['oid'] ?? '')).sort();
}
