/** Events of a database. MariaDB refuses even to list them while its scheduler is disabled; then none can be made either. */
import { isServerError } from '../connection/failure.ts';
import { quoteText } from '../connection/quoting.ts';
import type { Dialect } from '../dialect.ts';
import { variable } from '../server.ts';
import type { Wire } from '../connection/wire.ts';

/** The scheduler was disabled at the server's start, or its tables cannot be read: no event runs here. */
const noEvents: readonly number[] = [1577, 1545];

/** In name order; none where the server knows no events. */
export async function eventNames(wire: Wire, database: string): Promise<string[]> {
  try {
    const rows = await wire.query(
      `SELECT EVENT_NAME AS n FROM information_schema.EVENTS WHERE EVENT_SCHEMA = ${quoteText(database)} ORDER BY EVENT_NAME`,
    );
    return rows.map((row) => row['n'] ?? '');
  } catch (error) {
    if (!isServerError(error, ...noEvents)) throw error;
    return [];
  }
}

/** MySQL makes events with a disabled scheduler too. */
export async function refusesEvents(wire: Wire, dialect: Dialect): Promise<boolean> {
  return dialect.family === 'mariadb' && (await variable(wire, 'event_scheduler')) === 'DISABLED';
}
