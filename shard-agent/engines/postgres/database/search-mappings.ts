/** The server's own text search configurations, where somebody altered which dictionaries they use: pg_dump does not tell. */
import { quoteName, quoteTable } from '../connection/connection.ts';
import { afterInitdb } from './row-makers.ts';

/** All that one of them maps. */
export interface SearchMapping {
  /** In the schema `pg_catalog`. */
  readonly configuration: string;
  /** Every kind of token that its parser knows; without dictionaries where it is not mapped. */
  readonly tokens: readonly {
    readonly token: string;
    readonly dictionaries: readonly { readonly schema: string; readonly name: string }[];
  }[];
}

/** As initdb makes them, each maps so many kinds of tokens. */
const usualTokens = 19;

/** Configuration `c` was altered. */
export const alteredMappings = `c.oid < 16384 AND (
  EXISTS (SELECT FROM pg_catalog.pg_ts_config_map m WHERE m.mapcfg = c.oid AND ${afterInitdb('m')})
  OR ${usualTokens} <> (SELECT pg_catalog.count(DISTINCT m.maptokentype) FROM pg_catalog.pg_ts_config_map m WHERE m.mapcfg = c.oid))`;

export const searchMappingsQuery = `
  SELECT COALESCE(pg_catalog.json_agg(pg_catalog.json_build_object('configuration', c.cfgname, 'tokens', (
    SELECT pg_catalog.json_agg(pg_catalog.json_build_object('token', t.alias, 'dictionaries', (
      SELECT COALESCE(pg_catalog.json_agg(pg_catalog.json_build_object('schema', n.nspname, 'name', d.dictname) ORDER BY m.mapseqno), '[]')
      FROM pg_catalog.pg_ts_config_map m JOIN pg_catalog.pg_ts_dict d ON d.oid = m.mapdict
      JOIN pg_catalog.pg_namespace n ON n.oid = d.dictnamespace WHERE m.mapcfg = c.oid AND m.maptokentype = t.tokid)) ORDER BY t.tokid)
    FROM pg_catalog.ts_token_type(c.cfgparser) t)) ORDER BY c.cfgname), '[]')
  FROM pg_catalog.pg_ts_config c WHERE ${alteredMappings}`;

/** For a database whose dictionaries are there, and whose rows are not: generated columns are computed by them. */
export function searchMappingStatements(mappings: readonly SearchMapping[]): string[] {
  return mappings.flatMap(({ configuration, tokens }) => {
    const alter = `ALTER TEXT SEARCH CONFIGURATION ${quoteTable('pg_catalog', configuration)}`;
    const all = tokens.map(({ token }) => quoteName(token)).join(', ');
    return [
      `${alter} DROP MAPPING IF EXISTS FOR ${all}`,
      ...tokens
        .filter(({ dictionaries }) => dictionaries.length > 0)
        .map(({ token, dictionaries }) => {
          const names = dictionaries.map(({ schema, name }) => quoteTable(schema, name)).join(', ');
          return `${alter} ADD MAPPING FOR ${quoteName(token)} WITH ${names}`;
        }),
    ];
  });
}
