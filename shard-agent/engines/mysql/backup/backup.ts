/** One shard's backup: from the catalogue to the last chunk. */
import { TidemarkError } from '../../../../proto/errors.ts';
import { reached } from '../../../../proto/step-points.ts';
import type {
  DatabaseLine,
  InvariantLine,
  ShardLine,
  TableLine,
} from '../../../../repository/manifest-entries.ts';
import type { InvariantQuery } from '../../../../topology/agent-file.ts';
import type {
  BackupOrder,
  BackupSession,
  Blocker,
  Cut,
  Finding,
  LockOutcome,
  ReadLane,
  ReadTask,
  SchemaPiece,
  ServerDescription,
} from '../../../engine.ts';
import { accountsPiece, readAccounts } from '../accounts/accounts.ts';
import type { Barrier } from '../barrier/barrier.ts';
import type { Table } from '../catalogue.ts';
import { openSession, withSession } from '../connection/connection.ts';
import { attempt } from '../connection/failure.ts';
import type { Endpoint } from '../connection/handshake.ts';
import { askInvariant } from '../invariant.ts';
import { type BackupParts, prepareParts, type Undo } from './prepare.ts';
import { MysqlReadLane, storedColumns } from './read-lane.ts';
import { SchemaReader } from '../schema/schema.ts';
import { identify, requirePrimary } from '../server.ts';
import type { BinlogPosition } from '../barrier/snapshots.ts';
import { sourceFacts } from '../source-facts.ts';
import type { Wire } from '../connection/wire.ts';

export async function prepareBackup(
  endpoint: Endpoint,
  wanted: readonly string[] | undefined,
  order: BackupOrder,
): Promise<BackupSession> {
  const undo: Undo = [];
  try {
    return new MysqlBackup(await prepareParts(endpoint, wanted, order, undo));
  } catch (error) {
    for (const close of undo.reverse()) await close();
    throw error;
  }
}

class MysqlBackup implements BackupSession {
  readonly #parts: BackupParts;
  readonly tables: readonly TableLine[];
  #position: BinlogPosition | undefined;
  #closed = false;

  constructor(parts: BackupParts) {
    this.#parts = parts;
    this.tables = parts.tables.map(tableLine);
  }

  get server(): ServerDescription {
    return this.#parts.server;
  }

  get estimatedBytes(): number {
    return this.#parts.tasks.reduce((bytes, task) => bytes + task.estimatedBytes, 0);
  }

  get uncontendedLockMs(): number {
    return this.#parts.uncontendedLockMs;
  }

  get warnings(): readonly Finding[] {
    return this.#parts.catalogue.findings;
  }

  async inTheWay(olderThanMs: number): Promise<Blocker[]> {
    const blockers = await attempt('look who is in the way', 'the server', () => this.#parts.blockers.find());
    return blockers.filter((blocker) => blocker.ageMs >= olderThanMs);
  }

  async lock(drainMs: number, signal: AbortSignal): Promise<LockOutcome> {
    const barrier = this.#locks();
    const { epoch } = barrier;
    this.#position = undefined;
    await attempt(
      'let go of the earlier snapshots',
      'a lane',
      () => this.#parts.snapshots.discard(),
      'snapshot-lost',
    );
    return barrier.lock(drainMs, signal, epoch);
  }

  async cut(): Promise<Cut> {
    const barrier = this.#locks();
    try {
      const position = await attempt(
        'open the snapshots',
        'the lanes',
        () => this.#parts.snapshots.take(this.#parts.uncovered),
        'snapshot-lost',
      );
      await reached('agent.snapshots-taken');
      const holdMs = await barrier.prove();
      this.#position = position;
      return { holdMs, position };
    } catch (error) {
      await barrier.unlock();
      throw error;
    }
  }

  async cutWithoutLocks(): Promise<Cut> {
    const { snapshots } = this.#parts;
    const position = await attempt(
      'open the snapshots',
      'the lanes',
      async () => {
        await snapshots.discard();
        return snapshots.takeWithoutLocks();
      },
      'snapshot-lost',
    );
    this.#position = position;
    return { holdMs: 0, position };
  }

  async unlock(): Promise<void> {
    await this.#parts.barrier?.unlock();
  }

  async shardLine(): Promise<
    Pick<ShardLine, 'family' | 'version' | 'identity' | 'position' | 'engine' | 'globals'>
  > {
    const { server, observer, catalogue, objects, order } = this.#parts;
    const { family, version, identity } = server;
    const engine = await attempt('describe the source', 'the server', () =>
      sourceFacts(observer, this.#parts.dialect, catalogue, objects),
    );
    const globals = order.globals === 'none' ? {} : { globals: order.globals };
    return { family, version, identity, position: this.#cutPosition(), engine, ...globals };
  }

  async databaseLines(): Promise<DatabaseLine[]> {
    const { catalogue } = this.#parts;
    return catalogue.databases.map(({ name, options }) => ({
      kind: 'database',
      name,
      sourceBytes: catalogue.tables
        .filter((table) => table.database === name)
        .reduce((bytes, table) => bytes + table.dataBytes + table.indexBytes, 0),
      engine: { ...options },
    }));
  }

  async *schema(): AsyncIterable<SchemaPiece> {
    const { endpoint, catalogue, objects, order, guard } = this.#parts;
    guard.require();
    const { wire, dialect } = await openSession(endpoint, { name: 'schema' }, { limitMs: order.copyLimitMs });
    try {
      if (order.globals !== 'none') yield accountsPiece(await readAccounts(wire, dialect, order.globals));
      yield* new SchemaReader(wire, dialect, catalogue, objects).pieces();
      await guard.check();
    } finally {
      await wire.close();
    }
  }

  async invariants(queries: readonly InvariantQuery[]): Promise<InvariantLine[]> {
    const [lane] = this.#lanes().slice(-1);
    const places = new Map(this.#parts.catalogue.databases.map(({ name }) => [name, name]));
    const lines: InvariantLine[] = [];
    for (const query of queries) {
      const answer = await askInvariant(lane, query, places);
      lines.push({ kind: 'invariant', name: query.name, database: query.database, sql: query.sql, answer });
    }
    return lines;
  }

  tasks(): readonly ReadTask[] {
    return this.#parts.tasks;
  }

  /** One more than was ordered: a snapshot cannot be opened again, and the others go on when a lane dies. */
  async readLanes(): Promise<ReadLane[]> {
    const { tables, guard } = this.#parts;
    return this.#lanes().map((wire) => new MysqlReadLane(wire, tables, () => guard.require()));
  }

  async confirmServer(): Promise<void> {
    const { endpoint, server, guard } = this.#parts;
    await guard.check();
    await attempt('look at the role of the server', 'the server', () =>
      withSession(endpoint, { name: 'confirm' }, async (wire, dialect) => {
        await requirePrimary(wire, dialect, 'the server');
        const identity = await identify(wire, dialect);
        if (identity === server.identity) return;
        throw new TidemarkError({
          code: 'shard-refused',
          operation: 'confirm the server',
          subject: 'the server',
          cause: `another server answers now (${identity}, before ${server.identity})`,
        });
      }),
    );
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    const { barrier, snapshots, guard, control, observer } = this.#parts;
    await barrier?.close();
    await Promise.all([snapshots.close(), guard.release()]);
    await Promise.all([control.close(), observer.close()]);
  }

  #locks(): Barrier {
    const { barrier } = this.#parts;
    if (barrier !== undefined) return barrier;
    throw new TidemarkError({
      code: 'internal',
      operation: 'take the locks',
      subject: 'the shard',
      cause: 'the backup was prepared without locks',
    });
  }

  #cutPosition(): BinlogPosition {
    if (this.#position !== undefined) return this.#position;
    throw this.#noSnapshot('there was no cut');
  }

  #lanes(): readonly Wire[] {
    const { lanes } = this.#parts.snapshots;
    if (lanes.length === 0) throw this.#noSnapshot('no lane with a snapshot is left');
    return lanes;
  }

  #noSnapshot(cause: string): TidemarkError {
    return new TidemarkError({
      code: 'snapshot-lost',
      operation: 'read the snapshot',
      subject: 'the lanes',
      cause,
    });
  }
}

function tableLine(table: Table, index: number): TableLine {
  const columns = storedColumns(table);
  const computed = table.columns.filter((column) => column.generated).map((column) => column.name);
  return {
    kind: 'table',
    table: index,
    database: table.database,
    schema: '',
    name: table.name,
    format: 'tsv',
    columns: columns.map((column) => column.name),
    engine: {
      types: columns.map((column) => column.dataType),
      engine: table.engine,
      collation: table.collation,
      dataBytes: table.dataBytes,
      ...(table.subtracts ? { subtracts: true } : {}),
      ...(computed.length === 0 ? {} : { computed }),
      ...(table.key === undefined ? {} : { key: table.key.columns.map((column) => column.name) }),
    },
  };
}
