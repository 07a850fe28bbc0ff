/**
 * A record: a small JSON object that a person can read and that has exactly one spelling.
 *
 * Its shape gives the order of its fields; two spaces of indentation and a final newline do the rest. A record that is read is
 * spelled again and compared byte for byte, so that a changed byte is found even where JSON would not mind it.
 */
import { createHash } from 'node:crypto';
import type { z } from 'zod';
import { TidemarkError } from '../proto/errors.ts';
import { formatsOf, refuseNewer } from './format.ts';
import type { ObjectStore } from './object-store.ts';

/** Size and digest by which another record pins this one. */
export interface RecordDigest {
  readonly size: number;
  /** Lower-case hex. */
  readonly sha256: string;
}

/** Longest record: no reader takes a longer one, so none is written. */
export const recordBytesLimit = 16 * 1024 * 1024;

/**
 * The one spelling of `value`. Throws `internal` when it has not the shape: only a defect can write that; `not-supported` when it is longer
 * than a reader takes.
 */
export function spellRecord<T>(shape: z.ZodType<T>, value: T, key: string): Buffer {
  const checked = shape.safeParse(value);
  if (!checked.success) {
    throw new TidemarkError({
      code: 'internal',
      operation: 'write a record',
      subject: key,
      cause: mistakes(checked.error),
    });
  }
  const bytes = Buffer.from(`${JSON.stringify(checked.data, null, 2)}\n`);
  if (bytes.length <= recordBytesLimit) return bytes;
  throw new TidemarkError({
    code: 'not-supported',
    operation: 'write a record',
    subject: key,
    cause: `a record has at most ${recordBytesLimit} bytes, this one has ${bytes.length}`,
    remedy: 'Divide the cluster: its shards are too many, or their names too long, for one record.',
  });
}

/**
 * The value a record spells. Throws `newer-format` when a newer Tidemark wrote it, `bad-bytes` naming `subject` when it is anything else but
 * that value's one spelling.
 */
export function parseRecord<T>(shape: z.ZodType<T>, bytes: Buffer, subject: string): T {
  let json: unknown;
  try {
    json = JSON.parse(new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes));
  } catch (error) {
    throw badRecord(subject, `it is not JSON: ${error instanceof Error ? error.message : String(error)}`);
  }
  refuseNewer(json, formatsOf(shape), 'read a record', subject);
  const checked = shape.safeParse(json);
  if (!checked.success) throw badRecord(subject, mistakes(checked.error));
  if (!spellRecord(shape, checked.data, subject).equals(bytes)) {
    throw badRecord(subject, 'its bytes are not those Tidemark writes for this content');
  }
  return checked.data;
}

/** Stores a record if its key is free (or holds the same bytes); else `object-conflict`. */
export async function createRecord<T>(
  store: ObjectStore,
  key: string,
  shape: z.ZodType<T>,
  value: T,
): Promise<RecordDigest> {
  const { size, sha256 } = await store.create(key, spellRecord(shape, value, key));
  return { size, sha256 };
}

/**
 * Reads a record, or undefined when there is none. `expected` is what the seal says of it: then a missing or different one
 * is `bad-bytes`.
 */
export async function readRecord<T>(
  store: ObjectStore,
  key: string,
  shape: z.ZodType<T>,
  expected?: RecordDigest,
): Promise<T | undefined> {
  const subject = `${store.url}/${key}`;
  const bytes = await store.readSmall(key, recordBytesLimit);
  if (expected !== undefined) {
    if (bytes === undefined) throw badRecord(subject, 'it is missing');
    const sha256 = createHash('sha256').update(bytes).digest('hex');
    if (bytes.length !== expected.size || sha256 !== expected.sha256) {
      throw badRecord(
        subject,
        `it has ${bytes.length} bytes with SHA-256 ${sha256}, the seal says ${expected.size} with ${expected.sha256}`,
      );
    }
  }
  return bytes === undefined ? undefined : parseRecord(shape, bytes, subject);
}

/** `bad-bytes` about a record, for checks that its readers add. */
export function badRecord(subject: string, cause: string): TidemarkError {
  return new TidemarkError({ code: 'bad-bytes', operation: 'read a record', subject, cause });
}

function mistakes(error: z.ZodError): string {
  return error.issues
    .slice(0, 5)
    .map((issue) => `${issue.path.map(String).join('.') || 'it'}: ${issue.message}`)
    .join('; ');
}
