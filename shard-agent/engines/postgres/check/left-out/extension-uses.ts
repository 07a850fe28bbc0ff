/**
 * What users add to an extension's own objects, and what of theirs needs it. A restore makes the extension by its script alone,
 * and then fails at what needs the rest.
 */
import { madeBy } from '../../database/row-makers.ts';
import { columns, familyMember, hanging, later, memberOf, members } from './extension-additions.ts';
import { classOf, described, type LeftOut } from './kind.ts';

/**
 * What was added; an index of a key hangs on its constraint alone. An index may also be the extension's own: pg_upgrade makes tables of extensions in one
 * transaction and their indexes in another. Then each member came alone (from version 17 on together
 * with its types) and the extension's row without any, or tables of users came together with them.
 */
const added = `
  hung AS MATERIALIZED (${hanging}),
  added AS MATERIALIZED (SELECT * FROM hung UNION ${columns}
    UNION SELECT ${classOf('pg_class')}, k.conindid, 0 FROM hung h JOIN pg_catalog.pg_constraint k
      ON h.classid = ${classOf('pg_constraint')} AND k.oid = h.objid WHERE k.contype IN ('p', 'u', 'x')),
  upgraded AS MATERIALIZED (SELECT e.oid AS extension FROM pg_catalog.pg_extension e
    WHERE NOT EXISTS (SELECT FROM member m WHERE m.extension = e.oid AND (m.maker = ${madeBy('e')}
        OR EXISTS (SELECT FROM member o WHERE o.extension = e.oid AND o.maker = m.maker AND (o.classid, o.objid) <> (m.classid, m.objid)
          AND ${classOf('pg_type')} NOT IN (o.classid, m.classid))))
      OR EXISTS (SELECT FROM given g JOIN pg_catalog.pg_class t ON ${madeBy('t')} = g.maker WHERE g.extension = e.oid AND t.oid >= 16384
        AND t.relkind IN ('r', 'p', 'v', 'm', 'f')
        AND NOT EXISTS (SELECT FROM member o WHERE o.classid = ${classOf('pg_class')} AND o.objid = t.oid))),
  doubtful AS MATERIALIZED (SELECT i.indexrelid AS index FROM pg_catalog.pg_index i ${memberOf('pg_class', 'i.indrelid')}
    JOIN upgraded u ON u.extension = m.extension)`;

/** Keys of tables, whichever of index and constraint a dependency names. */
const inDoubt = `EXISTS (SELECT FROM doubtful i WHERE a.classid = ${classOf('pg_class')} AND a.objsubid = 0 AND i.index = a.objid
  OR a.classid = ${classOf('pg_constraint')} AND i.index = (SELECT k.conindid FROM pg_catalog.pg_constraint k WHERE k.oid = a.objid))`;

const notOfExtension = (classId: string, oid: string): string =>
  `NOT EXISTS (SELECT FROM member m WHERE m.classid = ${classId} AND m.objid = ${oid})`;

/** Objects that say by a recorded dependency that they need it. */
const dependents = (doubt: string): string => `
  SELECT pg_catalog.pg_describe_object(a.classid, a.objid, a.objsubid) || ' (used by ' ||
    pg_catalog.pg_describe_object(d.classid, d.objid, d.objsubid) || ')' AS name
  FROM added a JOIN pg_catalog.pg_depend d ON d.refclassid = a.classid AND d.refobjid = a.objid
    AND d.refobjsubid = a.objsubid AND d.deptype IN ('n', 'a')
  LEFT JOIN pg_catalog.pg_class i ON d.classid = ${classOf('pg_class')} AND i.oid = d.objid
  WHERE ${doubt} AND d.classid <> ${classOf('pg_statistic_ext')} AND COALESCE(i.relkind NOT IN ('i', 'I', 'S'), true)
    AND NOT EXISTS (SELECT FROM added b WHERE b.classid = d.classid AND b.objid = d.objid) AND ${notOfExtension('d.classid', 'd.objid')}`;

export const usedAdditions: readonly LeftOut[] = [
  {
    things: 'what was added to objects of extensions and is used by other objects',
    query: `WITH ${members}, ${added} ${dependents(`NOT ${inDoubt}`)}
      UNION SELECT ${described('pg_class', 'a.objid', 'a.objsubid')} || ' (used by ' || ${described('pg_class', 'i.inhrelid')} || ')'
        FROM added a JOIN pg_catalog.pg_inherits i ON i.inhparent = a.objid
        WHERE a.classid = ${classOf('pg_class')} AND a.objsubid > 0 AND ${notOfExtension('a.classid', 'i.inhrelid')}
      UNION SELECT ${described('pg_type', 'o.enumtypid')} || ': ' || pg_catalog.quote_literal(o.enumlabel) || ' (used by ' ||
          ${described('pg_class', 'c.oid', 'u.attnum')} || ')'
        FROM pg_catalog.pg_enum o ${memberOf('pg_type', 'o.enumtypid')} JOIN pg_catalog.pg_type t ON t.oid = o.enumtypid
        JOIN pg_catalog.pg_attribute u ON u.atttypid IN (t.oid, t.typarray) JOIN pg_catalog.pg_class c ON c.oid = u.attrelid
        WHERE ${later('o')} AND c.relkind = 'r' AND u.attnum > 0 AND NOT u.attisdropped AND ${notOfExtension(classOf('pg_class'), 'c.oid')}
      UNION SELECT o.name || ' (used by ' || ${described('pg_constraint', 'k.oid')} || ')'
        FROM (${familyMember('pg_amop', 'amopfamily', 'o.amopopr AS operator')}) o
        JOIN pg_catalog.pg_constraint k ON k.contype IN ('x', 'f') AND o.operator = ANY (k.conexclop || k.conpfeqop)`,
    cause:
      "no restore can make what uses it: it is left out, because a restore makes an extension by the extension's own script",
    remedy:
      'Keep it in tables and types of your own, or have the extension make it: ALTER EXTENSION … UPDATE.',
    fatal: true,
  },
  {
    things: 'keys of tables of upgraded extensions that other objects use',
    query: `WITH ${members}, ${added} ${dependents(inDoubt)}`,
    cause:
      "a restore fails at what uses them, unless the extension's own script makes them: after pg_upgrade this cannot be told",
    remedy: 'tidemark check --rehearse tries it.',
  },
];
