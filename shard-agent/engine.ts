/**
 * What a database engine does for Tidemark. Sessions and the service know only this; SQL lives behind it.
 *
 * Every method throws TidemarkError: `database-unreachable` when the server does not answer, `database-failed` with the
 * server's own message when it refuses, and what is said at the method. Unless said otherwise a method may not run
 * concurrently with another of the same object and may not be retried after it threw.
 */
import type { Position } from '../topology/position.ts';
import type {
  ChunkLine,
  DatabaseLine,
  InvariantLine,
  SchemaLine,
  ShardLine,
  StoredGlobals,
  TableLine,
} from '../repository/manifest-entries.ts';
import type { ErrorCode } from '../proto/errors.ts';
import type { InvariantQuery } from '../topology/agent-file.ts';

export interface Engine {
  /** One short connection. Repeatable, concurrent with everything. */
  describe(): Promise<ServerDescription>;

  /** Tries everything a backup like `order` needs, and changes nothing. Reports all findings, never only the first. Repeatable. */
  check(order?: Partial<CheckOrder>): Promise<Finding[]>;

  /** What any restore onto this server needs, whatever the set: role, tools, privileges. As `check` in all else. */
  checkRestore(): Promise<Finding[]>;

  /**
   * Asks each of these once, of the live databases, as in a backup (see `BackupSession.invariants`): whether a backup will be able to
   * ask it inside its cut. All together take no longer than about `limitMs`; one that is not answered by then is a warning, one that
   * fails is a finding. When `signal` is aborted no further one is asked. Repeatable.
   */
  tryInvariants(
    queries: readonly InvariantQuery[],
    limitMs: number,
    signal?: AbortSignal,
  ): Promise<TriedInvariants>;

  /**
   * How long the locks of a backup take when nobody is in the way, on sessions of its own. Holds no writer and disturbs no vacuum.
   * Repeatable; not during a backup, whose locks would wait for it.
   */
  timeLocks(): Promise<LockTiming>;

  /**
   * Checks that this is the sole writable primary (else `shard-refused`), takes the DDL guard where there is one, reads
   * the catalogue, plans the chunks, opens and warms every lock session and lane. Holds no writer up.
   */
  prepareBackup(order: BackupOrder): Promise<BackupSession>;

  /**
   * Would this shard's part of a set fit on this server? With `globals`, its roles or users too (the set has them): which of
   * them exist, and stay as they are, is told as warnings. With `lanes`, whether that many get their connections is asked too.
   * Changes nothing; all findings at once. Repeatable.
   */
  fit(stored: StoredShard, globals?: boolean, lanes?: number): Promise<Finding[]>;

  /** Begins a restore. Nothing is made before `stage`. */
  prepareRestore(order: RestoreOrder): Promise<RestoreSession>;

  /** Restores whose staging stands on this server, left by an agent that died. */
  staged(): Promise<StagedRestore[]>;

  /**
   * Claims the restores of this server: at most one claim lives on a server at a time, whichever process, host, account or
   * list of databases asks for it. Take it before a staging is made, settled or dropped, and keep it until nothing is left
   * to do for that restore: what `staged` finds belongs to nobody alive only while the claim is one's own.
   *
   * Never waits for the holder: answers `held`, with the holder in words, at once (within about 0.3 s). The claim belongs
   * to a session on the server, so the server frees it when the holder's process or connection ends, also by kill -9 and
   * by a restart of the server; after a lost network it lasts until the server's keepalive has noticed. Changes nothing
   * else on the server and needs no privilege.
   *
   * Does not keep out agents of a version that knows no claim. Throws `shard-refused` behind a pooler, which gives a
   * session's locks to others, and the reason of `signal` when that is aborted before the claim is made; afterwards `signal`
   * changes nothing. Repeatable; may run concurrently with everything, also with itself (one of two is told `held`).
   */
  claimRestores(signal: AbortSignal): Promise<ClaimOutcome>;

  /**
   * Sets a mark that any session on this running server can see, and no session on a copy of it. `mark` is 16 hexadecimal
   * digits. It needs no privilege, is gone with its session, and the server ends that after `markLimitMs` without a word
   * from this process. Repeatable with another mark, concurrent with everything.
   */
  setMark(mark: string): Promise<HeldMark>;

  /** Which of these marks the server shows. Repeatable, concurrent with everything. */
  seeMarks(marks: readonly string[]): Promise<string[]>;

  /**
   * Starts an empty server for a rehearsal in `folder`, which is the caller's and private: from this host's own programs, of this
   * server's major version, reachable only by a socket within the folder, with this server's roles or users and nothing else
   * of it. It ends, and `folder` with it, when this process dies in any way. Throws `tool-missing` when the host has no such
   * programs, `not-ready` when they start no server; then nothing runs. Concurrent with everything.
   */
  startScratch(folder: string, signal: AbortSignal): Promise<ScratchServer>;
}

export interface ScratchServer {
  /** Knows no invariants; only restores are asked of it. */
  readonly engine: Engine;
  /** Ends the server at once. Idempotent, never throws. */
  stop(): Promise<void>;
}

/**
 * Makes a restore a trial: everything before the decision is done, then `discard`. The set has only some rows, so a refusal
 * that missing rows explain is left out or told as a warning.
 */
export interface Rehearsal {
  /**
   * Hears of what the server refuses, where the rest can be tried without it. The restore goes on, and leaves out what needs
   * the refused object. A refusal without which nothing more can be tried is thrown, as in any restore.
   */
  readonly refused: (finding: Finding) => void;
}

/** Longest time for which a mark is held. */
export const markLimitMs = 45_000;

export interface HeldMark {
  /** Takes it off. Throws when it had been lost before; it is off then too. */
  release(): Promise<void>;
}

export type ClaimOutcome =
  | { readonly outcome: 'claimed'; readonly claim: RestoreClaim }
  /** Another session has it. `holder` names that session, as far as this account may see it. */
  | { readonly outcome: 'held'; readonly holder: string };

export interface RestoreClaim {
  /** Aborted, with a TidemarkError as reason, once the session is known to have ended without `release`. */
  readonly lost: AbortSignal;
  /**
   * Asks the server whether the claim is still ours; call it before a step that cannot be undone. Throws
   * `database-unreachable` when it is not, or cannot be known. Repeatable, and concurrent with everything.
   */
  confirm(): Promise<void>;
  /** Gives the claim back. When it resolves, another may claim. Idempotent, never throws. */
  release(): Promise<void>;
}

export interface ServerDescription {
  readonly family: 'postgresql' | 'mysql' | 'mariadb';
  readonly version: string;
  /** System identifier or server uuid: stays the same as long as the server lives, and a copy of the server has it too. */
  readonly identity: string;
  readonly databases: readonly string[];
  /** Size on disk of those databases, as the server estimates it. */
  readonly bytes: number;
}

export interface LockTiming {
  readonly lockMs: number;
  /** The slowest of a few: from a statement that does nothing to its answer. */
  readonly roundTripMs: number;
}

export interface Finding {
  readonly code: ErrorCode;
  readonly subject: string;
  readonly cause: string;
  /** The exact statement or setting. */
  readonly remedy: string;
  /** True: worth knowing, does not stop the operation. */
  readonly warning: boolean;
}

/** What the backup that `check` is about would be like. */
export interface CheckOrder {
  readonly lanes: number;
  /** False for consistency `simultaneous`. */
  readonly locks: boolean;
  readonly globals: GlobalsOrder;
}

export interface TriedInvariants {
  /** Of those that were answered, at different times: no two belong to one instant. */
  readonly answers: readonly { readonly name: string; readonly answer: string | null }[];
  readonly findings: readonly Finding[];
}

/** What to store of the server's roles or users and their grants. */
export type GlobalsOrder = 'none' | StoredGlobals;

export interface BackupOrder {
  readonly lanes: number;
  /** Raw bytes a chunk aims at. */
  readonly chunkBytes: number;
  readonly holdLimitMs: number;
  /** Greatest age of the snapshots; server-side session timeouts are set to it. */
  readonly copyLimitMs: number;
  /**
   * A running autovacuum is in the way for so long, from the first `inTheWay` or `lock` on; after that the server is let cancel it.
   * Absent: it is in the way for as long as it runs. One against wraparound always is, and so is a vacuum started by hand.
   */
  readonly cancelAutovacuumMs?: number | undefined;
  /** False for consistency `simultaneous`: no lock session is opened, and only `cutWithoutLocks` may be called. */
  readonly locks: boolean;
  readonly globals: GlobalsOrder;
  /**
   * For a rehearsal: only so many rows of each table are read (0: none), fewer where rows are large, and neither large objects nor
   * statistics. Absent: a backup.
   */
  readonly sampleRows?: number;
  readonly signal: AbortSignal;
}

/** One connection's worth of one shard's backup, from the catalogue to the last chunk. */
export interface BackupSession {
  readonly server: ServerDescription;
  /** Number of tables, and raw bytes expected, for progress. */
  readonly tables: readonly TableLine[];
  readonly estimatedBytes: number;
  /** How long the locks took when nobody was in the way. */
  readonly uncontendedLockMs: number;
  readonly warnings: readonly Finding[];

  /** Who would keep an attempt from succeeding: transactions older than `olderThanMs` that have written, in-doubt
   * transactions, vacuums and DDL in the way. Takes no locks; at most a few ms. Repeatable. */
  inTheWay(olderThanMs: number): Promise<Blocker[]>;

  /**
   * One attempt: requests every lock, at once on all lock sessions, bounded by `drainMs` from now; then checks under
   * the locks (no in-doubt transaction, the catalogue is the plan's, no writer that no lock shows). Discards the
   * snapshots of an earlier cut first. After `blocked`, or after it threw, no lock is held or waited for.
   * Once the first lock is requested, the server itself gives all of them back at `holdLimitMs` + 500 ms at the latest,
   * whatever happens to this process. `signal` ends it early: resolves `blocked`.
   */
  lock(drainMs: number, signal: AbortSignal): Promise<LockOutcome>;

  /**
   * Under the locks: every lane's snapshot, the position, then the proof: each lock session executes a statement
   * that was sent after the last snapshot and that fails if the locks were lost in between; it is also the unlock.
   * Throws when a lock was lost (then there is no cut, and no lock either).
   */
  cut(): Promise<Cut>;

  /** Opens all snapshots at once with no lock. For consistency `simultaneous` only. */
  cutWithoutLocks(): Promise<Cut>;

  /** Gives the locks back; resolves when the server has confirmed that they are gone, by closing the lock sessions'
   * connections if need be. Idempotent, may be called while `lock` or `cut` runs, never throws. */
  unlock(): Promise<void>;

  /** After a cut, while lanes read rows: what the manifest says of shard and databases. */
  shardLine(): Promise<
    Pick<ShardLine, 'family' | 'version' | 'identity' | 'position' | 'engine' | 'globals'>
  >;
  databaseLines(): Promise<DatabaseLine[]>;

  /** After a cut, while lanes read rows: the schema as of the snapshot, each piece to be read to its end before the next is asked
   * for. Globals, which are in no snapshot, are a piece without a database, as they are when it is read. */
  schema(): AsyncIterable<SchemaPiece>;

  /**
   * After a cut, before lanes read rows: answers from inside the snapshot. Each query is one statement that reads, in a
   * read-only transaction, and its names have one meaning only: no search path is looked through. Throws `not-ready` for one
   * that is anything else or gives no single value.
   */
  invariants(queries: readonly InvariantQuery[]): Promise<InvariantLine[]>;

  /** After a cut: what is to be read, in this order: the last ones are short. Bounded by the catalogue, not by rows. */
  tasks(): readonly ReadTask[];

  /** After a cut: lanes whose snapshot is the cut's. Lanes run concurrently. At least one, else `snapshot-lost`. */
  readLanes(): Promise<ReadLane[]>;

  /** After a cut: checks once more that this is the same server in the same role; else `shard-refused`. */
  confirmServer(): Promise<void>;

  /** Lets go of everything: locks, snapshots, DDL guard, connections, children. Idempotent, never throws. */
  close(): Promise<void>;
}

export type LockOutcome =
  | { readonly outcome: 'locked'; readonly lockMs: number }
  | {
      readonly outcome: 'blocked';
      readonly reason: string;
      readonly blockers: readonly Blocker[];
      /** From the first lock request of this attempt to the confirmed release; 0 when none was made. Looking for names comes after. */
      readonly holdMs: number;
    };

export interface Cut {
  /** From the first lock request of this attempt to the confirmed unlock. 0 without locks. */
  readonly holdMs: number;
  readonly position: Position;
  /** Tables whose autovacuum was cancelled for the locks of this or an earlier attempt. Absent: none. */
  readonly cancelledAutovacuums?: readonly string[];
}

export interface Blocker {
  readonly kind: 'writer' | 'in-doubt' | 'vacuum' | 'ddl' | 'unknown';
  readonly processId: string;
  readonly user: string;
  readonly database: string;
  readonly application: string;
  readonly client: string;
  readonly state: string;
  /** Age of its transaction. */
  readonly ageMs: number;
  /** The running or last statement, at most 200 characters. */
  readonly statement: string;
  /** Tells the same transaction in a later attempt: process id and start time, or the global id. */
  readonly transaction: string;
}

export interface SchemaPiece {
  readonly database: string;
  readonly name: string;
  /** Name of the stored object without folder: `archive.dump`, `tables.sql`. Already packed ones are stored as they are. */
  readonly fileName: string;
  readonly packed: boolean;
  readonly body: AsyncIterable<Uint8Array>;
}

/** Plain data, so that it can be sent to a lane in another thread. */
export interface ReadTask {
  /** Index into `tables`. */
  readonly table: number;
  /** Number of the task within its table, from 0. */
  readonly task: number;
  readonly estimatedBytes: number;
  /** The engine's own bounds: recorded as the chunk's `range`. */
  readonly range: Record<string, unknown>;
}

/** Takes the raw bytes of one task. Made by the pipeline; the engine copies straight into its frames. */
export interface RawSink {
  /**
   * Appends source[start, end). The bytes are copied before it returns; the caller may reuse its buffer at once.
   * Returns a promise when the caller must wait before the next append (frames are being packed), else undefined.
   */
  append(source: Uint8Array, start: number, end: number): Promise<void> | undefined;
  /** True when the chunk is as large as a chunk should be: the engine calls `endChunk` at the next row boundary. */
  readonly full: boolean;
  /**
   * At a row boundary: what was appended since the last boundary is one chunk of `rows` rows. `largestRow`: bytes of the largest of
   * them, where the engine tells; recorded in the chunk's `range` unless the chunk is small.
   */
  endChunk(rows: number, largestRow?: number): Promise<void>;
}

export interface ReadLane {
  /**
   * Reads one task into the sink, ends its last chunk, and resolves. Between rows, whenever `sink.full`, it ends a
   * chunk and goes on. `table-locked` when a table is being altered; `snapshot-lost` when the connection is gone: the
   * lane is then dead, and the task may be given to another lane (with a new sink).
   */
  read(task: ReadTask, sink: RawSink, signal: AbortSignal): Promise<void>;
}

/** The shard's stored part, with the manifest checked as it is read. Reads may be concurrent. */
export interface StoredShard {
  readonly shard: ShardLine;
  /** Databases, schema pieces, tables and their rows, invariants: bounded by the catalogue. */
  readonly databases: readonly DatabaseLine[];
  readonly schema: readonly SchemaLine[];
  readonly tables: readonly TableLine[];
  /** By table, what its chunks add up to; a table without rows may be left out. */
  readonly rows: ReadonlyMap<number, number>;
  /** By table, bytes of its largest row, as far as a backup has told them. */
  readonly largestRows?: ReadonlyMap<number, number>;
  readonly invariants: readonly InvariantLine[];
  /** The raw bytes of a schema piece, unpacked where it was packed by us; throws `bad-bytes` before the last byte is given out if anything differs. */
  openSchema(line: SchemaLine): AsyncIterable<Buffer>;
  /** The raw bytes of a chunk, for an engine that could not load it at first; as `openSchema` in all else. */
  openChunk(table: TableLine, chunk: ChunkLine): AsyncIterable<Buffer>;
}

export interface RestoreOrder {
  /** Names the staging. [0-9a-z], at most 24 characters. */
  readonly restore: string;
  readonly cluster: string;
  readonly lanes: number;
  readonly stored: StoredShard;
  /**
   * Make the roles or users of the set that this server has not: nobody can log in as one of them before `finish`, and
   * `discard` drops them, and only them. Those that exist are left as they are.
   */
  readonly globals: boolean;
  /** Absent: a restore. Large objects, and statistics of the set, are no part of a rehearsal. */
  readonly rehearsal?: Rehearsal;
  readonly signal: AbortSignal;
}

export interface RestoreSession {
  /** Once `finishLoad` has ended: what could not be brought back and is no reason to fail. Absent: nothing. */
  readonly warnings?: readonly Finding[];
  /** Makes the roles or users that were ordered, the staging databases and the tables in them, without indexes and keys that are better built later. */
  stage(): Promise<void>;
  /** Lanes run concurrently. */
  writeLanes(): Promise<WriteLane[]>;
  /**
   * Indexes, keys, sequences, materialised views, routines: all that follows the data, as far as it can be done in the
   * staging, statistics too where they move with it. That every row is there was seen chunk by chunk: see `load`.
   */
  finishLoad(): Promise<void>;
  /**
   * Answers from the staging of each query's database, asked as in a backup. Never from what stands under the final names:
   * a query that would read there is refused. Throws `not-ready` as `BackupSession.invariants` does.
   */
  invariants(queries: readonly InvariantQuery[]): Promise<{ name: string; answer: string | null }[]>;
  /**
   * After the load and before the decision: turns applications away from what has the final names, then makes sure that it is
   * still empty. Throws `target-not-empty` with the name of what was made meanwhile. `discard` opens it again. Idempotent.
   */
  closeTarget(): Promise<void>;
  /**
   * After the decision: all that can be done towards the final names while applications are still turned away, as numbered,
   * idempotent steps; it closes the target first where that was not done. May be called again, by another process too.
   * Until `open` was called, `discard` undoes it.
   */
  switch(): Promise<void>;
  /**
   * Lets applications in. To be called only when every shard of the restore has switched, and never undone after that.
   * Idempotent, by another process too; a second call after `finish` has begun changes nothing.
   */
  open(): Promise<void>;
  /** Drops everything this restore made, staged or switched, and opens what was closed. Idempotent, also after a crash. */
  discard(): Promise<void>;
  /**
   * After `open`: events, statistics where they were not made before, and the removal of what `staged` would find, which comes last.
   * Resolves with warnings: what of the set the server did not take as it was. Idempotent; without warnings when all was done before.
   */
  finish(): Promise<readonly Finding[]>;
  /** Closes connections and children; drops nothing. Idempotent, never throws. */
  close(): Promise<void>;
}

export interface WriteLane {
  /**
   * Loads one chunk and resolves with the rows the server says it took. The source checks its own digest and throws
   * before its last byte is given out; the lane then makes sure that nothing of the chunk is committed. A chunk that must wait
   * for something else is put aside, and counts here: `finishLoad` loads it or throws.
   */
  load(
    table: TableLine,
    chunk: ChunkLine,
    source: AsyncIterable<Buffer>,
    signal: AbortSignal,
  ): Promise<number>;
}

/** What undoing or rolling forward needs: it knows the restore by its marks on the server, without the stored shard. */
export type SettlingSession = Pick<RestoreSession, 'switch' | 'open' | 'discard' | 'finish' | 'close'>;

export interface StagedRestore {
  readonly restore: string;
  readonly cluster: string;
  readonly reopen: () => Promise<SettlingSession>;
}
