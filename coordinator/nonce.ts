/**
 * Proof that coordinator and agents see the same repository: the coordinator writes an object, each agent reads it and
 * writes another, the coordinator reads that. Two directories of the same name on two hosts do not pass.
 */
import { randomBytes } from 'node:crypto';
import { TidemarkError } from '../proto/errors.ts';
import type { Nonce__Output as WireNonce } from '../proto/gen/tidemark/v1/Nonce.ts';
import { nonceKey } from '../repository/layout.ts';
import type { ObjectStore } from '../repository/object-store.ts';

export interface RepositoryProof {
  /** What the agent of this shard is to be sent. */
  nonceFor(shard: string): WireNonce;
  /** Reads the shard's answer. Throws `repository-mismatch` when it is missing or another. */
  confirm(shard: string): Promise<void>;
  /** Removes the question and all answers. Idempotent. Never throws: what stays behind is harmless and no reason to fail. */
  clear(): Promise<void>;
}

/**
 * Writes the question. Throws `repository-failed` when the coordinator itself cannot write or read back; the question is then removed,
 * as far as the repository lets it.
 */
export async function beginRepositoryProof(store: ObjectStore, cluster: string): Promise<RepositoryProof> {
  const id = randomBytes(12).toString('hex');
  const value = randomBytes(24).toString('hex');
  const key = nonceKey(cluster, id);
  const replyKeys = new Map<string, string>();
  const clear = async (): Promise<void> => {
    await Promise.allSettled([key, ...replyKeys.values()].map((used) => store.delete(used)));
  };
  try {
    await writeQuestion(store, key, value);
  } catch (error) {
    await clear();
    throw error;
  }
  return {
    nonceFor(shard) {
      const replyKey = replyKeys.get(shard) ?? nonceKey(cluster, `${id}-${replyKeys.size}`);
      replyKeys.set(shard, replyKey);
      return { key, value, replyKey };
    },
    async confirm(shard) {
      const replyKey = replyKeys.get(shard);
      const answer = replyKey === undefined ? undefined : await store.readSmall(replyKey);
      if (answer?.toString('utf8') === value) return;
      throw new TidemarkError({
        code: 'repository-mismatch',
        operation: 'see that the agent writes to the same repository',
        subject: `${shard}: ${store.url}`,
        cause:
          answer === undefined
            ? 'what the agent wrote is not to be seen here'
            : 'the agent wrote other bytes',
      });
    },
    clear,
  };
}

async function writeQuestion(store: ObjectStore, key: string, value: string): Promise<void> {
  await store.create(key, Buffer.from(value));
  const readBack = await store.readSmall(key);
  if (readBack?.toString('utf8') === value) return;
  throw new TidemarkError({
    code: 'repository-failed',
    operation: 'read back an object just written',
    subject: `${store.url}: ${key}`,
    cause: readBack === undefined ? 'it is not there' : 'it holds other bytes',
  });
}
