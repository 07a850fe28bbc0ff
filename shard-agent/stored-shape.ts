/**
 * What a manifest says of the engine's own, as a shape: nothing of it becomes SQL before it was read by one. A name or a text
 * is quoted where it does; anything else is a number, a yes or no, or a word of a list.
 */
import { z } from 'zod';
import { TidemarkError } from '../proto/errors.ts';
import { manifestKey } from '../repository/layout.ts';
import type { StoredShard } from './engine.ts';

/** Servers end a text at a NUL character, and no name or setting of theirs has one. */
const withoutNul = (text: string): boolean => !text.includes('\0');

/** Longer than any server's names. */
const longestName = 1024;

/** Quoted wherever it becomes SQL. */
export const storedText = z.string().refine(withoutNul, 'must not contain a NUL character');
export const storedName = storedText.min(1).max(longestName);
/** The name of a character set, a collation, an encoding or a storage engine: it can be written without quotes. */
export const storedWord = z.string().regex(/^[A-Za-z0-9_]{1,64}$/, 'must be one word');
/** As servers print their versions: `15.14`, `10.11.14`, `19beta1`. */
export const storedVersion = z.string().regex(/^\d{1,4}[\w.+~-]{0,100}$/, 'must be a version');

/** Mistakes of one value that are told. */
const toldMistakes = 3;

/** `value` by its shape. Throws `bad-bytes` naming `subject` and what does not fit, and repeats nothing of the value itself. */
export function readStored<T>(shape: z.ZodType<T>, value: unknown, subject: string): T {
  const read = shape.safeParse(value);
  if (read.success) return read.data;
  const mistakes = read.error.issues
    .slice(0, toldMistakes)
    .map(({ path, message }) => (path.length === 0 ? message : `${path.join('.')}: ${message}`));
  throw new TidemarkError({
    code: 'bad-bytes',
    operation: 'read what a manifest says of its objects',
    subject,
    cause: mistakes.join('; '),
  });
}

/** For messages: the manifest itself. */
export function manifestOf({ shard: { cluster, set, shard } }: Pick<StoredShard, 'shard'>): string {
  return manifestKey(cluster, set, shard);
}
