/** The Engine contract over a FakeServer: a real implementation of it, with no SQL and no socket. */
import { setTimeout as sleep } from 'node:timers/promises';
import { TidemarkError, type ErrorCode } from '../../../proto/errors.ts';
import type { ChunkLine, TableLine } from '../../../repository/manifest-entries.ts';
import type {
  BackupOrder,
  BackupSession,
  Blocker,
  ClaimOutcome,
  CheckOrder,
  Cut,
  Engine,
  Finding,
  HeldMark,
  LockOutcome,
  LockTiming,
  RawSink,
  ReadLane,
  ReadTask,
  RestoreOrder,
  RestoreSession,
  SchemaPiece,
  ScratchServer,
  ServerDescription,
  StagedRestore,
  StoredShard,
  TriedInvariants,
  WriteLane,
} from '../../../shard-agent/engine.ts';
import type { Position } from '../../../topology/position.ts';
import type { InvariantQuery } from '../../../topology/agent-file.ts';
import { answer, FakeServer, type Tables } from './fake-server.ts';

/** Rows of one task: small, so that a small table makes several. */
const rowsPerTask = 500;

export class FakeEngine implements Engine {
  readonly server: FakeServer;
  /** What `check` and `fit` find. */
  findings: Finding[] = [];
  lockTiming: LockTiming = { lockMs: 0.1, roundTripMs: 0.1 };
  /** What `checkRestore` finds. */
  restoreFindings: Finding[] = [];
  /** Names of those that the server refuses. */
  readonly failingInvariants = new Set<string>();
  /** Of the last rehearsal. */
  scratch: FakeServer | undefined;
  /** What `check` was asked about. */
  checked: Partial<CheckOrder> | undefined;

  constructor(server: FakeServer) {
    this.server = server;
  }

  describe(): Promise<ServerDescription> {
    return Promise.resolve(describe(this.server));
  }

  timeLocks(): Promise<LockTiming> {
    return Promise.resolve(this.lockTiming);
  }

  check(order?: Partial<CheckOrder>): Promise<Finding[]> {
    this.checked = order;
    return Promise.resolve(this.findings);
  }

  checkRestore(): Promise<Finding[]> {
    return Promise.resolve(this.restoreFindings);
  }

  tryInvariants(queries: readonly InvariantQuery[]): Promise<TriedInvariants> {
    const fails = ({ name }: InvariantQuery): boolean => this.failingInvariants.has(name);
    return Promise.resolve({
      answers: queries
        .filter((query) => !fails(query))
        .map(({ name, database, sql }) => ({ name, answer: answer(this.server.databases, database, sql) })),
      findings: queries.filter(fails).map(({ name, database, sql }) => ({
        code: 'not-ready',
        subject: `database ${database}: invariant ${name}`,
        cause: `${sql}: no such table`,
        remedy: 'Correct its SQL.',
        warning: false,
      })),
    });
  }

  prepareBackup(order: BackupOrder): Promise<BackupSession> {
    order.signal.throwIfAborted();
    return Promise.resolve(new FakeBackup(this.server, order));
  }

  fit(stored: StoredShard): Promise<Finding[]> {
    const taken = stored.databases.filter(({ name }) => (this.server.databases.get(name)?.size ?? 0) > 0);
    const found = taken.map(({ name }) => ({
      code: 'target-not-empty' as const,
      subject: name,
      cause: 'the database holds tables',
      remedy: `DROP DATABASE ${name}`,
      warning: false,
    }));
    return Promise.resolve([...this.findings, ...found]);
  }

  prepareRestore(order: RestoreOrder): Promise<RestoreSession> {
    this.server.openSessions += 1;
    return Promise.resolve(new FakeRestore(this.server, order.restore, order));
  }

  staged(): Promise<StagedRestore[]> {
    return Promise.resolve(
      [...this.server.staged].map(([restore, { cluster }]) => ({
        restore,
        cluster,
        reopen: () => {
          this.server.openSessions += 1;
          return Promise.resolve(new FakeRestore(this.server, restore, undefined));
        },
      })),
    );
  }

  setMark(mark: string): Promise<HeldMark> {
    this.server.openSessions += 1;
    this.server.marks.add(mark);
    return Promise.resolve({
      release: () => {
        this.server.openSessions -= 1;
        return this.server.marks.delete(mark) ? Promise.resolve() : Promise.reject(lost('the mark was lost'));
      },
    });
  }

  seeMarks(marks: readonly string[]): Promise<string[]> {
    return Promise.resolve(marks.filter((mark) => this.server.marks.has(mark)));
  }

  /** Another server in memory. */
  startScratch(): Promise<ScratchServer> {
    const engine = new FakeEngine(new FakeServer('scratch'));
    engine.server.refusals = this.server.refusals;
    this.scratch = engine.server;
    return Promise.resolve({ engine, stop: () => Promise.resolve() });
  }

  claimRestores(signal: AbortSignal): Promise<ClaimOutcome> {
    signal.throwIfAborted();
    if (this.server.claim !== undefined) return Promise.resolve({ outcome: 'held', holder: 'another agent' });
    const lost = new AbortController();
    this.server.claim = lost;
    const own = (): boolean => this.server.claim === lost;
    return Promise.resolve({
      outcome: 'claimed',
      claim: {
        lost: lost.signal,
        confirm: () => (own() ? Promise.resolve() : Promise.reject(lostClaim())),
        release: () => {
          if (own()) this.server.claim = undefined;
          return Promise.resolve();
        },
      },
    });
  }
}

function lostClaim(): TidemarkError {
  return new TidemarkError({
    code: 'database-unreachable',
    operation: 'keep the claim on the restores of the server',
    subject: 'fake server',
    cause: 'its session has ended',
  });
}

class FakeBackup implements BackupSession {
  readonly server: ServerDescription;
  readonly tables: readonly TableLine[];
  readonly estimatedBytes: number;
  readonly uncontendedLockMs = 0.1;
  readonly warnings: readonly Finding[] = [];
  readonly #server: FakeServer;
  readonly #order: BackupOrder;
  #lockedAtMs = 0;
  #holdsLocks = false;
  #watchdog: NodeJS.Timeout | undefined;
  #snapshot: Map<string, Tables> | undefined;
  #closed = false;

  constructor(server: FakeServer, order: BackupOrder) {
    this.#server = server;
    this.#order = order;
    server.openSessions += 1;
    this.server = describe(server);
    this.tables = tableLines(server.databases);
    this.estimatedBytes = this.tables.reduce((sum, line) => sum + bytesOf(rowsOf(server.databases, line)), 0);
  }

  inTheWay(): Promise<Blocker[]> {
    return Promise.resolve(this.#blockers());
  }

  async lock(drainMs: number, signal: AbortSignal): Promise<LockOutcome> {
    if (!this.#order.locks) throw defect('lock without lock sessions');
    this.#dropSnapshot();
    this.#lockedAtMs = performance.now();
    const ended = new AbortController();
    const patience = sleep(drainMs, 'late' as const, {
      signal: AbortSignal.any([signal, ended.signal]),
    }).catch(() => 'late' as const);
    const outcome = await Promise.race([this.#server.drained().then(() => 'drained' as const), patience]);
    ended.abort();
    if (outcome === 'late') {
      const holdMs = performance.now() - this.#lockedAtMs;
      return { outcome: 'blocked', reason: 'open writers', blockers: this.#blockers(), holdMs };
    }
    this.#server.locked = true;
    this.#holdsLocks = true;
    // The server gives the locks back itself, whatever happens to the agent.
    this.#watchdog = setTimeout(() => this.#release(), this.#order.holdLimitMs + 500);
    return { outcome: 'locked', lockMs: performance.now() - this.#lockedAtMs };
  }

  async cut(): Promise<Cut> {
    if (!this.#holdsLocks) throw lost('the locks were lost before the cut');
    this.#open();
    await Promise.resolve();
    if (!this.#holdsLocks) throw lost('the locks were lost during the cut');
    this.#release();
    const { autovacuum } = this.#server;
    const cancels = autovacuum !== undefined && this.#order.cancelAutovacuumMs === 0;
    const cancelledAutovacuums = cancels ? [autovacuum] : [];
    return { holdMs: performance.now() - this.#lockedAtMs, position, cancelledAutovacuums };
  }

  cutWithoutLocks(): Promise<Cut> {
    this.#dropSnapshot();
    this.#open();
    return Promise.resolve({ holdMs: 0, position });
  }

  unlock(): Promise<void> {
    this.#release();
    return Promise.resolve();
  }

  shardLine() {
    const { family, version, identity } = this.server;
    return Promise.resolve({ family, version, identity, position, engine: {} });
  }

  async databaseLines() {
    await this.#server.beforeDescribe();
    return [...this.#held().keys()].map((name) => ({
      kind: 'database' as const,
      name,
      sourceBytes: 1000,
      engine: {},
    }));
  }

  async *schema(): AsyncGenerator<SchemaPiece> {
    for (const [database, tables] of this.#held()) {
      const text = Buffer.from([...tables.keys()].map((table) => `CREATE TABLE ${table};\n`).join(''));
      yield { database, name: 'tables', fileName: 'tables.sql', packed: false, body: one(text) };
      yield {
        database,
        name: 'archive',
        fileName: 'archive.dump',
        packed: true,
        body: one(Buffer.from('PGDMP')),
      };
    }
  }

  invariants(queries: readonly InvariantQuery[]) {
    return Promise.resolve(
      queries.map(({ name, database, sql }) => ({
        kind: 'invariant' as const,
        name,
        database,
        sql,
        answer: answer(this.#held(), database, sql),
      })),
    );
  }

  tasks(): readonly ReadTask[] {
    const { sampleRows } = this.#order;
    if (sampleRows === 0) return [];
    if (sampleRows !== undefined) {
      const range = { from: 0, to: sampleRows };
      return this.tables.map((_, table) => ({ table, task: 0, estimatedBytes: 1, range }));
    }
    return this.tables
      .flatMap((line, table) => {
        const rows = rowsOf(this.#held(), line);
        const count = Math.max(1, Math.ceil(rows.length / rowsPerTask));
        return Array.from({ length: count }, (_, task) => {
          const range = { from: task * rowsPerTask, to: Math.min(rows.length, (task + 1) * rowsPerTask) };
          return { table, task, estimatedBytes: bytesOf(rows.slice(range.from, range.to)), range };
        });
      })
      .toSorted((a, b) => b.estimatedBytes - a.estimatedBytes);
  }

  readLanes(): Promise<ReadLane[]> {
    return Promise.resolve(
      Array.from({ length: this.#order.lanes }, (_, number) => ({
        read: (task: ReadTask, sink: RawSink, signal: AbortSignal) => this.#read(number, task, sink, signal),
      })),
    );
  }

  async #read(lane: number, task: ReadTask, sink: RawSink, signal: AbortSignal): Promise<void> {
    const line = this.tables[task.table];
    if (line === undefined) throw defect('no such table');
    const { from, to } = task.range as { from: number; to: number };
    let rows = 0;
    for (const row of rowsOf(this.#held(), line).slice(from, to)) {
      if (rows % 100 === 0) await this.#server.beforeRead(lane);
      signal.throwIfAborted();
      if (this.#server.deadLanes.has(lane)) throw lost('the connection is gone', 'snapshot-lost');
      const bytes = Buffer.from(`${row}\n`);
      await sink.append(bytes, 0, bytes.length);
      rows += 1;
      if (!sink.full) continue;
      await sink.endChunk(rows);
      rows = 0;
    }
    await sink.endChunk(rows);
  }

  confirmServer(): Promise<void> {
    return Promise.resolve();
  }

  close(): Promise<void> {
    if (this.#closed) return Promise.resolve();
    this.#closed = true;
    this.#release();
    this.#dropSnapshot();
    this.#server.openSessions -= 1;
    return Promise.resolve();
  }

  #release(): void {
    clearTimeout(this.#watchdog);
    if (this.#holdsLocks) this.#server.locked = false;
    this.#holdsLocks = false;
  }

  #open(): void {
    this.#snapshot = this.#server.snapshot();
    this.#server.openSnapshots += 1;
  }

  #dropSnapshot(): void {
    if (this.#snapshot !== undefined) this.#server.openSnapshots -= 1;
    this.#snapshot = undefined;
  }

  #held(): Map<string, Tables> {
    if (this.#snapshot === undefined) throw lost('no snapshot is open', 'snapshot-lost');
    return this.#snapshot;
  }

  #blockers(): Blocker[] {
    return this.#server.writers.map((transaction) => ({
      kind: 'writer',
      processId: transaction,
      user: 'app',
      database: 'shop',
      application: 'test',
      client: '127.0.0.1',
      state: 'idle in transaction',
      ageMs: 100,
      statement: 'UPDATE accounts',
      transaction,
    }));
  }
}

class FakeRestore implements RestoreSession {
  readonly #server: FakeServer;
  readonly #restore: string;
  readonly #order: RestoreOrder | undefined;
  #closed = false;

  constructor(server: FakeServer, restore: string, order: RestoreOrder | undefined) {
    this.#server = server;
    this.#restore = restore;
    this.#order = order;
  }

  async stage(): Promise<void> {
    const { stored, cluster } = this.#needed();
    const databases = new Map<string, Tables>(stored.databases.map(({ name }) => [name, new Map()]));
    for (const { database, schema: _, name } of stored.tables) databases.get(database)?.set(name, []);
    for (const line of stored.schema) for await (const _ of stored.openSchema(line));
    this.#server.staged.set(this.#restore, { cluster, databases, switched: false, opened: false });
    for (const refused of this.#server.refusals) this.#needed().rehearsal?.refused(refused);
  }

  writeLanes(): Promise<WriteLane[]> {
    const load = async (
      table: TableLine,
      chunk: ChunkLine,
      source: AsyncIterable<Buffer>,
      signal: AbortSignal,
    ) => {
      await this.#server.beforeLoad();
      signal.throwIfAborted();
      const pieces: Buffer[] = [];
      for await (const piece of source) pieces.push(piece);
      const rows = Buffer.concat(pieces).toString('utf8').split('\n').slice(0, -1);
      this.#staging()
        .databases.get(table.database)
        ?.get(table.name)
        ?.push(...rows);
      return rows.length;
    };
    return Promise.resolve(Array.from({ length: this.#needed().lanes }, () => ({ load })));
  }

  finishLoad(): Promise<void> {
    return Promise.resolve();
  }

  invariants(queries: readonly InvariantQuery[]) {
    const { databases } = this.#staging();
    return Promise.resolve(
      queries.map(({ name, database, sql }) => ({ name, answer: answer(databases, database, sql) })),
    );
  }

  async closeTarget(): Promise<void> {
    await this.#server.beforeClose();
    for (const name of this.#staging().databases.keys()) {
      const tables = this.#server.databases.get(name);
      if ((tables?.size ?? 0) > 0) throw notEmpty(name);
    }
  }

  async switch(): Promise<void> {
    const failure = this.#server.switchFailures.shift();
    if (failure !== undefined) throw failure;
    const staging = this.#staging();
    if (!staging.opened) await this.closeTarget();
    staging.switched = true;
  }

  open(): Promise<void> {
    const staging = this.#server.staged.get(this.#restore);
    if (staging === undefined) return Promise.resolve();
    if (!staging.switched) return Promise.reject(defect('opened before it was switched'));
    for (const [name, tables] of staging.databases) this.#server.databases.set(name, tables);
    staging.opened = true;
    return Promise.resolve();
  }

  discard(): Promise<void> {
    const staging = this.#server.staged.get(this.#restore);
    if (staging?.opened === true) return Promise.reject(defect('discarded after it was opened'));
    this.#server.staged.delete(this.#restore);
    return Promise.resolve();
  }

  finish(): Promise<readonly Finding[]> {
    this.#server.staged.delete(this.#restore);
    return Promise.resolve([]);
  }

  close(): Promise<void> {
    if (!this.#closed) this.#server.openSessions -= 1;
    this.#closed = true;
    return Promise.resolve();
  }

  #staging() {
    const staging = this.#server.staged.get(this.#restore);
    if (staging === undefined) throw defect('nothing is staged');
    return staging;
  }

  #needed(): RestoreOrder {
    if (this.#order === undefined) throw defect('a reopened restore has no stored shard');
    return this.#order;
  }
}

const position: Position = { kind: 'wal', lsn: '0/1', timeline: 1, systemIdentifier: '7' };

function describe(server: FakeServer): ServerDescription {
  const databases = [...server.databases.keys()];
  return { family: 'postgresql', version: '15.0', identity: server.identity, databases, bytes: 1000 };
}

function tableLines(databases: ReadonlyMap<string, Tables>): TableLine[] {
  return [...databases]
    .flatMap(([database, tables]) => [...tables.keys()].map((name) => ({ database, name })))
    .map(({ database, name }, table) => ({
      kind: 'table',
      table,
      database,
      schema: 'public',
      name,
      format: 'copy',
      columns: ['id', 'value'],
      engine: {},
    }));
}

function rowsOf(databases: ReadonlyMap<string, Tables>, line: TableLine): string[] {
  return databases.get(line.database)?.get(line.name) ?? [];
}

function bytesOf(rows: readonly string[]): number {
  return rows.reduce((sum, row) => sum + row.length + 1, 0);
}

async function* one(bytes: Buffer): AsyncGenerator<Buffer> {
  yield bytes;
}

function notEmpty(database: string): TidemarkError {
  const cause = 'the database came to hold tables';
  return new TidemarkError({
    code: 'target-not-empty',
    operation: 'close the target',
    subject: database,
    cause,
  });
}

function defect(cause: string): Error {
  return new Error(`fake engine: ${cause}`);
}

function lost(cause: string, code: ErrorCode = 'database-failed'): TidemarkError {
  return new TidemarkError({ code, operation: 'read', subject: 'fake', cause });
}
