/**
 * What users put into the server's own schemas, and what they change in the server's own objects. pg_dump takes both for the
 * server: it carries none of it.
 */
import { afterInitdb } from '../../database/row-makers.ts';
import { classOf, described, initialGrants, type LeftOut, ofExtension } from './kind.ts';

/** The lowest object id that is not the server's own. */
const firstOwn = 16_384;

/** Catalogues of objects in schemas, without those of functions, relations, types and collations. */
const inSchemas = [
  ['pg_operator', 'oprnamespace'],
  ['pg_opclass', 'opcnamespace'],
  ['pg_opfamily', 'opfnamespace'],
  ['pg_conversion', 'connamespace'],
  ['pg_ts_config', 'cfgnamespace'],
  ['pg_ts_dict', 'dictnamespace'],
  ['pg_ts_parser', 'prsnamespace'],
  ['pg_ts_template', 'tmplnamespace'],
  ['pg_statistic_ext', 'stxnamespace'],
] as const;

const serverSchemas = `('pg_catalog'::pg_catalog.regnamespace, pg_catalog.to_regnamespace('information_schema'))`;

/** Of an array type, what it is an array of. */
const elementOrSelf = `COALESCE((SELECT e.oid FROM pg_catalog.pg_type e WHERE e.oid = o.typelem AND e.typarray = o.oid), o.oid)`;

/** Locales of the host that somebody has had the server look for again. */
const importedCollation = `(o.collname ~ '-x-icu$' OR pg_catalog.strpos(pg_catalog.lower(o.collcollate), pg_catalog.lower(o.collname)) = 1)`;

/**
 * What of users is in the server's schemas; row types and array types, which come with something else, as `shown` of that.
 */
const misplaced = [
  ...inSchemas.map(
    ([catalogue, schema]) =>
      `SELECT ${classOf(catalogue)}::oid AS classid, o.oid AS objid, o.oid AS shown FROM pg_catalog.${catalogue} o
         WHERE o.oid >= ${firstOwn} AND o.${schema} IN ${serverSchemas} AND NOT ${ofExtension(catalogue, 'o.oid')}`,
  ),
  `SELECT ${classOf('pg_proc')}::oid, o.oid, o.oid FROM pg_catalog.pg_proc o
     WHERE o.oid >= ${firstOwn} AND o.pronamespace IN ${serverSchemas} AND NOT ${ofExtension('pg_proc', 'o.oid')}`,
  `SELECT ${classOf('pg_class')}::oid, o.oid, o.oid FROM pg_catalog.pg_class o WHERE o.oid >= ${firstOwn}
     AND o.relnamespace IN ${serverSchemas} AND o.relkind NOT IN ('i', 'I', 't', 'c') AND NOT ${ofExtension('pg_class', 'o.oid')}`,
  `SELECT ${classOf('pg_type')}::oid, o.oid, ${elementOrSelf} FROM pg_catalog.pg_type o
     WHERE o.oid >= ${firstOwn} AND o.typnamespace IN ${serverSchemas}
       AND NOT EXISTS (SELECT FROM pg_catalog.pg_class c WHERE c.oid = o.typrelid AND c.relkind <> 'c')
       AND NOT ${ofExtension('pg_type', elementOrSelf)}`,
  `SELECT ${classOf('pg_collation')}::oid, o.oid, o.oid FROM pg_catalog.pg_collation o WHERE o.oid >= ${firstOwn}
     AND o.collnamespace IN ${serverSchemas} AND NOT ${importedCollation} AND NOT ${ofExtension('pg_collation', 'o.oid')}`,
].join(' UNION ALL ');

/** What a dependency is part of, where that is another object: the view of a rule, the table of a default. */
const whole = `COALESCE(
  (SELECT ev_class FROM pg_catalog.pg_rewrite WHERE d.classid = ${classOf('pg_rewrite')} AND oid = d.objid),
  (SELECT adrelid FROM pg_catalog.pg_attrdef WHERE d.classid = ${classOf('pg_attrdef')} AND oid = d.objid),
  (SELECT CASE WHEN conrelid = 0 THEN contypid ELSE conrelid END FROM pg_catalog.pg_constraint
    WHERE d.classid = ${classOf('pg_constraint')} AND oid = d.objid),
  (SELECT amopfamily FROM pg_catalog.pg_amop WHERE d.classid = ${classOf('pg_amop')} AND oid = d.objid),
  (SELECT amprocfamily FROM pg_catalog.pg_amproc WHERE d.classid = ${classOf('pg_amproc')} AND oid = d.objid),
  d.objid)`;

/** Rows of a catalogue that only the server writes, and a change to an object. */
const altered = (catalogue: string, also = ''): string =>
  `SELECT ${described(catalogue, 'o.oid')} AS name FROM pg_catalog.${catalogue} o
     WHERE o.oid < ${firstOwn} AND ${afterInitdb('o')} ${also} AND NOT ${ofExtension(catalogue, 'o.oid')}`;

/** A member of an operator family that belongs to none of the operator classes in it: pg_dump tells it with the family alone. */
const looseMember = (
  catalogue: string,
  family: string,
  uses: readonly [catalogue: string, oid: string],
): string =>
  `SELECT o.oid, ${described(catalogue, 'o.oid')} AS name FROM pg_catalog.${catalogue} o
     WHERE o.oid >= ${firstOwn} AND o.${family} < ${firstOwn} AND NOT ${ofExtension(uses[0], `o.${uses[1]}`)}
       AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend d WHERE d.classid = ${classOf(catalogue)} AND d.objid = o.oid
         AND d.refclassid = ${classOf('pg_opclass')})`;

/** What hangs on relations and domains, and of which. */
const parts = [
  ['pg_trigger', 'o.tgrelid'],
  ['pg_attrdef', 'o.adrelid'],
  ['pg_policy', 'o.polrelid'],
  ['pg_constraint', 'GREATEST(o.conrelid, o.contypid)'],
] as const;

export const inServersSchemas: readonly LeftOut[] = [
  {
    things: "objects in the server's own schemas",
    query: `SELECT DISTINCT pg_catalog.pg_describe_object(classid, shown, 0) AS name FROM (${misplaced}) o`,
    cause: 'they are left out: what is there is taken for the server',
    remedy: 'Move them to a schema of their own: ALTER … SET SCHEMA …;',
  },
  {
    things: "objects in the server's own schemas that other objects use",
    query: `WITH own AS (${misplaced})
      SELECT DISTINCT pg_catalog.pg_describe_object(o.classid, o.shown, 0) || ' (used by ' ||
        pg_catalog.pg_describe_object(d.classid, d.objid, d.objsubid) || ')' AS name
      FROM own o JOIN pg_catalog.pg_depend d ON d.refclassid = o.classid AND d.refobjid = o.objid AND d.deptype IN ('n', 'a')
      WHERE NOT EXISTS (SELECT FROM own p WHERE p.objid = d.objid OR p.objid = ${whole})
        AND ${whole} >= ${firstOwn}
        AND d.objid NOT IN (SELECT objid FROM pg_catalog.pg_depend WHERE deptype = 'e')
        AND ${whole} NOT IN (SELECT objid FROM pg_catalog.pg_depend WHERE deptype = 'e')`,
    cause:
      'no restore can make what uses them: they are left out, because what is there is taken for the server',
    remedy: 'Move them to a schema of their own: ALTER … SET SCHEMA …;',
    fatal: true,
  },
  {
    things: "the server's own objects that were altered",
    query: [
      altered(
        'pg_proc',
        `AND (${initialGrants('pg_proc', 'o.oid', 'o.proacl')} OR o.proconfig IS NOT NULL OR o.prolang NOT IN (
           SELECT oid FROM pg_catalog.pg_language WHERE lanname IN ('internal', 'c', 'sql')) OR o.prolang = 14 AND o.prosqlbody IS NULL)`,
      ),
      ...inSchemas.filter(([name]) => name !== 'pg_statistic_ext').map(([name]) => altered(name)),
      altered('pg_am'),
      altered('pg_collation', 'AND o.collowner <> 10'),
      altered('pg_type', `AND ${initialGrants('pg_type', 'o.oid', 'o.typacl')}`),
      altered(
        'pg_class',
        `AND (o.relkind = 'r' AND o.reloptions IS NOT NULL OR o.relowner <> 10
           OR o.relkind = 'v' AND o.relnamespace = 'information_schema'::pg_catalog.regnamespace)`,
      ),
      ...parts.map(
        ([catalogue, of]) => `SELECT ${described(catalogue, 'o.oid')} FROM pg_catalog.${catalogue} o
          WHERE ${of} BETWEEN 1 AND ${firstOwn - 1} AND (o.oid >= ${firstOwn} OR ${afterInitdb('o')})`,
      ),
      `SELECT CASE WHEN o.rulename = '_RETURN' THEN ${described('pg_class', 'o.ev_class')} ELSE ${described('pg_rewrite', 'o.oid')} END
         FROM pg_catalog.pg_rewrite o WHERE o.ev_class < ${firstOwn} AND ${afterInitdb('o')}`,
    ].join(' UNION '),
    cause: 'they come back as every new database has them',
    remedy: 'After a restore, alter them again; or make objects of your own in a schema of your own.',
  },
  {
    things: "comments on the server's own objects",
    query: `SELECT pg_catalog.pg_describe_object(o.classoid, o.objoid, o.objsubid) AS name FROM pg_catalog.pg_description o
      WHERE o.objoid < ${firstOwn} AND ${afterInitdb('o')} AND o.classoid NOT IN (${classOf('pg_largeobject')}, ${classOf('pg_extension')})
        AND NOT (o.classoid = ${classOf('pg_namespace')} AND o.objoid IN (SELECT oid FROM pg_catalog.pg_namespace WHERE nspname = 'public'))`,
    cause: 'they are left out: every new database has those of its server',
    remedy: 'After a restore: COMMENT ON …;',
  },
  {
    things: "what was added to the server's own operator families",
    query: `SELECT name FROM (${looseMember('pg_amop', 'amopfamily', ['pg_operator', 'amopopr'])}
      UNION ALL ${looseMember('pg_amproc', 'amprocfamily', ['pg_proc', 'amproc'])}) o`,
    cause: 'it is left out: the family is taken for the server',
    remedy: 'After a restore: ALTER OPERATOR FAMILY … ADD …;',
  },
  {
    things: "constraints that compare by what was added to the server's own operator families",
    query: `SELECT ${described('pg_constraint', 'k.oid')} AS name FROM pg_catalog.pg_constraint k
      WHERE k.contype IN ('x', 'f') AND EXISTS (SELECT FROM (${looseMember('pg_amop', 'amopfamily', ['pg_operator', 'amopopr'])}) m
        JOIN pg_catalog.pg_amop a ON a.oid = m.oid WHERE a.amopopr = ANY (k.conexclop || k.conpfeqop))`,
    cause:
      'no restore can make them: what they compare by is left out, because the family is taken for the server',
    remedy: 'Make an operator family and class of your own, and use it for the constraint.',
    fatal: true,
  },
];
