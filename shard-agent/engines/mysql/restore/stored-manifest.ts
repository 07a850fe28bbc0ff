/** Whether all that a restore takes from a manifest fits its shape. Asked before a connection is used for it. */
import { z } from 'zod';
import type { DatabaseLine, TableLine } from '../../../../repository/manifest-entries.ts';
import type { StoredShard } from '../../../engine.ts';
import { manifestOf, readStored, storedName, storedVersion, storedWord } from '../../../stored-shape.ts';
import { type DatabaseOptions, databaseOptionsShape } from '../schema/database-options.ts';
import { readFacts } from '../source-facts.ts';

/** `varchar`, `enum by number`, `row start`. */
const typeName = z.string().regex(/^[a-z0-9_ ]{1,64}$/, 'must be the name of a type');

const tableShape = z.object({
  database: storedName,
  schema: z.literal(''),
  name: storedName,
  format: z.literal('tsv'),
  columns: z.array(storedName),
  engine: z.object({
    types: z.array(typeName).optional(),
    engine: storedWord.optional(),
    collation: storedWord.or(z.literal('')).optional(),
    dataBytes: z.number().nonnegative().optional(),
    computed: z.array(storedName).optional(),
    subtracts: z.boolean().optional(),
    key: z.array(storedName).optional(),
  }),
});

/** Throws `bad-bytes` naming the manifest, and the first object that it describes in another way than a backup does. */
export function requireShapes(stored: StoredShard): void {
  const manifest = manifestOf(stored);
  readStored(z.object({ version: storedVersion }), stored.shard, `${manifest}: shard ${stored.shard.shard}`);
  readFacts(stored);
  for (const line of stored.databases) {
    readStored(storedName, line.name, `${manifest}: the name of a database`);
    optionsOf(line, manifest);
  }
  for (const line of stored.tables) readStored(tableShape, line, `${manifest}: ${subjectOf(line)}`);
}

/** Throws `bad-bytes` naming the database. */
export function optionsOf({ name, engine }: DatabaseLine, manifest = ''): DatabaseOptions {
  return readStored(
    databaseOptionsShape,
    engine,
    `${manifest === '' ? '' : `${manifest}: `}database ${name}`,
  );
}

function subjectOf({ table, database, name }: TableLine): string {
  return `table ${table}, ${database}.${name}`;
}
