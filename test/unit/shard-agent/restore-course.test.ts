/** One shard's restore from its load to its end: over its call, and by its records when the call breaks or the agent dies. */
import { createServer } from 'node:net';
import { expect, test, vi } from 'vitest';
import { connectAgent } from '../../../proto/channel.ts';
import { decide, readDecision } from '../../../repository/restore-decision.ts';
import {
  abandonRestore,
  hasShardStep,
  openWhenSwitched,
  readEnding,
  recordShardStep,
} from '../../../repository/restore-ending.ts';
import type { ObjectStore } from '../../../repository/object-store.ts';
import { MemoryStore } from '../../../repository/stores/memory.ts';
import { contextOf, openAgent, prepareOf, BarrierTalk } from './agent-fixture.ts';
import { FakeEngine } from './fake-engine.ts';
import { FakeServer } from './fake-server.ts';
import { contentOf, intend, restore, RestoreTalk, stored, target } from './restore-talk.ts';

const accounts = () => new Map([['shop', new Map([['accounts', ['1\t5']]])]]);

/** As an agent leaves it that dies after it has loaded. */
function leftBehind(state: { switched?: boolean; opened?: boolean } = {}): FakeServer {
  const server = new FakeServer('left-behind');
  const marks = { switched: false, opened: false, ...state };
  server.staged.set(restore, { cluster: 'shop', databases: accounts(), ...marks });
  return server;
}

const stateOf = async (client: Awaited<ReturnType<typeof openAgent>>['client'], id = restore) =>
  (await client.restoreState({ context: target, restore: id })).state;

test('a shard comes back row by row when the records say so, and is closed until then', async () => {
  const { client, server, store, source, manifest } = await stored();
  const fit = await client.fit({ context: target, manifest, sourceShard: 'shop-00' });
  expect([fit.databases, fit.findings]).toEqual([['shop'], []]);
  const talk = new RestoreTalk(client, manifest);
  expect(await talk.reply()).toBe('loaded');
  expect(await talk.ask({ closeTarget: {} })).toBe('targetClosed');
  await decide(store, 'shop', restore, 'switch');
  expect(await talk.ask({ switch: {} })).toBe('switched');
  expect(await hasShardStep(store, 'shop', restore, 'copy-00', 'switched')).toBe(true);
  talk.call.send({ open: {} });
  expect(await talk.reply()).toBe('opened');
  expect(await talk.reply()).toBe('finished');
  expect(contentOf(server)).toEqual(contentOf(source.server));
  await vi.waitFor(() => expect(server.openSessions).toBe(0));
  expect(server.staged.size).toBe(0);
  expect(await stateOf(client)).toBe('finished');
  const again = await client.fit({ context: target, manifest, sourceShard: 'shop-00' });
  expect(again.findings.map(({ code }) => code)).toEqual(['target-not-empty']);
});

test('told to discard, nothing is left', async () => {
  const { client, server, manifest } = await stored();
  const talk = new RestoreTalk(client, manifest);
  expect(await talk.reply()).toBe('loaded');
  expect(await talk.ask({ discard: {} })).toBe('discarded');
  expect([server.databases.size, server.staged.size]).toEqual([0, 0]);
  await vi.waitFor(async () => expect(await stateOf(client)).toBe('none'));
});

test('told to switch without a record, the agent undoes and refuses', async () => {
  const { client, server, store, manifest } = await stored();
  const talk = new RestoreTalk(client, manifest);
  expect(await talk.reply()).toBe('loaded');
  talk.call.send({ switch: {} });
  await expect(talk.reply()).rejects.toMatchObject({ reason: expect.stringContaining('undone') });
  expect([server.databases.size, server.staged.size]).toEqual([0, 0]);
  expect(await readDecision(store, 'shop', restore)).toBe('undo');
});

test('told to open while another shard has not switched, it stays closed; it opens when that one has', async () => {
  const { client, server, store, manifest } = await stored();
  const id = 'rtwo';
  await intend(store, ['copy-00', 'copy-01'], id);
  const talk = new RestoreTalk(client, manifest, { restore: id });
  expect(await talk.reply()).toBe('loaded');
  expect(await talk.ask({ closeTarget: {} })).toBe('targetClosed');
  await decide(store, 'shop', id, 'switch');
  expect(await talk.ask({ switch: {} })).toBe('switched');
  talk.call.send({ open: {} });
  await vi.waitFor(async () =>
    expect(await client.restoreState({ context: target, restore: id })).toEqual({
      state: 'switched',
      trouble: expect.stringContaining('copy-01'),
    }),
  );
  expect([server.databases.size, await readEnding(store, 'shop', id)]).toEqual([0, undefined]);
  // Busy for everybody else meanwhile, and it says why.
  const busy = new BarrierTalk(client);
  const context = contextOf(1, { shard: 'copy-00' });
  await expect(busy.ask({ prepare: prepareOf(1, { context }) })).rejects.toMatchObject({
    code: 'agent-busy',
    reason: expect.stringMatching(/rtwo.*copy-01/),
  });
  await recordShardStep(store, 'shop', id, 'copy-01', 'switched');
  expect(await talk.reply()).toBe('opened');
  expect(await readEnding(store, 'shop', id)).toBe('open');
  expect(server.databases.has('shop')).toBe(true);
});

test('a restore that an operator gives up is undone, switched or not', async () => {
  const { client, server, store, manifest } = await stored();
  const id = 'rgiven';
  await intend(store, ['copy-00', 'copy-01'], id);
  const talk = new RestoreTalk(client, manifest, { restore: id });
  expect(await talk.reply()).toBe('loaded');
  await decide(store, 'shop', id, 'switch');
  expect(await talk.ask({ switch: {} })).toBe('switched');
  expect(await abandonRestore(store, 'shop', id)).toBe('undo');
  await expect(talk.reply()).rejects.toMatchObject({ reason: expect.stringContaining('undone') });
  expect([server.databases.size, server.staged.size]).toEqual([0, 0]);
  // Whoever comes later cannot open it any more.
  await recordShardStep(store, 'shop', id, 'copy-01', 'switched');
  expect(await openWhenSwitched(store, 'shop', id)).toEqual({ ending: 'undo', waitingFor: [] });
});

test('a switch that the server refuses for ever can be given up, and one that is open cannot', async () => {
  const { client, server, store, manifest } = await stored();
  const refusal = new Error('the server refuses this statement');
  server.switchFailures.push(refusal, refusal, refusal, refusal, refusal);
  const talk = new RestoreTalk(client, manifest);
  expect(await talk.reply()).toBe('loaded');
  await decide(store, 'shop', restore, 'switch');
  talk.call.send({ switch: {} });
  await vi.waitFor(async () =>
    expect(await client.restoreState({ context: target, restore })).toEqual({
      state: 'switching',
      trouble: expect.stringContaining('refuses this statement'),
    }),
  );
  await abandonRestore(store, 'shop', restore);
  await vi.waitFor(() => expect(server.staged.size).toBe(0), 5_000);
  expect(server.databases.size).toBe(0);
  const other = await stored();
  await decide(other.store, 'shop', restore, 'switch');
  await recordShardStep(other.store, 'shop', restore, 'copy-00', 'switched');
  expect((await openWhenSwitched(other.store, 'shop', restore)).ending).toBe('open');
  expect(await abandonRestore(other.store, 'shop', restore)).toBe('open');
});

test.each(['switch', undefined] as const)(
  'a coordinator that dies: the record (%s) decides',
  async (decision) => {
    const { client, server, store, manifest } = await stored();
    const talk = new RestoreTalk(client, manifest);
    expect(await talk.reply()).toBe('loaded');
    expect(await talk.ask({ closeTarget: {} })).toBe('targetClosed');
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

test('a table that somebody makes after the load is found before the decision, and undoes the restore', async () => {
  const { client, server, store, manifest } = await stored();
  const talk = new RestoreTalk(client, manifest);
  expect(await talk.reply()).toBe('loaded');
  server.table('shop', 'migrated', ['1']);
  talk.call.send({ closeTarget: {} });
  await expect(talk.reply()).rejects.toMatchObject({ code: 'target-not-empty' });
  expect(server.staged.size).toBe(0);
  expect(contentOf(server)).toEqual([['shop', [['migrated', ['1']]]]]);
  expect(await readDecision(store, 'shop', restore)).toBeUndefined();
});

test('a switch that fails is tried again until it is done', async () => {
  const { client, server, store, manifest } = await stored();
  const talk = new RestoreTalk(client, manifest);
  expect(await talk.reply()).toBe('loaded');
  server.switchFailures.push(new Error('the server is starting up'));
  await decide(store, 'shop', restore, 'switch');
  expect(await talk.ask({ switch: {} })).toBe('switched');
  expect(await talk.ask({ open: {} })).toBe('opened');
  expect(server.databases.has('shop')).toBe(true);
});

test.each(['switch', 'undo'] as const)(
  'an agent that died after loading: its next start follows the record (%s)',
  async (decision) => {
    const { client, store } = await openAgent();
    const server = leftBehind();
    await intend(store);
    if (decision === 'switch') await decide(store, 'shop', restore, 'switch');
    const { client: copy } = await openAgent({ shard: 'copy-00', store, server });
    await vi.waitFor(() => expect(server.staged.size).toBe(0));
    expect(server.databases.has('shop')).toBe(decision === 'switch');
    expect((await client.describe({ context: contextOf() })).activity).toBe('idle');
    // From what is durable: the agent of before is gone.
    expect(await stateOf(copy)).toBe(decision === 'switch' ? 'finished' : 'none');
  },
);

test('an agent that died after its switch stays closed, begins nothing else, and opens when all have switched', async () => {
  const store = new MemoryStore('memory:');
  await intend(store, ['copy-00', 'copy-01']);
  await decide(store, 'shop', restore, 'switch');
  const server = leftBehind({ switched: true });
  const listen = `127.0.0.1:${await freePort()}`;
  const starting = openAgent({ shard: 'copy-00', store, server, listen });
  const client = connectAgent(listen, { kind: 'default' });
  await vi.waitFor(async () => expect(await stateOf(client)).toBe('switched'));
  expect(server.databases.size).toBe(0);
  const busy = new BarrierTalk(client);
  const context = contextOf(1, { shard: 'copy-00' });
  await expect(busy.ask({ prepare: prepareOf(1, { context }) })).rejects.toMatchObject({
    code: 'agent-busy',
    reason: expect.stringContaining('copy-01'),
  });
  await recordShardStep(store, 'shop', restore, 'copy-01', 'switched');
  await vi.waitFor(() => expect(server.databases.has('shop')).toBe(true), 10_000);
  await starting;
  await vi.waitFor(async () => expect(await stateOf(client)).toBe('finished'));
  client.close();
}, 20_000);

test('a second agent on the same server undoes nothing of what the first is at, and waits for it', async () => {
  const { client, server, store, manifest } = await stored();
  const talk = new RestoreTalk(client, manifest);
  expect(await talk.reply()).toBe('loaded');
  const listen = `127.0.0.1:${await freePort()}`;
  const starting = openAgent({ shard: 'copy-00', store, server, listen });
  const second = connectAgent(listen, { kind: 'default' });
  await vi.waitFor(async () =>
    expect(await second.restoreState({ context: target, restore })).toEqual({
      state: 'settling',
      trouble: expect.stringContaining('another agent is at work'),
    }),
  );
  const other = new RestoreTalk(second, manifest, { restore: 'rsecond' });
  await expect(other.reply()).rejects.toMatchObject({ code: 'agent-busy' });
  expect([...server.staged.keys()]).toEqual([restore]);
  await decide(store, 'shop', restore, 'switch');
  expect(await talk.ask({ switch: {} })).toBe('switched');
  expect(await talk.ask({ open: {} })).toBe('opened');
  expect(await talk.reply()).toBe('finished');
  await starting;
  await vi.waitFor(async () =>
    expect(await second.describe({ context: target })).toMatchObject({ activity: 'idle' }),
  );
  expect([server.databases.has('shop'), server.claim]).toEqual([true, undefined]);
  second.close();
}, 20_000);

test('two agents on one server do not restore at the same time', async () => {
  const { client, server, store, manifest } = await stored();
  const second = await openAgent({ shard: 'copy-00', store, server });
  const talk = new RestoreTalk(client, manifest);
  expect(await talk.reply()).toBe('loaded');
  const other = new RestoreTalk(second.client, manifest, { restore: 'rsecond' });
  await expect(other.reply()).rejects.toMatchObject({
    code: 'agent-busy',
    reason: expect.stringContaining('another agent'),
  });
  expect([...server.staged.keys()]).toEqual([restore]);
  expect(await talk.ask({ discard: {} })).toBe('discarded');
  await vi.waitFor(() => expect(server.claim).toBeUndefined());
});

test('one restore that must wait does not keep another that was left behind from its end', async () => {
  const store = new MemoryStore('memory:');
  await intend(store, ['copy-00', 'copy-01']);
  await decide(store, 'shop', restore, 'switch');
  const server = leftBehind({ switched: true });
  server.staged.set('rother', { cluster: 'shop', databases: new Map(), switched: false, opened: false });
  await openAgent({ shard: 'copy-00', store, server });
  await vi.waitFor(() => expect([...server.staged.keys()]).toEqual([restore]));
  expect(await readDecision(store, 'shop', 'rother')).toBe('undo');
  await abandonRestore(store, 'shop', restore);
  await vi.waitFor(() => expect(server.staged.size).toBe(0), 10_000);
}, 20_000);

test('an agent that is told to stop while it waits closed leaves at once, and the next goes on', async () => {
  const { agent, client, server, store, manifest } = await stored();
  const id = 'rleave';
  await intend(store, ['copy-00', 'copy-01'], id);
  const talk = new RestoreTalk(client, manifest, { restore: id });
  expect(await talk.reply()).toBe('loaded');
  await decide(store, 'shop', id, 'switch');
  expect(await talk.ask({ switch: {} })).toBe('switched');
  const leavingMs = performance.now();
  await agent.leave();
  expect(performance.now() - leavingMs).toBeLessThan(5_000);
  expect([server.databases.size, server.staged.size]).toEqual([0, 1]);
  await recordShardStep(store, 'shop', id, 'copy-01', 'switched');
  await openAgent({ shard: 'copy-00', store, server });
  await vi.waitFor(() => expect(server.databases.has('shop')).toBe(true));
});

test('an agent that cannot settle what was left behind does not look idle until it has', async () => {
  const server = leftBehind();
  const { store } = await openAgent();
  await intend(store);
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
  expect(await client.restoreState({ context: target, restore })).toEqual({
    state: 'switching',
    trouble: expect.stringContaining('somebody is connected'),
  });
  // Between two tries nobody slips in, whatever needs no lease.
  const verify = client.verify({
    context: target,
    sourceShard: 'shop-00',
    manifest: { key: 'k', size: 1, sha256: 'x' },
  });
  await expect(verify[Symbol.asyncIterator]().next()).rejects.toMatchObject({ code: 'agent-busy' });
  expect(server.databases.has('shop')).toBe(false);
  await starting;
  await vi.waitFor(async () =>
    expect(await client.describe({ context: target })).toMatchObject({ activity: 'idle' }),
  );
  expect(server.databases.has('shop')).toBe(true);
  client.close();
});

test('an agent that starts while its database is away says so when it is found busy', async () => {
  const server = new FakeServer('away');
  const engine = new FakeEngine(server);
  let away = true;
  engine.staged = () =>
    away ? Promise.reject(new Error('the server does not answer')) : Promise.resolve([]);
  const listen = `127.0.0.1:${await freePort()}`;
  const starting = openAgent({ shard: 'copy-00', server, engine, listen });
  const client = connectAgent(listen, { kind: 'default' });
  const context = contextOf(1, { shard: 'copy-00' });
  await vi.waitFor(() =>
    expect(new BarrierTalk(client).ask({ prepare: prepareOf(1, { context }) })).rejects.toMatchObject({
      code: 'agent-busy',
      reason: expect.stringContaining('the server does not answer'),
    }),
  );
  away = false;
  await starting;
  await vi.waitFor(async () =>
    expect(await client.describe({ context: target })).toMatchObject({ activity: 'idle' }),
  );
  client.close();
});

test('a repository that is away keeps the shard closed, and is tried until it is back', async () => {
  const { server, store, manifest } = await stored();
  let away = false;
  const shaky = new Proxy(store, {
    get: (real, name: keyof ObjectStore) => {
      const value = real[name];
      if (typeof value !== 'function') return value;
      return (...given: unknown[]) =>
        away
          ? Promise.reject(new Error('the repository is away'))
          : (value as (...args: unknown[]) => unknown).apply(real, given);
    },
  });
  const second = await openAgent({ shard: 'copy-01', store: shaky });
  const id = 'raway';
  await intend(store, ['copy-01'], id);
  const context = contextOf(0, { shard: 'copy-01' });
  const call = second.client.restore();
  const replies = call[Symbol.asyncIterator]();
  const reply = async () => {
    for (;;) {
      const { value, done } = await replies.next();
      if (done === true) throw new Error('the call ended');
      if (!value.progress) return value.reply;
    }
  };
  call.send({ load: { context, restore: id, sourceShard: 'shop-00', manifest, lanes: 1 } });
  expect(await reply()).toBe('loaded');
  call.send({ closeTarget: {} });
  expect(await reply()).toBe('targetClosed');
  await decide(store, 'shop', id, 'switch');
  away = true;
  call.send({ switch: {} });
  await new Promise((resolve) => setTimeout(resolve, 700));
  expect(second.server.staged.get(id)).toMatchObject({ switched: false, opened: false });
  away = false;
  expect(await reply()).toBe('switched');
  call.send({ open: {} });
  expect(await reply()).toBe('opened');
  expect(second.server.databases.has('shop')).toBe(true);
  expect(server.databases.size).toBe(0);
});

test('says which restore it is at, and what became of it', async () => {
  const { client, manifest } = await stored();
  expect(await stateOf(client)).toBe('none');
  const talk = new RestoreTalk(client, manifest);
  expect(await talk.reply()).toBe('loaded');
  expect(await client.describe({ context: target })).toMatchObject({
    activity: 'restoring',
    activityRestore: restore,
  });
  expect(await stateOf(client)).toBe('loaded');
  expect(await talk.ask({ discard: {} })).toBe('discarded');
  await vi.waitFor(async () =>
    expect(await client.describe({ context: target })).toMatchObject({
      activity: 'idle',
      activityRestore: '',
    }),
  );
  expect(await stateOf(client)).toBe('none');
});

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (address === null || typeof address === 'string') throw new Error('no port');
  return address.port;
}
