/**
 * What users add to an extension's own objects, and what they change in them. A restore makes an extension anew by its script, and
 * pg_dump carries of its members nothing but grants and the rows of configuration tables.
 */
import { configurationSequence } from '../../database/properties.ts';
import { madeBy } from '../../database/row-makers.ts';
import { classOf, described, initialGrants, type LeftOut } from './kind.ts';

/** What an extension made, and by which transactions: its own row and each membership tell one. */
const members = `
  member AS MATERIALIZED (SELECT d.classid, d.objid, d.refobjid AS extension, ${madeBy('d')} AS maker FROM pg_catalog.pg_depend d
    WHERE d.refclassid = ${classOf('pg_extension')} AND d.deptype = 'e' AND d.refobjid >= 16384),
  given AS MATERIALIZED (SELECT extension, maker FROM member UNION SELECT e.oid, ${madeBy('e')} FROM pg_catalog.pg_extension e)`;

/** The row was not written together with the extension `m` belongs to. */
const later = (row: string): string =>
  `NOT EXISTS (SELECT FROM given g WHERE g.extension = m.extension AND g.maker = ${madeBy(row)})`;

const memberOf = (catalogue: string, oid: string): string =>
  `JOIN member m ON m.classid = ${classOf(catalogue)} AND m.objid = ${oid}`;

/** A member of a family that no operator class brings along. */
const familyMember = (catalogue: string, family: string): string =>
  `SELECT ${described(catalogue, 'o.oid')} AS name FROM pg_catalog.${catalogue} o ${memberOf('pg_opfamily', `o.${family}`)}
     WHERE ${later('o')} AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend d WHERE d.classid = ${classOf(catalogue)} AND d.objid = o.oid
       AND d.refclassid = ${classOf('pg_opclass')})`;

/** Indexes, constraints, triggers and so on hang on their table by a dependency, which nothing rewrites. */
const hanging = `
  SELECT DISTINCT d.classid, d.objid, d.objsubid
  FROM member m JOIN pg_catalog.pg_depend d ON d.refclassid = m.classid AND d.refobjid = m.objid AND d.deptype IN ('a', 'i')
  LEFT JOIN pg_catalog.pg_class i ON d.classid = ${classOf('pg_class')} AND i.oid = d.objid
  LEFT JOIN pg_catalog.pg_trigger t ON d.classid = ${classOf('pg_trigger')} AND t.oid = d.objid
  WHERE m.classid IN (${classOf('pg_class')}, ${classOf('pg_type')}) AND ${later('d')}
    AND (d.classid IN (${['pg_constraint', 'pg_attrdef', 'pg_rewrite', 'pg_policy', 'pg_statistic_ext', 'pg_publication_rel'].map(classOf).join(', ')})
      OR i.relkind IN ('i', 'I') OR NOT t.tgisinternal)`;

/** A grant, a statistics target and options of a column write its row anew as well. */
const settled = `o.attacl IS NULL AND COALESCE(o.attstattarget, -1) = -1 AND o.attoptions IS NULL`;

const columns = `
  SELECT ${classOf('pg_class')}::oid, o.attrelid, o.attnum::int FROM pg_catalog.pg_attribute o ${memberOf('pg_class', 'o.attrelid')}
  WHERE o.attnum > 0 AND NOT o.attisdropped AND ${settled} AND ${later('o')}`;

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
  {
    things: 'what was added to objects of extensions and is used by other objects',
    query: `WITH ${members}, added AS (${hanging} UNION ${columns})
      SELECT DISTINCT pg_catalog.pg_describe_object(a.classid, a.objid, a.objsubid) || ' (used by ' ||
        pg_catalog.pg_describe_object(d.classid, d.objid, d.objsubid) || ')' AS name
      FROM added a JOIN pg_catalog.pg_depend d ON d.refclassid = a.classid AND d.refobjid = a.objid
        AND d.refobjsubid = a.objsubid AND d.deptype IN ('n', 'a')
      LEFT JOIN pg_catalog.pg_class i ON d.classid = ${classOf('pg_class')} AND i.oid = d.objid
      WHERE d.classid <> ${classOf('pg_statistic_ext')} AND COALESCE(i.relkind NOT IN ('i', 'I', 'S'), true)
        AND NOT EXISTS (SELECT FROM added b WHERE b.classid = d.classid AND b.objid = d.objid)
        AND NOT EXISTS (SELECT FROM member m WHERE m.classid = d.classid AND m.objid = d.objid)
      UNION SELECT ${described('pg_class', 'a.objid', 'a.objsubid')} || ' (used by ' || ${described('pg_class', 'i.inhrelid')} || ')'
      FROM added a JOIN pg_catalog.pg_inherits i ON i.inhparent = a.objid
      WHERE a.classid = ${classOf('pg_class')} AND a.objsubid > 0
        AND NOT EXISTS (SELECT FROM member m WHERE m.classid = a.classid AND m.objid = i.inhrelid)`,
    cause: "a restore fails at what uses it, unless the extension's own script makes it",
    remedy: 'Keep it in tables of your own, or have the extension make it: ALTER EXTENSION … UPDATE.',
  },
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
