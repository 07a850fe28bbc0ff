/** The roles or users a set has stored beside a shard's databases. */
import { TidemarkError } from '../proto/errors.ts';
import { globalsPiece } from '../repository/manifest-entries.ts';
import type { StoredShard } from './engine.ts';

/** Their script, with the guarantees of `openSchema`. Throws `bad-bytes` when the set holds none. */
export function openGlobals(stored: StoredShard): AsyncIterable<Buffer> {
  const line = stored.schema.find(({ database, name }) => database === '' && name === globalsPiece);
  if (line !== undefined) return stored.openSchema(line);
  throw new TidemarkError({
    code: 'bad-bytes',
    operation: 'restore globals',
    subject: stored.shard.shard,
    cause: 'the set holds none',
  });
}
