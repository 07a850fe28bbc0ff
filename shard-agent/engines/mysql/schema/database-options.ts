/** What a database is declared with, beside its name: read, stored with the set, and declared again. */
import { z } from 'zod';
import { storedText, storedWord } from '../../../stored-shape.ts';
import { quoteName, quoteText } from '../connection/quoting.ts';
import type { Wire } from '../connection/wire.ts';

export const databaseOptionsShape = z.object({
  charset: storedWord,
  collation: storedWord,
  /** MariaDB. */
  comment: storedText.optional(),
  /** MySQL: whether tables are encrypted that do not say. */
  encrypted: z.boolean().optional(),
  /** MySQL. Not part of the clause: nothing can be made in a database that is read only. */
  readOnly: z.boolean().optional(),
});

export type DatabaseOptions = z.infer<typeof databaseOptionsShape>;

/** Of every database this account sees, by name. What its server does not know is undefined. */
export async function readDatabaseOptions(wire: Wire): Promise<Map<string, DatabaseOptions>> {
  // Which columns and tables there are depends on the server: they are read as they come.
  const rows = await wire.query('SELECT * FROM information_schema.SCHEMATA ORDER BY SCHEMA_NAME');
  const known = await wire.value(
    "SELECT COUNT(*) FROM information_schema.TABLES WHERE TABLE_SCHEMA = 'information_schema' AND TABLE_NAME = 'SCHEMATA_EXTENSIONS'",
  );
  const extended =
    known === '1'
      ? await wire.query(
          "SELECT SCHEMA_NAME AS n FROM information_schema.SCHEMATA_EXTENSIONS WHERE OPTIONS LIKE '%READ ONLY=1%'",
        )
      : [];
  const readOnly = new Set(extended.map((row) => row['n']));
  return new Map(
    rows.map((row) => {
      const name = row['SCHEMA_NAME'] ?? '';
      const { SCHEMA_COMMENT: comment, DEFAULT_ENCRYPTION: encryption } = row;
      const options: DatabaseOptions = {
        charset: row['DEFAULT_CHARACTER_SET_NAME'] ?? '',
        collation: row['DEFAULT_COLLATION_NAME'] ?? '',
        ...(comment === undefined || comment === null ? {} : { comment }),
        ...(encryption === undefined ? {} : { encrypted: encryption === 'YES' }),
        ...(readOnly.has(name) ? { readOnly: true } : {}),
      };
      return [name, options];
    }),
  );
}

/** The database stands and is declared so; it can be written. */
export async function declareDatabase(wire: Wire, name: string, options: DatabaseOptions): Promise<void> {
  const clause =
    `CHARACTER SET ${options.charset} COLLATE ${options.collation}` +
    (options.comment === undefined ? '' : ` COMMENT ${quoteText(options.comment)}`) +
    (options.encrypted === undefined ? '' : ` DEFAULT ENCRYPTION = '${options.encrypted ? 'Y' : 'N'}'`);
  await wire.run(`CREATE DATABASE IF NOT EXISTS ${quoteName(name)} ${clause}`);
  await wire.run(`ALTER DATABASE ${quoteName(name)} ${clause}`);
}

/** Idempotent, like all of a restore's last steps. A database that was never to be so is left as it is. */
export async function setReadOnly(
  wire: Wire,
  name: string,
  options: DatabaseOptions,
  to: 0 | 1,
): Promise<void> {
  if (options.readOnly !== true) return;
  await wire.run(`ALTER DATABASE ${quoteName(name)} READ ONLY = ${to}`);
}
