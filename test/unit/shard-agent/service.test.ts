import { randomBytes } from 'node:crypto';
import { expect, test } from 'vitest';
import { protocolVersion } from '../../../proto/channel.ts';
import { nonceKey } from '../../../repository/layout.ts';
import { BarrierTalk, contextOf, fillShop, openAgent, prepareOf, repositoryUrl } from './agent-fixture.ts';

test('describe says who is here', async () => {
  const { client, server } = await openAgent();
  fillShop(server);
  expect(await client.describe({ context: contextOf() })).toMatchObject({
    protocolVersion,
    shard: 'shop-00',
    repositoryUrl,
    activity: 'idle',
    server: { family: 'postgresql', identity: 'id-shop-00', databases: ['shop'] },
  });
});

test.each([
  ['another protocol', { protocolVersion: protocolVersion - 1 }, 'agent-mismatch'],
  ['another shard', { shard: 'shop-01' }, 'agent-mismatch'],
  ['another repository', { repositoryUrl: 'file:///elsewhere' }, 'repository-mismatch'],
] as const)('an order for %s is refused before anything is done', async (_, more, code) => {
  const { client, server } = await openAgent();
  const context = contextOf(1, more);
  await expect(client.check({ context })).rejects.toMatchObject({ code });
  await expect(new BarrierTalk(client).ask({ prepare: prepareOf(1, { context }) })).rejects.toMatchObject({
    code,
  });
  expect(server.openSessions).toBe(0);
});

test('what the agent file does not allow is refused', async () => {
  const { client } = await openAgent({ allow: ['backup'] });
  const manifest = { key: 'm', size: 1, sha256: '' };
  await expect(client.fit({ context: contextOf(0), manifest, sourceShard: 'x' })).rejects.toMatchObject({
    code: 'operation-not-allowed',
  });
  const restoring = await openAgent({ allow: ['restore'] });
  await expect(new BarrierTalk(restoring.client).ask({ prepare: prepareOf() })).rejects.toMatchObject({
    code: 'operation-not-allowed',
  });
});

test('a backup without a lease is refused', async () => {
  const { client } = await openAgent();
  await expect(new BarrierTalk(client).ask({ prepare: prepareOf(0) })).rejects.toMatchObject({
    code: 'internal',
  });
});

test('check says when this host cannot keep the hold limit, and asks only where somebody is to be held', async () => {
  const { client, engine, store } = await openAgent();
  const value = randomBytes(8).toString('hex');
  const nonce = { key: nonceKey('shop', 'q'), value, replyKey: nonceKey('shop', 'a') };
  await store.create(nonce.key, Buffer.from(value));
  const findingsAt = async (holdLimitMs: number): Promise<unknown[]> =>
    (await client.check({ context: contextOf(), nonce, holdLimitMs })).findings;
  engine.lockTiming = { lockMs: 5_000, roundTripMs: 1 };
  const warning = {
    code: 'not-ready',
    cause: expect.stringMatching(/5000\.0 ms with nobody/),
    warning: true,
  };
  expect(await findingsAt(100)).toMatchObject([warning]);
  expect(await findingsAt(0)).toEqual([]);
  expect(await findingsAt(60_000)).toEqual([]);
  // While a backup is under way a trial could get into the way of its locks.
  const talk = new BarrierTalk(client);
  await talk.ask({ prepare: prepareOf() });
  expect(await findingsAt(100)).toEqual([]);
});

test('check answers the nonce where it is seen, and reports every finding at once', async () => {
  const { client, engine, store } = await openAgent();
  const value = randomBytes(8).toString('hex');
  const nonce = { key: nonceKey('shop', 'q'), value, replyKey: nonceKey('shop', 'a') };
  await store.create(nonce.key, Buffer.from(value));
  const good = await client.check({ context: contextOf(), nonce });
  expect(good.findings).toEqual([]);
  expect((await store.readSmall(nonce.replyKey))?.toString()).toBe(value);
  engine.findings = [
    {
      code: 'privilege-missing',
      subject: 'accounts',
      cause: 'no UPDATE',
      remedy: 'GRANT UPDATE …',
      warning: false,
    },
  ];
  const unseen = { ...nonce, key: nonceKey('shop', 'elsewhere') };
  const bad = await client.check({ context: contextOf(), nonce: unseen });
  expect(bad.findings.map(({ code }) => code)).toEqual(['privilege-missing', 'repository-mismatch']);
});
