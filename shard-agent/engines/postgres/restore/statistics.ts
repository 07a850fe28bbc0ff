/** The planner's statistics as the source had them, set in a loaded database instead of being computed again. */
import type { TableLine } from '../../../../repository/manifest-entries.ts';
import type { StoredShard } from '../../../engine.ts';
import { parts, statisticsPiece } from '../backup/statistics.ts';
import type { TableDetails } from '../backup/plan.ts';
import { isOfTheContent, quoteTable, type Session } from '../connection/connection.ts';

/** Servers take statistics from this version on. */
export const statisticsSince = 18;

export interface Statistics {
  /** As a backup wrote them. */
  readonly lines: AsyncIterable<Uint8Array>;
  /** Of the database. */
  readonly tables: readonly TableLine[];
  /** By table: see StoredShard. */
  readonly rows: StoredShard['rows'];
}

/** Undefined where the set has none of the database. */
export function storedStatistics(stored: StoredShard, database: string): Statistics | undefined {
  const piece = stored.schema.find((line) => line.database === database && line.name === statisticsPiece);
  if (piece === undefined) return undefined;
  return {
    lines: stored.openSchema(piece),
    tables: stored.tables.filter((table) => table.database === database),
    rows: stored.rows,
  };
}

/** Lines of one statement, in bytes, about; a longer one has a statement of its own. */
const batchBytes = 1 << 20;

/**
 * To be done when the indexes are there: those of expressions have statistics too. What cannot be set is left without
 * statistics, never with a part of them, and never fails the restore: see `covered`.
 */
export async function setStatistics(session: Session, { lines, tables, rows }: Statistics): Promise<void> {
  const moved = tables.filter((table) => loadIntoOf(table) !== undefined);
  const except = JSON.stringify(moved.map(({ schema, name }) => quoteTable(schema, name)));
  for await (const batch of batchesOf(lines, batchBytes)) await setBatch(session, batch, except);
  await setCounts(
    session,
    tables.filter((table) => loadIntoOf(table) === undefined),
    rows,
  );
}

/** Where the server itself chose a partition for each row, a partition's statistics are of rows that it need not hold. */
function loadIntoOf(table: TableLine): TableDetails['loadInto'] {
  return (table.engine as unknown as TableDetails).loadInto;
}

/** Whole lines, as many as come to about `bytes` together. */
export async function* batchesOf(input: AsyncIterable<Uint8Array>, bytes: number): AsyncGenerator<string[]> {
  const decoder = new TextDecoder();
  let rest = '';
  let batch: string[] = [];
  let size = 0;
  for await (const piece of input) {
    const lines = (rest + decoder.decode(piece, { stream: true })).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) {
      batch.push(line);
      size += line.length;
      if (size < bytes) continue;
      yield batch;
      batch = [];
      size = 0;
    }
  }
  if (rest !== '') batch.push(rest);
  if (batch.length > 0) yield batch;
}

/**
 * Names are looked up before they are handed over, for the server refuses a column it does not know. Where it took only a
 * part of what it was given, it says so by false.
 */
const setting = `
  SELECT nspname, relname, attname, inherited FROM (
    SELECT n.nspname::text, c.relname::text, a.attname::text, r.inherited, pg_catalog.pg_restore_attribute_stats(
      'version', r.version, 'schemaname', n.nspname::text, 'relname', c.relname::text,
      'attname', r."column", 'attnum', r.number, 'inherited', r.inherited,
      ${parts.map(([name]) => `'${name}', r.${name}`).join(', ')}) AS done
    FROM pg_catalog.json_to_recordset($1) r (version int4, schema text, relation text, "column" text, number int2, inherited bool,
        ${parts.map(([name, type]) => `${name} ${type}`).join(', ')})
      JOIN pg_catalog.pg_namespace n ON n.nspname = r.schema
      JOIN pg_catalog.pg_class c ON c.relnamespace = n.oid AND c.relname = r.relation
      JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid AND NOT a.attisdropped AND (a.attname = r."column" OR a.attnum = r.number)
      LEFT JOIN pg_catalog.pg_index i ON i.indexrelid = c.oid
    WHERE COALESCE(i.indrelid, c.oid) NOT IN (
      SELECT pg_catalog.to_regclass(m)::oid FROM pg_catalog.json_array_elements_text($2) m WHERE pg_catalog.to_regclass(m) IS NOT NULL)
    OFFSET 0) s
  WHERE NOT done`;

async function setBatch(session: Session, lines: readonly string[], except: string): Promise<void> {
  try {
    const inPart = await session.rows(setting, [`[${lines.join()}]`, except]);
    for (const { nspname, relname, attname, inherited } of inPart)
      await session.script(
        'SELECT pg_catalog.pg_clear_attribute_stats(schemaname => $1, relname => $2, attname => $3, inherited => $4)',
        [nspname, relname, attname, inherited],
      );
  } catch (error) {
    if (!isOfTheContent(error)) throw error;
    if (lines.length > 1) for (const line of lines) await setBatch(session, [line], except);
  }
}

/** For a WITH: columns that have statistics. */
export const known = `
  known (relation, name, inherited) AS MATERIALIZED (
    SELECT c.oid, s.attname, s.inherited FROM pg_catalog.pg_stats s
      JOIN pg_catalog.pg_namespace n ON n.nspname = s.schemaname
      JOIN pg_catalog.pg_class c ON c.relnamespace = n.oid AND c.relname = s.tablename
    WHERE n.nspname NOT IN ('pg_catalog', 'information_schema'))`;

/**
 * Exact, and of these files: the source's had other pages. A table whose index was built after its rows has them already,
 * unless autovacuum is off.
 */
const counting = `WITH ${known}
  SELECT pg_catalog.count(pg_catalog.pg_restore_relation_stats('schemaname', n.nspname::text, 'relname', c.relname::text,
    'relpages', (pg_catalog.pg_relation_size(c.oid) / pg_catalog.current_setting('block_size')::int8)::int4, 'reltuples', r.rows))
  FROM pg_catalog.json_to_recordset($1) r (schema text, name text, rows float4)
    JOIN pg_catalog.pg_namespace n ON n.nspname = r.schema
    JOIN pg_catalog.pg_class c ON c.relnamespace = n.oid AND c.relname = r.name
  WHERE c.relkind = 'r' AND c.reltuples <> r.rows AND c.oid IN (SELECT relation FROM known)`;

async function setCounts(
  session: Session,
  tables: readonly TableLine[],
  rows: Statistics['rows'],
): Promise<void> {
  const counted = tables.map(({ schema, name, table }) => ({ schema, name, rows: rows.get(table) ?? 0 }));
  try {
    await session.script(counting, [JSON.stringify(counted)]);
  } catch (error) {
    if (!isOfTheContent(error)) throw error;
  }
}

const analysed = (column: string): string =>
  `${column}.attnum > 0 AND NOT ${column}.attisdropped AND ${column}.attgenerated <> 'v' AND COALESCE(${column}.attstattarget, -1) <> 0`;

/**
 * Whether table `c` needs no ANALYZE: the number of its rows is known, it has no statistics objects, which servers before
 * 19 do not take, and each of its columns, and of its indexes' expressions, has its statistics: of its own rows where it
 * has any, and of its children's where it has children.
 */
export const covered = `(
  EXISTS (SELECT FROM known k WHERE k.relation = c.oid)
  AND (c.relkind = 'p' OR c.reltuples >= 0)
  AND NOT EXISTS (SELECT FROM pg_catalog.pg_statistic_ext e WHERE e.stxrelid = c.oid AND COALESCE(e.stxstattarget, -1) <> 0)
  AND NOT EXISTS (SELECT FROM pg_catalog.pg_attribute a
    CROSS JOIN (VALUES (false), (true)) side (inherited)
    WHERE a.attrelid = c.oid AND ${analysed('a')}
      AND CASE WHEN side.inherited THEN EXISTS (SELECT FROM pg_catalog.pg_inherits h WHERE h.inhparent = c.oid)
        ELSE c.relkind <> 'p' AND c.reltuples <> 0 END
      AND (c.oid, a.attname, side.inherited) NOT IN (SELECT relation, name, inherited FROM known))
  AND NOT EXISTS (SELECT FROM pg_catalog.pg_index i JOIN pg_catalog.pg_class x ON x.oid = i.indexrelid AND x.relkind = 'i'
    JOIN pg_catalog.pg_attribute a ON a.attrelid = x.oid AND ${analysed('a')}
    WHERE i.indrelid = c.oid AND i.indexprs IS NOT NULL AND i.indkey[a.attnum - 1] = 0 AND x.reltuples <> 0 AND c.reltuples <> 0
      AND (x.oid, a.attname, false) NOT IN (SELECT relation, name, inherited FROM known)))`;
