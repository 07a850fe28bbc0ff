import { expect, test, vi } from 'vitest';
import { setTimeout as sleep } from 'node:timers/promises';
import { takeLease } from '../../../repository/lease.ts';
import { readManifest } from '../../../repository/manifest.ts';
import type { ManifestLine } from '../../../repository/manifest-entries.ts';
import {
  backUp,
  BarrierTalk,
  contextOf,
  expectReply,
  fillShop,
  grantLease,
  openAgent,
  prepareOf,
  runCopy,
  takeCut,
} from './agent-fixture.ts';

async function linesOf(store: Parameters<typeof readManifest>[0], ref: Parameters<typeof readManifest>[1]) {
  const lines: ManifestLine[] = [];
  for await (const line of readManifest(store, ref)) lines.push(line);
  return lines;
}

test('a backup stores every row of the cut, and none that was written after it', async () => {
  const { client, server, store } = await openAgent();
  fillShop(server);
  const rows = server.databases.get('shop')?.get('accounts') ?? [];
  const money = rows.map((row) => Number(row.split('\t')[1])).reduce((sum, value) => sum + value, 0);
  await takeCut(client);
  server.table('shop', 'accounts', ['1\t999999']);
  const done = await runCopy(client);
  const lines = await linesOf(store, {
    key: done.manifest?.key ?? '',
    size: Number(done.manifest?.size),
    sha256: done.manifest?.sha256 ?? '',
  });
  const chunks = lines.filter((line) => line.kind === 'chunk');
  expect(chunks.reduce((sum, { rows }) => sum + rows, 0)).toBe(2300);
  expect(Number(done.sums?.rows)).toBe(2300);
  expect(Number(done.sums?.chunks)).toBe(chunks.length);
  expect(lines.find((line) => line.kind === 'invariant')).toMatchObject({
    name: 'money',
    answer: String(money),
  });
  expect(
    lines.filter((line) => line.kind === 'schema').map(({ object }) => object.split('/').at(-1)),
  ).toEqual(['tables.sql.zst', 'archive.dump']);
  // The snapshot is let go as soon as it is copied, not when the coordinator has heard of it.
  expect(server.openSnapshots).toBe(0);
  expect((await client.describe({ context: contextOf() })).activity).toBe('idle');
});

test('a writer that is open keeps the shard from freezing and is named', async () => {
  const { client, server } = await openAgent();
  fillShop(server);
  const writer = server.beginWriter();
  const talk = new BarrierTalk(client);
  expectReply(await talk.ask({ prepare: prepareOf() }), 'prepared');
  const blocked = await talk.ask({ freeze: { attempt: 1, drainMs: 20 } });
  expect(blocked.blocked?.blockers.map(({ transaction }) => transaction)).toEqual([writer.transaction]);
  writer.commit();
  expectReply(await talk.ask({ freeze: { attempt: 2, drainMs: 50 } }), 'frozen');
  expectReply(await talk.ask({ thaw: { attempt: 2 } }), 'thawed');
  expect(server.locked).toBe(false);
  talk.call.cancel();
  await vi.waitFor(() => expect(server.openSessions).toBe(0));
});

test('a call that breaks thaws the shard and ends the backup', async () => {
  const { client, server } = await openAgent();
  fillShop(server);
  const talk = new BarrierTalk(client);
  expectReply(await talk.ask({ prepare: prepareOf(1, { holdLimitMs: 60_000 }) }), 'prepared');
  expectReply(await talk.ask({ freeze: { attempt: 1, drainMs: 50 } }), 'frozen');
  expect(server.locked).toBe(true);
  talk.call.cancel();
  await vi.waitFor(() => expect([server.locked, server.openSessions]).toEqual([false, 0]));
  await expect(runCopy(client)).rejects.toMatchObject({ code: 'snapshot-lost' });
});

test('the hold limit thaws by itself', async () => {
  const { client, server } = await openAgent();
  fillShop(server);
  const talk = new BarrierTalk(client);
  expectReply(await talk.ask({ prepare: prepareOf(1, { holdLimitMs: 40 }) }), 'prepared');
  expectReply(await talk.ask({ freeze: { attempt: 1, drainMs: 20 } }), 'frozen');
  expectReply(await talk.reply(), 'thawed');
  expect(server.locked).toBe(false);
  talk.call.cancel();
  await vi.waitFor(() => expect(server.openSessions).toBe(0));
});

test('consistency simultaneous cuts without a lock', async () => {
  const { client, server } = await openAgent();
  fillShop(server);
  server.beginWriter();
  const talk = new BarrierTalk(client);
  expectReply(await talk.ask({ prepare: prepareOf(1, { locks: false }) }), 'prepared');
  const { cutTaken } = await talk.ask({ cut: { attempt: 1, withoutLocks: true } });
  expect(cutTaken?.holdMs).toBe(0);
  await talk.finish();
  expect(Number((await runCopy(client)).sums?.rows)).toBe(2300);
});

test('one operation at a time: a second backup under the same lease is told who is there', async () => {
  const { client, server } = await openAgent();
  fillShop(server);
  await takeCut(client);
  const second = new BarrierTalk(client);
  await expect(second.ask({ prepare: prepareOf() })).rejects.toMatchObject({
    code: 'agent-busy',
    reason: expect.stringContaining('20261120T083012Z-full'),
  });
  expect(await client.abort({ context: contextOf() })).toEqual({ aborted: 'cut' });
  expect(server.openSnapshots).toBe(0);
  // Ending it again is no error, and the agent is free.
  expect(await client.abort({ context: contextOf() })).toEqual({ aborted: '' });
  await backUp(client, prepareOf(1, { context: contextOf(1, { set: '20261120T083013Z-full' }) }));
});

test('a higher lease takes over and the lower one is fenced off from then on', async () => {
  const { client, server, store } = await openAgent();
  fillShop(server);
  await grantLease(store, 3);
  await takeCut(client, prepareOf(3));
  await grantLease(store, 4);
  const later = contextOf(4, { set: '20261120T083013Z-full' });
  await backUp(client, prepareOf(4, { context: later }));
  for (const old of [runCopy(client, contextOf(3)), client.abort({ context: contextOf(3) })]) {
    await expect(old).rejects.toMatchObject({ code: 'lease-lost' });
  }
  await expect(new BarrierTalk(client).ask({ prepare: prepareOf(3) })).rejects.toMatchObject({
    code: 'lease-lost',
  });
});

test('a lease number out of the blue is refused, and locks nobody out', async () => {
  const { client, server } = await openAgent();
  fillShop(server);
  const refusal = { code: 'lease-lost', reason: expect.stringContaining('does not have') };
  await expect(client.abort({ context: contextOf(4711) })).rejects.toMatchObject(refusal);
  await expect(runCopy(client, contextOf(4711))).rejects.toMatchObject(refusal);
  await expect(new BarrierTalk(client).ask({ prepare: prepareOf(4711) })).rejects.toMatchObject(refusal);
  await backUp(client, prepareOf(1));
});

test('an agent that was started again fences by the lease records that the repository holds', async () => {
  const first = await openAgent({ lease: false });
  const lease = await takeLease(first.store, 'shop', { operation: 'backup' });
  await lease.release();
  await (await takeLease(first.store, 'shop', { operation: 'backup' })).release();
  expect(lease.number).toBe(1);
  await expect(new BarrierTalk(first.client).ask({ prepare: prepareOf(1) })).rejects.toMatchObject({
    code: 'lease-lost',
    reason: expect.stringContaining('lease 2'),
  });
  expect(first.server.openSessions).toBe(0);
  fillShop(first.server);
  await backUp(first.client, prepareOf(2));
});

test('a call that waits keeps the cut beyond the grace period; without one it is let go', async () => {
  const { client, server } = await openAgent();
  fillShop(server);
  const graceMs = 60;
  await takeCut(client, prepareOf(1, { graceMs }));
  const waiting = client.copy({ context: contextOf(), wait: true });
  const replies = waiting[Symbol.asyncIterator]();
  expect((await replies.next()).value?.progress).toMatchObject({ phase: 'waiting', rows: '0' });
  await sleep(3 * graceMs);
  expect(await client.describe({ context: contextOf() })).toMatchObject({ activity: 'cut' });
  expect(server.openSnapshots).toBe(1);
  waiting.cancel();
  await vi.waitFor(() => expect(server.openSnapshots).toBe(0));
  await expect(runCopy(client)).rejects.toMatchObject({ code: 'snapshot-lost' });
});

test('a call that waits gives way to the copy, and hears when the cut is lost', async () => {
  const { client, server } = await openAgent();
  fillShop(server);
  await takeCut(client);
  const [first, second] = [0, 1].map(() => client.copy({ context: contextOf(), wait: true }));
  const ended = async (call: typeof first): Promise<unknown> => {
    try {
      for await (const _ of call ?? []);
      return 'ended';
    } catch (error) {
      return error;
    }
  };
  expect(Number((await runCopy(client)).sums?.rows)).toBe(2300);
  expect(await ended(first)).toMatchObject({ code: 'agent-busy' });
  expect(await ended(second)).toMatchObject({ code: 'agent-busy' });

  const context = contextOf(1, { set: '20261120T083013Z-full' });
  await takeCut(client, prepareOf(1, { context }));
  const waiting = client.copy({ context, wait: true });
  await vi.waitFor(async () => expect((await client.abort({ context })).aborted).toBe('cut'));
  expect(await ended(waiting)).toMatchObject({ code: expect.stringMatching(/interrupted|snapshot-lost/) });
});

test('a copy whose call breaks goes on, and the next call gets its result', async () => {
  const { client, server } = await openAgent();
  fillShop(server);
  const gate = Promise.withResolvers<void>();
  server.beforeRead = () => gate.promise;
  await takeCut(client);
  for await (const reply of client.copy({ context: contextOf() })) if (reply.progress) break;
  expect((await client.describe({ context: contextOf() })).activity).toBe('copying');
  gate.resolve();
  await vi.waitFor(async () =>
    expect((await client.describe({ context: contextOf() })).activity).toBe('idle'),
  );
  const done = await runCopy(client);
  expect(Number(done.sums?.rows)).toBe(2300);
  // Asked again, the answer is the same.
  expect(await runCopy(client)).toEqual(done);
});

test('a second caller takes the place of the first', async () => {
  const { client, server } = await openAgent();
  fillShop(server);
  const gate = Promise.withResolvers<void>();
  server.beforeRead = () => gate.promise;
  await takeCut(client);
  const first = runCopy(client);
  const second = runCopy(client);
  await expect(first).rejects.toMatchObject({ code: 'agent-busy' });
  gate.resolve();
  expect(Number((await second).sums?.rows)).toBe(2300);
});

test('without a coordinator the cut is let go after the grace period', async () => {
  const { client, server } = await openAgent();
  fillShop(server);
  await takeCut(client, prepareOf(1, { graceMs: 30 }));
  await vi.waitFor(() => expect(server.openSessions).toBe(0));
  await expect(runCopy(client)).rejects.toMatchObject({
    code: 'snapshot-lost',
    reason: expect.stringContaining('no coordinator'),
  });
});

test('a copy without a coordinator ends after the grace period, and no manifest is stored', async () => {
  const { client, server, store } = await openAgent();
  fillShop(server);
  server.beforeRead = () => new Promise((resolve) => setTimeout(resolve, 20));
  await takeCut(client, prepareOf(1, { graceMs: 60 }));
  for await (const _ of client.copy({ context: contextOf() })) break;
  await vi.waitFor(() => expect([server.openSessions, server.openSnapshots]).toEqual([0, 0]));
  for await (const { key } of store.list('')) expect(key).not.toContain('manifest');
});

test('snapshots have a greatest age', async () => {
  const { client, server } = await openAgent();
  fillShop(server);
  server.beforeRead = () => new Promise((resolve) => setTimeout(resolve, 20));
  await takeCut(client, prepareOf(1, { copyLimitMs: 40 }));
  await expect(runCopy(client)).rejects.toMatchObject({
    code: 'snapshot-lost',
    reason: expect.stringContaining('40'),
  });
});

test('lanes read while the databases are still being described, and their chunks stand after their tables', async () => {
  const { client, server, store } = await openAgent();
  fillShop(server);
  let read = 0;
  server.beforeRead = () => {
    read += 1;
    return Promise.resolve();
  };
  server.beforeDescribe = () => vi.waitFor(() => expect(read).toBeGreaterThan(2));
  const manifest = await backUp(client);
  // Whoever reads a manifest refuses a line that comes before what it names.
  const chunks = (await linesOf(store, manifest)).filter((line) => line.kind === 'chunk');
  expect(chunks.reduce((sum, { rows }) => sum + rows, 0)).toBe(2300);
});

test('databases that cannot be described fail the copy, and no manifest is stored', async () => {
  const { client, server, store } = await openAgent();
  fillShop(server);
  server.beforeDescribe = () => Promise.reject(new Error('not now'));
  await takeCut(client);
  await expect(runCopy(client)).rejects.toMatchObject({ reason: expect.stringContaining('not now') });
  for await (const { key } of store.list('')) expect(key).not.toContain('manifest');
  expect([server.openSessions, server.openSnapshots]).toEqual([0, 0]);
});

test('a lane that dies gives its task to another, and no row is lost or doubled', async () => {
  const { client, server, store } = await openAgent();
  fillShop(server, 5000);
  // Two die when each lane has stored a chunk of its task: those chunks must not count.
  const batches = [0, 0, 0];
  const chunksStored = async () => {
    let count = 0;
    for await (const { key } of store.list('')) count += key.endsWith('.copy.zst') ? 1 : 0;
    expect(count).toBeGreaterThanOrEqual(3);
  };
  server.beforeRead = async (lane) => {
    batches[lane] = (batches[lane] ?? 0) + 1;
    if (batches[lane] !== 5) return;
    await vi.waitFor(chunksStored);
    if (lane !== 1) server.deadLanes.add(lane);
  };
  const manifest = await backUp(client);
  const chunks = (await linesOf(store, manifest)).filter((line) => line.kind === 'chunk');
  const ranges = chunks.map(
    ({ range, rows }) => [String(range['from']), String(range['part']), rows] as const,
  );
  expect(ranges.reduce((sum, [, , rows]) => sum + rows, 0)).toBe(5000);
  expect(new Set(ranges.map(([from, part]) => `${from}-${part}`)).size).toBe(chunks.length);
  expect(chunks.some(({ object }) => object.includes('-r1.'))).toBe(true);
});

test('what a lane has read of other tasks before it died is in the set, and nothing of the task it died in', async () => {
  const { client, server, store } = await openAgent();
  fillShop(server, 9000);
  const batches = [0, 0, 0];
  server.beforeRead = (lane) => {
    batches[lane] = (batches[lane] ?? 0) + 1;
    // In its second task, when the last chunk of the first waits in memory for others to share an object with.
    if (batches[lane] === 11 && lane !== 1) server.deadLanes.add(lane);
    return Promise.resolve();
  };
  const manifest = await backUp(client);
  const chunks = (await linesOf(store, manifest)).filter((line) => line.kind === 'chunk');
  expect(chunks.reduce((sum, { rows }) => sum + rows, 0)).toBe(9000);
  expect(new Set(chunks.map(({ range }) => `${String(range['from'])}-${String(range['part'])}`)).size).toBe(
    chunks.length,
  );
  expect(server.deadLanes.size).toBe(2);
  for (const lane of server.deadLanes)
    expect(chunks.filter(({ object }) => object.includes(`/shared/${lane}-`))).toHaveLength(1);
  const pieces = chunks.filter(({ object }) => object.endsWith('/shared/1-0.zst'));
  const size = await store.size(pieces[0]?.object ?? '');
  expect(pieces.reduce((end, { offset, length }) => (offset === end ? end + length : -1), 0)).toBe(size);
});

test('with no lane left the copy fails and says why', async () => {
  const { client, server } = await openAgent();
  fillShop(server);
  for (const lane of [0, 1, 2]) server.deadLanes.add(lane);
  await takeCut(client);
  await expect(runCopy(client)).rejects.toMatchObject({
    code: 'snapshot-lost',
    reason: expect.stringContaining('no lane is left'),
  });
  expect(server.openSessions).toBe(0);
});

test('an agent that is told to leave thaws, lets go and breaks the calls', async () => {
  const { agent, client, server } = await openAgent();
  fillShop(server);
  const talk = new BarrierTalk(client);
  expectReply(await talk.ask({ prepare: prepareOf(1, { holdLimitMs: 60_000 }) }), 'prepared');
  expectReply(await talk.ask({ freeze: { attempt: 1, drainMs: 50 } }), 'frozen');
  const broken = talk.reply().catch((error: unknown) => error);
  await agent.leave();
  expect([server.locked, server.openSessions]).toEqual([false, 0]);
  expect(await broken).toMatchObject({ code: 'interrupted' });
});

test('progress comes at a bounded rate', async () => {
  const { client, server } = await openAgent();
  fillShop(server, 20_000);
  server.beforeRead = () => new Promise((resolve) => setTimeout(resolve, 12));
  await takeCut(client);
  const at: number[] = [];
  let bytes = 0;
  for await (const reply of client.copy({ context: contextOf() })) {
    if (reply.progress) at.push(performance.now());
    if (reply.progress) bytes = Number(reply.progress.bytes);
  }
  // The last one comes with the end; before it they are half a second apart.
  const gaps = at.slice(1, -1).map((time, n) => time - (at[n] ?? 0));
  expect(gaps.length).toBeGreaterThan(0);
  expect(Math.min(...gaps)).toBeGreaterThan(250);
  expect(bytes).toBeGreaterThan(100_000);
});
