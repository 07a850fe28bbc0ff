/** Statistics of a loaded database, without asking any other server. */
import { foreignNamespaces } from '../catalogue.ts';
import {
  during,
  isOfTheContent,
  quoteName,
  quoteTable,
  quoteText,
  Session,
  type PostgresConfig,
} from '../connection/connection.ts';
import type { DatabaseProperties } from '../database/properties.ts';
import { ownerOf, pathOf, withPath } from './owner-path.ts';
import { covered, known, setStatistics, statisticsSince, type Statistics } from './statistics.ts';

/** Tables in one statement; larger ones have one of their own, so that sessions side by side end together. */
const tablesPerStatement = 200;
const largeBytes = 1 << 20;
/** The server samples no more rows than these hold, about: beyond it the columns count. */
const sampledBytes = 4 << 20;

/**
 * Sets what the set holds, where the server takes it, then analyses every other table of users on several sessions side by
 * side. A table whose own expressions fail under its owner's search path too is left without statistics, as its server's autovacuum
 * would leave it.
 * `evaluation`: what they are evaluated under, see evaluationSettings.
 */
export async function analyse(options: {
  config: PostgresConfig;
  /** The staging database. */
  connectTo: string;
  /** Sessions. */
  lanes: number;
  evaluation: readonly { readonly name: string; readonly value: string }[];
  properties: Pick<DatabaseProperties, 'settings'>;
  /** Undefined where the set has none. */
  statistics: Statistics | undefined;
}): Promise<void> {
  const settings = [
    'SET default_transaction_read_only = off',
    // Whoever marks the database as loaded makes this durable too.
    'SET synchronous_commit = off',
    ...options.evaluation.map(({ name, value }) => `SET ${quoteName(name)} TO ${quoteText(value)}`),
  ].join('; ');
  let batches: Promise<string[][]> | undefined;
  const work = async (): Promise<void> => {
    const session = await Session.open(options.config, options.connectTo, 'analyse');
    try {
      await during('analyse the tables', `database ${options.connectTo}`, async () => {
        await session.script(settings);
        batches ??= prepare(session, options.statistics);
        const left = await batches;
        for (let tables = left.pop(); tables !== undefined; tables = left.pop())
          await analyseTables(session, tables, options.properties);
      });
    } finally {
      await session.close();
    }
  };
  await Promise.all(Array.from({ length: Math.max(1, options.lanes) }, work));
}

async function prepare(session: Session, statistics: Statistics | undefined): Promise<string[][]> {
  const set = statistics !== undefined && session.majorVersion >= statisticsSince;
  if (set) await setStatistics(session, statistics);
  return batchesOf(await readTables(session, set));
}

interface AnalysedTable {
  readonly name: string;
  readonly bytes: number;
}

/**
 * Cheapest first. A partitioned table's statement does its partitions too, except where statistics were `set`: there each
 * partition stands for itself, and what they cover is left out. Not among them: a partitioned table or a parent with a
 * foreign table among its descendants, which would be read where its rows are, and a server that is not there would break
 * the restore. Such parents are left to autovacuum and their users; their partitions stand here themselves.
 */
async function readTables(session: Session, set: boolean): Promise<AnalysedTable[]> {
  const rows = await session.rows(`
    WITH RECURSIVE far (oid) AS (
      SELECT i.inhparent FROM pg_catalog.pg_inherits i JOIN pg_catalog.pg_foreign_table f ON f.ftrelid = i.inhrelid
      UNION SELECT i.inhparent FROM pg_catalog.pg_inherits i JOIN far ON far.oid = i.inhrelid
    )${set ? `, ${known}` : ''}
    SELECT n.nspname, c.relname, pg_catalog.pg_relation_size(c.oid) AS bytes
    FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
    WHERE c.relkind IN ('r', 'p', 'm') AND c.relpersistence <> 't' AND NOT c.relisshared AND c.oid NOT IN (SELECT oid FROM far)
      AND ${foreignNamespaces}
      AND NOT ${set ? covered : byParent}
    ORDER BY LEAST(pg_catalog.pg_relation_size(c.oid), ${sampledBytes}) * c.relnatts, 1, 2`);
  return rows.map((row) => ({
    name: `${set ? 'ONLY ' : ''}${quoteTable(row['nspname'] ?? '', row['relname'] ?? '')}`,
    bytes: Number(row['bytes']),
  }));
}

const byParent = `(c.relispartition AND EXISTS (
  SELECT FROM pg_catalog.pg_inherits i WHERE i.inhrelid = c.oid AND i.inhparent NOT IN (SELECT oid FROM far)))`;

/** To be taken from the end. */
function batchesOf(tables: readonly AnalysedTable[]): string[][] {
  const small = tables.filter(({ bytes }) => bytes < largeBytes).map(({ name }) => name);
  const large = tables.filter(({ bytes }) => bytes >= largeBytes).map(({ name }) => [name]);
  const batches = Array.from({ length: Math.ceil(small.length / tablesPerStatement) }, (_, part) =>
    small.slice(part * tablesPerStatement, (part + 1) * tablesPerStatement),
  );
  return [...batches, ...large];
}

async function analyseTables(
  session: Session,
  tables: readonly string[],
  properties: Pick<DatabaseProperties, 'settings'>,
): Promise<void> {
  try {
    await session.script(`ANALYZE ${tables.join(', ')}`);
  } catch (error) {
    if (!isOfTheContent(error)) throw error;
    const [first] = tables;
    if (tables.length > 1) for (const table of tables) await analyseTables(session, [table], properties);
    else if (first !== undefined) await analyseWithPath(session, first, properties);
  }
}

/** The server evaluates a table's expressions as its owner, whoever analyses it. */
async function analyseWithPath(
  session: Session,
  table: string,
  properties: Pick<DatabaseProperties, 'settings'>,
): Promise<void> {
  const role = await ownerOf(session, table.replace(/^ONLY /, ''));
  if (role === undefined) return;
  const path = withPath(await pathOf(session, properties, role));
  try {
    await session.script(`BEGIN; ${path}; ANALYZE ${table}; COMMIT`);
  } catch (error) {
    if (!isOfTheContent(error)) throw error;
    await session.script('ROLLBACK');
  }
}
