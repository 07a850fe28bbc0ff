/** A look at the server, and at one of its threads, over a connection made for it. */
import type { Sighting } from '../../../stall-watch.ts';
import { ConnectionLost, isServerError } from './failure.ts';
import type { ResultSet } from './result-reader.ts';

/** What is needed of a connection to look; it is not watched itself. */
interface LookingWire {
  results(sql: string): Promise<ResultSet[]>;
  destroy(reason: string): void;
  close(): Promise<void>;
}

/**
 * States in which a thread waits for the network. While we wait for the server, this means that bytes are lost on the way. The
 * names: https://dev.mysql.com/doc/refman/8.4/en/general-thread-states.html, and the older ones that MariaDB keeps.
 */
const waitsForNetwork = /^(?:Sending to client|Writing to net|Receiving from client|Reading from net)$/i;

/**
 * What the thread is doing. A server that refuses the connection in words answers. Throws when it does not. `signal` breaks the
 * connection off.
 */
export async function sightThread(
  threadId: number,
  signal: AbortSignal,
  connect: () => Promise<LookingWire>,
): Promise<Sighting> {
  let wire: LookingWire;
  try {
    wire = await connect();
  } catch (error) {
    if (!isServerError(error)) throw error;
    return { state: 'at-work', words: `the server answers a second connection: ${error.message}` };
  }
  const abort = (): void => wire.destroy('the look at the server was ended');
  signal.addEventListener('abort', abort, { once: true });
  if (signal.aborted) abort();
  try {
    // Its own threads an account sees without any privilege.
    const [threads] = await wire.results('SHOW PROCESSLIST');
    if (threads === undefined) throw new ConnectionLost('the server does not list its threads');
    return sighting(threadId, threads);
  } finally {
    signal.removeEventListener('abort', abort);
    await wire.close();
  }
}

function sighting(threadId: number, { columns, rows }: ResultSet): Sighting {
  const at = (name: string): number => columns.findIndex((column) => column.toLowerCase() === name);
  const row = rows.find((each) => each[at('id')]?.toString() === String(threadId));
  if (row === undefined) {
    const words = `the server answers a second connection, but has no thread ${threadId} any more`;
    return { state: 'idle', words };
  }
  const command = row[at('command')]?.toString() ?? '';
  const state = row[at('state')]?.toString() ?? '';
  const says = [command, state].filter((word) => word !== '').join(', ');
  const words = `the server answers a second connection; of thread ${threadId} it says: ${says}`;
  return { state: command === 'Sleep' || waitsForNetwork.test(state) ? 'idle' : 'at-work', words };
}
