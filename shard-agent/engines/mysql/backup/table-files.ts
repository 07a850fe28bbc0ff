/** How large the tables' files are: what the statistics say may be far behind. */
import type { Dialect } from '../dialect.ts';
import { isServerError } from '../connection/failure.ts';
import type { Wire } from '../connection/wire.ts';

/**
 * Database and table of a file, without its partition. Names are written as in file names, where a character beside
 * letters, digits and `_` is `@` and its code in four hexadecimal digits.
 */
export function plainFileName(name: string): [database: string, table: string | undefined] {
  const [database = '', file] = name.split('/');
  const plain = (text: string): string =>
    text.replace(/@([0-9a-f]{4})/g, (_, code: string) => String.fromCharCode(Number.parseInt(code, 16)));
  return [plain(database), file === undefined ? undefined : plain(file.split(/#p#/i)[0] ?? file)];
}

/**
 * Sizes of InnoDB's table files by `database\0table`; without those this account may not see.
 */
export async function tableFiles(wire: Wire, dialect: Dialect): Promise<Map<string, number>> {
  const sizes = new Map<string, number>();
  const rows = await wire.query(dialect.tableFiles).catch((error: unknown) => {
    if (isServerError(error, 1227, 1142, 1109)) return [];
    throw error;
  });
  for (const row of rows) {
    const [database, table] = plainFileName(row['name'] ?? '');
    if (table === undefined) continue;
    const id = `${database}\0${table}`;
    sizes.set(id, (sizes.get(id) ?? 0) + Number(row['size'] ?? 0));
  }
  return sizes;
}
