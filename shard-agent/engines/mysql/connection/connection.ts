/** Opening sessions: the settings every session of this engine has, and who answers at the other end. */
import { type Dialect, dialectOf } from '../dialect.ts';
import { attempt } from './failure.ts';
import type { Endpoint, Purpose } from './handshake.ts';
import { Wire } from './wire.ts';

export interface SessionOptions {
  /** How long the server lets the session be idle or slow. */
  readonly limitMs: number;
  /** Reads or writes tables in bulk: larger buffers. */
  readonly bulk?: boolean;
  readonly extra?: readonly string[];
}

/** Of every session: a key that is no date of the calendar must be good for a boundary, as it is for a row. */
export const ownSqlMode = 'ALLOW_INVALID_DATES';

/**
 * The first of all settings, so that no statement of ours ends by the limit that the server has for all. Each family executes the comment
 * that is its own: https://dev.mysql.com/doc/refman/8.4/en/comments.html, https://mariadb.com/kb/en/comment-syntax/.
 */
const noStatementLimit = '/*!80000 max_execution_time = 0, */ /*M!100100 max_statement_time = 0, */';

const longestTimeoutS = 31_536_000;
const shortLimitMs = 120_000;

/** host:port or the socket, for messages. */
export function describeEndpoint(endpoint: Endpoint): string {
  return endpoint.host.startsWith('/') ? endpoint.host : `${endpoint.host}:${endpoint.port}`;
}

/** Settings that no global default, init_connect or client may change under us. */
function settings(options: SessionOptions): string[] {
  const seconds = Math.min(longestTimeoutS, Math.max(60, Math.ceil(options.limitMs / 1000)));
  return [
    `sql_mode = '${ownSqlMode}'`,
    'autocommit = 1',
    "time_zone = '+00:00'",
    `wait_timeout = ${seconds}`,
    `interactive_timeout = ${seconds}`,
    `net_write_timeout = ${seconds}`,
    `net_read_timeout = ${seconds}`,
    'sql_select_limit = 18446744073709551615',
    'sql_big_selects = 1',
    'sql_quote_show_create = 1',
    'sql_auto_is_null = 0',
    'sql_notes = 1',
    'unique_checks = 1',
    // Some messages of the server are read, not only shown.
    "lc_messages = 'en_US'",
    'completion_type = 0',
  ];
}

/** Opens a session. Throws `database-unreachable`, or `database-failed` when a setting is refused. */
export async function openSession(
  endpoint: Endpoint,
  purpose: Purpose,
  options: SessionOptions = { limitMs: shortLimitMs },
): Promise<{ wire: Wire; dialect: Dialect }> {
  return attempt('connect', describeEndpoint(endpoint), async () => {
    const wire = await Wire.open(endpoint, purpose, options.bulk === true);
    try {
      await wire.run(`SET ${noStatementLimit} NAMES utf8mb4`);
      const version = (await wire.value('SELECT VERSION()')) ?? '';
      const dialect = dialectOf(version);
      const all = [...settings(options), ...dialect.sessionSettings, ...(options.extra ?? [])];
      await wire.run(`SET SESSION ${all.join(', ')}`);
      await wire.run('SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ WRITE');
      return { wire, dialect };
    } catch (error) {
      await wire.close();
      throw error;
    }
  });
}

/** One session for the length of `work`. */
export async function withSession<T>(
  endpoint: Endpoint,
  purpose: Purpose,
  work: (wire: Wire, dialect: Dialect) => Promise<T>,
): Promise<T> {
  const { wire, dialect } = await openSession(endpoint, purpose);
  try {
    return await work(wire, dialect);
  } finally {
    await wire.close();
  }
}
