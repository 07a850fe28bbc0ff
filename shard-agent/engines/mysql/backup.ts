/** One shard's backup: from the catalogue to the last chunk. */
import { TidemarkError } from '../../../proto/errors.ts';
import type {
  DatabaseLine,
  InvariantLine,
  ShardLine,
  TableLine,
} from '../../../repository/manifest-entries.ts';
import type { InvariantQuery } from '../../../topology/agent-file.ts';
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
} from '../../engine.ts';
import { Barrier } from './barrier.ts';
import { Blockers } from './blockers.ts';
import { requirePrivileges } from './check.ts';
import { type Catalogue, listDatabases, readCatalogue, type Table } from './catalogue.ts';
import { openSession, withSession } from './connection.ts';
import type { Dialect } from './dialect.ts';
import { attempt } from './failure.ts';
import { DdlGuard } from './guard.ts';
import type { Endpoint } from './handshake.ts';
import { askInvariant } from './invariants.ts';
import { planRanges } from './ranges.ts';
import { MysqlReadLane, storedColumns } from './read-lane.ts';
import { SchemaReader } from './schema.ts';
import { describeServer, identify, requirePrimary } from './server.ts';
import { type BinlogPosition, Snapshots } from './snapshots.ts';
import { sourceFacts } from './source-facts.ts';
import type { Wire } from './wire.ts';

interface Parts {
  readonly endpoint: Endpoint;
  readonly dialect: Dialect;
  readonly order: BackupOrder;
  readonly server: ServerDescription;
  readonly catalogue: Catalogue;
  readonly tables: readonly Table[];
  readonly tasks: readonly ReadTask[];
  readonly guard: DdlGuard;
  readonly control: Wire;
  readonly observer: Wire;
  readonly blockers: Blockers;
  readonly barrier: Barrier | undefined;
  readonly snapshots: Snapshots;
  readonly uncontendedLockMs: number;
  /** Databases that are written, perhaps, and not locked. */
  readonly uncovered: boolean;
}

/** A task is cut into chunks as it is read: a few of full size and one that is smaller. */
const chunksPerTask = 4;

/** What has been opened so far, closed in reverse when preparing fails. */
type Undo = (() => Promise<void>)[];

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

async function prepareParts(
  endpoint: Endpoint,
  wanted: readonly string[] | undefined,
  order: BackupOrder,
  undo: Undo,
): Promise<Parts> {
  const limitMs = order.copyLimitMs;
  const open = async (name: string): Promise<{ wire: Wire; dialect: Dialect }> => {
    const session = await openSession(endpoint, { name }, { limitMs });
    undo.push(() => session.wire.close());
    return session;
  };
  const { wire: observer, dialect } = await open('observer');
  const { wire: control } = await open('control');
  requireDatabases(
    (await listDatabases(observer, wanted)).map(({ name }) => name),
    wanted,
  );
  await attempt('look at the privileges', 'the server', () => requirePrivileges(observer, dialect, wanted));
  await attempt('look at the role of the server', 'the server', () =>
    requirePrimary(observer, dialect, 'the server'),
  );
  // From here on nothing of the catalogue changes.
  const guard = await DdlGuard.take(endpoint, limitMs);
  undo.push(() => guard.release());
  const catalogue = await attempt('read the catalogue', 'the server', async () =>
    readCatalogue(observer, dialect, await listDatabases(observer, wanted)),
  );
  requireComplete(catalogue);
  const tables = catalogue.tables.filter((table) => table.kind === 'table');
  const tasks = await attempt('plan the chunks', 'the server', () =>
    planTasks(observer, dialect, tables, order),
  );
  const snapshots = await Snapshots.open(endpoint, dialect, observer, order.lanes + 1, limitMs);
  undo.push(() => snapshots.close());
  let barrier: Barrier | undefined;
  const own = (): ReadonlySet<number> =>
    new Set([
      observer.threadId,
      control.threadId,
      guard.threadId,
      ...snapshots.threadIds,
      ...(barrier?.threadIds ?? []),
    ]);
  const blockers = new Blockers(observer, own);
  let uncontendedLockMs = 0;
  if (order.locks) {
    const { holdLimitMs } = order;
    const checkGuard = (): Promise<void> => guard.check();
    const opened = await Barrier.open(
      { endpoint, dialect, control, blockers, holdLimitMs, limitMs, checkGuard },
      tables,
    );
    undo.push(() => opened.close());
    barrier = opened;
    uncontendedLockMs = await attempt('warm the lock sessions', 'the server', () => opened.measure());
  }
  const all = await listDatabases(observer, undefined);
  return {
    endpoint,
    dialect,
    order,
    server: await describeServer(observer, dialect, catalogue.databases),
    catalogue,
    tables,
    tasks,
    guard,
    control,
    observer,
    blockers,
    barrier,
    snapshots,
    uncontendedLockMs,
    uncovered: all.some(({ name }) => !catalogue.databases.some((database) => database.name === name)),
  };
}

function requireDatabases(found: readonly string[], wanted: readonly string[] | undefined): void {
  const missing = (wanted ?? []).filter((name) => !found.includes(name));
  if (missing.length > 0) {
    throw new TidemarkError({
      code: 'not-ready',
      operation: 'read the catalogue',
      subject: missing.join(', '),
      cause: 'no such database, or this account sees nothing of it',
      remedy: "Correct `databases` in the agent's file, or create the database.",
    });
  }
}

/** Everything in the databases can be copied. */
function requireComplete(catalogue: Catalogue): void {
  const stopping = catalogue.findings.filter((finding) => !finding.warning);
  const [first] = stopping;
  if (first === undefined) return;
  throw new TidemarkError({
    code: first.code,
    operation: 'plan the copy',
    subject: stopping.map((finding) => finding.subject).join(', '),
    cause: first.cause,
    remedy: stopping.map((finding) => finding.remedy).join('\n'),
  });
}

async function planTasks(
  wire: Wire,
  dialect: Dialect,
  tables: readonly Table[],
  order: BackupOrder,
): Promise<ReadTask[]> {
  const tasks: ReadTask[] = [];
  for (const [index, table] of tables.entries()) {
    order.signal.throwIfAborted();
    const pieces = Math.floor(table.dataBytes / (order.chunkBytes * chunksPerTask));
    const ranges = await planRanges(wire, dialect, table, pieces);
    for (const [task, range] of ranges.entries()) {
      tasks.push({
        table: index,
        task,
        estimatedBytes: Math.ceil(table.dataBytes * range.share),
        range: {
          ...(ranges.length > 1 ? { key: table.key?.columns.map((column) => column.name) } : {}),
          ...(range.from === undefined ? {} : { from: range.from }),
          ...(range.to === undefined ? {} : { to: range.to }),
        },
      });
    }
  }
  return tasks.sort((a, b) => b.estimatedBytes - a.estimatedBytes);
}

class MysqlBackup implements BackupSession {
  readonly #parts: Parts;
  readonly tables: readonly TableLine[];
  #position: BinlogPosition | undefined;
  #closed = false;

  constructor(parts: Parts) {
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

  async shardLine(): Promise<Pick<ShardLine, 'family' | 'version' | 'identity' | 'position' | 'engine'>> {
    const { server, observer, catalogue } = this.#parts;
    const { family, version, identity } = server;
    const engine = await attempt('describe the source', 'the server', () => sourceFacts(observer, catalogue));
    return { family, version, identity, position: this.#cutPosition(), engine };
  }

  async databaseLines(): Promise<DatabaseLine[]> {
    const { catalogue } = this.#parts;
    return catalogue.databases.map(({ name, charset, collation }) => ({
      kind: 'database',
      name,
      sourceBytes: catalogue.tables
        .filter((table) => table.database === name)
        .reduce((bytes, table) => bytes + table.dataBytes + table.indexBytes, 0),
      engine: { charset, collation },
    }));
  }

  async *schema(): AsyncIterable<SchemaPiece> {
    const { endpoint, catalogue, order, guard } = this.#parts;
    guard.require();
    const { wire } = await openSession(endpoint, { name: 'schema' }, { limitMs: order.copyLimitMs });
    try {
      yield* new SchemaReader(wire, catalogue).pieces();
      await guard.check();
    } finally {
      await wire.close();
    }
  }

  async invariants(queries: readonly InvariantQuery[]): Promise<InvariantLine[]> {
    const [lane] = this.#lanes().slice(-1);
    const lines: InvariantLine[] = [];
    for (const query of queries) {
      const answer = await askInvariant(lane, query);
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
      ...(table.key === undefined ? {} : { key: table.key.columns.map((column) => column.name) }),
    },
  };
}
