/** A look at the server, and at one of its processes, over a connection made for it. */
import pg from 'pg';
import type { Sighting } from '../../../stall-watch.ts';
import type { PostgresConfig } from './connection.ts';

const connectTimeoutMs = 10_000;

/**
 * What the server's process `pid` is doing; without one, whether the server answers at all. A server that refuses the connection
 * in words answers: `refusalOf` gives them. Throws when it does not answer. `signal` breaks the connection off.
 */
export async function sightBackend(
  config: PostgresConfig,
  pid: number | undefined,
  signal: AbortSignal,
  refusalOf: (error: unknown) => string | undefined,
): Promise<Sighting> {
  const { host, port, user } = config.database;
  const client = new pg.Client({
    host,
    port,
    user,
    // A connection to a database that is being made, renamed or dropped would be in the way.
    database: 'postgres',
    password: config.password,
    ssl: false,
    application_name: 'tidemark probe',
    connectionTimeoutMillis: connectTimeoutMs,
  });
  // What breaks the connection is told to whoever waits for an answer.
  client.on('error', () => undefined);
  const { stream } = (client as unknown as { connection: { stream: { destroy(): void } } }).connection;
  const abort = (): void => stream.destroy();
  signal.addEventListener('abort', abort, { once: true });
  try {
    await client.connect();
    if (pid === undefined) return { state: 'at-work', words: 'the server answers a second connection' };
    const { rows } = await client.query<Backend>(
      `SELECT a.state, a.wait_event_type AS type, a.wait_event AS event, c.bytes_processed || ' ' || c.tuples_processed AS reached
       FROM pg_catalog.pg_stat_activity a LEFT JOIN pg_catalog.pg_stat_progress_copy c ON c.pid = a.pid WHERE a.pid = $1`,
      [pid],
    );
    return sighting(pid, rows[0]);
  } catch (error) {
    const refusal = refusalOf(error);
    if (refusal === undefined) throw error;
    return { state: 'at-work', words: `the server answers a second connection: ${refusal}` };
  } finally {
    signal.removeEventListener('abort', abort);
    stream.destroy();
  }
}

interface Backend {
  readonly state: string | null;
  readonly type: string | null;
  readonly event: string | null;
  /** Of a COPY. */
  readonly reached: string | null;
}

function sighting(pid: number, row: Backend | undefined): Sighting {
  if (row === undefined)
    return {
      state: 'idle',
      words: `the server answers a second connection, but has no process ${pid} any more`,
    };
  const wait = row.type === null ? '' : `, wait event ${row.type}: ${row.event ?? ''}`;
  const words = `the server answers a second connection; of process ${pid} it says: ${row.state ?? 'nothing'}${wait}`;
  // Waiting for this client: its question never came, or its answer does not go through.
  if (row.type === 'Client' || row.state?.startsWith('idle') === true) return { state: 'idle', words };
  const state = row.type === 'Lock' ? 'held-up' : 'at-work';
  return row.reached === null ? { state, words } : { state, words, reached: row.reached };
}
