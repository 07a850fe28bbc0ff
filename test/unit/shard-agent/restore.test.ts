import { expect, test } from 'vitest';
import type { MemoryStore } from '../../../repository/stores/memory.ts';
import type { ObjectStore } from '../../../repository/object-store.ts';
import { backUp, openAgent, set } from './agent-fixture.ts';
import { restore, RestoreTalk, stored, target } from './restore-talk.ts';

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
