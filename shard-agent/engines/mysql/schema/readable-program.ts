/**
 * Is the text of a stored program one that the server reads? It keeps programs that a former version has taken, and that none takes again.
 * PREPARE reads a statement and does nothing more with it.
 */
import { isServerError } from '../connection/failure.ts';
import { quoteText } from '../connection/quoting.ts';
import type { ShownObject } from './shown-object.ts';
import type { Wire } from '../connection/wire.ts';

/**
 * Not about the text: this statement is not prepared (it has been read by then), too many are, privileges, locks, resources.
 */
const aboutOthers: readonly number[] = [
  1295, 1461, 1044, 1142, 1143, 1227, 1370, 1205, 1213, 1037, 1038, 1041, 1135, 1153, 1317, 1969, 3024,
];
/** All that preparing says about the text of a statement that is looked into further then, such as CREATE VIEW. */
export const syntaxErrors: readonly number[] = [1064, 1149];
/** Of hex, two characters a byte, and what is around it. */
const hexRoomBytes = 1024;

/**
 * Why the server does not read it; undefined when it does. `among`: only errors of these numbers count. The session has the program's
 * database as its own.
 */
export async function unreadable(
  wire: Wire,
  { row, text }: ShownObject,
  among?: readonly number[],
): Promise<string | undefined> {
  const charset = row['character_set_client'] ?? 'utf8mb4';
  const packet = Number((await wire.value('SELECT @@max_allowed_packet')) ?? 0);
  // What does not fit cannot be asked; the server has taken it in one packet once.
  if (text.length * 2 + hexRoomBytes > packet) return undefined;
  const hex = Buffer.from(text, 'latin1').toString('hex');
  await wire.run(`SET @tidemark_text = CONVERT(x'${hex}' USING ${charset})`);
  const settings = [
    `character_set_client = ${charset}`,
    // PREPARE converts the text to this set and reads it as the client's: they must be one.
    `character_set_connection = ${charset}`,
    `sql_mode = ${quoteText(row['sql_mode'] ?? '')}`,
  ];
  await wire.run(`SET SESSION ${settings.join(', ')}`);
  try {
    await wire.run('PREPARE tidemark_try FROM @tidemark_text');
    await wire.run('DEALLOCATE PREPARE tidemark_try');
    return undefined;
  } catch (error) {
    if (!isServerError(error)) throw error;
    const counts = among?.includes(error.errno) ?? !aboutOthers.includes(error.errno);
    return counts ? error.message : undefined;
  }
}
