/** What a backup set remembers of the topology it was taken with, so that a later restore can tell another cluster. */

import { createHash } from 'node:crypto';

/**
 * SHA-256 (hex) over the cluster's name and each shard's name and engine family. The order of the shards, their
 * addresses, their versions and the files' layout do not matter: a shard may move to another host and stay itself.
 */
export function topologyFingerprint(
  cluster: string,
  shards: readonly { readonly name: string; readonly family: string }[],
): string {
  const pairs = shards.map(({ name, family }) => [name, family] as const);
  pairs.sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
  // JSON keeps the names apart, whatever characters they hold.
  return createHash('sha256')
    .update(JSON.stringify(['tidemark topology 1', cluster, pairs]))
    .digest('hex');
}
