/** A foreign key's definition, where the table it points to may not be in the set. All text is bytes as latin1. */
import { quoteName } from '../connection/quoting.ts';
import { isServerError } from '../connection/failure.ts';
import type { Wire } from '../connection/wire.ts';

const name = '`(?:[^`]|``)*`';
const references = new RegExp(
  `^((?:CONSTRAINT ${name} )?FOREIGN KEY (?:${name} )?\\([^]*?\\) REFERENCES )(?:(${name})\\.)?(${name})(?= \\()`,
);

/** Where it stands, and which tables are staged with it. */
export interface KeyPlace {
  readonly database: string;
  has(database: string, table: string): boolean;
}

/**
 * The definition for use in any other database when it points to a table that is not staged: that one is named by its
 * database then, for a RENAME corrects only what points to a table. Undefined when it points to a staged one.
 */
export function strayForeignKey(definition: string, place: KeyPlace): string | undefined {
  const found = references.exec(definition);
  if (found === null) return undefined;
  const [whole, head = '', quotedDatabase, quotedTable = ''] = found;
  const database = quotedDatabase === undefined ? place.database : unquoted(quotedDatabase);
  if (place.has(database, unquoted(quotedTable))) return undefined;
  return `${head}${quoteName(database)}.${quotedTable}${definition.slice(whole.length)}`;
}

/** By database: which tables stand beside one of its own. `tables` in UTF-8. */
export function keyPlaces(
  tables: readonly { readonly database: string; readonly name: string }[],
): (database: string) => KeyPlace {
  const names = new Set(tables.map((table) => `${latin1(table.database)}\0${latin1(table.name)}`));
  return (database) => ({
    database: latin1(database),
    has: (other, table) => names.has(`${other}\0${table}`),
  });
}

/**
 * Keys may point to columns that are not unique, which MySQL 8.4 and newer else refuse, on a RENAME too. Where the account
 * may not say so the session stays as it is: the server names the key if there is one.
 */
export async function allowLooseKeys(wire: Wire): Promise<void> {
  await wire.run('SET SESSION restrict_fk_on_non_standard_key = OFF').catch((error: unknown) => {
    // No such variable, no privilege.
    if (!isServerError(error, 1193, 1227)) throw error;
  });
}

function latin1(text: string): string {
  return Buffer.from(text, 'utf8').toString('latin1');
}

function unquoted(quoted: string): string {
  return quoted.slice(1, -1).replaceAll('``', '`');
}
