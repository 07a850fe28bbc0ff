/** How large the tables' files are: what the statistics say may be far behind. */
import type { Dialect } from './dialect.ts';
import { isServerError } from './failure.ts';
import type { Wire } from './wire.ts';

/**
 * Sizes of InnoDB's table files by `database\0table`; without those this account may not see. Names are written as in
 * file names, where a character beside letters, digits and `_` is `@` and its code in four hexadecimal digits.
 */
export async function tableFiles(wire: Wire, dialect: Dialect): Promise<Map<string, number>> {
  const sizes = new Map<string, number>();
  const rows = await wire.query(dialect.tableFiles).catch((error: unknown) => {
    if (isServerError(error, 1227, 1142, 1109)) return [];
    throw error;
  });
  for (const row of rows) {
    const [database, file] = (row['name'] ?? '').split('/');
    if (database === undefined || file === undefined) continue;
    const table = file.split(/#p#/i)[0] ?? file;
    const plain = (text: string): string =>
      text.replace(/@([0-9a-f]{4})/g, (_, code: string) => String.fromCharCode(Number.parseInt(code, 16)));
    const id = `${plain(database)}\0${plain(table)}`;
    sizes.set(id, (sizes.get(id) ?? 0) + Number(row['size'] ?? 0));
  }
  return sizes;
}
