/**
 * Newer MariaDB servers show the names in a foreign key without doubling the backticks in them, all but the table's: what
 * they show is no statement then, or one that says something else. All text is bytes as latin1.
 */
import { isNamed } from '../connection/exact-names.ts';
import { quoteName } from '../connection/quoting.ts';
import type { Wire } from '../connection/wire.ts';

/** A foreign key's own name, its columns, and those they point to. */
export interface KeyNames {
  readonly name: string;
  readonly columns: readonly string[];
  readonly referenced: readonly string[];
}

const table = '(?:`(?:[^`]|``)*`\\.)?`(?:[^`]|``)*`';

/** SHOW CREATE TABLE's text, with the names in `keys` quoted wherever a key stands there with its names as they are. */
export function withQuotedKeys(create: string, keys: readonly KeyNames[]): string {
  return keys.reduce((text, key) => {
    const [from, to] = [definition(key, bare), definition(key, quoteName)];
    const begin = text.indexOf(`\n  ${from.head}`);
    if (from.head + from.end === to.head + to.end || begin === -1) return text;
    const rest = text.slice(begin + 3 + from.head.length);
    const named = new RegExp(`^${table}`).exec(rest)?.[0];
    if (named === undefined || !rest.startsWith(from.end, named.length)) return text;
    return `${text.slice(0, begin)}\n  ${to.head}${named}${to.end}${rest.slice(named.length + from.end.length)}`;
  }, create);
}

/** The table's foreign keys, of which a name has a backtick; the session's results come as they are stored. */
export async function keysToQuote(wire: Wire, database: string, name: string): Promise<KeyNames[]> {
  const sql =
    'SELECT CONSTRAINT_NAME AS n, COLUMN_NAME AS c, REFERENCED_COLUMN_NAME AS r FROM information_schema.KEY_COLUMN_USAGE ' +
    `WHERE ${isNamed('TABLE_SCHEMA', [database])} AND ${isNamed('TABLE_NAME', [name])} AND REFERENCED_TABLE_NAME IS NOT NULL ` +
    'ORDER BY CONSTRAINT_NAME, ORDINAL_POSITION';
  const keys = new Map<string, { columns: string[]; referenced: string[] }>();
  for (const row of await wire.query(Buffer.from(sql, 'utf8'), 'latin1')) {
    const key = keys.get(row['n'] ?? '') ?? { columns: [], referenced: [] };
    key.columns.push(row['c'] ?? '');
    key.referenced.push(row['r'] ?? '');
    keys.set(row['n'] ?? '', key);
  }
  return [...keys]
    .map(([constraint, columns]) => ({ name: constraint, ...columns }))
    .filter((key) => [key.name, ...key.columns, ...key.referenced].some((each) => each.includes('`')));
}

function bare(name: string): string {
  return `\`${name}\``;
}

/** Before the name of the table it points to, and after. */
function definition(
  { name, columns, referenced }: KeyNames,
  quote: (name: string) => string,
): { head: string; end: string } {
  const list = (names: readonly string[]): string => `(${names.map((each) => quote(each)).join(', ')})`;
  return {
    head: `CONSTRAINT ${quote(name)} FOREIGN KEY ${list(columns)} REFERENCES `,
    end: ` ${list(referenced)}`,
  };
}
