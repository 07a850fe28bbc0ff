/** Whether all that a restore takes from a manifest fits its shape. Asked before a connection is used for it. */
import { z } from 'zod';
import type { TableLine } from '../../../../repository/manifest-entries.ts';
import type { StoredShard } from '../../../engine.ts';
import {
  manifestOf,
  readStored,
  storedName,
  storedText,
  storedVersion,
  storedWord,
} from '../../../stored-shape.ts';
import { majorVersion, propertiesOf } from '../database/stored-properties.ts';

const shardShape = z.object({
  version: storedVersion,
  engine: z.object({ dumpMajor: majorVersion.optional() }),
});

const tableName = z.object({ schema: storedName, name: storedName });

const tableShape = z.object({
  database: storedName,
  schema: storedName,
  name: storedName,
  format: z.enum(['copy', 'copy-binary']),
  columns: z.array(storedName),
  engine: z.object({
    oid: z.int().nonnegative().optional(),
    encoding: storedWord,
    condition: storedText.optional(),
    loadInto: tableName.optional(),
  }),
});

/** Throws `bad-bytes` naming the manifest, and the first object that it describes in another way than a backup does. */
export function requireShapes(stored: StoredShard): void {
  const manifest = manifestOf(stored);
  readStored(shardShape, stored.shard, `${manifest}: shard ${stored.shard.shard}`);
  for (const line of stored.databases) {
    readStored(storedName, line.name, `${manifest}: the name of a database`);
    propertiesOf(line, manifest);
  }
  for (const line of stored.tables) readStored(tableShape, line, `${manifest}: ${subjectOf(line)}`);
}

function subjectOf({ table, database, schema, name }: TableLine): string {
  return `table ${table}, ${database}: ${schema}.${name}`;
}
