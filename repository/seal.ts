/**
 * The seal: the small object that makes a set exist. Written last, read first. Whoever creates its key decides: a seal,
 * or the record that the set is abandoned.
 */
import { createHash } from 'node:crypto';
import { z } from 'zod';
import { asTidemarkError, TidemarkError } from '../proto/errors.ts';
import { cutKey, intentKey, manifestKey, sealKey } from './layout.ts';
import { hashObject } from './object-check.ts';
import type { ObjectStore } from './object-store.ts';
import { badRecord, parseRecord, recordBytesLimit, spellRecord } from './record.ts';
import {
  barrierEvidence,
  consistency,
  count,
  family,
  instant,
  manifestRef,
  name,
  position,
  recordDigest,
  setId,
  sha256,
  storedGlobals,
  sums,
} from './stored-shapes.ts';
import { addSums, noSums, sumsDifference } from './sums.ts';

const sealFormat = 'tidemark-seal-1';
const abandonedFormat = 'tidemark-abandoned-1';

export const sealBody = z.strictObject({
  cluster: name,
  set: setId,
  type: z.enum(['full', 'incr', 'diff']),
  /** Version of Tidemark that wrote it. */
  tidemark: name,
  topologyFingerprint: name,
  leaseNumber: count,
  startedAt: instant,
  sealedAt: instant,
  /** The consistency reached. */
  consistency,
  barrier: barrierEvidence,
  /** Size and digest of the set's intent.json. */
  intent: recordDigest,
  /** Size and digest of the set's cut.json. */
  cut: recordDigest,
  shards: z
    .array(
      z.strictObject({
        name,
        family,
        version: z.string(),
        identity: z.string(),
        manifest: manifestRef,
        sums,
        position,
      }),
    )
    .min(1),
  /** Over all shards. */
  sums,
  /** What every shard has stored of its roles or users. Absent: nothing. */
  globals: storedGlobals.optional(),
});

export type SealBody = z.infer<typeof sealBody>;

const abandonedBy = z.strictObject({
  /** The lease of whoever took over. */
  leaseNumber: count,
  operation: z.string(),
  host: z.string(),
  at: instant,
});

/** Who gave a set up in a dead holder's place. */
export type AbandonedBy = z.infer<typeof abandonedBy>;

const seal = z.strictObject({
  format: z.literal(sealFormat),
  body: sealBody,
  /** Over the body as JSON without spaces. */
  sha256,
  /** Sets are not signed as yet. */
  signatures: z.array(z.never()).max(0),
});

const abandonedBody = z.strictObject({ cluster: name, set: setId, by: abandonedBy });

const abandoned = z.strictObject({
  format: z.literal(abandonedFormat),
  body: abandonedBody,
  sha256,
  signatures: z.array(z.never()).max(0),
});

const sealObject = z.discriminatedUnion('format', [seal, abandoned]);

/** What stands at the key of a seal. */
export type SealState =
  /** A backup set: every object it names was durable and checked before. */
  | { readonly state: 'sealed'; readonly body: SealBody }
  /** Can never be sealed any more. */
  | { readonly state: 'abandoned'; readonly by: AbandonedBy };

/** What became of a seal that is there for everybody to read. */
export interface Sealing {
  /** Why the store could not confirm that the seal survives a loss of power; undefined when it has confirmed it. */
  readonly unconfirmed: TidemarkError | undefined;
}

/**
 * Seals a set: the last write of a backup. When it resolves, the set exists. Throws `set-incomplete` when body and repository do not fit
 * together, `bad-bytes` when intent or cut are not those the body pins, `lease-lost` when another operation has abandoned the set, and the
 * store's own failure when the seal is not there, or nobody can tell: then the error says so. May be retried with the same body.
 */
export async function sealSet(store: ObjectStore, body: SealBody): Promise<Sealing> {
  const key = sealKey(body.cluster, body.set);
  const wrong = contradiction(body) ?? (await missing(store, body));
  if (wrong !== undefined) {
    throw new TidemarkError({
      code: 'set-incomplete',
      operation: 'seal the set',
      subject: `${body.cluster}: ${body.set}`,
      cause: wrong,
    });
  }
  const value: z.infer<typeof seal> = {
    format: sealFormat,
    body,
    sha256: digest(sealBody, body),
    signatures: [],
  };
  const bytes = spellRecord(sealObject, value, key);
  try {
    await store.create(key, bytes);
    return { unconfirmed: undefined };
  } catch (thrown) {
    const error = asTidemarkError(thrown, {
      code: 'repository-failed',
      operation: 'seal the set',
      subject: key,
    });
    return await afterFailure(store, body, bytes, error);
  }
}

/** A store that fails may have stored the seal all the same: what is under its key tells. */
async function afterFailure(
  store: ObjectStore,
  body: SealBody,
  bytes: Buffer,
  error: TidemarkError,
): Promise<Sealing> {
  const { cluster, set } = body;
  const subject = `${cluster}: ${set}`;
  const conflict = error.code === 'object-conflict';
  let found: SealState | undefined;
  try {
    const stored = await store.readSmall(sealKey(cluster, set));
    if (stored?.equals(bytes) === true && !conflict) return { unconfirmed: error };
    found = stored === undefined ? undefined : await readSeal(store, cluster, set);
  } catch (unread) {
    if (conflict) throw unread;
    const { message } = asTidemarkError(unread, {
      code: 'repository-failed',
      operation: 'read the seal',
      subject,
    });
    throw new TidemarkError(
      {
        ...error.toJSON(),
        cause: `${error.reason}; whether the set is sealed is not known, because its seal cannot be read: ${message}`,
        remedy: `${error.remedy} \`tidemark list\` then shows whether the set is sealed.`,
      },
      { cause: error },
    );
  }
  if (found?.state !== 'abandoned') throw error;
  const { operation, host, at } = found.by;
  throw new TidemarkError({
    code: 'lease-lost',
    operation: 'seal the set',
    subject,
    cause: `it was abandoned by ${operation} on ${host} at ${at}`,
  });
}

/**
 * What stands at the set's seal key; undefined when nothing does. Any changed byte is `bad-bytes`, and so is a seal that
 * names another cluster or set than the one it is stored under.
 */
export async function readSeal(
  store: ObjectStore,
  cluster: string,
  set: string,
): Promise<SealState | undefined> {
  const key = sealKey(cluster, set);
  const subject = `${store.url}/${key}`;
  const bytes = await store.readSmall(key, recordBytesLimit);
  if (bytes === undefined) return undefined;
  const found = parseRecord(sealObject, bytes, subject);
  const { cluster: ofCluster, set: ofSet } = found.body;
  if (ofCluster !== cluster || ofSet !== set) {
    throw badRecord(subject, `it belongs to cluster ${ofCluster}, set ${ofSet}`);
  }
  const isSeal = found.format === sealFormat;
  const bodySha256 = isSeal ? digest(sealBody, found.body) : digest(abandonedBody, found.body);
  if (bodySha256 !== found.sha256) throw badRecord(subject, 'its SHA-256 is not that of its body');
  if (!isSeal) return { state: 'abandoned', by: found.body.by };
  const wrong = contradiction(found.body);
  if (wrong !== undefined) throw badRecord(subject, wrong);
  return { state: 'sealed', body: found.body };
}

/**
 * Gives a dead holder's set up, so that it can never be sealed. Returns what stands there: `sealed` when the holder was
 * faster, `abandoned` by us or by another.
 */
export async function abandonSet(
  store: ObjectStore,
  cluster: string,
  set: string,
  by: AbandonedBy,
): Promise<SealState> {
  const key = sealKey(cluster, set);
  try {
    const body = { cluster, set, by };
    const value: z.infer<typeof abandoned> = {
      format: abandonedFormat,
      body,
      sha256: digest(abandonedBody, body),
      signatures: [],
    };
    await store.create(key, spellRecord(sealObject, value, key));
    return { state: 'abandoned', by };
  } catch (error) {
    if (!(error instanceof TidemarkError) || error.code !== 'object-conflict') throw error;
    const found = await readSeal(store, cluster, set);
    if (found === undefined) throw error;
    return found;
  }
}

/** Over the body as JSON without spaces, its fields in the order of the shape. */
function digest<T>(shape: z.ZodType<T>, body: T): string {
  return createHash('sha256')
    .update(JSON.stringify(shape.parse(body)))
    .digest('hex');
}

/** What in the body contradicts itself; undefined when nothing does. */
function contradiction(body: SealBody): string | undefined {
  let total = noSums;
  const names = new Set<string>();
  for (const shard of body.shards) {
    if (names.has(shard.name)) return `shard ${shard.name} is there twice`;
    names.add(shard.name);
    const key = manifestKey(body.cluster, body.set, shard.name);
    if (shard.manifest.key !== key)
      return `shard ${shard.name} names ${shard.manifest.key} as its manifest, not ${key}`;
    total = addSums(total, shard.sums);
  }
  const difference = sumsDifference(total, body.sums);
  if (difference !== '') return `the shards add up to ${difference}`;
  if (!body.set.endsWith(`-${body.type}`)) return `the set is of type ${body.type}, its id says otherwise`;
  return undefined;
}

/** What the body names and the repository does not hold; undefined when all is there. */
async function missing(store: ObjectStore, body: SealBody): Promise<string | undefined> {
  const manifests = body.shards.map(({ manifest }) => manifest);
  const records = [
    { key: intentKey(body.cluster, body.set), ...body.intent },
    { key: cutKey(body.cluster, body.set), ...body.cut },
  ];
  for (const { key, size } of [...records, ...manifests]) {
    const found = await store.size(key);
    if (found !== size) return `${key} has ${found ?? 'no'} bytes, not ${size}`;
  }
  for (const { key, size, sha256 } of records) {
    await hashObject(store, { object: key, offset: 0, length: size, sha256 });
  }
  return undefined;
}
