/** What users add to an extension's own objects, told from what the extension's script made by the transactions that made both. */
import { madeBy } from '../../database/row-makers.ts';
import { classOf, described } from './kind.ts';

/** What an extension made, and by which transactions: its own row and each membership tell one. */
export const members = `
  member AS MATERIALIZED (SELECT d.classid, d.objid, d.refobjid AS extension, ${madeBy('d')} AS maker FROM pg_catalog.pg_depend d
    WHERE d.refclassid = ${classOf('pg_extension')} AND d.deptype = 'e' AND d.refobjid >= 16384),
  given AS MATERIALIZED (SELECT extension, maker FROM member UNION SELECT e.oid, ${madeBy('e')} FROM pg_catalog.pg_extension e)`;

/** The row was not written together with the extension `m` belongs to. */
export const later = (row: string): string =>
  `NOT EXISTS (SELECT FROM given g WHERE g.extension = m.extension AND g.maker = ${madeBy(row)})`;

export const memberOf = (catalogue: string, oid: string): string =>
  `JOIN member m ON m.classid = ${classOf(catalogue)} AND m.objid = ${oid}`;

/** A member of a family that no operator class brings along. */
export const familyMember = (catalogue: string, family: string, also?: string): string =>
  `SELECT ${[described(catalogue, 'o.oid') + ' AS name', ...(also === undefined ? [] : [also])].join(', ')} FROM pg_catalog.${catalogue} o ${memberOf('pg_opfamily', `o.${family}`)}
     WHERE ${later('o')} AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend d WHERE d.classid = ${classOf(catalogue)} AND d.objid = o.oid
       AND d.refclassid = ${classOf('pg_opclass')})`;

/** Indexes, constraints, triggers and so on hang on their table by a dependency, which nothing rewrites. */
export const hanging = `
  SELECT DISTINCT d.classid, d.objid, d.objsubid
  FROM member m JOIN pg_catalog.pg_depend d ON d.refclassid = m.classid AND d.refobjid = m.objid AND d.deptype IN ('a', 'i')
  LEFT JOIN pg_catalog.pg_class i ON d.classid = ${classOf('pg_class')} AND i.oid = d.objid
  LEFT JOIN pg_catalog.pg_trigger t ON d.classid = ${classOf('pg_trigger')} AND t.oid = d.objid
  WHERE m.classid IN (${classOf('pg_class')}, ${classOf('pg_type')}) AND ${later('d')}
    AND (d.classid IN (${['pg_constraint', 'pg_attrdef', 'pg_rewrite', 'pg_policy', 'pg_statistic_ext', 'pg_publication_rel'].map(classOf).join(', ')})
      OR i.relkind IN ('i', 'I') OR NOT t.tgisinternal)`;

/** A grant, a statistics target and options of a column write its row anew as well. */
const settled = `o.attacl IS NULL AND COALESCE(o.attstattarget, -1) = -1 AND o.attoptions IS NULL`;

export const columns = `
  SELECT ${classOf('pg_class')}::oid, o.attrelid, o.attnum::int FROM pg_catalog.pg_attribute o ${memberOf('pg_class', 'o.attrelid')}
  WHERE o.attnum > 0 AND NOT o.attisdropped AND ${settled} AND ${later('o')}`;
