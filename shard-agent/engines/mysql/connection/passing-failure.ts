/** Refusals that are about the moment and not about the statement: a later try may pass. */
import { isServerError } from './failure.ts';

/**
 * No room or memory, too many connections, the server shuts down or is read only for a while, a statement or a wait that was cut short, a
 * session that was ended: https://mariadb.com/kb/en/mariadb-error-codes/, the same in MySQL.
 */
const passing: readonly number[] = [
  1021, 1037, 1038, 1040, 1041, 1053, 1114, 1158, 1159, 1160, 1161, 1180, 1205, 1206, 1213, 1290, 1317, 1836,
  1927, 1969, 3024, 3572, 4031,
];

export function isPassing(error: unknown): boolean {
  return isServerError(error, ...passing);
}
