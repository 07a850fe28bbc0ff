/**
 * Columns of everything that has some. Of an array's declared dimensions only that there are any: the number means nothing
 * to the server (its documentation of pg_attribute), and no statement it prints tells it.
 */
import { type CatalogueQuery, named, role, since, sorted, userSchemas } from './query.ts';

const columns: CatalogueQuery = (major) => `
  SELECT n.nspname AS schema, 'column ' || quote_ident(c.relname) || '.' || quote_ident(a.attname) AS subject,
    (SELECT count(*) FROM pg_attribute b WHERE b.attrelid = a.attrelid AND b.attnum BETWEEN 1 AND a.attnum AND NOT b.attisdropped) AS place,
    format_type(a.atttypid, a.atttypmod) AS type,
    CASE WHEN a.attcollation <> t.typcollation THEN ${named('pg_collation', 'collname', 'collnamespace', 'a.attcollation')} END AS collation,
    a.attnotnull AS not_null, nullif(a.attidentity::text, '') AS identity, nullif(a.attgenerated::text, '') AS generated,
    (SELECT pg_get_expr(d.adbin, d.adrelid) FROM pg_attrdef d WHERE d.adrelid = a.attrelid AND d.adnum = a.attnum) AS expression,
    a.attstorage::text AS storage, ${since(14, major, "nullif(a.attcompression::text, '') AS compression")}
    nullif(coalesce(a.attstattarget, -1), -1) AS statistics,
    ${sorted('a.attoptions')} AS options, ${sorted('a.attfdwoptions')} AS server_options,
    a.attislocal AS local, a.attinhcount AS inherited,
    ${sorted('a.attacl')} AS grants
  FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid JOIN pg_namespace n ON n.oid = c.relnamespace
  JOIN pg_type t ON t.oid = a.atttypid
  WHERE a.attnum > 0 AND NOT a.attisdropped AND c.relkind IN ('r', 'p', 'v', 'm', 'f', 'c') AND c.relpersistence <> 't'
    AND ${userSchemas}`;

/** Default privileges, of a schema or of the whole database. */
const defaultPrivileges: CatalogueQuery = () => `
  SELECT n.nspname AS schema, 'default privileges of ' || ${role('d.defaclrole')} || ' on ' || d.defaclobjtype::text AS subject,
    ${sorted('d.defaclacl')} AS grants
  FROM pg_default_acl d LEFT JOIN pg_namespace n ON n.oid = d.defaclnamespace`;

export const columnQueries: readonly CatalogueQuery[] = [columns, defaultPrivileges];
