import { expect, test, vi } from 'vitest';
import { createServer } from 'node:net';
import { connectAgent, type AgentClient } from '../../../proto/channel.ts';
import type { RestoreReply__Output as RestoreReply } from '../../../proto/gen/tidemark/v1/RestoreReply.ts';
import { decide, readDecision } from '../../../repository/restore-decision.ts';
import type { ManifestRef } from '../../../repository/manifest-entries.ts';
import type { MemoryStore } from '../../../repository/stores/memory.ts';
import type { ObjectStore } from '../../../repository/object-store.ts';
import { FakeServer } from './fake-server.ts';
import { backUp, contextOf, fillShop, openAgent, set } from './agent-fixture.ts';

const restore = 'r20261120';
const target = contextOf(0, { shard: 'copy-00' });

async function stored() {
  const source = await openAgent();
  fillShop(source.server);
  const manifest = await backUp(source.client);
  const copy = await openAgent({ shard: 'copy-00', store: source.store });
  return { source, manifest, ...copy };
}

/** Rows have no order of their own: chunks are loaded side by side. */
function contentOf({ databases }: FakeServer) {
  return [...databases].map(([name, tables]) => [
    name,
    [...tables].map(([table, rows]) => [table, rows.toSorted()]),
  ]);
}

class RestoreTalk {
  readonly call: ReturnType<AgentClient['restore']>;
  readonly #replies: AsyncIterator<RestoreReply>;

  constructor(client: AgentClient, manifest: ManifestRef, more: { sourceShard?: string } = {}) {
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
}

test('a shard comes back row by row when the record says switch', async () => {
  const { client, server, store, source, manifest } = await stored();
  const fit = await client.fit({ context: target, manifest, sourceShard: 'shop-00' });
  expect([fit.databases, fit.findings]).toEqual([['shop'], []]);
  const talk = new RestoreTalk(client, manifest);
  expect(await talk.reply()).toBe('loaded');
  expect(server.databases.size).toBe(0);
  await decide(store, 'shop', restore, 'switch');
  talk.call.send({ switch: {} });
  expect(await talk.reply()).toBe('switched');
  expect(contentOf(server)).toEqual(contentOf(source.server));
  await vi.waitFor(() => expect(server.openSessions).toBe(0));
  expect(server.staged.size).toBe(0);
  const again = await client.fit({ context: target, manifest, sourceShard: 'shop-00' });
  expect(again.findings.map(({ code }) => code)).toEqual(['target-not-empty']);
});

test('told to discard, nothing is left', async () => {
  const { client, server, manifest } = await stored();
  const talk = new RestoreTalk(client, manifest);
  expect(await talk.reply()).toBe('loaded');
  talk.call.send({ discard: {} });
  expect(await talk.reply()).toBe('discarded');
  expect([server.databases.size, server.staged.size]).toEqual([0, 0]);
});

test('told to switch without a record, the agent undoes and refuses', async () => {
  const { client, server, store, manifest } = await stored();
  const talk = new RestoreTalk(client, manifest);
  expect(await talk.reply()).toBe('loaded');
  talk.call.send({ switch: {} });
  await expect(talk.reply()).rejects.toMatchObject({ reason: expect.stringContaining('undo') });
  expect([server.databases.size, server.staged.size]).toEqual([0, 0]);
  expect(await readDecision(store, 'shop', restore)).toBe('undo');
});

test.each(['switch', undefined] as const)(
  'a coordinator that dies: the record (%s) decides',
  async (decision) => {
    const { client, server, store, manifest } = await stored();
    const talk = new RestoreTalk(client, manifest);
    expect(await talk.reply()).toBe('loaded');
    if (decision !== undefined) await decide(store, 'shop', restore, decision);
    talk.call.cancel();
    await vi.waitFor(() => expect([server.staged.size, server.openSessions]).toEqual([0, 0]));
    expect(server.databases.has('shop')).toBe(decision === 'switch');
    expect(await readDecision(store, 'shop', restore)).toBe(decision ?? 'undo');
  },
);

test('a coordinator that dies while the shard is loading leaves nothing behind', async () => {
  const { client, server, manifest } = await stored();
  const loading = Promise.withResolvers<void>();
  const gate = Promise.withResolvers<void>();
  server.beforeLoad = () => {
    loading.resolve();
    return gate.promise;
  };
  const talk = new RestoreTalk(client, manifest);
  await loading.promise;
  talk.call.cancel();
  await new Promise((resolve) => setImmediate(resolve));
  gate.resolve();
  await vi.waitFor(() => expect([server.staged.size, server.openSessions]).toEqual([0, 0]));
  expect(server.databases.size).toBe(0);
});

test('a switch that fails is tried again until it is done', async () => {
  const { client, server, store, manifest } = await stored();
  const talk = new RestoreTalk(client, manifest);
  expect(await talk.reply()).toBe('loaded');
  server.switchFailures.push(new Error('the server is starting up'));
  await decide(store, 'shop', restore, 'switch');
  talk.call.send({ switch: {} });
  expect(await talk.reply()).toBe('switched');
  expect(server.databases.has('shop')).toBe(true);
});

test.each(['switch', 'undo'] as const)(
  'an agent that died after loading: its next start follows the record (%s)',
  async (decision) => {
    const { client, store } = await openAgent();
    const server = new FakeServer('left-behind');
    server.staged.set(restore, {
      cluster: 'shop',
      databases: new Map([['shop', new Map([['accounts', ['1\t5']]])]]),
      switched: false,
    });
    if (decision === 'switch') await decide(store, 'shop', restore, 'switch');
    await openAgent({ shard: 'copy-00', store, server });
    expect(server.staged.size).toBe(0);
    expect(server.databases.has('shop')).toBe(decision === 'switch');
    expect((await client.describe({ context: contextOf() })).activity).toBe('idle');
  },
);

test('an agent that cannot settle what was left behind does not look idle until it has', async () => {
  const server = new FakeServer('left-behind');
  const databases = new Map([['shop', new Map([['accounts', ['1\t5']]])]]);
  server.staged.set(restore, { cluster: 'shop', databases, switched: false });
  const { store } = await openAgent();
  await decide(store, 'shop', restore, 'switch');
  const failure = new Error('somebody is connected');
  server.switchFailures.push(failure, failure);
  const listen = `127.0.0.1:${await freePort()}`;
  const starting = openAgent({ shard: 'copy-00', store, server, listen });
  // The first attempt has failed, and until the next nothing runs.
  await vi.waitFor(() => expect(server.switchFailures).toHaveLength(1));
  const client = connectAgent(listen, { kind: 'default' });
  expect(await client.describe({ context: target })).toMatchObject({
    activity: 'restoring',
    activityRestore: '',
  });
  expect(server.databases.has('shop')).toBe(false);
  await starting;
  expect(await client.describe({ context: target })).toMatchObject({ activity: 'idle', undoneRestore: '' });
  expect(server.databases.has('shop')).toBe(true);
  client.close();
});

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (address === null || typeof address === 'string') throw new Error('no port');
  return address.port;
}

test('a second agent at the same address touches nothing of what the first one does', async () => {
  const { client, server, store, agent, manifest } = await stored();
  const talk = new RestoreTalk(client, manifest);
  expect(await talk.reply()).toBe('loaded');
  const second = openAgent({ shard: 'copy-00', store, server, listen: agent.address });
  await expect(second).rejects.toMatchObject({ code: 'file-invalid' });
  expect(await readDecision(store, 'shop', restore)).toBeUndefined();
  await decide(store, 'shop', restore, 'switch');
  talk.call.send({ switch: {} });
  expect(await talk.reply()).toBe('switched');
});

test('says which restore it is at, and which it has undone', async () => {
  const { client, manifest } = await stored();
  const talk = new RestoreTalk(client, manifest);
  expect(await talk.reply()).toBe('loaded');
  expect(await client.describe({ context: target })).toMatchObject({
    activity: 'restoring',
    activityRestore: restore,
    undoneRestore: '',
  });
  talk.call.send({ discard: {} });
  expect(await talk.reply()).toBe('discarded');
  await vi.waitFor(async () =>
    expect(await client.describe({ context: target })).toMatchObject({
      activity: 'idle',
      activityRestore: '',
      undoneRestore: restore,
    }),
  );
});

test('an invariant that answers NULL is told apart from one that answers with no text', async () => {
  const source = await openAgent();
  source.server.table('shop', 'notes', []);
  const manifest = await backUp(source.client);
  const { client } = await openAgent({ shard: 'copy-00', store: source.store });
  const call = client.restore();
  call.send({ load: { context: target, restore, sourceShard: 'shop-00', manifest, lanes: 1 } });
  for await (const { loaded } of call) {
    if (!loaded) continue;
    expect(loaded.invariants.map(({ name, answer }) => ({ name, answer: answer ?? null }))).toEqual([
      { name: 'money', answer: null },
    ]);
    expect(loaded.invariants[0]).not.toHaveProperty('answer', '');
    call.send({ discard: {} });
  }
});

/** Changes one byte of the object whose key ends so. */
async function flip(store: ObjectStore, ending: string): Promise<string> {
  for await (const { key } of store.list('')) {
    if (!key.endsWith(ending)) continue;
    const bytes = (await store.readSmall(key)) as Buffer;
    const at = bytes.length >> 1;
    bytes.writeUInt8(bytes.readUInt8(at) ^ 1, at);
    await (store as MemoryStore).replace(key, bytes);
    return key;
  }
  throw new Error(`no object ends in ${ending}`);
}

test.each(['0-0.copy.zst', 'tables.sql.zst', 'archive.dump', 'manifest.jsonl.zst'])(
  'a flipped byte in %s: nothing is loaded, and verify names the object',
  async (ending) => {
    const { client, server, store, manifest } = await stored();
    const key = await flip(store, ending);
    const talk = new RestoreTalk(client, manifest);
    await expect(talk.reply()).rejects.toMatchObject({
      code: 'bad-bytes',
      subject: expect.stringContaining(key),
    });
    expect([server.databases.size, server.staged.size, server.openSessions]).toEqual([0, 0, 0]);
    const findings: string[] = [];
    for await (const reply of client.verify({ context: target, manifest, sourceShard: 'shop-00' })) {
      if (reply.finding) findings.push(reply.finding.subject);
    }
    expect(findings).toEqual([expect.stringContaining(key)]);
  },
);

test('verify reads everything and its sums are the manifest’s', async () => {
  const { client, store, manifest } = await stored();
  let sums: unknown;
  let findings = 0;
  for await (const reply of client.verify({ context: target, manifest, sourceShard: 'shop-00' })) {
    if (reply.finding) findings += 1;
    if (reply.done) sums = reply.done.sums;
  }
  expect(findings).toBe(0);
  expect(sums).toMatchObject({ tables: '2', rows: '2300' });
  // Two bad objects are two findings: the first does not hide the second.
  await flip(store, '0-0.copy.zst');
  await flip(store, '1-0.copy.zst');
  for await (const reply of client.verify({ context: target, manifest, sourceShard: 'shop-00' })) {
    if (reply.finding) findings += 1;
  }
  expect(findings).toBe(2);
});

test('a manifest of another shard or set is refused', async () => {
  const { client, manifest } = await stored();
  const other = new RestoreTalk(client, manifest, { sourceShard: 'shop-01' });
  await expect(other.reply()).rejects.toMatchObject({ code: 'bad-bytes' });
  const wrongSet = { ...target, set: '20261120T083013Z-full' };
  expect(set).not.toBe(wrongSet.set);
  await expect(client.fit({ context: wrongSet, manifest, sourceShard: 'shop-00' })).rejects.toMatchObject({
    code: 'bad-bytes',
  });
});

test('an invariant that answers otherwise in the copy fails the restore', async () => {
  const { client, server, manifest } = await stored();
  let loads = 0;
  server.beforeLoad = () => {
    loads += 1;
    // Someone writes into the staging while it is loaded.
    if (loads === 1) server.staged.get(restore)?.databases.get('shop')?.get('accounts')?.push('x\t1');
    return Promise.resolve();
  };
  const talk = new RestoreTalk(client, manifest);
  await expect(talk.reply()).rejects.toMatchObject({
    code: 'invariant-differs',
    reason: expect.stringContaining('money'),
  });
  expect([server.databases.size, server.staged.size]).toEqual([0, 0]);
});
