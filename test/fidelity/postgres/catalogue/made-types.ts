/** Types, and what is made for them: operators, their classes, casts, collations, conversions. */
import { type CatalogueQuery, grants, named, role, since, userSchemas } from './query.ts';

const functionOrNone = (oid: string): string => `nullif(${oid}::regprocedure::text, '-')`;

/** Array types and row types of tables are those of what they were made for. */
const types: CatalogueQuery = (major) => `
  SELECT n.nspname AS schema, 'type ' || quote_ident(t.typname) AS subject, t.typtype::text AS kind,
    t.typcategory::text AS category, t.typispreferred AS preferred, t.typlen AS length, t.typbyval AS by_value,
    t.typalign::text AS alignment, t.typstorage::text AS storage, t.typdelim::text AS delimiter, t.typisdefined AS defined,
    ${role('t.typowner')} AS owner, ${grants('t.typacl', 'T', 't.typowner')} AS grants,
    CASE WHEN t.typtype = 'd' THEN format_type(t.typbasetype, t.typtypmod) END AS base, t.typnotnull AS not_null, t.typdefault AS "default",
    ${named('pg_collation', 'collname', 'collnamespace', 'nullif(t.typcollation, 0)')} AS collation,
    CASE WHEN t.typtype = 'b' THEN concat_ws(', ', t.typinput::text, t.typoutput::text, t.typreceive::text, t.typsend::text,
      t.typmodin::text, t.typmodout::text, t.typanalyze::text) END AS functions,
    (SELECT json_agg(e.enumlabel ORDER BY e.enumsortorder)::text FROM pg_enum e WHERE e.enumtypid = t.oid) AS labels,
    (SELECT concat_ws(', ', format_type(r.rngsubtype, NULL), ${named('pg_opclass', 'opcname', 'opcnamespace', 'r.rngsubopc')},
        ${named('pg_collation', 'collname', 'collnamespace', 'r.rngcollation')}, r.rngcanonical::text, r.rngsubdiff::text
        ${major >= 14 ? ', r.rngmultitypid::regtype::text' : ''}) FROM pg_range r WHERE r.rngtypid = t.oid) AS range,
    nullif(t.typarray, 0)::regtype::text AS array_type
  FROM pg_type t JOIN pg_namespace n ON n.oid = t.typnamespace
  WHERE ${userSchemas} AND (t.typcategory <> 'A' OR t.typinput::oid <> 'array_in'::regproc::oid)
    AND NOT EXISTS (SELECT FROM pg_class c WHERE c.oid = t.typrelid AND (c.relkind <> 'c' OR c.relpersistence = 't'))`;

const operators: CatalogueQuery = () => `
  SELECT n.nspname AS schema, 'operator ' || o.oprname || '(' || format_type(nullif(o.oprleft, 0), NULL) || ', ' || format_type(o.oprright, NULL) || ')' AS subject,
    ${role('o.oprowner')} AS owner, o.oprcode::regprocedure::text AS function, o.oprcanmerge AS merges, o.oprcanhash AS hashes,
    nullif(o.oprcom, 0)::regoperator::text AS commutator, nullif(o.oprnegate, 0)::regoperator::text AS negator,
    o.oprrest::text AS restriction, o.oprjoin::text AS "join"
  FROM pg_operator o JOIN pg_namespace n ON n.oid = o.oprnamespace WHERE ${userSchemas} AND o.oprleft <> 0`;

const operatorClasses: CatalogueQuery = () => `
  SELECT n.nspname AS schema, 'operator class ' || quote_ident(o.opcname) || ' for ' || m.amname AS subject, ${role('o.opcowner')} AS owner,
    format_type(o.opcintype, NULL) AS type, o.opcdefault AS "default", format_type(nullif(o.opckeytype, 0), NULL) AS key,
    ${named('pg_opfamily', 'opfname', 'opfnamespace', 'o.opcfamily')} AS family
  FROM pg_opclass o JOIN pg_namespace n ON n.oid = o.opcnamespace JOIN pg_am m ON m.oid = o.opcmethod WHERE ${userSchemas}`;

const operatorFamilies: CatalogueQuery = () => `
  SELECT n.nspname AS schema, 'operator family ' || quote_ident(f.opfname) || ' for ' || m.amname AS subject, ${role('f.opfowner')} AS owner,
    (SELECT string_agg(concat_ws(' ', a.amopstrategy, a.amopopr::regoperator::text, a.amoppurpose), ', '
      ORDER BY a.amopstrategy, a.amopopr::regoperator::text COLLATE "C") FROM pg_amop a WHERE a.amopfamily = f.oid) AS operators,
    (SELECT string_agg(concat_ws(' ', a.amprocnum, a.amproclefttype::regtype::text, a.amprocrighttype::regtype::text, a.amproc::regprocedure::text), ', '
      ORDER BY a.amprocnum, a.amproclefttype::regtype::text COLLATE "C", a.amprocrighttype::regtype::text COLLATE "C")
      FROM pg_amproc a WHERE a.amprocfamily = f.oid) AS functions
  FROM pg_opfamily f JOIN pg_namespace n ON n.oid = f.opfnamespace JOIN pg_am m ON m.oid = f.opfmethod WHERE ${userSchemas}`;

const casts: CatalogueQuery = () => `
  SELECT '' AS schema, 'cast ' || format_type(c.castsource, NULL) || ' as ' || format_type(c.casttarget, NULL) AS subject,
    c.castcontext::text AS context, c.castmethod::text AS method, nullif(c.castfunc, 0)::regprocedure::text AS function
  FROM pg_cast c WHERE c.oid >= 16384`;

const collations: CatalogueQuery = (major) => `
  SELECT n.nspname AS schema, 'collation ' || quote_ident(c.collname) || CASE WHEN c.collencoding IN (-1, d.encoding) THEN '' ELSE ' for ' || pg_encoding_to_char(c.collencoding) END AS subject, ${role('c.collowner')} AS owner,
    c.collprovider::text AS provider, c.collisdeterministic AS deterministic, c.collcollate AS collate,
    ${since(15, major, `${major >= 17 ? 'c.colllocale' : 'c.colliculocale'} AS locale`)}
    ${since(16, major, 'c.collicurules AS rules')} c.collctype AS ctype
  FROM pg_collation c JOIN pg_namespace n ON n.oid = c.collnamespace JOIN pg_database d ON d.datname = current_database()
  WHERE ${userSchemas}`;

const conversions: CatalogueQuery = () => `
  SELECT n.nspname AS schema, 'conversion ' || quote_ident(c.conname) AS subject, ${role('c.conowner')} AS owner,
    pg_encoding_to_char(c.conforencoding) AS source, pg_encoding_to_char(c.contoencoding) AS target,
    c.conproc::text AS function, c.condefault AS "default"
  FROM pg_conversion c JOIN pg_namespace n ON n.oid = c.connamespace WHERE ${userSchemas}`;

const transforms: CatalogueQuery = () => `
  SELECT '' AS schema, 'transform for ' || format_type(t.trftype, NULL) || ' in ' || l.lanname AS subject,
    ${functionOrNone('t.trffromsql')} AS source, ${functionOrNone('t.trftosql')} AS target
  FROM pg_transform t JOIN pg_language l ON l.oid = t.trflang`;

export const typeQueries: readonly CatalogueQuery[] = [
  types,
  operators,
  operatorClasses,
  operatorFamilies,
  casts,
  collations,
  conversions,
  transforms,
];
