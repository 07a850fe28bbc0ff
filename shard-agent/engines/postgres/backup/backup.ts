/** One backup of this server: the barrier's sessions, the cut, and everything that is read from it. */
import { TidemarkError } from '../../../../proto/errors.ts';
import type { DatabaseLine, InvariantLine, TableLine } from '../../../../repository/manifest-entries.ts';
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
import { Barrier } from '../barrier/barrier.ts';
import { whoAlters } from '../barrier/blockers.ts';
import { readCatalogue } from '../catalogue.ts';
import { checkDatabases, checkWhole, openAny } from '../check/check.ts';
import { allEnded } from '../connection/all-ended.ts';
import { during, Session, type PostgresConfig } from '../connection/connection.ts';
import { type CutSource, readDatabaseLines, readInvariants, readSchema } from './cut-contents.ts';
import { DatabaseBarrier } from '../barrier/database-barrier.ts';
import { makePlan, type Plan } from './plan.ts';
import { PostgresReadLane } from './read-lane.ts';
import { confirmServer, readServer, requireNoOthers, subjectOf } from '../server.ts';
import { ToolRuns, type Tool } from '../connection/tools.ts';

/** Everything that can fail or be slow, before any writer is held. */
export async function prepareBackup(config: PostgresConfig, order: BackupOrder): Promise<BackupSession> {
  const backup = new PostgresBackup(config, order, await openAny(config));
  try {
    await backup.open();
    return backup;
  } catch (error) {
    await backup.close();
    throw error;
  }
}

class PostgresBackup implements BackupSession {
  warnings: readonly Finding[] = [];
  readonly #config: PostgresConfig;
  readonly #order: BackupOrder;
  readonly #monitor: Session;
  readonly #runs: ToolRuns;
  readonly #abort = new AbortController();
  #server: ServerDescription | undefined;
  #databases: DatabaseBarrier[] = [];
  #barrier: Barrier | undefined;
  #lanes: PostgresReadLane[] = [];
  #plan: Plan = { catalogues: [], tables: [], tasks: [], estimatedBytes: 0 };
  #tool: Tool = { path: '', major: 0 };
  #cut: Cut | undefined;
  /** The last call of `lock`, from its beginning: `unlock` may come before any lock is requested. */
  #attempt: { end: () => void; over: Promise<unknown> } | undefined;
  #closing: Promise<void> | undefined;
  uncontendedLockMs = 0;

  constructor(config: PostgresConfig, order: BackupOrder, monitor: Session) {
    this.#config = config;
    this.#order = order;
    this.#monitor = monitor;
    this.#runs = new ToolRuns(config);
  }

  get server(): ServerDescription {
    if (this.#server === undefined) throw new Error('the session is not open');
    return this.#server;
  }

  get tables(): readonly TableLine[] {
    return this.#plan.tables;
  }

  get estimatedBytes(): number {
    return this.#plan.estimatedBytes;
  }

  async open(): Promise<void> {
    const whole = await checkWhole(this.#monitor, this.#config, this.#order);
    refuse(whole.findings);
    const names = whole.databases ?? [];
    this.#tool = whole.tool ?? this.#tool;
    // Side by side, 50 ms each: sessions, and a look at the catalogue, hold nothing up.
    const [found, opened] = await Promise.allSettled([
      checkDatabases(this.#monitor, this.#config, this.#order, names),
      this.#openSessions(names),
    ]);
    if (found.status === 'rejected') throw found.reason;
    // What kept a session from being opened is found by the check too, with its remedy.
    refuse(found.value);
    if (opened.status === 'rejected') throw opened.reason;
    this.warnings = [...whole.findings, ...found.value];
    this.#barrier = new Barrier({
      databases: this.#databases,
      monitor: this.#monitor,
      holdLimitMs: this.#order.holdLimitMs,
      systemIdentifier: this.server.identity,
      cancelAutovacuumMs: this.#order.cancelAutovacuumMs,
    });
    this.uncontendedLockMs = await this.#barrier.rehearse(this.#order.signal);
    // It may have read the catalogue again.
    this.#makePlan();
    if (this.#order.signal.aborted) throw interrupted();
  }

  /** Those of barrier and lanes, and the plan. There are never more at once than the check has counted. */
  async #openSessions(names: readonly string[]): Promise<void> {
    await allEnded([
      ...names.map((name) => this.#readDatabase(name)),
      readServer(this.#monitor, this.#config, names).then((server) => {
        this.#server = server;
      }),
    ]);
    this.#databases.sort((a, b) => (a.database < b.database ? -1 : 1));
    this.#makePlan();
    await allEnded([...this.#databases.map((database) => database.open()), this.#openLanes()]);
  }

  async #readDatabase(name: string): Promise<void> {
    const reader = await Session.open(this.#config, name, 'catalogue');
    try {
      const catalogue = await during('read the catalogue', `database ${name}`, () => readCatalogue(reader));
      const { copyLimitMs, locks } = this.#order;
      this.#databases.push(new DatabaseBarrier({ config: this.#config, catalogue, copyLimitMs, locks }));
    } finally {
      await reader.close();
    }
  }

  #makePlan(): void {
    this.#plan = makePlan(
      this.#databases.map((database) => database.catalogue),
      this.#order.chunkBytes,
      this.#order.sampleRows,
    );
  }

  async #openLanes(): Promise<void> {
    const first = this.#plan.tasks[0];
    const database = (first && this.#plan.tables[first.table]?.database) ?? this.#databases[0]?.database;
    this.#lanes = Array.from(
      { length: Math.max(1, this.#order.lanes) },
      () =>
        new PostgresReadLane({
          config: this.#config,
          tableOf: (index) => this.#plan.tables[index],
          snapshotOf: (name) => this.#database(name).snapshot ?? '',
          whoAlters: (name, oid) => whoAlters(this.#monitor, name, oid),
          copyLimitMs: this.#order.copyLimitMs,
        }),
    );
    if (database === undefined) return;
    await allEnded(this.#lanes.map((lane) => lane.open(database)));
  }

  async inTheWay(olderThanMs: number): Promise<Blocker[]> {
    return this.#requireBarrier().inTheWay(olderThanMs);
  }

  async lock(drainMs: number, signal: AbortSignal): Promise<LockOutcome> {
    const barrier = this.#requireBarrier();
    const ended = new AbortController();
    const stop = AbortSignal.any([signal, this.#abort.signal, ended.signal]);
    const attempt = this.#renew(barrier).then(() =>
      barrier.lock(Math.min(drainMs, this.#order.holdLimitMs), stop),
    );
    this.#attempt = { end: () => ended.abort(), over: attempt.catch(() => undefined) };
    return attempt;
  }

  async cut(): Promise<Cut> {
    const cut = await this.#requireBarrier().cut();
    await this.#requireSameDatabases();
    this.#cut = cut;
    return cut;
  }

  #requireSameDatabases(): Promise<void> {
    const known = this.#databases.map(({ database }) => database);
    return requireNoOthers(this.#monitor, this.#config, known);
  }

  async cutWithoutLocks(): Promise<Cut> {
    const barrier = this.#requireBarrier();
    await this.#renew(barrier);
    const cut = await barrier.cutWithoutLocks();
    await this.#requireSameDatabases();
    this.#cut = cut;
    return cut;
  }

  /** Before an attempt, while nobody waits: lets the earlier cut go, opens lost sessions, reads a changed catalogue. */
  async #renew(barrier: Barrier): Promise<void> {
    this.#cut = undefined;
    if (barrier.cutTaken) await barrier.discardCut();
    if (!this.#monitor.alive) throw lostMonitor();
    await this.#requireSameDatabases();
    if (await during('prepare an attempt', subjectOf(this.#config), () => barrier.refresh()))
      this.#makePlan();
  }

  async unlock(): Promise<void> {
    const attempt = this.#attempt;
    attempt?.end();
    await attempt?.over;
    await this.#barrier?.unlock();
  }

  async shardLine(): Promise<Awaited<ReturnType<BackupSession['shardLine']>>> {
    const cut = this.#requireCut();
    const { family, version, identity } = this.server;
    return {
      family,
      version,
      identity,
      position: cut.position,
      engine: { dumpMajor: this.#tool.major },
      ...(this.#order.globals === 'none' ? {} : { globals: this.#order.globals }),
    };
  }

  async databaseLines(): Promise<DatabaseLine[]> {
    return readDatabaseLines(this.#requireSource());
  }

  async *schema(): AsyncIterable<SchemaPiece> {
    yield* readSchema(this.#requireSource());
  }

  async invariants(queries: readonly InvariantQuery[]): Promise<InvariantLine[]> {
    return readInvariants(this.#requireSource(), queries);
  }

  tasks(): readonly ReadTask[] {
    return this.#plan.tasks;
  }

  async readLanes(): Promise<ReadLane[]> {
    this.#requireCut();
    return this.#lanes;
  }

  async confirmServer(): Promise<void> {
    const session = await openAny(this.#config);
    try {
      await confirmServer(session, this.#config, {
        identity: this.server.identity,
        position: this.#cut?.position,
      });
    } finally {
      await session.close();
    }
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    this.#abort.abort();
    await this.unlock();
    await this.#runs.close();
    await Promise.all([
      ...this.#lanes.map((lane) => lane.close()),
      ...this.#databases.map((database) => database.close()),
      this.#monitor.close(),
    ]);
  }

  #database(name: string): DatabaseBarrier {
    const database = this.#databases.find((candidate) => candidate.database === name);
    if (database === undefined) throw new Error(`no database ${name} in the plan`);
    return database;
  }

  #requireBarrier(): Barrier {
    if (this.#barrier === undefined || this.#closing !== undefined)
      throw new Error('the session is not open');
    return this.#barrier;
  }

  #requireSource(): CutSource {
    this.#requireCut();
    return {
      config: this.#config,
      runs: this.#runs,
      tool: this.#tool,
      databases: this.#databases,
      monitor: this.#monitor,
      globals: this.#order.globals,
      schemaOnly: this.#order.sampleRows !== undefined,
    };
  }

  #requireCut(): Cut {
    if (this.#cut === undefined) throw new Error('there is no cut');
    return this.#cut;
  }
}

/** Throws the first finding that is more than a warning. */
function refuse(findings: readonly Finding[]): void {
  const refusal = findings.find((finding) => !finding.warning);
  if (refusal === undefined) return;
  const { code, subject, cause, remedy } = refusal;
  throw new TidemarkError({ code, operation: 'prepare a backup', subject, cause, remedy });
}

function lostMonitor(): TidemarkError {
  return new TidemarkError({
    code: 'database-unreachable',
    operation: 'prepare an attempt',
    subject: 'the monitor session',
    cause: 'the server closed the connection',
  });
}

function interrupted(): TidemarkError {
  return new TidemarkError({
    code: 'interrupted',
    operation: 'prepare a backup',
    subject: 'this shard',
    cause: 'the operation was ended',
  });
}
