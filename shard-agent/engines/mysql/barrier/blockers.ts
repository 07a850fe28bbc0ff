/** Who keeps locks from being granted: open transactions that have written or locked rows, and those in doubt. */
import type { Blocker } from '../../../engine.ts';
import { isServerError } from '../connection/failure.ts';
import type { Wire } from '../connection/wire.ts';

type Row = Record<string, string | null>;

const statementLength = 200;
/** How long a transaction that is not seen any more is remembered. */
const forgetMs = 10_000;

const transactions =
  'SELECT t.trx_id, t.trx_mysql_thread_id AS id, t.trx_state, t.trx_started, t.trx_query, ' +
  'TIMESTAMPDIFF(MICROSECOND, t.trx_started, NOW(6)) / 1000 AS age_ms, ' +
  'p.* FROM information_schema.INNODB_TRX t LEFT JOIN information_schema.PROCESSLIST p ON p.ID = t.trx_mysql_thread_id ' +
  'WHERE t.trx_rows_modified > 0 OR t.trx_lock_structs > 0';

/** The locks that LOCK TABLES … READ waits for, held without a transaction of InnoDB: LOCK TABLES … WRITE and DDL. */
const metadataLocks =
  'SELECT DISTINCT th.PROCESSLIST_ID AS id, th.PROCESSLIST_USER AS user, th.PROCESSLIST_HOST AS host, ' +
  'th.PROCESSLIST_DB AS db, th.PROCESSLIST_COMMAND AS command, th.PROCESSLIST_STATE AS state, ' +
  'th.PROCESSLIST_TIME AS seconds, th.PROCESSLIST_INFO AS info, ml.LOCK_TYPE AS lock_type ' +
  'FROM performance_schema.metadata_locks ml JOIN performance_schema.threads th ON th.THREAD_ID = ml.OWNER_THREAD_ID ' +
  "WHERE ml.OBJECT_TYPE = 'TABLE' AND ml.LOCK_STATUS = 'GRANTED' " +
  "AND ml.OBJECT_SCHEMA NOT IN ('mysql', 'performance_schema', 'information_schema', 'sys') " +
  "AND ml.LOCK_TYPE IN ('SHARED_WRITE', 'SHARED_WRITE_LOW_PRIO', 'SHARED_NO_READ_WRITE', 'EXCLUSIVE') LIMIT 50";

/** MariaDB's plug-in, where it is installed: the same question. */
const metadataLockInfo =
  'SELECT DISTINCT m.THREAD_ID AS id, p.USER AS user, p.HOST AS host, p.DB AS db, p.COMMAND AS command, ' +
  'p.STATE AS state, p.TIME AS seconds, p.INFO AS info, m.LOCK_MODE AS lock_type ' +
  'FROM information_schema.METADATA_LOCK_INFO m JOIN information_schema.PROCESSLIST p ON p.ID = m.THREAD_ID ' +
  "WHERE m.LOCK_MODE IN ('MDL_SHARED_WRITE', 'MDL_SHARED_NO_READ_WRITE', 'MDL_EXCLUSIVE') " +
  "AND m.LOCK_TYPE = 'Table metadata lock' LIMIT 50";

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
  /** When a transaction was first seen: the server gives its start in whole seconds only. */
  readonly #seen = new Map<string, { readonly first: number; readonly last: number }>();

  constructor(wire: Wire, own: () => ReadonlySet<number>) {
    this.#wire = wire;
    this.#own = own;
  }

  /** Whoever would hold a lock request up right now. A few ms; takes no locks. */
  async find(): Promise<Blocker[]> {
    const own = this.#own();
    const rows = (await this.#wire.query(transactions)).filter((row) => !own.has(Number(row['id'])));
    const inDoubt = await this.inDoubt();
    const writers = rows.filter((row) => Number(row['id']) > 0);
    const known = new Set(writers.map((row) => Number(row['id'])));
    const others = (await this.#lockHolders()).filter(
      (row) => !own.has(Number(row['id'])) && !known.has(Number(row['id'])),
    );
    const last = await this.#lastStatements([...writers, ...others]);
    return [
      ...inDoubt,
      ...writers.map((row) => this.#writer(row, last.get(row['id'] ?? ''))),
      ...others.map((row) => lockHolder(row, last.get(row['id'] ?? ''))),
    ];
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
    const rows = (await this.#lockHolders()).filter((row) => !own.has(Number(row['id'])));
    const last = await this.#lastStatements(rows);
    return rows.map((row) => lockHolder(row, last.get(row['id'] ?? '')));
  }

  /** Prepared transactions, connected or not. */
  async inDoubt(): Promise<Blocker[]> {
    const rows = await this.#wire.query('XA RECOVER', 'latin1');
    if (rows.length === 0) return [];
    const detached = await this.#wire.query(
      'SELECT trx_started, TIMESTAMPDIFF(MICROSECOND, trx_started, NOW(6)) / 1000 AS age_ms ' +
        'FROM information_schema.INNODB_TRX WHERE trx_mysql_thread_id = 0 ORDER BY trx_started LIMIT 1',
    );
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
        ageMs: Math.max(0, this.#watchedMs(xid), Number(detached[0]?.['age_ms'] ?? 0) - 1000),
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

  async #lockHolders(): Promise<Row[]> {
    return (await this.#optional(metadataLocks)) ?? (await this.#optional(metadataLockInfo)) ?? [];
  }

  async #lastStatements(rows: readonly Row[]): Promise<Map<string, LastStatement>> {
    const ids = [...new Set(rows.map((row) => Number(row['id'])))].filter((id) => id > 0);
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
      const rows = await this.#wire.query(sql);
      return rows.length === 0 ? undefined : rows;
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
    ageMs: Number(row['seconds'] ?? 0) * 1000,
    statement: (row['info'] ?? last?.text ?? '').slice(0, statementLength),
    transaction: `${row['id']}@${row['lock_type']}`,
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
