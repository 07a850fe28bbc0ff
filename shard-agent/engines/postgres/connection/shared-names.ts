/**
 * Names of roles, databases and tablespaces, and what is said of them, are shared by all databases of a server, and databases
 * have encodings of their own. The server stores the bytes that it was sent and converts nothing: a session in a LATIN1 database
 * takes the UTF-8 bytes of a role for LATIN1. So where the server's own database `postgres` is UTF8 (or says nothing of encodings)
 * shared texts are UTF-8, and a session in a database of another encoding must read and write their bytes as they are.
 */
import { TidemarkError } from '../../../../proto/errors.ts';
import { quoteText, type Answer, type Row, type Session } from './connection.ts';

const unconverted: ReadonlySet<string> = new Set(['UTF8', 'SQL_ASCII']);

export function sharedNamesAreUtf8({ namesEncoding }: Session): boolean {
  return unconverted.has(namesEncoding);
}

/** Whether the server would convert shared texts for this session, and so change them. */
export function convertsSharedNames(session: Session): boolean {
  return sharedNamesAreUtf8(session) && !unconverted.has(session.encoding);
}

const unchanged = `SET client_encoding = 'SQL_ASCII'`;
const asUsual = `SET client_encoding = 'UTF8'`;

/**
 * Statements that name roles, databases or tablespaces, on a session that nobody else uses meanwhile. Names of the database's own
 * objects that are not ASCII must not be among them. A database whose encoding has no such bytes refuses them.
 */
export async function namingScript(session: Session, sql: string): Promise<readonly Answer[]> {
  if (!convertsSharedNames(session)) return session.script(sql);
  // By itself: a message is converted as a whole before any statement of it is run.
  await session.script(unchanged);
  try {
    return await session.script(sql);
  } finally {
    // Refused only within a failed transaction, whose end takes the first setting back too.
    await session.script(asUsual).catch(() => undefined);
  }
}

/** Rows of one statement, in ASCII, that selects nothing but shared texts, numbers and object ids. See isReadable. */
export async function sharedRows(session: Session, sql: string): Promise<readonly Row[]> {
  // Of a SQL_ASCII database the server sends nothing at all where one name is not in the client's encoding.
  if (!convertsSharedNames(session) && session.encoding !== 'SQL_ASCII') return session.rows(sql);
  return (await session.script(`${unchanged}; ${sql}; ${asUsual}`)).at(-2)?.rows ?? [];
}

/** A shared name as a value in a statement. */
export function sharedText(session: Session, text: string): string {
  if (!convertsSharedNames(session)) return quoteText(text);
  const bytes = Buffer.from(text).toString('hex');
  return `pg_catalog.convert_from(pg_catalog.decode('${bytes}', 'hex'), pg_catalog.getdatabaseencoding())`;
}

/**
 * A text in the encoding of the session's database, as a value in a statement of `namingScript`, which would send it as UTF-8.
 * Fails where that encoding does not have its characters.
 */
export async function ownText(session: Session, text: string): Promise<string> {
  if (!convertsSharedNames(session)) return quoteText(text);
  const row = await session.row(
    `SELECT pg_catalog.encode(pg_catalog.convert_to($1, pg_catalog.getdatabaseencoding()), 'hex') AS bytes`,
    [text],
  );
  return `E'${(row['bytes'] ?? '').replaceAll(/../g, '\\x$&')}'`;
}

/** False where the bytes are none of UTF-8: decoding has put another character in their place. */
export function isReadable(text: string): boolean {
  return !text.includes('\u{fffd}');
}

/** Throws `not-supported` where the bytes are none of UTF-8. `subject` says whose text it is. */
export function requireReadable(text: string, subject: string): string {
  if (isReadable(text)) return text;
  throw new TidemarkError({
    code: 'not-supported',
    operation: 'read a name that all databases share',
    subject: `${subject}: ${text}`,
    cause: notUtf8,
    remedy: notUtf8Remedy,
  });
}

export const notUtf8 =
  'its bytes are not UTF-8: it was made in a session of a database with another encoding, and other databases cannot read it';
export const notUtf8Remedy =
  'In a session of a database with that encoding: ALTER … RENAME TO … (or COMMENT ON …, ALTER … SET …) with ASCII characters only.';
