/** Whether a backup or a restore gets the connections it needs: of the server, and of its account. */
import { TidemarkError } from '../../../../proto/errors.ts';
import type { Finding } from '../../../engine.ts';
import { finding } from '../../../findings.ts';
import { tablesPerSession } from '../barrier/barrier.ts';
import type { Dialect } from '../dialect.ts';
import { Grants } from './grants.ts';
import { variable } from '../server.ts';
import { mostSessions } from '../connection/side-by-side.ts';
import type { Wire } from '../connection/wire.ts';

/** Connections of a backup in addition to lanes and lock sessions: observer, control, guard, schema, confirm, a spare lane. */
const furtherConnections = 6;

export interface Sessions {
  readonly tables: number;
  readonly lanes: number;
  /** False: no lock session is opened. */
  readonly locks: boolean;
  /** How many of those needed are open already. */
  readonly open: number;
}

export async function connectionFindings(
  wire: Wire,
  dialect: Dialect,
  { tables, lanes, locks, open }: Sessions,
): Promise<Finding[]> {
  // Each has a second one that ends it when the hold limit has passed.
  const lockSessions = locks ? 2 * Math.max(1, Math.ceil(tables / tablesPerSession)) : 0;
  const needed = furtherConnections + lanes + lockSessions;
  return serverFindings(wire, dialect, { what: `a backup with ${lanes} lanes`, needed, open });
}

/** Connections of a restore in addition to its lanes: its own, the claim, those that make tables and statistics, and two to spare. */
const restoreConnections = 4 + mostSessions;

export function restoreConnectionFindings(wire: Wire, dialect: Dialect, lanes: number): Promise<Finding[]> {
  const what = `a restore with ${lanes} lanes`;
  return serverFindings(wire, dialect, { what, needed: restoreConnections + lanes, open: 1 });
}

interface Need {
  /** Which operation, in words. */
  readonly what: string;
  readonly needed: number;
  /** How many of those needed are open already. */
  readonly open: number;
}

async function serverFindings(wire: Wire, dialect: Dialect, need: Need): Promise<Finding[]> {
  const { what, needed, open } = need;
  const findings: Finding[] = [];
  const [status] = await wire.query("SHOW GLOBAL STATUS LIKE 'Threads_connected'");
  const connected = Number(status?.['Value'] ?? 0) - open;
  const most = Number((await variable(wire, 'max_connections')) ?? 0);
  if (connected + needed > most) {
    findings.push(
      finding(
        'not-ready',
        'max_connections',
        `${what} opens ${needed} connections; ${connected} of ${most} are taken`,
        `SET GLOBAL max_connections = ${connected + needed + 20};`,
      ),
    );
  }
  return [...findings, ...(await accountFindings(wire, dialect, need))];
}

async function accountFindings(
  wire: Wire,
  dialect: Dialect,
  { what, needed, open }: Need,
): Promise<Finding[]> {
  // The account's own where it has one, else the server's.
  const limit = Number((await wire.value('SELECT @@SESSION.max_user_connections')) ?? 0);
  if (limit === 0) return [];
  const general = Number((await variable(wire, 'max_user_connections')) ?? 0);
  const grants = await Grants.read(wire, dialect);
  const exempt = grants.onServer(['SUPER', 'CONNECTION_ADMIN', 'CONNECTION ADMIN']);
  if (limit === general && exempt) return [];
  const own = await wire.value(
    "SELECT COUNT(*) FROM information_schema.PROCESSLIST WHERE USER = SUBSTRING_INDEX(USER(), '@', 1)",
  );
  const used = Math.max(0, Number(own ?? 0) - open);
  if (used + needed <= limit) return [];
  const cause = `${what} opens ${needed} connections; the account may have ${limit}, of which ${used} are taken`;
  const enough = used + needed + 5;
  const remedy =
    limit === general
      ? `SET GLOBAL max_user_connections = ${enough};`
      : `ALTER USER ${grants.account} WITH MAX_USER_CONNECTIONS ${enough};`;
  return [finding('not-ready', 'max_user_connections', cause, remedy)];
}

/** Throws the first of them as `not-ready`, before they are opened one by one until one is refused. */
export async function requireConnections(wire: Wire, dialect: Dialect, sessions: Sessions): Promise<void> {
  const [missing] = await connectionFindings(wire, dialect, sessions);
  if (missing === undefined) return;
  const { code, subject, cause, remedy } = missing;
  throw new TidemarkError({ code, operation: 'prepare the backup', subject, cause, remedy });
}
