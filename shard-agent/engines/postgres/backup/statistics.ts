/** The planner's statistics of large tables, as they stand in the cut: what a restore would otherwise compute again. */
import type { SchemaPiece } from '../../../engine.ts';
import { foreignNamespaces } from '../catalogue.ts';
import { during, isOfTheContent, Session, type PostgresConfig } from '../connection/connection.ts';
import { beginInSnapshot } from './read-lane.ts';

/** What the piece is called in the manifest. */
export const statisticsPiece = 'statistics';

/** All kinds of statistics can be seen from this version on: views of older ones leave out those of ranges. */
const completeSince = 17;

/**
 * Of smaller tables nothing is carried: ANALYZE reads them whole, and costs no more than statistics cost to read and to set
 * (six columns, 18: 0.3 ms for 16 KiB, 0.7 ms for 128 KiB, 3.5 ms for 370 KiB, 160 ms for 50 MiB; carried, 2 ms each).
 * Nor of materialised views: a restore makes their rows anew. By the catalogue alone: asking for the size of a file would
 * wait behind whoever alters the table.
 */
const isLarge = (relation: string): string =>
  `(${relation}.relkind <> 'm' AND (${relation}.relkind IN ('p', 'f') OR ${relation}.relhassubclass
    OR ${relation}.relpages * pg_catalog.current_setting('block_size')::int8 >= 262144))`;

/** Whether a database has any to carry, as one statement for a session in the cut; undefined where none can be carried. */
export function askForStatistics(database: { major: number; encoding: string }): string | undefined {
  // In SQL_ASCII values are bytes of no known encoding.
  if (database.major < completeSince || database.encoding === 'SQL_ASCII') return undefined;
  return `SELECT EXISTS (SELECT FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
    WHERE c.relkind IN ('r', 'p', 'f') AND c.reltuples > 0 AND ${foreignNamespaces} AND ${isLarge('c')}) AS any`;
}

/** What a column's statistics are made of, with the type each has; `pg_stats` and pg_restore_attribute_stats use one name. */
export const parts: readonly (readonly [name: string, type: string])[] = [
  ['null_frac', 'real'],
  ['avg_width', 'integer'],
  ['n_distinct', 'real'],
  ['most_common_vals', 'text'],
  ['most_common_freqs', 'real[]'],
  ['histogram_bounds', 'text'],
  ['correlation', 'real'],
  ['most_common_elems', 'text'],
  ['most_common_elem_freqs', 'real[]'],
  ['elem_count_histogram', 'real[]'],
  ['range_length_histogram', 'text'],
  ['range_empty_frac', 'real'],
  ['range_bounds_histogram', 'text'],
];

/**
 * One JSON object a line. Columns of an index are known by number: their names may be others after a restore. Left out:
 * columns of regclass and its kin, which are ordered by numbers that are others on every server, and what would not fit
 * into a line, so that memory stays bounded. How many pages a table has and how many rows is no part of it: the tables'
 * files are new in a restore.
 */
const statement = `DECLARE statistics NO SCROLL CURSOR FOR
  WITH large (oid, schema, name, kind) AS MATERIALIZED (
    SELECT c.oid, n.nspname, c.relname, c.relkind
    FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
      LEFT JOIN pg_catalog.pg_index i ON i.indexrelid = c.oid AND i.indexprs IS NOT NULL
      LEFT JOIN pg_catalog.pg_class t ON t.oid = i.indrelid
    WHERE ${foreignNamespaces} AND CASE c.relkind WHEN 'i' THEN ${isLarge('t')} ELSE c.relkind IN ('r', 'p', 'f') AND ${isLarge('c')} END
  ), lines (line) AS (
    SELECT pg_catalog.json_build_object('version', pg_catalog.current_setting('server_version_num')::int4,
      'schema', large.schema, 'relation', large.name, 'column', CASE WHEN large.kind <> 'i' THEN s.attname END,
      'number', CASE WHEN large.kind = 'i' THEN a.attnum END, 'inherited', s.inherited,
      ${parts.map(([name]) => `'${name}', s.${name}::text`).join(', ')})::text
    FROM large
      -- One by one: joined as a whole, the view asks for the privileges on each column of the database.
      CROSS JOIN LATERAL (SELECT * FROM pg_catalog.pg_stats v WHERE v.schemaname = large.schema AND v.tablename = large.name OFFSET 0) s
      JOIN pg_catalog.pg_attribute a ON a.attrelid = large.oid AND a.attname = s.attname
    WHERE NOT EXISTS (SELECT FROM pg_catalog.pg_type y WHERE y.oid = a.atttypid AND y.oid < 16384 AND y.typname ~ '^_?reg')
    OFFSET 0
  ) SELECT line FROM lines WHERE pg_catalog.octet_length(line) < 1048576`;
const linesAtOnce = 16;

/** As everything before the data, read while it is consumed. */
export function statisticsOf(options: {
  config: PostgresConfig;
  database: string;
  snapshot: string;
}): SchemaPiece {
  const { database } = options;
  return {
    database,
    name: statisticsPiece,
    fileName: `${statisticsPiece}.jsonl`,
    packed: false,
    body: readLines(options),
  };
}

/**
 * Where a value cannot be written (by a type of users' own, or in UTF-8) it ends early, and with it what is carried:
 * whatever has no statistics after a restore is analysed.
 */
async function* readLines(options: {
  config: PostgresConfig;
  database: string;
  snapshot: string;
}): AsyncIterable<Uint8Array> {
  const { config, database, snapshot } = options;
  const session = await Session.open(config, database, 'statistics');
  const ask = <T>(action: () => Promise<T>): Promise<T> =>
    during('read the statistics', `database ${database}`, action);
  try {
    await ask(() =>
      session.script([...beginInSnapshot(snapshot), 'SET LOCAL lock_timeout = 5000'].join('; ')),
    );
    let next = `${statement}; FETCH ${linesAtOnce} FROM statistics`;
    for (;;) {
      const sql = next;
      const rows = await ask(() =>
        session.rows(sql).catch((error: unknown) => {
          if (isOfTheContent(error)) return [];
          throw error;
        }),
      );
      if (rows.length > 0) yield Buffer.from(rows.map((row) => `${row['line'] ?? ''}\n`).join(''));
      if (rows.length < linesAtOnce) return;
      next = `FETCH ${linesAtOnce} FROM statistics`;
    }
  } finally {
    await session.close();
  }
}
