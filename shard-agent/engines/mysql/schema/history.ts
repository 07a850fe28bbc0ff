/**
 * The history of MariaDB's system-versioned tables: which columns hold a row's time, and whether former rows can be
 * written again. They can where both columns are timestamps and the server takes them as values (10.11).
 */
import type { Column } from '../catalogue.ts';
import { compareVersions, type Dialect } from '../dialect.ts';

/** What a set calls the types of the two columns; so they are found in its manifest again. */
const startType = 'row start';
const endType = 'row end';
const insertsHistory = '10.11.0';
/** From this version on a timestamp reaches further, and with it the end of a row that has none. */
const longTimestamps = '11.5.0';
const shortEnd = '2038-01-19 03:14:07.999999';
const longEnd = '2106-02-07 06:28:15.999999';

/** The two columns, to be read and loaded beside the others; or the reason why a set holds the current rows only. */
export function historyOf(
  dialect: Dialect,
  periods: readonly PeriodColumn[],
): { readonly columns: readonly Column[] } | { readonly lost: string } {
  if (!loadsHistory(dialect)) {
    return { lost: `the server cannot write former rows (MariaDB ${insertsHistory} and newer can)` };
  }
  if (periods.some(({ dataType }) => dataType !== 'timestamp')) {
    return { lost: 'its history goes by transaction ids, which mean nothing on another server' };
  }
  const name = (bound: string, otherwise: string): string =>
    periods.find((column) => column.bound === bound)?.name ?? otherwise;
  return {
    columns: [
      { ...timestamp, name: name('ROW START', 'row_start'), dataType: startType },
      { ...timestamp, name: name('ROW END', 'row_end'), dataType: endType },
    ],
  };
}

/** A column declared as a bound of the system's period. */
export interface PeriodColumn {
  readonly name: string;
  readonly dataType: string;
  /** `ROW START` or `ROW END`. */
  readonly bound: string;
}

const timestamp = { charset: undefined, collation: undefined, nullable: false, generated: false };

export const ofAllTime = ' FOR SYSTEM_TIME ALL';

/** Of a lane that loads. */
export function historySettings(dialect: Dialect): string[] {
  return loadsHistory(dialect) ? ['system_versioning_insert_history = ON'] : [];
}

/** A row that is current on an older server ends where that server's time ends. */
export function endExpression(dialect: Dialect, type: string, variable: string): string | undefined {
  if (type !== endType || compareVersions(dialect.version, longTimestamps) < 0) return undefined;
  return `IF(${variable} = '${shortEnd}', '${longEnd}', ${variable})`;
}

function loadsHistory(dialect: Dialect): boolean {
  return dialect.family === 'mariadb' && compareVersions(dialect.version, insertsHistory) >= 0;
}
