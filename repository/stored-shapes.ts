/** The zod shapes that several stored objects share. Strict everywhere: an unknown field is a changed byte. */
import { z } from 'zod';
import type { Position } from '../topology/position.ts';
import type { ManifestRef, Sums } from './manifest-entries.ts';
import { isSetId } from './layout.ts';
import { isKeyComponent, keyBytesLimit } from './key.ts';

/** A whole number from 0 that JSON and JavaScript carry exactly. */
export const count = z.int().nonnegative();
const milliseconds = z.number().nonnegative();
export const sha256 = z.string().regex(/^[0-9a-f]{64}$/, 'must be a SHA-256 in lower-case hex');
export const name = z.string().min(1);
/** A time of day for people, as `Date.toISOString` writes it. */
export const instant = z.iso.datetime();
export const setId = z.string().refine(isSetId, 'must be the id of a backup set');
export const family = z.enum(['postgresql', 'mysql', 'mariadb']);
export const consistency = z.enum(['atomic', 'simultaneous']);
export const storedGlobals = z.enum(['without-passwords', 'with-passwords']);

export const key = z
  .string()
  .max(keyBytesLimit)
  .refine((text) => text.split('/').every(isKeyComponent), 'must be a key of the repository');

export const position = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('wal'),
    lsn: z.string(),
    timeline: count,
    systemIdentifier: z.string(),
  }),
  z.strictObject({
    kind: z.literal('binlog'),
    file: z.string(),
    offset: count,
    gtidSet: z.string(),
    serverUuid: z.string(),
  }),
]) satisfies z.ZodType<Position>;

export const sums = z.strictObject({
  tables: count,
  rows: count,
  chunks: count,
  rawBytes: count,
  storedBytes: count,
  objects: count,
}) satisfies z.ZodType<Sums>;

export const manifestRef = z.strictObject({ key, size: count, sha256 }) satisfies z.ZodType<ManifestRef>;

export const recordDigest = z.strictObject({ size: count, sha256 });

/** How the barrier was reached: the same in cut and seal. */
export const barrierEvidence = z.strictObject({
  attempts: count,
  /** No attempt was to hold a shard's writers for longer. */
  holdLimitMs: milliseconds,
  /** Of any shard in any attempt, the failed ones included. */
  longestHoldMs: milliseconds,
  /** Where that was, and how it ended. Absent: nobody was held. */
  longestHold: z
    .strictObject({
      shard: name,
      attempt: count,
      end: z.enum(['cut', 'blocked', 'thawed', 'silent']),
      /** Of a thawed one: from the order, or the agent's timer, to the server's confirmation. */
      releaseMs: milliseconds.optional(),
    })
    .optional(),
  /** Between the first and the last snapshot over all shards. */
  windowMs: milliseconds,
  shards: z.array(
    z.strictObject({
      name,
      holdMs: milliseconds,
      /** Tables whose autovacuum was cancelled for the barrier. Absent: none. */
      cancelledAutovacuums: z.array(z.string()).max(100).optional(),
    }),
  ),
});
