/** Do the stored bytes that a manifest names still have their digest? */
import { createHash } from 'node:crypto';
import { TidemarkError } from '../proto/errors.ts';
import type { ObjectRef } from './manifest-entries.ts';
import type { ObjectStore } from './object-store.ts';
import type { PieceSource } from './read-ahead.ts';

/**
 * Reads the bytes, from `source` if they are read ahead, and compares. Throws `bad-bytes` naming the object when they are missing,
 * too few or different.
 */
export async function hashObject(
  store: ObjectStore,
  ref: ObjectRef,
  source: PieceSource = store,
): Promise<void> {
  const hash = createHash('sha256');
  const range = { offset: ref.offset, length: ref.length };
  for await (const piece of source.read(ref.object, range)) hash.update(piece);
  const found = hash.digest('hex');
  if (found === ref.sha256) return;
  throw new TidemarkError({
    code: 'bad-bytes',
    operation: 'check an object',
    subject: `${store.url}/${ref.object}`,
    cause: `bytes ${ref.offset} to ${ref.offset + ref.length} have SHA-256 ${found}, the manifest says ${ref.sha256}`,
  });
}
