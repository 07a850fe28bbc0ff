/** What a cut holds beside the rows: the databases' lines, their schema, the server's globals, the invariants' answers. */
import { TidemarkError } from '../../../../proto/errors.ts';
import type { DatabaseLine, InvariantLine } from '../../../../repository/manifest-entries.ts';
import type { InvariantQuery } from '../../../../topology/agent-file.ts';
import type { BackupOrder, SchemaPiece } from '../../../engine.ts';
import {
  databaseError,
  during,
  serverWords,
  Session,
  sqlState,
  type PostgresConfig,
} from '../connection/connection.ts';
import { convertsSharedNames } from '../connection/shared-names.ts';
import { isStall } from '../../../stall-watch.ts';
import type { DatabaseBarrier } from '../barrier/database-barrier.ts';
import { answerInvariant, requireBackedUp } from '../invariant.ts';
import { readProperties } from '../database/properties.ts';
import { roleColumns, rolesInValues } from '../database/roles-in-values.ts';
import { beginInSnapshot } from './read-lane.ts';
import { archivePiece, largeObjectsPiece, schemaPiece, serverPiece } from './schema.ts';
import { askForStatistics, statisticsOf } from './statistics.ts';
import { settingsOfAll } from '../globals/settings-of-all.ts';
import { subjectOf } from '../server.ts';
import { findTool, type Tool, type ToolRuns } from '../connection/tools.ts';

/** As pg_dump waits: see schemaPiece. */
const lockWait = `SET LOCAL lock_timeout = '5s'`;

/** Where it is read from, while the cut's snapshots stand. */
export interface CutSource {
  readonly config: PostgresConfig;
  readonly runs: ToolRuns;
  /** The pg_dump in use. */
  readonly tool: Tool;
  readonly databases: readonly DatabaseBarrier[];
  readonly monitor: Session;
  readonly globals: BackupOrder['globals'];
  /** Neither large objects nor statistics: for a rehearsal. */
  readonly schemaOnly: boolean;
}

export async function readDatabaseLines({ config, databases, tool }: CutSource): Promise<DatabaseLine[]> {
  const lines: DatabaseLine[] = [];
  for (const database of databases) {
    const { bytes, properties } = await inSnapshot(database, 'read its properties', () =>
      readProperties(database.exporter, tool.major),
    );
    const rolesInValues = await readRolesInValues(config, database);
    lines.push({
      kind: 'database',
      name: database.database,
      sourceBytes: bytes,
      engine: { ...properties, ...(rolesInValues.length === 0 ? {} : { rolesInValues }) },
    });
  }
  return lines;
}

/** In a session of its own: the exporter must not wait for whoever alters a table. */
async function readRolesInValues(config: PostgresConfig, database: DatabaseBarrier): Promise<string[]> {
  const operation = 'look for roles in values';
  const columns = await inSnapshot(database, operation, () => roleColumns(database.exporter));
  if (columns.length === 0) return [];
  const session = await Session.open(config, database.database, 'roles');
  try {
    return await during(operation, `database ${database.database}`, async () => {
      await session.script([...beginInSnapshot(database.snapshot ?? ''), lockWait].join('; '));
      return rolesInValues(session, columns);
    });
  } finally {
    await session.close();
  }
}

/** The server's globals first, where they were ordered. Each piece is read while it is consumed. */
export async function* readSchema(source: CutSource): AsyncIterable<SchemaPiece> {
  if (source.globals !== 'none') yield await globalsPieceOf(source, source.globals);
  const { config, runs, tool } = source;
  for (const database of source.databases) {
    const common = {
      config,
      runs,
      tool,
      database: database.database,
      encoding: database.catalogue.encoding,
      snapshot: database.snapshot ?? '',
    };
    yield schemaPiece({ ...common, name: archivePiece });
    if (source.schemaOnly) continue;
    const row = await inSnapshot(database, 'look for large objects', () =>
      database.exporter.row('SELECT EXISTS (SELECT FROM pg_catalog.pg_largeobject_metadata) AS any'),
    );
    if (row['any'] === 't') yield schemaPiece({ ...common, name: largeObjectsPiece });
    if (await hasStatistics(database)) yield statisticsOf(common);
  }
}

async function hasStatistics(database: DatabaseBarrier): Promise<boolean> {
  const { encoding } = database.catalogue;
  const question = askForStatistics({ major: database.exporter.majorVersion, encoding });
  if (question === undefined) return false;
  const row = await inSnapshot(database, 'look for statistics', () => database.exporter.row(question));
  return row['any'] === 't';
}

async function globalsPieceOf(
  { config, runs, monitor }: CutSource,
  globals: Exclude<CutSource['globals'], 'none'>,
): Promise<SchemaPiece> {
  const tool = await findTool('pg_dumpall', config.tools.pgDumpall, monitor.majorVersion);
  const more = await during('read the settings of all roles', subjectOf(config), () =>
    settingsOfAll(monitor),
  );
  // Where it would convert names, it must not.
  const encoding = convertsSharedNames(monitor) ? monitor.encoding : 'UTF8';
  return serverPiece({ config, runs, tool, database: monitor.database, encoding, globals, more });
}

/** Asked in the cut's snapshots, each in a session of its own. */
export async function readInvariants(
  { config, databases }: CutSource,
  queries: readonly InvariantQuery[],
): Promise<InvariantLine[]> {
  const lines: InvariantLine[] = [];
  for (const query of queries) {
    requireBackedUp(
      query,
      databases.map(({ database }) => database),
    );
    const snapshot = databases.find(({ database }) => database === query.database)?.snapshot ?? '';
    const place = { connectTo: query.database, begin: beginInSnapshot(snapshot) };
    const answer = await answerInvariant(config, query, place);
    lines.push({ kind: 'invariant', name: query.name, database: query.database, sql: query.sql, answer });
  }
  return lines;
}

async function inSnapshot<T>(
  database: DatabaseBarrier,
  operation: string,
  action: () => Promise<T>,
): Promise<T> {
  try {
    return await action();
  } catch (error) {
    const subject = `database ${database.database}`;
    if (sqlState(error) === '55P03')
      throw new TidemarkError(
        { code: 'table-locked', operation, subject, cause: serverWords(error) },
        { cause: error },
      );
    if (database.exporter.alive || isStall(error)) throw databaseError(error, operation, subject);
    throw new TidemarkError(
      { code: 'snapshot-lost', operation, subject, cause: serverWords(error) },
      { cause: error },
    );
  }
}
