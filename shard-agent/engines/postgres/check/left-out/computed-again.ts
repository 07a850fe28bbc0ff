/** What a restore does not load but computes again, by what the database says now. */
import { classOf, type LeftOut, ofExtension, qualified, relations } from './kind.ts';

/** Catalogues of what users can replace under a name, so that it gives other values than it gave. */
const replaceable = ['pg_proc', 'pg_operator', 'pg_ts_config', 'pg_ts_dict', 'pg_cast'] as const;

export const computedAgain: readonly LeftOut[] = [
  {
    things: 'stored generated columns that call functions of users',
    query: `SELECT ${qualified('c.relname')} || '.' || pg_catalog.quote_ident(a.attname) AS name FROM ${relations}
      JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid JOIN pg_catalog.pg_attrdef f ON f.adrelid = c.oid AND f.adnum = a.attnum
      WHERE a.attgenerated = 's' AND NOT a.attisdropped AND c.relkind = 'r' AND EXISTS (
        SELECT FROM pg_catalog.pg_depend d WHERE d.refobjid >= 16384 AND (${replaceable
          .map(
            (catalogue) =>
              `d.refclassid = ${classOf(catalogue)} AND NOT ${ofExtension(catalogue, 'd.refobjid')}`,
          )
          .join(' OR ')})
          AND (d.classid = ${classOf('pg_attrdef')} AND d.objid = f.oid
            OR d.classid = ${classOf('pg_class')} AND d.objid = c.oid AND d.objsubid = a.attnum))`,
    cause:
      'a restore computes them again: where a function was replaced after their rows were written, they come back as it gives them now',
    remedy:
      'To have them the same before the backup: ALTER TABLE … ALTER … SET EXPRESSION …; or UPDATE the rows.',
  },
];
