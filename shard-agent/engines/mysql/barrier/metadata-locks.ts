/**
 * Metadata locks: what LOCK TABLES … READ really waits for. A transaction that writes a table, or locks rows of it FOR UPDATE,
 * holds SHARED_WRITE on it until it ends. One that only reads it, FOR SHARE or under SERIALIZABLE too, holds SHARED_READ, which
 * lets the barrier pass, and temporary tables have none. By default MySQL shows these locks and MariaDB does not.
 */
import { isServerError } from '../connection/failure.ts';
import { quoteText } from '../connection/quoting.ts';
import type { Wire } from '../connection/wire.ts';

export type Row = Record<string, string | null>;

/** What the barrier locks: all of these databases but what it takes no lock on. */
export interface Covered {
  readonly databases: readonly string[];
  /** Sequences: a transaction that has asked one for a value holds SHARED_WRITE on it. */
  readonly except: readonly { readonly database: string; readonly name: string }[];
}

const mostHolders = 50;

const inPerformanceSchema = (where: string): string =>
  'SELECT th.PROCESSLIST_ID AS id, MAX(th.PROCESSLIST_USER) AS user, MAX(th.PROCESSLIST_HOST) AS host, ' +
  'MAX(th.PROCESSLIST_DB) AS db, MAX(th.PROCESSLIST_COMMAND) AS command, MAX(th.PROCESSLIST_STATE) AS state, ' +
  'MAX(th.PROCESSLIST_TIME) AS seconds, MAX(th.PROCESSLIST_INFO) AS info, MIN(ml.LOCK_TYPE) AS lock_type, ' +
  'MIN(ml.OWNER_EVENT_ID) AS event ' +
  'FROM performance_schema.metadata_locks ml JOIN performance_schema.threads th ON th.THREAD_ID = ml.OWNER_THREAD_ID ' +
  "WHERE ml.OBJECT_TYPE = 'TABLE' AND ml.LOCK_STATUS = 'GRANTED' " +
  "AND ml.OBJECT_SCHEMA NOT IN ('mysql', 'performance_schema', 'information_schema', 'sys') " +
  "AND ml.LOCK_TYPE IN ('SHARED_WRITE', 'SHARED_WRITE_LOW_PRIO', 'SHARED_NO_READ_WRITE', 'EXCLUSIVE') " +
  `${where} GROUP BY th.PROCESSLIST_ID LIMIT ${mostHolders}`;

/** MariaDB's plug-in, where it is installed: the same question, and always the whole answer. */
const inPlugIn = (where: string): string =>
  'SELECT m.THREAD_ID AS id, MAX(p.USER) AS user, MAX(p.HOST) AS host, MAX(p.DB) AS db, MAX(p.COMMAND) AS command, ' +
  'MAX(p.STATE) AS state, MAX(p.TIME) AS seconds, MAX(p.INFO) AS info, MIN(m.LOCK_MODE) AS lock_type ' +
  'FROM information_schema.METADATA_LOCK_INFO m JOIN information_schema.PROCESSLIST p ON p.ID = m.THREAD_ID ' +
  "WHERE m.LOCK_MODE IN ('MDL_SHARED_WRITE', 'MDL_SHARED_NO_READ_WRITE', 'MDL_EXCLUSIVE') " +
  `AND m.LOCK_TYPE = 'Table metadata lock' ${where} GROUP BY m.THREAD_ID LIMIT ${mostHolders}`;

/** With the performance schema off its tables are empty. */
const instrumented =
  "SELECT (SELECT COUNT(*) FROM performance_schema.setup_instruments WHERE NAME = 'wait/lock/metadata/sql/mdl' " +
  "AND ENABLED = 'YES') + (SELECT COUNT(*) FROM performance_schema.setup_consumers " +
  "WHERE NAME = 'global_instrumentation' AND ENABLED = 'YES') = 2 AS shown";

/** Locks, or the threads that hold them, for which the server had no room to show them. */
const lost =
  "SHOW GLOBAL STATUS WHERE Variable_name IN ('Performance_schema_metadata_lock_lost', 'Performance_schema_thread_instances_lost')";

type Source = 'performance-schema' | 'plug-in' | 'none';

export class MetadataLocks {
  readonly #wire: Wire;
  readonly #covered: Covered | undefined;
  #source: Source | undefined;

  /** `covered`: whose tables count; else those of all databases that are not the server's own. */
  constructor(wire: Wire, covered: Covered | undefined) {
    this.#wire = wire;
    this.#covered = covered;
  }

  /**
   * Sessions that hold a lock for which the barrier must wait, at most 50; undefined where the server does not show such
   * locks, or not to this account. A few ms.
   */
  async holders(): Promise<Row[] | undefined> {
    switch (await this.source()) {
      case 'performance-schema':
        return this.#wire.query(inPerformanceSchema(this.#where('ml.OBJECT_SCHEMA', 'ml.OBJECT_NAME')));
      case 'plug-in':
        return this.#wire.query(inPlugIn(this.#where('m.TABLE_SCHEMA', 'm.TABLE_NAME')));
      case 'none':
        return undefined;
    }
  }

  /** Does `holders` name all there are? Once is not for ever: the server may run out of room for them. */
  async complete(): Promise<boolean> {
    if ((await this.source()) !== 'performance-schema') return this.#source === 'plug-in';
    return (await this.#wire.query(lost)).every((row) => Number(row['Value']) === 0);
  }

  /** Where the server shows metadata locks; asked once. */
  async source(): Promise<Source> {
    this.#source ??= await this.#find();
    return this.#source;
  }

  async #find(): Promise<Source> {
    if ((await this.#shown(instrumented)) === '1') return 'performance-schema';
    const plugIn = await this.#shown('SELECT COUNT(*) FROM information_schema.METADATA_LOCK_INFO LIMIT 1');
    return plugIn === undefined ? 'none' : 'plug-in';
  }

  /** Undefined where the server does not have, or does not let this account see, what is asked for. */
  async #shown(sql: string): Promise<string | null | undefined> {
    try {
      return await this.#wire.value(sql);
    } catch (error) {
      if (isServerError(error, 1044, 1054, 1109, 1142, 1143, 1146, 1227)) return undefined;
      throw error;
    }
  }

  /**
   * Databases are compared without regard to case, which some servers do not keep in their locks; what is excepted must be
   * exactly that.
   */
  #where(schema: string, table: string): string {
    if (this.#covered === undefined) return '';
    const { databases, except } = this.#covered;
    const names = databases.map((name) => quoteText(name.toLowerCase()));
    const pairs = except.map(({ database, name }) => `(${quoteText(database)}, ${quoteText(name)})`);
    const not =
      pairs.length === 0 ? '' : ` AND (BINARY ${schema}, BINARY ${table}) NOT IN (${pairs.join(', ')})`;
    return `AND LOWER(${schema}) IN (${['NULL', ...names].join(', ')})${not}`;
  }
}
