/** Stored programs as the server's catalogue lists them: routines and packages, triggers, events. */
import { isNamed } from '../connection/exact-names.ts';
import { isServerError } from '../connection/failure.ts';
import type { Wire } from '../connection/wire.ts';

export type ProgramGroup = 'routines' | 'triggers' | 'events';

export interface Program {
  readonly database: string;
  readonly group: ProgramGroup;
  /** As SHOW CREATE takes it: FUNCTION, PROCEDURE, PACKAGE, PACKAGE BODY, TRIGGER or EVENT. */
  readonly kind: string;
  readonly name: string;
  /** `user@host`; a role has no host. */
  readonly definer: string;
  /** The collation that its database had when it was made. */
  readonly collation: string;
  /** Of a routine or event. */
  readonly comment: string;
  /** Of a trigger. */
  readonly table: string;
  /** Of an event: ENABLED, DISABLED, … */
  readonly status: string;
  /** When an event runs for the last time, in its own time zone; empty when it goes on for ever. */
  readonly until: string;
}

/** The column of SHOW CREATE that has the statement. */
export const shownColumns: Readonly<Record<ProgramGroup, RegExp>> = {
  routines: /^Create /,
  triggers: /^SQL Original Statement$/,
  events: /^Create Event$/,
};

const queries: Readonly<Record<ProgramGroup, (database: string) => string>> = {
  routines: (database) =>
    'SELECT ROUTINE_TYPE AS k, ROUTINE_NAME AS n, DEFINER AS d, DATABASE_COLLATION AS l, ROUTINE_COMMENT AS c FROM information_schema.ROUTINES ' +
    `WHERE ${isNamed('ROUTINE_SCHEMA', [database])} ` +
    "ORDER BY FIELD(ROUTINE_TYPE, 'PACKAGE', 'PACKAGE BODY', 'FUNCTION', 'PROCEDURE'), ROUTINE_NAME",
  triggers: (database) =>
    "SELECT 'TRIGGER' AS k, TRIGGER_NAME AS n, DEFINER AS d, DATABASE_COLLATION AS l, EVENT_OBJECT_TABLE AS t FROM information_schema.TRIGGERS " +
    `WHERE ${isNamed('TRIGGER_SCHEMA', [database])} ` +
    'ORDER BY EVENT_OBJECT_TABLE, ACTION_TIMING, EVENT_MANIPULATION, ACTION_ORDER',
  events: (database) =>
    "SELECT 'EVENT' AS k, EVENT_NAME AS n, DEFINER AS d, DATABASE_COLLATION AS l, EVENT_COMMENT AS c, STATUS AS s, " +
    'COALESCE(EXECUTE_AT, ENDS) AS u FROM information_schema.EVENTS ' +
    `WHERE ${isNamed('EVENT_SCHEMA', [database])} ORDER BY EVENT_NAME`,
};

/** In the order in which they are made. */
export async function listPrograms(wire: Wire, database: string, group: ProgramGroup): Promise<Program[]> {
  const rows = await wire.query(queries[group](database));
  return rows.map((row) => ({
    database,
    group,
    kind: row['k'] ?? '',
    name: row['n'] ?? '',
    definer: row['d'] ?? '',
    collation: row['l'] ?? '',
    comment: row['c'] ?? '',
    table: row['t'] ?? '',
    status: row['s'] ?? '',
    until: row['u'] ?? '',
  }));
}

/** The scheduler was disabled at the server's start, or its tables cannot be read. */
const noEvents: readonly number[] = [1577, 1545];

/** Does MariaDB refuse to list events, as it does with a disabled scheduler? There may be some all the same. */
export async function hidesEvents(wire: Wire): Promise<boolean> {
  try {
    await wire.results('SELECT EVENT_NAME FROM information_schema.EVENTS LIMIT 1');
    return false;
  } catch (error) {
    if (isServerError(error, ...noEvents)) return true;
    throw error;
  }
}
