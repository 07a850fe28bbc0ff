/**
 * Roles that are gone and that something still names by their number. pg_dump writes the number as if it were a name, and no
 * restore finds a role of that name.
 */
import { grants, owners } from '../../database/used-roles.ts';
import { classOf, described, type LeftOut } from './kind.ts';

const gone = (role: string): string =>
  `${role} <> 0 AND ${role} NOT IN (SELECT oid FROM pg_catalog.pg_roles)`;

const named = (what: string, role: string): string => `${what} || ' (role ' || ${role} || ')' AS name`;

/** Each role of a list of grants that is gone. */
const goneFrom = (list: string): string => `(SELECT DISTINCT role FROM pg_catalog.aclexplode(${list}) a,
    LATERAL (VALUES (a.grantee), (a.grantor)) r(role) WHERE ${gone('role')}) lost`;

/** Initial grants are dumped where others have taken their place: as the REVOKE that leads there. */
const grantsOf = ([catalogue, list]: readonly [string, string]): string => `
  SELECT ${named(described(catalogue, 'o.oid'), 'lost.role')} FROM pg_catalog.${catalogue} o
    LEFT JOIN pg_catalog.pg_init_privs i ON i.classoid = ${classOf(catalogue)} AND i.objoid = o.oid AND i.objsubid = 0,
    LATERAL ${goneFrom(`o.${list} || i.initprivs`)} WHERE o.${list} IS DISTINCT FROM i.initprivs`;

/** Settings that are for a role in this database, and whose role is gone. */
const settings = `SELECT ${named("'settings of this database'", 's.setrole')} FROM pg_catalog.pg_db_role_setting s
  JOIN pg_catalog.pg_database d ON d.oid = s.setdatabase
  WHERE d.datname = pg_catalog.current_database() AND ${gone('s.setrole')}`;

export const lostRoles: readonly LeftOut[] = [
  {
    things: 'grants that name roles which are gone',
    query: [
      ...grants.map(grantsOf),
      `SELECT ${named(described('pg_class', 'o.attrelid', 'o.attnum'), 'lost.role')} FROM pg_catalog.pg_attribute o
        LEFT JOIN pg_catalog.pg_init_privs i ON i.classoid = ${classOf('pg_class')} AND i.objoid = o.attrelid AND i.objsubid = o.attnum,
        LATERAL ${goneFrom('o.attacl || i.initprivs')} WHERE o.attacl IS DISTINCT FROM i.initprivs`,
      `SELECT ${named("'this database'", 'lost.role')} FROM pg_catalog.pg_database o, LATERAL ${goneFrom('o.datacl')}
        WHERE o.datname = pg_catalog.current_database()`,
    ].join(' UNION ALL '),
    cause: 'no restore can make them: a dump names such a role by its number',
    remedy:
      "As a superuser, take the number out of the catalogue, where it is in relacl: UPDATE pg_catalog.pg_class SET relacl = (SELECT pg_catalog.array_agg(a) FROM pg_catalog.unnest(relacl) a WHERE a::text !~ '^NUMBER=') WHERE oid = '…'::regclass; likewise in proacl, nspacl, typacl, attacl, defaclacl, datacl, and in initprivs of pg_init_privs.",
    fatal: true,
  },
  {
    things: 'objects of owners which are gone',
    query: [
      ...owners.map(
        ([catalogue, owner]) =>
          `SELECT ${named(described(catalogue, 'o.oid'), `o.${owner}`)} FROM pg_catalog.${catalogue} o
             WHERE ${gone(`o.${owner}`)} ${catalogue === 'pg_type' ? 'AND o.typrelid = 0 AND o.typelem = 0' : ''}`,
      ),
      `SELECT ${named(described('pg_extension', 'o.oid'), 'o.extowner')} FROM pg_catalog.pg_extension o WHERE ${gone('o.extowner')}`,
      `SELECT ${named("'this database'", 'o.datdba')} FROM pg_catalog.pg_database o
        WHERE o.datname = pg_catalog.current_database() AND ${gone('o.datdba')}`,
      `SELECT ${named(described('pg_policy', 'o.oid'), 'role')} FROM pg_catalog.pg_policy o,
        LATERAL pg_catalog.unnest(o.polroles) role WHERE ${gone('role')}`,
      `SELECT ${named("'user mapping on ' || o.srvname", 'o.umuser')} FROM pg_catalog.pg_user_mappings o WHERE ${gone('o.umuser')}`,
    ].join(' UNION ALL '),
    cause: 'no restore can give them to a role of that number',
    remedy:
      'ALTER … OWNER TO …; ALTER POLICY … TO …; for a user mapping, as a superuser: DELETE FROM pg_catalog.pg_user_mapping WHERE umuser = NUMBER;',
    fatal: true,
  },
  {
    things: 'settings of roles which are gone',
    query: settings,
    cause: 'they are left out',
    remedy: 'As a superuser: DELETE FROM pg_catalog.pg_db_role_setting WHERE setrole = NUMBER;',
  },
];

/** Of the whole server: what pg_dumpall would write without a name. Column `name`. */
export const lostInGlobals = (major: number): string =>
  [
    `SELECT ${named("'a membership'", 'role')} FROM pg_catalog.pg_auth_members m, LATERAL (VALUES (m.roleid), (m.member)) r(role) WHERE ${gone('role')}`,
    `SELECT ${named("'tablespace ' || t.spcname", 'lost.role')} FROM pg_catalog.pg_tablespace t, LATERAL ${goneFrom('t.spcacl')}`,
    ...(major >= 15
      ? [
          `SELECT ${named("'parameter ' || p.parname", 'lost.role')} FROM pg_catalog.pg_parameter_acl p, LATERAL ${goneFrom('p.paracl')}`,
        ]
      : []),
  ].join(' UNION ALL ');
