/**
 * How a restore's databases are known: by their names, and by a mark in the database's comment. The mark travels with
 * a renamed database and carries all that rolling forward or undoing needs.
 */
import { quoteName, quoteText } from '../connection/connection.ts';

/** Staging databases, and databases renamed away, by name. */
export const stagingPattern = '^tidemark_[0-9a-z]+_[0-9]+(_old)?$';

export interface StagingMark {
  readonly tidemark: 1;
  /** `staged`: made by the restore; `aside`: an empty database that stood under the final name. */
  readonly role: 'staged' | 'aside';
  readonly restore: string;
  readonly cluster: string;
  /** Number of the database within the restore, and its final name. */
  readonly number: number;
  readonly database: string;
  /** The comment the database has when the restore is over. */
  readonly comment: string | null;
  /** It is in the database's own encoding, and given by a session in it. */
  readonly commentInside?: boolean;
  /** False until everything is loaded: a staging that may only be dropped. */
  readonly loaded: boolean;
}

export function stagingName(restore: string, number: number): string {
  return `tidemark_${restore}_${number}`;
}

export function asideName(restore: string, number: number): string {
  return `tidemark_${restore}_${number}_old`;
}

export function markStatement(database: string, mark: StagingMark): string {
  return `COMMENT ON DATABASE ${quoteName(database)} IS ${quoteText(JSON.stringify(mark))}`;
}

export function commentStatement(database: string, comment: string | null): string {
  return `COMMENT ON DATABASE ${quoteName(database)} IS ${comment === null ? 'NULL' : quoteText(comment)}`;
}

/** The mark in a comment, or undefined when it holds none. */
export function readMark(comment: string | null): StagingMark | undefined {
  if (comment === null || !comment.startsWith('{"tidemark":1,')) return undefined;
  try {
    return JSON.parse(comment) as StagingMark;
  } catch {
    return undefined;
  }
}

/** The restore whose name a database bears, whether it is marked or not. */
export function restoreInName(database: string): string | undefined {
  return /^tidemark_([0-9a-z]+)_[0-9]+(_old)?$/.exec(database)?.[1];
}
