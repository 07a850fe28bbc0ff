/**
 * What objects of a database need that is no part of any database: libraries of functions, files of dictionaries, locales of
 * collations. Another server may lack them, and nobody sees that before the object is made.
 */

/** A function in C or of the server itself, as its library knows it; several may be one. */
export interface NativeFunction {
  readonly language: 'c' | 'internal';
  /** Null: the server itself. */
  readonly library: string | null;
  readonly symbol: string;
}

export interface SearchDictionary {
  readonly schema: string;
  readonly name: string;
  readonly template: { readonly schema: string; readonly name: string };
  /** Null: the template is the server's own. */
  readonly extension: string | null;
  /** As the server writes them: `stopwords = 'english', accept = 'false'`. */
  readonly options: string | null;
}

export interface UserCollation {
  readonly schema: string;
  readonly name: string;
  /** libc, icu or builtin. */
  readonly provider: 'c' | 'i' | 'b';
  readonly collate: string | null;
  readonly ctype: string | null;
  readonly locale: string | null;
  readonly rules: string | null;
  readonly deterministic: boolean;
}

/** What only trying tells. */
export interface HostFiles {
  /** Of functions: CREATE FUNCTION … SET. */
  readonly settings: readonly { readonly name: string; readonly value: string }[];
  readonly functions: readonly NativeFunction[];
  readonly dictionaries: readonly SearchDictionary[];
  readonly collations: readonly UserCollation[];
}

const notOfExtension = (catalogue: string): string =>
  `o.oid >= 16384 AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend x WHERE x.classid = 'pg_catalog.${catalogue}'::pg_catalog.regclass
    AND x.objid = o.oid AND x.deptype = 'e')`;

/** As one JSON object. */
export function hostFilesQuery(major: number): string {
  const locale = major >= 17 ? 'o.colllocale' : major >= 15 ? 'o.colliculocale' : 'NULL';
  return `SELECT pg_catalog.json_build_object(
    'settings', (SELECT COALESCE(pg_catalog.json_agg(pg_catalog.json_build_object('name', name, 'value', value) ORDER BY name, value), '[]') FROM (
      SELECT DISTINCT pg_catalog.substr(c.setting, 1, pg_catalog.strpos(c.setting, '=') - 1) AS name,
        pg_catalog.substr(c.setting, pg_catalog.strpos(c.setting, '=') + 1) AS value
      FROM pg_catalog.pg_proc o, pg_catalog.unnest(o.proconfig) c(setting) WHERE ${notOfExtension('pg_proc')}) s),
    'functions', (SELECT COALESCE(pg_catalog.json_agg(f), '[]') FROM (
      SELECT DISTINCT l.lanname AS language, o.probin AS library, o.prosrc AS symbol FROM pg_catalog.pg_proc o
      JOIN pg_catalog.pg_language l ON l.oid = o.prolang
      WHERE l.lanname IN ('c', 'internal') AND o.prokind <> 'a' AND ${notOfExtension('pg_proc')} ORDER BY 1, 2, 3) f),
    'dictionaries', (SELECT COALESCE(pg_catalog.json_agg(pg_catalog.json_build_object('schema', n.nspname, 'name', o.dictname,
        'template', pg_catalog.json_build_object('schema', tn.nspname, 'name', t.tmplname), 'options', o.dictinitoption,
        'extension', (SELECT e.extname FROM pg_catalog.pg_depend d JOIN pg_catalog.pg_extension e ON e.oid = d.refobjid
          WHERE d.classid = 'pg_catalog.pg_ts_template'::pg_catalog.regclass AND d.objid = t.oid AND d.deptype = 'e'))
        ORDER BY n.nspname, o.dictname), '[]')
      FROM pg_catalog.pg_ts_dict o JOIN pg_catalog.pg_namespace n ON n.oid = o.dictnamespace
      JOIN pg_catalog.pg_ts_template t ON t.oid = o.dicttemplate JOIN pg_catalog.pg_namespace tn ON tn.oid = t.tmplnamespace
      WHERE ${notOfExtension('pg_ts_dict')}),
    'collations', (SELECT COALESCE(pg_catalog.json_agg(pg_catalog.json_build_object('schema', n.nspname, 'name', o.collname,
        'provider', o.collprovider, 'collate', o.collcollate, 'ctype', o.collctype, 'locale', ${locale},
        'rules', ${major >= 16 ? 'o.collicurules' : 'NULL'}, 'deterministic', o.collisdeterministic) ORDER BY n.nspname, o.collname), '[]')
      FROM pg_catalog.pg_collation o JOIN pg_catalog.pg_namespace n ON n.oid = o.collnamespace
      WHERE n.nspname <> 'pg_catalog' AND o.collprovider <> 'd' AND ${notOfExtension('pg_collation')}))`;
}
