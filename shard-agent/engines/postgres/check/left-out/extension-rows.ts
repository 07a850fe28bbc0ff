/** Rows that users put into an extension's own tables, apart from those that the extension declares as its configuration. */
import { quoteTable, type Row, type Session, sqlState } from '../../connection/connection.ts';
import { madeBy } from '../../database/row-makers.ts';
import { classOf } from './kind.ts';

export const extensionRows = {
  things: 'rows in tables of extensions',
  cause:
    'they are left out: the extension does not declare them as its configuration, and a restore has those of its script',
  remedy:
    "Copy them apart, or into tables of your own; or ask the extension's author for pg_extension_config_dump.",
} as const;

/** A condition is asked of every row, so not of larger tables. */
const mostConditionedBytes = 16 << 20;

const lockWait = '2s';

/** Tables with something in them, the condition of those that are a configuration, and the transactions that made the extension. */
const candidates = `
  SELECT n.nspname, c.relname, k.condition,
    pg_catalog.has_table_privilege(c.oid, 'SELECT') AND pg_catalog.has_schema_privilege(n.oid, 'USAGE')
      AND NOT pg_catalog.row_security_active(c.oid) AS readable,
    (SELECT pg_catalog.array_agg(DISTINCT maker) FROM (SELECT ${madeBy('d')} AS maker FROM pg_catalog.pg_depend d
       WHERE d.refclassid = ${classOf('pg_extension')} AND d.refobjid = e.oid AND d.deptype = 'e'
       UNION ALL SELECT ${madeBy('e')}) makers) AS makers
  FROM pg_catalog.pg_extension e JOIN pg_catalog.pg_depend m ON m.refclassid = ${classOf('pg_extension')} AND m.refobjid = e.oid
    AND m.deptype = 'e' AND m.classid = ${classOf('pg_class')}
  JOIN pg_catalog.pg_class c ON c.oid = m.objid JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
  CROSS JOIN LATERAL (SELECT e.extcondition[pg_catalog.array_position(e.extconfig, c.oid)] AS condition) k
  WHERE c.relkind = 'r' AND e.oid >= 16384 AND pg_catalog.pg_relation_size(c.oid) > 0
    AND (k.condition IS NULL OR k.condition <> '' AND pg_catalog.pg_relation_size(c.oid) <= ${mostConditionedBytes})
  ORDER BY 1, 2`;

/** Their tables, as SQL names them. One that cannot be read is named as well. The session is in no transaction. */
export async function tablesWithRows(session: Session): Promise<string[]> {
  const found: string[] = [];
  for (const row of await session.rows(candidates))
    if (await hasLaterRows(session, row)) found.push(nameOf(row));
  return found;
}

function nameOf(row: Row): string {
  return quoteTable(row['nspname'] ?? '', row['relname'] ?? '');
}

/** A row that was written after the extension was made, and that no configuration carries. */
async function hasLaterRows(session: Session, row: Row): Promise<boolean> {
  if (row['readable'] !== 't') return true;
  const table = nameOf(row);
  const carried = row['condition'] == null ? '' : `EXCEPT SELECT ctid FROM ONLY ${table} ${row['condition']}`;
  try {
    const answers = await session.script(
      `BEGIN READ ONLY; SET LOCAL lock_timeout = '${lockWait}';
       SELECT EXISTS (SELECT ctid FROM ONLY ${table} t WHERE ${madeBy('t')} <> ALL ('${row['makers'] ?? '{}'}') ${carried}) AS later; COMMIT`,
    );
    return answers[2]?.rows[0]?.['later'] === 't';
  } catch (error) {
    if (session.alive) await session.script('ROLLBACK');
    // 55P03, lock_not_available: somebody alters it.
    if (sqlState(error) === '55P03') return true;
    throw error;
  }
}
