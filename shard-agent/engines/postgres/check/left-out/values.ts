/** Values, and rows of views, that a restore cannot bring back by itself. */
import { coveredTables, foreignNamespaces } from '../../catalogue.ts';
import { classOf, type LeftOut, qualified, relations } from './kind.ts';

/** Columns that hold values of a type chosen by `types`, also inside arrays, domains, ranges and row types. */
const columnsOf = (types: string): string => `
  SELECT pg_catalog.quote_ident(c.nspname) || '.' || pg_catalog.quote_ident(c.relname) || '.' || pg_catalog.quote_ident(a.attname) AS name
  FROM (SELECT c.oid, n.nspname, c.relname ${coveredTables} AND c.relkind = 'r') c
  JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = ''
  WHERE a.atttypid IN (
    WITH RECURSIVE holding (oid) AS (
      SELECT oid FROM pg_catalog.pg_type WHERE ${types}
      UNION SELECT next.oid FROM holding CROSS JOIN LATERAL (
        SELECT t.oid FROM pg_catalog.pg_type t WHERE t.typbasetype = holding.oid
        UNION ALL SELECT t.typarray FROM pg_catalog.pg_type t WHERE t.oid = holding.oid AND t.typarray <> 0
        UNION ALL SELECT k.reltype FROM pg_catalog.pg_attribute part JOIN pg_catalog.pg_class k ON k.oid = part.attrelid AND k.reltype <> 0
          WHERE part.atttypid = holding.oid AND part.attnum > 0 AND NOT part.attisdropped
        UNION ALL SELECT r.rngtypid FROM pg_catalog.pg_range r WHERE r.rngsubtype = holding.oid) next (oid)
    ) SELECT oid FROM holding)`;

/** Their input functions refuse every value. */
const neverRead = `typnamespace = 'pg_catalog'::pg_catalog.regnamespace AND typname IN ('pg_node_tree', 'pg_ndistinct', 'pg_dependencies',
  'pg_mcv_list', 'pg_brin_bloom_summary', 'pg_brin_minmax_multi_summary', 'gtsvector')`;

const ofRoles = `typnamespace = 'pg_catalog'::pg_catalog.regnamespace AND typname IN ('regrole', 'aclitem')`;

/** Materialised views whose rows come from foreign tables, through whatever views, and those that read such a view. */
const overForeignTables = `
  WITH RECURSIVE seen (top, oid) AS (
    SELECT oid, oid FROM pg_catalog.pg_class WHERE relkind = 'm' AND relispopulated
    UNION SELECT seen.top, next.oid FROM seen CROSS JOIN LATERAL (
      SELECT d.refobjid FROM pg_catalog.pg_class v JOIN pg_catalog.pg_rewrite w ON w.ev_class = v.oid
        JOIN pg_catalog.pg_depend d ON d.classid = ${classOf('pg_rewrite')} AND d.objid = w.oid AND d.refclassid = ${classOf('pg_class')}
        WHERE v.oid = seen.oid AND v.relkind IN ('v', 'm')
      UNION ALL SELECT i.inhrelid FROM pg_catalog.pg_inherits i WHERE i.inhparent = seen.oid) next (oid)
  )
  SELECT DISTINCT ${qualified('c.relname')} AS name FROM seen JOIN ${relations} ON c.oid = seen.top
  JOIN pg_catalog.pg_foreign_table f ON f.ftrelid = seen.oid WHERE ${foreignNamespaces}`;

export const values: readonly LeftOut[] = [
  {
    things: 'columns of types that are written and never read',
    query: columnsOf(neverRead),
    cause:
      'no server takes such a value: pg_node_tree, pg_ndistinct and the like are made by the server itself',
    remedy: 'ALTER TABLE … ALTER … TYPE text;',
    fatal: true,
  },
  {
    things: 'columns whose values name roles',
    query: columnsOf(ofRoles),
    cause: 'their rows are refused by a server that has not these roles (types regrole and aclitem)',
    remedy: 'Take the backup with --globals and restore with --globals, or make the roles on the target.',
  },
  {
    things: 'materialised views over foreign tables',
    query: overForeignTables,
    cause:
      'a restore refreshes them from that other server, as it is then; where it cannot be reached they are left unpopulated',
    remedy: 'After such a restore: REFRESH MATERIALIZED VIEW …;',
  },
];
