/** Sequences with their positions. */
import type pg from 'pg';
import type { Fact } from '../../fact.ts';
import { grants, role, userSchemas } from './query.ts';

const query = `
  SELECT n.nspname AS schema, c.relname AS name, format('%I.%I', n.nspname, c.relname) AS path,
    concat_ws(', ', c.relpersistence, ${role('c.relowner')}, ${grants('c.relacl', 's', 'c.relowner')},
      format_type(s.seqtypid, NULL), 'start ' || s.seqstart, 'increment ' || s.seqincrement, 'max ' || s.seqmax,
      'min ' || s.seqmin, 'cache ' || s.seqcache, 'cycle ' || s.seqcycle,
      (SELECT 'owned (' || d.deptype::text || ') by ' || d.refobjid::regclass::text || '.' || quote_ident(a.attname)
        FROM pg_depend d JOIN pg_attribute a ON a.attrelid = d.refobjid AND a.attnum = d.refobjsubid
        WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype IN ('a', 'i') AND d.refobjsubid > 0)
    ) AS says
  FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace JOIN pg_sequence s ON s.seqrelid = c.oid
  WHERE c.relkind = 'S' AND c.relpersistence <> 't' AND ${userSchemas}`;

export async function sequenceFacts(client: pg.Client): Promise<Fact[]> {
  const { rows } = await client.query<{ schema: string; name: string; path: string; says: string }>(query);
  if (rows.length === 0) return [];
  const values = rows.map(
    ({ path }, index) => `SELECT ${index} AS index, last_value, is_called FROM ${path}`,
  );
  const positions = await client.query<{ index: number; last_value: string; is_called: boolean }>(
    values.join(' UNION ALL '),
  );
  return positions.rows.flatMap(({ index, last_value: value, is_called: called }) => {
    const row = rows[index];
    if (row === undefined) return [];
    const says = `${row.says}, at ${value}, called ${called}`;
    return [{ schema: row.schema, subject: `sequence ${row.name}`, says }];
  });
}
