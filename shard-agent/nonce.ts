/** The agent's half of the proof that it and the coordinator see the same repository. */
import { TidemarkError } from '../proto/errors.ts';
import type { Nonce__Output as WireNonce } from '../proto/gen/tidemark/v1/Nonce.ts';
import { noncePrefix } from '../repository/layout.ts';
import type { ObjectStore } from '../repository/object-store.ts';
import { wrongOrder } from './orders.ts';

/** More than any coordinator writes. */
const valueBytes = 4096;

/**
 * Reads what the coordinator wrote and writes the same value under the reply key, for the coordinator to read.
 * Throws `repository-mismatch` when the coordinator's object is not to be seen here, `repository-failed`, and `internal` for keys
 * that are not nonces of `cluster`: nobody writes another object through an agent. Repeatable. False: there was no nonce.
 */
export async function answerNonce(
  store: ObjectStore,
  cluster: string,
  nonce: WireNonce | null,
): Promise<boolean> {
  if (nonce === null || nonce.key === '') return false;
  const prefix = noncePrefix(cluster);
  const own = [nonce.key, nonce.replyKey].every((key) => key.startsWith(prefix));
  if (!own || nonce.value.length > valueBytes)
    throw wrongOrder(`${nonce.key} and ${nonce.replyKey} are no nonces of cluster ${cluster}`);
  const found = await store.readSmall(nonce.key, valueBytes);
  if (found?.toString('utf8') !== nonce.value) {
    throw new TidemarkError({
      code: 'repository-mismatch',
      operation: 'see what the coordinator wrote',
      subject: store.url,
      cause:
        found === undefined
          ? `the coordinator's object ${nonce.key} is not there: this host sees another repository`
          : `${nonce.key} holds other bytes than the coordinator wrote`,
    });
  }
  await store.create(nonce.replyKey, Buffer.from(nonce.value));
  return true;
}
