/**
 * What users add to an extension's own objects, and what they change in them. A restore makes an extension anew by its script, and
 * pg_dump carries of its members nothing but grants and the rows of configuration tables.
 */
import { configurationSequence } from '../../database/properties.ts';
import { columns, familyMember, hanging, later, memberOf, members } from './extension-additions.ts';
import { usedAdditions } from './extension-uses.ts';
import { classOf, described, initialGrants, type LeftOut } from './kind.ts';

/** Catalogues whose rows bear no grants, so that whatever writes one anew has changed it. */
const withoutGrants = [
  'pg_operator',
  'pg_opclass',
  'pg_opfamily',
  'pg_conversion',
  'pg_ts_config',
  'pg_ts_dict',
  'pg_ts_parser',
  'pg_ts_template',
  'pg_event_trigger',
] as const;

const owners = [
  ['pg_class', 'relowner'],
  ['pg_proc', 'proowner'],
  ['pg_type', 'typowner'],
  ['pg_operator', 'oprowner'],
  ['pg_opclass', 'opcowner'],
  ['pg_opfamily', 'opfowner'],
  ['pg_conversion', 'conowner'],
  ['pg_collation', 'collowner'],
  ['pg_ts_config', 'cfgowner'],
  ['pg_ts_dict', 'dictowner'],
  ['pg_namespace', 'nspowner'],
  ['pg_foreign_data_wrapper', 'fdwowner'],
  ['pg_foreign_server', 'srvowner'],
  ['pg_event_trigger', 'evtowner'],
] as const;

const changed = [
  ...withoutGrants.map(
    (catalogue) =>
      `SELECT ${described(catalogue, 'o.oid')} AS name FROM pg_catalog.${catalogue} o ${memberOf(catalogue, 'o.oid')} WHERE ${later('o')}`,
  ),
  // Replacing a function records anew what it needs; a grant writes its row alone.
  `SELECT ${described('pg_proc', 'o.oid')} FROM pg_catalog.pg_proc o ${memberOf('pg_proc', 'o.oid')}
     WHERE ${later('o')} AND (${initialGrants('pg_proc', 'o.oid', 'o.proacl')} OR o.proconfig IS NOT NULL
       OR EXISTS (SELECT FROM pg_catalog.pg_depend d WHERE d.classid = ${classOf('pg_proc')} AND d.objid = o.oid
         AND d.deptype <> 'e' AND ${later('d')}))`,
  `SELECT ${described('pg_class', 'o.oid')} FROM pg_catalog.pg_class o ${memberOf('pg_class', 'o.oid')}
     WHERE ${later('o')} AND (o.reloptions IS NOT NULL OR o.relrowsecurity OR o.relforcerowsecurity OR o.relreplident = 'f')`,
  `SELECT ${described('pg_class', 'o.attrelid', 'o.attnum')} FROM pg_catalog.pg_attribute o ${memberOf('pg_class', 'o.attrelid')}
     WHERE o.attnum > 0 AND NOT o.attisdropped AND ${later('o')} AND (COALESCE(o.attstattarget, -1) <> -1 OR o.attoptions IS NOT NULL)`,
  `SELECT ${described('pg_ts_config', 'o.mapcfg')} FROM pg_catalog.pg_ts_config_map o ${memberOf('pg_ts_config', 'o.mapcfg')}
     WHERE ${later('o')}`,
  ...owners.map(
    ([catalogue, owner]) =>
      `SELECT ${described(catalogue, 'o.oid')} || ' (its owner)' FROM pg_catalog.${catalogue} o ${memberOf(catalogue, 'o.oid')}
         JOIN pg_catalog.pg_extension e ON e.oid = m.extension WHERE o.${owner} NOT IN (10, e.extowner)`,
  ),
  `SELECT pg_catalog.pg_describe_object(o.classoid, o.objoid, o.objsubid) || ' (its comment)' FROM pg_catalog.pg_description o
     JOIN member m ON m.classid = o.classoid AND m.objid = o.objoid WHERE ${later('o')}`,
].join(' UNION ALL ');

export const ofExtensions: readonly LeftOut[] = [
  {
    things: 'what was added to objects of extensions',
    query: `WITH ${members} SELECT DISTINCT name FROM (
      SELECT pg_catalog.pg_describe_object(classid, objid, objsubid) AS name FROM (${hanging} UNION ${columns}) h
      UNION ALL SELECT ${described('pg_type', 'o.enumtypid')} || ': ' || pg_catalog.quote_literal(o.enumlabel)
        FROM pg_catalog.pg_enum o ${memberOf('pg_type', 'o.enumtypid')} WHERE ${later('o')}
      UNION ALL ${familyMember('pg_amop', 'amopfamily')} UNION ALL ${familyMember('pg_amproc', 'amprocfamily')}) added`,
    cause: "it is left out: a restore makes an extension by the extension's own script",
    remedy: 'After a restore, add it again; or keep it in tables, types and schemas of your own.',
  },
  ...usedAdditions,
  {
    things: 'objects of extensions that were altered',
    query: `WITH ${members} SELECT DISTINCT name FROM (${changed}) altered`,
    cause: "they come back as the extension's own script makes them",
    remedy: 'After a restore, alter them again.',
  },
  {
    things: 'sequences of extensions',
    query: `SELECT pg_catalog.quote_ident(s.schemaname) || '.' || pg_catalog.quote_ident(s.sequencename) AS name
      FROM pg_catalog.pg_sequences s JOIN pg_catalog.pg_namespace n ON n.nspname = s.schemaname
      JOIN pg_catalog.pg_class c ON c.relnamespace = n.oid AND c.relname = s.sequencename
      JOIN pg_catalog.pg_depend d ON d.classid = ${classOf('pg_class')} AND d.objid = c.oid AND d.deptype = 'e'
      WHERE s.last_value IS NOT NULL AND NOT ${configurationSequence}`,
    cause: 'their positions are left out: the extension does not declare them as part of its configuration',
    remedy: "After a restore: SELECT setval(…); or ask the extension's author for pg_extension_config_dump.",
  },
];
