/** Who keeps locks from being granted: open transactions that have written or locked rows of covered tables, and those in doubt. */
import type { Blocker } from '../../../engine.ts';
import { isServerError } from '../connection/failure.ts';
import type { Wire } from '../connection/wire.ts';
import { type Covered, MetadataLocks, type Row } from './metadata-locks.ts';

const statementLength = 200;
/** How long a transaction that is not seen any more is remembered. */
const forgetMs = 10_000;
/**
 * The server renews its list of transactions only when nobody has read it for 100 ms. Looking more often would keep the old list
 * for ever, so what was read is kept for a little longer than that.
 */
const keptMs = 105;
/** From here on the server shows an address for a transaction that has no id. */
const leastNoId = 2 ** 48;

const transactions =
  'SELECT t.trx_id, t.trx_mysql_thread_id AS id, t.trx_state, t.trx_started, t.trx_query, ' +
  'TIMESTAMPDIFF(MICROSECOND, t.trx_started, NOW(6)) / 1000 AS age_ms, ' +
  'p.* FROM information_schema.INNODB_TRX t LEFT JOIN information_schema.PROCESSLIST p ON p.ID = t.trx_mysql_thread_id ' +
  'WHERE t.trx_lock_structs > 0 AND t.trx_is_read_only = 0 ORDER BY t.trx_started';

const lastStatements =
  'SELECT th.PROCESSLIST_ID AS id, LEFT(es.SQL_TEXT, 200) AS text, ca.ATTR_VALUE AS program, ' +
  'et.TIMER_WAIT / 1000000000 AS age_ms FROM performance_schema.threads th ' +
  'LEFT JOIN performance_schema.events_transactions_current et ' +
  "ON et.THREAD_ID = th.THREAD_ID AND et.STATE = 'ACTIVE' " +
  'LEFT JOIN performance_schema.events_statements_current es ON es.THREAD_ID = th.THREAD_ID AND es.NESTING_EVENT_LEVEL = 0 ' +
  'LEFT JOIN performance_schema.session_connect_attrs ca ON ca.PROCESSLIST_ID = th.PROCESSLIST_ID ' +
  "AND ca.ATTR_NAME = 'program_name' WHERE th.PROCESSLIST_ID IN ";

export class Blockers {
  readonly #wire: Wire;
  /** Sessions of this backup: never in their own way. */
  readonly #own: () => ReadonlySet<number>;
  readonly #locks: MetadataLocks;
  #read: { readonly rows: readonly Row[]; readonly atMs: number } | undefined;
  /** When a transaction was first seen: the server gives its start in whole seconds only. */
  readonly #seen = new Map<string, { readonly first: number; readonly last: number }>();

  /** `covered`: what the barrier locks; else every table counts. */
  constructor(wire: Wire, own: () => ReadonlySet<number>, covered?: Covered) {
    this.#wire = wire;
    this.#own = own;
    this.#locks = new MetadataLocks(wire, covered);
  }

  /** Whoever would hold a lock request up right now, and nobody else where the server tells. A few ms; takes no locks. */
  async find(): Promise<Blocker[]> {
    const own = this.#own();
    const all = (await this.#transactions()).filter((row) => !own.has(idOf(row)) && mayWrite(row));
    const inDoubt = await this.inDoubt();
    const holders = (await this.#locks.holders())?.filter((row) => !own.has(idOf(row)));
    const writers = await this.#ofCovered(all, holders);
    const known = new Set(writers.map(idOf));
    const others = (holders ?? []).filter((row) => !known.has(idOf(row)));
    const last = await this.#lastStatements([...writers, ...others]);
    return [
      ...inDoubt,
      ...writers.map((row) => this.#writer(row, last.get(row['id'] ?? ''))),
      ...others.map((row) => lockHolder(row, last.get(row['id'] ?? ''))),
    ];
  }

  /**
   * Those of the transactions that hold a lock of a covered table. InnoDB tells only that a transaction has written, and not
   * where: unless the server shows all metadata locks, each of them counts.
   */
  async #ofCovered(writers: readonly Row[], holders: readonly Row[] | undefined): Promise<readonly Row[]> {
    const holding = new Set(holders?.map(idOf));
    const confirmed = writers.filter((row) => holding.has(idOf(row)));
    if (confirmed.length === writers.length || holders === undefined) return writers;
    return (await this.#locks.complete()) ? confirmed : writers;
  }

  /** Those that hold locks, the oldest first, as they were at most 200 ms ago. */
  async #transactions(): Promise<readonly Row[]> {
    if (this.#read === undefined || performance.now() - this.#read.atMs > keptMs) {
      const rows = await this.#wire.query(transactions);
      this.#read = { rows, atMs: performance.now() };
    }
    return this.#read.rows;
  }

  /** Forgets transactions that have not been seen for longer than any probe or attempt is apart from the next. */
  #watchedMs(key: string): number {
    const now = performance.now();
    for (const [other, seen] of this.#seen) if (now - seen.last > forgetMs) this.#seen.delete(other);
    const first = this.#seen.get(key)?.first ?? now;
    this.#seen.set(key, { first, last: now });
    return now - first;
  }

  /** Sessions that hold table locks of their own or change tables, as far as the server shows them. */
  async lockHolders(): Promise<Blocker[]> {
    const own = this.#own();
    const rows = ((await this.#locks.holders()) ?? []).filter((row) => !own.has(idOf(row)));
    const last = await this.#lastStatements(rows);
    return rows.map((row) => lockHolder(row, last.get(row['id'] ?? '')));
  }

  /**
   * Prepared transactions, connected or not, of whatever tables: the server does not tell which, and a set whose position lies
   * between the two phases of one could not be rolled forward.
   */
  async inDoubt(): Promise<Blocker[]> {
    const rows = await this.#wire.query('XA RECOVER', 'latin1');
    if (rows.length === 0) return [];
    const detached = (await this.#transactions()).find((row) => idOf(row) === 0);
    return rows.map((row) => {
      const xid = describeXid(row);
      return {
        kind: 'in-doubt',
        processId: '0',
        user: '',
        database: '',
        application: '',
        client: '',
        state: 'prepared',
        ageMs: Math.max(0, this.#watchedMs(xid), Number(detached?.['age_ms'] ?? 0) - 1000),
        statement: `XA PREPARE ${xid}`.slice(0, statementLength),
        transaction: xid,
      };
    });
  }

  #writer(row: Row, last: LastStatement | undefined): Blocker {
    const transaction = `${row['id']}@${row['trx_started']}`;
    const idle = row['COMMAND'] === 'Sleep';
    const ages = [
      this.#watchedMs(transaction),
      // The start is cut to the second: what is certain is a second less. Too old a guess would keep attempts away.
      Number(row['age_ms'] ?? 0) - 1000,
      // MariaDB: since the last statement began or ended.
      Number(row['TIME_MS'] ?? 0),
      last?.ageMs ?? 0,
    ];
    return {
      kind: 'writer',
      processId: row['id'] ?? '',
      user: row['USER'] ?? '',
      database: row['DB'] ?? '',
      application: last?.program ?? '',
      client: row['HOST'] ?? '',
      state: idle ? 'idle in transaction' : row['STATE'] || (row['COMMAND'] ?? ''),
      ageMs: Math.max(0, ...ages),
      statement: (row['trx_query'] ?? row['INFO'] ?? last?.text ?? '').slice(0, statementLength),
      transaction,
    };
  }

  async #lastStatements(rows: readonly Row[]): Promise<Map<string, LastStatement>> {
    const ids = [...new Set(rows.map(idOf))].filter((id) => id > 0);
    if (ids.length === 0) return new Map();
    const found = (await this.#optional(`${lastStatements}(${ids.join(', ')})`)) ?? [];
    return new Map(
      found.map((row) => [
        row['id'] ?? '',
        {
          text: row['text'] ?? undefined,
          program: row['program'] ?? undefined,
          ageMs: Number(row['age_ms'] ?? 0),
        },
      ]),
    );
  }

  /** Undefined where the server does not have, or does not show, what is asked for; `check` says so once. */
  async #optional(sql: string): Promise<Row[] | undefined> {
    try {
      return await this.#wire.query(sql);
    } catch (error) {
      if (isServerError(error, 1109, 1142, 1143, 1146, 1054, 1044, 1227)) return undefined;
      throw error;
    }
  }
}

interface LastStatement {
  readonly text: string | undefined;
  readonly program: string | undefined;
  readonly ageMs: number;
}

function idOf(row: Row): number {
  return Number(row['id']);
}

/**
 * InnoDB gives an id to a transaction with the first lock it takes to write, or to lock rows FOR UPDATE; one that reads, FOR SHARE
 * or under SERIALIZABLE too, has none. Writing temporary tables gives an id too, but takes no lock, which the query has seen to.
 */
function mayWrite(row: Row): boolean {
  const id = Number(row['trx_id']);
  return idOf(row) > 0 && id > 0 && id < leastNoId;
}

function lockHolder(row: Row, last: LastStatement | undefined): Blocker {
  const ddl = row['lock_type']?.endsWith('EXCLUSIVE') === true;
  return {
    kind: ddl ? 'ddl' : 'writer',
    processId: row['id'] ?? '',
    user: row['user'] ?? '',
    database: row['db'] ?? '',
    application: last?.program ?? '',
    client: row['host'] ?? '',
    state: row['command'] === 'Sleep' ? 'idle, holds table locks' : (row['state'] ?? row['command'] ?? ''),
    ageMs: Math.max(Number(row['seconds'] ?? 0) * 1000, last?.ageMs ?? 0),
    statement: (row['info'] ?? last?.text ?? '').slice(0, statementLength),
    // Where statements are not instrumented the event is the same for all.
    transaction: `${row['id']}@${row['lock_type']}:${row['event'] ?? ''}`,
  };
}

/** As XA COMMIT takes it: quoted when it can be read, in hexadecimal when not. */
function describeXid(row: Row): string {
  const data = Buffer.from(row['data'] ?? '', 'latin1');
  const gtridLength = Number(row['gtrid_length'] ?? data.length);
  const part = (bytes: Buffer): string => {
    const text = bytes.toString('latin1');
    return /^[\x20-\x26\x28-\x5b\x5d-\x7e]*$/.test(text) ? `'${text}'` : `X'${bytes.toString('hex')}'`;
  };
  const branch = data.subarray(gtridLength);
  const format = row['formatID'] ?? '1';
  if (branch.length === 0 && format === '1') return part(data);
  return `${part(data.subarray(0, gtridLength))},${part(branch)},${format}`;
}
