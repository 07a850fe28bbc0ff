/** What of a database only a superuser can make again. */
import { alteredMappings } from './search-mappings.ts';

/** Whether an object belongs to an extension, which is made as a whole. */
const ofExtension = (catalogue: string, oid: string): string =>
  `EXISTS (SELECT FROM pg_catalog.pg_depend x WHERE x.classid = 'pg_catalog.${catalogue}'::pg_catalog.regclass
    AND x.objid = ${oid} AND x.deptype = 'e')`;

/** Of a catalogue of objects that nobody else makes: what they are called, and the column of their name. */
const always = [
  ['event trigger', 'pg_event_trigger', 'evtname'],
  ['foreign-data wrapper', 'pg_foreign_data_wrapper', 'fdwname'],
  ['operator class', 'pg_opclass', 'opcname'],
  ['operator family', 'pg_opfamily', 'opfname'],
  ['text search parser', 'pg_ts_parser', 'prsname'],
  ['text search template', 'pg_ts_template', 'tmplname'],
  ['access method', 'pg_am', 'amname'],
  ['language', 'pg_language', 'lanname'],
] as const;

/** The server's own objects whose grants a dump tells where they are not as initdb made them. Not `information_schema`: it tells none of that. */
const serverGrants = [
  ['pg_class', 'relacl', 'relnamespace'],
  ['pg_proc', 'proacl', 'pronamespace'],
  ['pg_type', 'typacl', 'typnamespace'],
] as const;

const grantsOf = ([catalogue, grants, schema]: readonly [string, string, string]): string => `
  SELECT 'grants on ' || pg_catalog.pg_describe_object('pg_catalog.${catalogue}'::pg_catalog.regclass, o.oid, 0)
  FROM pg_catalog.${catalogue} o LEFT JOIN pg_catalog.pg_init_privs i
    ON i.classoid = 'pg_catalog.${catalogue}'::pg_catalog.regclass AND i.objoid = o.oid AND i.objsubid = 0
  WHERE o.oid < 16384 AND o.${schema} = 'pg_catalog'::pg_catalog.regnamespace AND o.${grants} IS DISTINCT FROM i.initprivs`;

/** As a JSON array of texts: `event trigger audit`. */
export function superuserObjectsQuery(major: number): string {
  const schemas =
    major >= 15
      ? 'OR EXISTS (SELECT FROM pg_catalog.pg_publication_namespace n WHERE n.pnpubid = p.oid)'
      : '';
  return `
    SELECT COALESCE(pg_catalog.json_agg(name ORDER BY name), '[]') FROM (
      ${always
        .map(
          ([kind, catalogue, name]) =>
            `SELECT '${kind} ' || ${name} AS name FROM pg_catalog.${catalogue} o WHERE o.oid >= 16384 AND NOT ${ofExtension(catalogue, 'o.oid')}`,
        )
        .join(' UNION ALL ')}
      UNION ALL SELECT 'publication ' || pubname FROM pg_catalog.pg_publication p WHERE puballtables ${schemas}
      UNION ALL SELECT 'base type ' || t.oid::pg_catalog.regtype::text FROM pg_catalog.pg_type t
        WHERE t.oid >= 16384 AND t.typtype = 'b' AND NOT EXISTS (SELECT FROM pg_catalog.pg_type e WHERE e.typarray = t.oid)
          AND NOT ${ofExtension('pg_type', 't.oid')}
      UNION ALL SELECT 'function ' || f.oid::pg_catalog.regprocedure::text FROM pg_catalog.pg_proc f
        JOIN pg_catalog.pg_language l ON l.oid = f.prolang
        WHERE f.oid >= 16384 AND (f.proleakproof OR f.prokind <> 'a' AND NOT l.lanpltrusted) AND NOT ${ofExtension('pg_proc', 'f.oid')}
      UNION ALL SELECT 'cast from ' || c.castsource::pg_catalog.regtype || ' to ' || c.casttarget::pg_catalog.regtype
        FROM pg_catalog.pg_cast c WHERE c.oid >= 16384 AND c.castmethod = 'b' AND NOT ${ofExtension('pg_cast', 'c.oid')}
      UNION ALL SELECT 'text search configuration ' || c.cfgname FROM pg_catalog.pg_ts_config c WHERE ${alteredMappings}
      UNION ALL ${serverGrants.map(grantsOf).join(' UNION ALL ')}
    ) q`;
}
