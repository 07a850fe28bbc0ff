/** Functions, procedures, aggregates, languages, event triggers, text search. */
import { type CatalogueQuery, grants, named, role, since, sorted, userSchemas } from './query.ts';

const routines: CatalogueQuery = (major) => `
  SELECT n.nspname AS schema, 'routine ' || quote_ident(p.proname) || '(' || pg_get_function_identity_arguments(p.oid) || ')' AS subject,
    p.prokind::text AS kind, ${role('p.proowner')} AS owner, l.lanname AS language, ${grants('p.proacl', 'f', 'p.proowner')} AS grants,
    pg_get_function_arguments(p.oid) AS arguments, pg_get_function_result(p.oid) AS result, p.proretset AS set,
    p.procost AS cost, p.prorows AS rows, p.prosupport::text AS support, p.prosecdef AS definer, p.proleakproof AS leakproof,
    p.proisstrict AS strict, p.provolatile::text AS volatility, p.proparallel::text AS parallel, p.provariadic::regtype::text AS variadic,
    array_to_string(p.proconfig, E'\\n') AS settings, p.prosrc AS source, p.probin AS library,
    ${since(14, major, 'pg_get_function_sqlbody(p.oid) AS body')}
    (SELECT string_agg(format_type(t, NULL), ', ') FROM unnest(p.protrftypes) t) AS transforms
  FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace JOIN pg_language l ON l.oid = p.prolang WHERE ${userSchemas}`;

const aggregates: CatalogueQuery = () => `
  SELECT n.nspname AS schema, 'aggregate ' || a.aggfnoid::regprocedure::text AS subject, a.aggkind::text AS kind, a.aggnumdirectargs AS direct,
    concat_ws(', ', a.aggtransfn::text, a.aggfinalfn::text, a.aggcombinefn::text, a.aggserialfn::text, a.aggdeserialfn::text,
      a.aggmtransfn::text, a.aggminvtransfn::text, a.aggmfinalfn::text) AS functions,
    concat_ws(', ', a.aggfinalextra, a.aggmfinalextra, a.aggfinalmodify, a.aggmfinalmodify) AS modes,
    nullif(a.aggsortop, 0)::regoperator::text AS sort, format_type(a.aggtranstype, NULL) AS state, a.aggtransspace AS space,
    format_type(nullif(a.aggmtranstype, 0), NULL) AS moving_state, a.aggmtransspace AS moving_space,
    a.agginitval AS initial, a.aggminitval AS moving_initial
  FROM pg_aggregate a JOIN pg_proc p ON p.oid = a.aggfnoid JOIN pg_namespace n ON n.oid = p.pronamespace WHERE ${userSchemas}`;

const languages: CatalogueQuery = () => `
  SELECT '' AS schema, 'language ' || quote_ident(l.lanname) AS subject, ${role('l.lanowner')} AS owner, l.lanpltrusted AS trusted,
    nullif(l.lanplcallfoid, 0)::regprocedure::text AS handler, nullif(l.laninline, 0)::regprocedure::text AS inline,
    nullif(l.lanvalidator, 0)::regprocedure::text AS validator, ${grants('l.lanacl', 'l', 'l.lanowner')} AS grants
  FROM pg_language l WHERE l.lanispl`;

const eventTriggers: CatalogueQuery = () => `
  SELECT '' AS schema, 'event trigger ' || quote_ident(e.evtname) AS subject, e.evtevent AS event, ${role('e.evtowner')} AS owner,
    e.evtenabled::text AS enabled, e.evtfoid::regprocedure::text AS function, array_to_string(e.evttags, ', ') AS tags
  FROM pg_event_trigger e`;

const accessMethods: CatalogueQuery = () => `
  SELECT '' AS schema, 'access method ' || quote_ident(a.amname) AS subject, a.amhandler::text AS handler, a.amtype::text AS type
  FROM pg_am a WHERE a.oid >= 16384`;

const searchConfigurations: CatalogueQuery = () => `
  SELECT n.nspname AS schema, 'text search configuration ' || quote_ident(c.cfgname) AS subject, ${role('c.cfgowner')} AS owner,
    ${named('pg_ts_parser', 'prsname', 'prsnamespace', 'c.cfgparser')} AS parser,
    (SELECT string_agg(m.maptokentype || ': ' || m.mapdict::regdictionary::text, ', ' ORDER BY m.maptokentype, m.mapseqno)
      FROM pg_ts_config_map m WHERE m.mapcfg = c.oid) AS mapping
  FROM pg_ts_config c JOIN pg_namespace n ON n.oid = c.cfgnamespace WHERE ${userSchemas}`;

const searchDictionaries: CatalogueQuery = () => `
  SELECT n.nspname AS schema, 'text search dictionary ' || quote_ident(d.dictname) AS subject, ${role('d.dictowner')} AS owner,
    ${named('pg_ts_template', 'tmplname', 'tmplnamespace', 'd.dicttemplate')} AS template, d.dictinitoption AS options
  FROM pg_ts_dict d JOIN pg_namespace n ON n.oid = d.dictnamespace WHERE ${userSchemas}`;

const searchTemplates: CatalogueQuery = () => `
  SELECT n.nspname AS schema, 'text search template ' || quote_ident(t.tmplname) AS subject, t.tmplinit::text AS init, t.tmpllexize::text AS lexize
  FROM pg_ts_template t JOIN pg_namespace n ON n.oid = t.tmplnamespace WHERE ${userSchemas}`;

const searchParsers: CatalogueQuery = () => `
  SELECT n.nspname AS schema, 'text search parser ' || quote_ident(p.prsname) AS subject,
    concat_ws(', ', p.prsstart::text, p.prstoken::text, p.prsend::text, p.prsheadline::text, p.prslextype::text) AS functions
  FROM pg_ts_parser p JOIN pg_namespace n ON n.oid = p.prsnamespace WHERE ${userSchemas}`;

/** Grants on the server's own objects that somebody has changed since initdb. */
const systemGrants: CatalogueQuery = () => `
  SELECT '' AS schema, 'grants on ' || o.identity AS subject, ${sorted('o.acl')} AS grants
  FROM (SELECT 'pg_proc'::regclass AS class, p.oid, p.oid::regprocedure::text AS identity, p.proacl AS acl FROM pg_proc p
    JOIN pg_namespace n ON n.oid = p.pronamespace WHERE NOT (${userSchemas})
    UNION ALL SELECT 'pg_class'::regclass, c.oid, c.oid::regclass::text, c.relacl FROM pg_class c
    JOIN pg_namespace n ON n.oid = c.relnamespace WHERE NOT (${userSchemas}) AND c.relpersistence <> 't') o
  LEFT JOIN pg_init_privs i ON i.classoid = o.class AND i.objoid = o.oid AND i.objsubid = 0
  WHERE o.acl IS DISTINCT FROM i.initprivs`;

export const codeQueries: readonly CatalogueQuery[] = [
  routines,
  aggregates,
  languages,
  eventTriggers,
  accessMethods,
  searchConfigurations,
  searchDictionaries,
  searchTemplates,
  searchParsers,
  systemGrants,
];
