/** What an object was made under and keeps, as statements that go before its own. Texts are bytes as latin1. */
import { quoteText } from '../connection/quoting.ts';
import { latin1, scriptStatement } from './sql-script.ts';
import type { Wire } from '../connection/wire.ts';

type Row = Readonly<Record<string, string | null>>;

/** The session's settings, from the row SHOW CREATE gives; its text is in that character set. */
export function context(row: Row): string {
  const settings: string[] = [];
  const client = row['character_set_client'];
  const collation = row['collation_connection'];
  const mode = row['sql_mode'];
  const zone = row['time_zone'];
  if (client) settings.push(`character_set_client = ${client}`);
  if (collation) settings.push(`collation_connection = ${collation}`);
  if (mode !== undefined && mode !== null) settings.push(`sql_mode = ${quoteText(mode)}`);
  if (zone) settings.push(`time_zone = ${quoteText(zone)}`);
  return settings.length === 0 ? '' : scriptStatement(`SET SESSION ${settings.join(', ')}`);
}

/** Of the database in use, whatever its name. */
export function turnCollation(collation: string): string {
  return scriptStatement(`ALTER DATABASE COLLATE ${collation}`);
}

/**
 * Servers show a comment in UTF-8 and with backslashes before what it escapes, whatever the character set and the mode
 * that go with the object: here as it is to be read under those.
 */
export async function withReadableComment(
  wire: Wire,
  text: string,
  row: Row,
  comment: string | null | undefined,
): Promise<string> {
  const plain = row['sql_mode']?.split(',').includes('NO_BACKSLASH_ESCAPES') === true;
  const charset = row['character_set_client'] ?? 'utf8mb4';
  if (!comment || (!plain && charset.startsWith('utf8'))) return text;
  const hex = await wire.value(`SELECT HEX(CONVERT(${quoteText(comment)} USING ${charset}))`);
  const bytes = Buffer.from(hex ?? '', 'hex').toString('latin1');
  const written = plain ? bytes.replaceAll("'", "''") : escaped(bytes);
  return text.replace(`COMMENT '${escaped(latin1(comment))}'`, () => `COMMENT '${written}'`);
}

function escaped(bytes: string): string {
  return Array.from(bytes, (character) => escapes[character] ?? character).join('');
}

const escapes: Readonly<Record<string, string>> = {
  '\\': '\\\\',
  '\0': '\\0',
  '\n': '\\n',
  '\r': '\\r',
  '\x1a': '\\Z',
  "'": "''",
};
