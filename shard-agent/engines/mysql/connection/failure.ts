/** What the server, or the loss of it, becomes in Tidemark's words. */
import { type ErrorCode, TidemarkError } from '../../../../proto/errors.ts';
import { remedyOf } from './failure-remedy.ts';

/** The server refused a statement, in its own words. */
export class ServerError extends Error {
  override readonly name = 'ServerError';
  readonly errno: number;
  readonly sqlState: string;

  constructor(errno: number, sqlState: string, message: string) {
    super(message);
    this.errno = errno;
    this.sqlState = sqlState;
  }
}

/** The connection is gone: by the network, by the server, or by us. What was in flight may or may not have happened. */
export class ConnectionLost extends Error {
  override readonly name = 'ConnectionLost';
}

/** Refused before a statement could be sent: https://mariadb.com/kb/en/mariadb-error-codes/, the same in MySQL. */
const connectErrors: readonly number[] = [1040, 1045, 1129, 1130, 1203];
/** Numbers by which a server says that this account may not do that. */
const privilegeErrors: readonly number[] = [1044, 1142, 1143, 1227, 1370, 1410, 3619];

export function isServerError(error: unknown, ...numbers: readonly number[]): error is ServerError {
  return error instanceof ServerError && (numbers.length === 0 || numbers.includes(error.errno));
}

/**
 * The TidemarkError for whatever was thrown while `operation` was tried on `subject`; a TidemarkError stays as it is.
 * A lost connection becomes `lost` (default `database-unreachable`).
 */
export function failure(
  error: unknown,
  operation: string,
  subject: string,
  lost: ErrorCode = 'database-unreachable',
): TidemarkError {
  if (error instanceof TidemarkError) return error;
  const code = codeOf(error, lost);
  const words = error instanceof Error ? error.message : String(error);
  const cause = error instanceof ServerError ? `${words} (error ${error.errno})` : words;
  const remedy = error instanceof ServerError ? remedyOf(error.errno, words) : undefined;
  return new TidemarkError({ code, operation, subject, cause, remedy }, { cause: error });
}

function codeOf(error: unknown, lost: ErrorCode): ErrorCode {
  if (error instanceof ConnectionLost) return lost;
  if (error instanceof ServerError) {
    if (connectErrors.includes(error.errno)) return 'database-unreachable';
    return privilegeErrors.includes(error.errno) ? 'privilege-missing' : 'database-failed';
  }
  return 'internal';
}

/** Runs `work`; what it throws leaves as a TidemarkError of this operation and subject. */
export async function attempt<T>(
  operation: string,
  subject: string,
  work: () => Promise<T>,
  lost?: ErrorCode,
): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw failure(error, operation, subject, lost);
  }
}
