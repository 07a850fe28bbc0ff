/** Grants by themselves, right by right: what a whole ACL's text says cannot be compared where one version has more rights. */
import { type CatalogueQuery, role, userSchemas } from './query.ts';

/** MAINTAIN came with version 17: there it is part of ALL, which a dump of an older server grants. */
const rights = (acl: string): string => `
  (SELECT string_agg(concat_ws(' ', a.privilege_type, 'to', ${role('a.grantee')}, 'from', ${role('a.grantor')},
      CASE WHEN a.is_grantable THEN 'grantable' END), ', '
      ORDER BY ${role('a.grantee')} COLLATE "C", ${role('a.grantor')} COLLATE "C", a.privilege_type COLLATE "C")
    FROM aclexplode(${acl}) a WHERE a.privilege_type <> 'MAINTAIN')`;

const orDefault = (acl: string, kind: string, owner: string): string =>
  rights(`coalesce(${acl}, acldefault(${kind}, ${owner}))`);

const onRelations: CatalogueQuery = () => `
  SELECT n.nspname AS schema, 'rights on ' || quote_ident(c.relname) AS subject,
    ${orDefault('c.relacl', `CASE c.relkind WHEN 'S' THEN 's' ELSE 'r' END::"char"`, 'c.relowner')} AS rights
  FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
  WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f', 'S') AND c.relpersistence <> 't' AND ${userSchemas}`;

const onColumns: CatalogueQuery = () => `
  SELECT n.nspname AS schema, 'rights on column ' || quote_ident(c.relname) || '.' || quote_ident(a.attname) AS subject,
    ${rights('a.attacl')} AS rights
  FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid JOIN pg_namespace n ON n.oid = c.relnamespace
  WHERE a.attacl IS NOT NULL AND NOT a.attisdropped AND ${userSchemas}`;

const onRoutines: CatalogueQuery = () => `
  SELECT n.nspname AS schema, 'rights on ' || p.oid::regprocedure::text AS subject,
    ${orDefault('p.proacl', `'f'`, 'p.proowner')} AS rights
  FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace WHERE ${userSchemas}
    AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_proc'::regclass AND d.objid = p.oid AND d.deptype = 'e')`;

const onTypes: CatalogueQuery = () => `
  SELECT n.nspname AS schema, 'rights on type ' || quote_ident(t.typname) AS subject, ${rights('t.typacl')} AS rights
  FROM pg_type t JOIN pg_namespace n ON n.oid = t.typnamespace WHERE t.typacl IS NOT NULL AND ${userSchemas}`;

const onSchemas: CatalogueQuery = () => `
  SELECT n.nspname AS schema, 'rights on the schema' AS subject, ${orDefault('n.nspacl', `'n'`, 'n.nspowner')} AS rights
  FROM pg_namespace n WHERE ${userSchemas}`;

const onLargeObjects: CatalogueQuery = () => `
  SELECT '' AS schema, 'rights on large object ' || m.oid AS subject, ${orDefault('m.lomacl', `'L'`, 'm.lomowner')} AS rights
  FROM pg_largeobject_metadata m`;

const onLanguages: CatalogueQuery = () => `
  SELECT '' AS schema, 'rights on language ' || quote_ident(l.lanname) AS subject, ${orDefault('l.lanacl', `'l'`, 'l.lanowner')} AS rights
  FROM pg_language l WHERE l.lanispl`;

const onForeign: CatalogueQuery = () => `
  SELECT '' AS schema, 'rights on foreign server ' || quote_ident(s.srvname) AS subject, ${orDefault('s.srvacl', `'S'`, 's.srvowner')} AS rights
  FROM pg_foreign_server s
  UNION ALL SELECT '', 'rights on foreign data wrapper ' || quote_ident(w.fdwname), ${orDefault('w.fdwacl', `'F'`, 'w.fdwowner')}
  FROM pg_foreign_data_wrapper w`;

const onDatabase: CatalogueQuery = () => `
  SELECT '' AS schema, 'rights on the database' AS subject, ${orDefault('d.datacl', `'d'`, 'd.datdba')} AS rights
  FROM pg_database d WHERE d.datname = current_database()`;

const byDefault: CatalogueQuery = () => `
  SELECT coalesce(n.nspname, '') AS schema, 'default rights of ' || ${role('d.defaclrole')} || ' on ' || d.defaclobjtype::text AS subject,
    ${rights('d.defaclacl')} AS rights
  FROM pg_default_acl d LEFT JOIN pg_namespace n ON n.oid = d.defaclnamespace`;

export const rightQueries: readonly CatalogueQuery[] = [
  onRelations,
  onColumns,
  onRoutines,
  onTypes,
  onSchemas,
  onLargeObjects,
  onLanguages,
  onForeign,
  onDatabase,
  byDefault,
];
