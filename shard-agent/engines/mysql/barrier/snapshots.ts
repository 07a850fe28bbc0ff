/** The lanes' consistent snapshots and the position of the log they belong to. */
import { TidemarkError } from '../../../../proto/errors.ts';
import type { Position } from '../../../../topology/position.ts';
import { openSession } from '../connection/connection.ts';
import type { Dialect } from '../dialect.ts';
import { failure } from '../connection/failure.ts';
import type { Endpoint } from '../connection/handshake.ts';
import { identify } from '../server.ts';
import type { Wire } from '../connection/wire.ts';

export type BinlogPosition = Extract<Position, { kind: 'binlog' }>;

/** How often snapshots are opened anew when something outside the locked tables was committed in between. */
const rounds = 3;
/** The same for snapshots without locks, on a server that can tell whether they are the same. */
const roundsWithoutLocks = 50;
/** How often each lane is asked where its snapshot stands: see commonPosition. */
const looks = 5;

export class Snapshots {
  readonly #dialect: Dialect;
  readonly #observer: Wire;
  readonly #wires: Wire[];
  readonly #serverUuid: string;
  /** Those that hold the cut's snapshot. */
  #taken: Wire[] = [];

  static async open(
    endpoint: Endpoint,
    dialect: Dialect,
    observer: Wire,
    count: number,
    limitMs: number,
  ): Promise<Snapshots> {
    const opened = await Promise.allSettled(
      Array.from({ length: count }, () => openSession(endpoint, { name: 'lane' }, { limitMs, bulk: true })),
    );
    const wires = opened.flatMap((result) => (result.status === 'fulfilled' ? [result.value.wire] : []));
    try {
      const failed = opened.find((result) => result.status === 'rejected');
      if (failed !== undefined) throw failed.reason;
      // As stored: no conversion on the way out.
      await Promise.all(wires.map((wire) => wire.run('SET SESSION character_set_results = NULL')));
      return new Snapshots(dialect, observer, wires, await identify(observer, dialect));
    } catch (error) {
      await Promise.all(wires.map((wire) => wire.close()));
      throw error;
    }
  }

  private constructor(dialect: Dialect, observer: Wire, wires: Wire[], serverUuid: string) {
    this.#dialect = dialect;
    this.#observer = observer;
    this.#wires = wires;
    this.#serverUuid = serverUuid;
  }

  get threadIds(): number[] {
    return this.#wires.map((wire) => wire.threadId);
  }

  /** Connections that hold the cut's snapshot and are alive. */
  get lanes(): readonly Wire[] {
    return this.#taken.filter((wire) => wire.alive);
  }

  /** Lets go of the snapshots of an earlier cut. */
  async discard(): Promise<void> {
    const taken = this.#taken;
    this.#taken = [];
    await Promise.all(taken.filter((wire) => wire.alive).map((wire) => wire.run('ROLLBACK')));
  }

  /**
   * Under the locks: opens every snapshot. The position is read before and after and must agree, for else something
   * was committed that the locks should have kept out. `uncovered`: databases that are not locked may be written, and
   * their commits move the position without touching what is copied; then the position before the snapshots counts.
   */
  async take(uncovered: boolean): Promise<BinlogPosition> {
    for (let round = 1; ; round += 1) {
      const before = await this.position();
      await this.#start(this.#wires);
      const after = await this.position();
      if (samePosition(before, after) || (uncovered && round === rounds)) {
        this.#taken = [...this.#wires];
        return before;
      }
      if (round === rounds) {
        throw new TidemarkError({
          code: 'snapshot-lost',
          operation: 'open the snapshots',
          subject: 'the log position',
          cause: `the server went on committing under the locks (${describe(before)}, then ${describe(after)})`,
          remedy:
            'See what writes to this server beside the databases of the shard; then run the backup again.',
        });
      }
    }
  }

  /**
   * Without locks. Lanes must read the same snapshot as each other: MariaDB tells each snapshot's position, and they
   * are opened until all agree. Where that cannot be told, or does not come about, one lane reads alone.
   */
  async takeWithoutLocks(): Promise<BinlogPosition> {
    if (this.#dialect.family === 'mariadb') {
      for (let round = 1; round <= roundsWithoutLocks; round += 1) {
        await this.#start(this.#wires);
        const position = await commonPosition(this.#wires);
        if (position === '') break;
        if (position === undefined) continue;
        this.#taken = [...this.#wires];
        return { ...(await this.position()), ...parseSnapshotPosition(position) };
      }
    }
    const [alone] = this.#wires;
    await Promise.all(this.#wires.slice(1).map((wire) => wire.run('ROLLBACK')));
    const before = await this.position();
    if (alone !== undefined) await this.#start([alone]);
    this.#taken = alone === undefined ? [] : [alone];
    return before;
  }

  async #start(wires: readonly Wire[]): Promise<void> {
    const started = await Promise.allSettled(
      wires.map((wire) => wire.run('START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY')),
    );
    const failed = started.find((result) => result.status === 'rejected');
    if (failed !== undefined) throw failure(failed.reason, 'open the snapshots', 'a lane', 'snapshot-lost');
  }

  /** Where the binary log stands now; an empty file where none is kept. */
  async position(): Promise<BinlogPosition> {
    const [status] = await this.#observer.query(this.#dialect.binlogStatus);
    const gtidSet = (await this.#observer.value(this.#dialect.gtidSet)) ?? '';
    return {
      kind: 'binlog',
      file: status?.['File'] ?? '',
      offset: Number(status?.['Position'] ?? 0),
      gtidSet: status === undefined ? '' : gtidSet.replaceAll('\n', ''),
      serverUuid: this.#serverUuid,
    };
  }

  async close(): Promise<void> {
    this.#taken = [];
    await Promise.all(this.#wires.map((wire) => wire.close()));
  }
}

function samePosition(a: BinlogPosition, b: BinlogPosition): boolean {
  return a.file === b.file && a.offset === b.offset && a.gtidSet === b.gtidSet;
}

function describe(position: BinlogPosition): string {
  return `${position.file}:${position.offset}`;
}

/**
 * Where the snapshots of all these sessions stand; undefined when that is not one place. The server keeps the answer in one
 * variable for all sessions, from the moment it is worked out until it is sent: sessions that ask at the same time are told
 * each other's (10.11: two of a hundred cuts under writes looked like one snapshot and were two). So one session asks at a
 * time, and several times, since others, a monitor for one, ask too.
 */
async function commonPosition(wires: readonly Wire[]): Promise<string | undefined> {
  let common: string | undefined;
  for (let look = 0; look < looks; look += 1) {
    for (const wire of wires) {
      const position = await snapshotPosition(wire);
      if (position !== (common ??= position)) return undefined;
    }
  }
  return common ?? '';
}

/** MariaDB: the position that belongs to this session's snapshot; empty without a binary log. */
async function snapshotPosition(wire: Wire): Promise<string> {
  const rows = await wire.query("SHOW STATUS LIKE 'binlog\\_snapshot\\_%'");
  const value = (name: string): string =>
    rows.find((row) => row['Variable_name']?.toLowerCase() === name)?.['Value'] ?? '';
  const file = value('binlog_snapshot_file');
  return file === '' ? '' : `${file}:${value('binlog_snapshot_position')}`;
}

function parseSnapshotPosition(text: string): { file: string; offset: number; gtidSet: string } {
  const colon = text.lastIndexOf(':');
  // The GTID set read now may be later than the snapshot: not recorded.
  return { file: text.slice(0, colon), offset: Number(text.slice(colon + 1)), gtidSet: '' };
}
