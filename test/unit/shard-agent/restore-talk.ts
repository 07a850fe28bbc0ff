/** A coordinator's half of a restore call, and what an agent needs to be restored to. */
import { type AgentClient } from '../../../proto/channel.ts';
import type { RestoreReply__Output as RestoreReply } from '../../../proto/gen/tidemark/v1/RestoreReply.ts';
import type { RestoreRequest } from '../../../proto/gen/tidemark/v1/RestoreRequest.ts';
import type { ManifestRef } from '../../../repository/manifest-entries.ts';
import type { ObjectStore } from '../../../repository/object-store.ts';
import { writeRestoreIntent } from '../../../repository/restore-decision.ts';
import type { FakeServer } from './fake-server.ts';
import { backUp, contextOf, fillShop, openAgent, set } from './agent-fixture.ts';

export const restore = 'r20261120';
export const target = contextOf(0, { shard: 'copy-00' });

/** An agent of shard `copy-00` on an empty server, and a set of shard `shop-00` that it can restore. */
export async function stored() {
  const source = await openAgent();
  fillShop(source.server);
  const manifest = await backUp(source.client);
  const copy = await openAgent({ shard: 'copy-00', store: source.store });
  await intend(source.store);
  return { source, manifest, ...copy };
}

/** Records what the restore set out to do: from shop-00 on to each of these. */
export async function intend(
  store: ObjectStore,
  targets: readonly string[] = ['copy-00'],
  id = restore,
): Promise<void> {
  await writeRestoreIntent(store, {
    cluster: 'shop',
    restore: id,
    tidemark: 'test',
    set,
    sourceCluster: 'shop',
    startedAt: '2026-11-20T08:30:00.000Z',
    startedBy: { host: 'test', user: 'test', pid: 1 },
    shards: targets.map((name) => ({ source: 'shop-00', target: name, agent: 'test' })),
  });
}

/** Rows have no order of their own: chunks are loaded side by side. */
export function contentOf({ databases }: FakeServer) {
  return [...databases].map(([name, tables]) => [
    name,
    [...tables].map(([table, rows]) => [table, rows.toSorted()]),
  ]);
}

export class RestoreTalk {
  readonly call: ReturnType<AgentClient['restore']>;
  readonly #replies: AsyncIterator<RestoreReply>;

  constructor(
    client: AgentClient,
    manifest: ManifestRef,
    more: { sourceShard?: string; restore?: string } = {},
  ) {
    this.call = client.restore();
    this.#replies = this.call[Symbol.asyncIterator]();
    this.call.send({
      load: { context: target, restore, sourceShard: 'shop-00', manifest, lanes: 2, ...more },
    });
  }

  /** The next reply that is no progress. */
  async reply(): Promise<RestoreReply['reply']> {
    for (;;) {
      const next = await this.#replies.next();
      if (next.done === true) throw new Error('the call ended');
      if (!next.value.progress) return next.value.reply;
    }
  }

  ask(request: RestoreRequest): Promise<RestoreReply['reply']> {
    this.call.send(request);
    return this.reply();
  }
}
