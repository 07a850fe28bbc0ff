/** Preparing a backup: all that can fail or be slow happens here, before anybody is held up. */
import { TidemarkError } from '../../../../proto/errors.ts';
import type { BackupOrder, Finding, ReadTask, ServerDescription } from '../../../engine.ts';
import { accountFindings } from '../accounts/accounts.ts';
import { Barrier } from '../barrier/barrier.ts';
import { Blockers } from '../barrier/blockers.ts';
import { type Catalogue, type Database, listDatabases, readCatalogue, type Table } from '../catalogue.ts';
import { requirePrivileges } from '../check/check.ts';
import { requireConnections } from '../check/connections.ts';
import { Grants } from '../check/grants.ts';
import { openSession } from '../connection/connection.ts';
import type { Dialect } from '../dialect.ts';
import { attempt } from '../connection/failure.ts';
import { DdlGuard } from '../barrier/guard.ts';
import type { Endpoint } from '../connection/handshake.ts';
import { leftOutFindings } from '../check/left-out.ts';
import { withSessions } from '../connection/side-by-side.ts';
import { planRanges } from './ranges.ts';
import { readSourceObjects, type SourceObjects } from '../schema/source-objects.ts';
import { describeServer, requirePrimary } from '../server.ts';
import { inReadOrder } from '../../../task-order.ts';
import { Snapshots } from '../barrier/snapshots.ts';
import type { Wire } from '../connection/wire.ts';

export interface BackupParts {
  readonly endpoint: Endpoint;
  readonly dialect: Dialect;
  readonly order: BackupOrder;
  readonly server: ServerDescription;
  readonly catalogue: Catalogue;
  readonly objects: SourceObjects;
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

/** A task is cut into chunks as it is read: at most a few of full size and one that is smaller. */
const chunksPerTask = 4;
/** Of all the data, so many tasks for each lane: one large table keeps all lanes busy to the end. */
const tasksPerLane = 8;
/** Smaller ones are not worth the asking where they begin, and an object each. */
const smallestTaskBytes = 8 * 1024 * 1024;

/** For looking through rows, of all sessions together: what has not been seen by then is said to be unknown, and `check` looks for longer. */
const lookMs = 1000;
/** They are closed before the lock sessions are opened, and need no connections beyond those `check` asks for. */
const lookSessions = 2;

/** Observer, control, guard, and the sessions that look, which lock sessions take the place of: open when the others are counted. */
const preparing = 3 + lookSessions;

/** What has been opened so far, closed in reverse when preparing fails. */
export type Undo = (() => Promise<void>)[];

/** Opens everything a backup needs, all that can be slow or fail; what is opened is put on `undo`. */
export async function prepareParts(
  endpoint: Endpoint,
  wanted: readonly string[] | undefined,
  order: BackupOrder,
  undo: Undo,
): Promise<BackupParts> {
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
  const accounts = order.globals === 'none' ? [] : await accountFindings(observer, dialect, order.globals);
  await attempt('look at the role of the server', 'the server', () =>
    requirePrimary(observer, dialect, 'the server'),
  );
  // From here on nothing of the catalogue changes.
  const guard = await DdlGuard.take(endpoint, limitMs);
  undo.push(() => guard.release());
  const databases = await attempt('list the databases', 'the server', () => listDatabases(observer, wanted));
  const leftOut = lookBeside(endpoint, dialect, databases, wanted, order.lanes);
  undo.push(async () => void (await Promise.allSettled([leftOut])));
  const read = await attempt('read the catalogue', 'the server', () =>
    readCatalogue(observer, dialect, databases),
  );
  requireComplete(read.findings);
  const objects = await attempt('try the views and programs', 'the server', () =>
    readSourceObjects(observer, read),
  );
  requireComplete(objects.findings);
  const tables = read.tables.filter((table) => table.kind === 'table');
  const tasks = await attempt('plan the chunks', 'the server', () =>
    planTasks(observer, dialect, tables, order),
  );
  const { lanes, locks } = order;
  await attempt('count the connections', 'the server', async () => {
    await requireConnections(observer, dialect, { tables: tables.length, lanes, locks, open: preparing });
  });
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
  const uncovered = await othersMayWrite(observer, dialect, databases);
  const server = await describeServer(observer, dialect, databases);
  // Under the locks' warming nobody else is to be busy.
  const catalogue = {
    ...read,
    findings: [...read.findings, ...objects.findings, ...(await leftOut), ...accounts],
  };
  const blockers = new Blockers(observer, own, {
    databases: databases.map(({ name }) => name),
    except: read.tables.filter(({ kind }) => kind === 'sequence'),
  });
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
  return {
    endpoint,
    dialect,
    order,
    server,
    catalogue,
    objects,
    tables,
    tasks,
    guard,
    control,
    observer,
    blockers,
    barrier,
    snapshots,
    uncontendedLockMs,
    uncovered,
  };
}

/** Are there, or may there be unseen by this account, databases beside these? */
async function othersMayWrite(
  wire: Wire,
  dialect: Dialect,
  databases: readonly Database[],
): Promise<boolean> {
  const all = await listDatabases(wire, undefined);
  if (all.some(({ name }) => !databases.some((database) => database.name === name))) return true;
  const grants = await attempt('look at the privileges', 'the server', () => Grants.read(wire, dialect));
  return !grants.seesAllDatabases;
}

/**
 * The longest of all that is asked, since it reads rows: begun here, on sessions of its own, and to be awaited after what can
 * go on beside it. Whoever awaits it gets its failure; nobody else does.
 */
function lookBeside(
  endpoint: Endpoint,
  dialect: Dialect,
  databases: readonly Database[],
  wanted: readonly string[] | undefined,
  lanes: number,
): Promise<Finding[]> {
  const looking = attempt('see what comes back otherwise', 'the server', () =>
    withSessions(endpoint, 'look', Math.min(lookSessions, lanes), async (wires) => {
      const [wire] = wires;
      const order = { wires, limitMs: lookMs / wires.length };
      return wire === undefined ? [] : leftOutFindings(wire, dialect, databases, wanted, order);
    }),
  );
  looking.catch(() => undefined);
  return looking;
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
function requireComplete(findings: readonly Finding[]): void {
  const stopping = findings.filter((finding) => !finding.warning);
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

/** As many bytes of one table are read for a rehearsal, about. */
const sampleBytes = 1024 * 1024;

/** The first rows of every table: fewer where they are large, at least one. */
function sampleTasks(tables: readonly Table[], sampleRows: number): ReadTask[] {
  if (sampleRows === 0) return [];
  return tables.map(({ dataBytes, rows: estimated }, table) => {
    const rowBytes = estimated > 0 ? dataBytes / estimated : 0;
    const fitting = rowBytes === 0 ? sampleRows : Math.max(1, Math.floor(sampleBytes / rowBytes));
    const rows = Math.min(sampleRows, fitting);
    return {
      table,
      task: 0,
      estimatedBytes: Math.min(dataBytes, Math.ceil(rows * rowBytes)),
      range: { rows },
    };
  });
}

async function planTasks(
  wire: Wire,
  dialect: Dialect,
  tables: readonly Table[],
  order: BackupOrder,
): Promise<ReadTask[]> {
  if (order.sampleRows !== undefined) return sampleTasks(tables, order.sampleRows);
  const tasks: ReadTask[] = [];
  const total = tables.reduce((bytes, table) => bytes + table.dataBytes, 0);
  const taskBytes = Math.min(
    order.chunkBytes * chunksPerTask,
    Math.max(smallestTaskBytes, total / (order.lanes * tasksPerLane)),
  );
  for (const [index, table] of tables.entries()) {
    order.signal.throwIfAborted();
    const pieces = Math.round(table.dataBytes / taskBytes);
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
  const sizes = tables.map(
    ({ dataBytes, indexBytes, rows }, number) => [number, { bytes: dataBytes + indexBytes, rows }] as const,
  );
  return inReadOrder(tasks, new Map(sizes), taskBytes);
}
