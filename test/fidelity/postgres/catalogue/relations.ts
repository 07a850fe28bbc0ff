/** Tables, views, materialised views, foreign tables and composite types as a whole. */
import { type CatalogueQuery, grants, role, sorted, userSchemas } from './query.ts';

/** NULL: what the owner has anyway. MAINTAIN, which came with version 17, is his anyway as well: pg_dump tells if it is not. */
const changedGrants = `nullif(
  regexp_replace(${grants('c.relacl', 'r', 'c.relowner')}, '=arwdDxtm/', '=arwdDxt/', 'g'),
  regexp_replace(${sorted(`acldefault('r', c.relowner)`)}, '=arwdDxtm/', '=arwdDxt/', 'g'))`;

const relations: CatalogueQuery = () => `
  SELECT n.nspname AS schema, 'relation ' || quote_ident(c.relname) AS subject,
    c.relkind::text AS kind, c.relpersistence::text AS persistence, ${role('c.relowner')} AS owner,
    ${changedGrants} AS grants,
    (SELECT amname FROM pg_am WHERE oid = c.relam) AS access_method,
    (SELECT spcname FROM pg_tablespace WHERE oid = c.reltablespace) AS tablespace,
    ${sorted('c.reloptions')} AS options,
    (SELECT ${sorted('t.reloptions')} FROM pg_class t WHERE t.oid = c.reltoastrelid) AS toast_options,
    c.relreplident::text AS replica_identity, c.relrowsecurity AS row_security, c.relforcerowsecurity AS forced,
    c.relispartition AS partition, pg_get_expr(c.relpartbound, c.oid) AS bounds,
    CASE WHEN c.relkind = 'p' THEN pg_get_partkeydef(c.oid) END AS partition_key,
    CASE WHEN c.relkind IN ('r', 'p', 'f') THEN (SELECT string_agg(i.inhparent::regclass::text, ', ' ORDER BY i.inhseqno)
      FROM pg_inherits i WHERE i.inhrelid = c.oid) END AS parents,
    (SELECT string_agg(i.inhrelid::regclass::text, ', ' ORDER BY i.inhrelid::regclass::text COLLATE "C")
      FROM pg_inherits i WHERE i.inhparent = c.oid AND i.inhdetachpending) AS being_detached,
    CASE WHEN c.relkind = 'm' THEN c.relispopulated END AS populated,
    CASE WHEN c.relkind IN ('v', 'm') THEN replace(pg_get_viewdef(c.oid), '( VALUES ', '(VALUES ') END AS definition,
    CASE WHEN c.reloftype <> 0 THEN c.reloftype::regtype::text END AS of_type,
    (SELECT srvname FROM pg_foreign_table f JOIN pg_foreign_server s ON s.oid = f.ftserver WHERE f.ftrelid = c.oid) AS server,
    (SELECT ${sorted('f.ftoptions')} FROM pg_foreign_table f WHERE f.ftrelid = c.oid) AS server_options
  FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
  WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f', 'c') AND c.relpersistence <> 't' AND ${userSchemas}`;

const schemas: CatalogueQuery = () => `
  SELECT n.nspname AS schema, 'schema' AS subject, ${role('n.nspowner')} AS owner,
    ${grants('n.nspacl', 'n', 'n.nspowner')} AS grants
  FROM pg_namespace n WHERE ${userSchemas}`;

export const relationQueries: readonly CatalogueQuery[] = [relations, schemas];
