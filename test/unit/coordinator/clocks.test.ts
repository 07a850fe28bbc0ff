/** Wrong clocks: what is measured stays right, and what a person reads names the clock. */
import { expect, onTestFinished, test } from 'vitest';
import { backup } from '../../../coordinator/backup.ts';
import { check } from '../../../coordinator/check.ts';
import { list } from '../../../coordinator/list.ts';
import { setAge } from '../../../coordinator/set-age.ts';
import { verify } from '../../../coordinator/verify.ts';
import type { Warning } from '../../../coordinator/warnings.ts';
import { protocolVersion, serveAgent, type AgentImplementation } from '../../../proto/channel.ts';
import { readSealedSet } from '../../../repository/backup-set.ts';
import { MemoryStore } from '../../../repository/stores/memory.ts';
import { answerNonce } from '../../../shard-agent/nonce.ts';
import { openCluster, runOf } from './agents-in-memory.ts';
import { cluster, runOver, set, topology, writeSet } from './stored-cluster.ts';
import { refusingAgent } from '../proto/refusing-agent.ts';

/** A clock that somebody sets back by a day each time it is looked at. */
function fallingClock(): () => Date {
  let ms = Date.now();
  return () => new Date((ms -= 86_400_000));
}

test('durations are right whatever becomes of the time of day', async () => {
  const shop = await openCluster({ filled: true });
  const startedMs = performance.now();
  const { document } = await backup(runOf(shop, { now: fallingClock() }));
  expect(document['durationMs']).toBeGreaterThan(0);
  expect(document['durationMs']).toBeLessThanOrEqual(performance.now() - startedMs);
  const verified = await verify(runOf(shop, { now: fallingClock() }), 'latest', { decode: false });
  expect(verified.document['durationMs']).toBeGreaterThan(0);
  expect(verified.document['durationMs']).toBeLessThan(60_000);
});

test("a set's age is its seal's, not that of an id which had to be later than another", async () => {
  const store = new MemoryStore('memory:');
  await writeSet(store);
  const seal = await readSealedSet(store, cluster, set);
  const now = new Date('2026-11-20T12:00:00Z');
  expect(setAge(set, seal, now).ageMs).toBe(now.getTime() - Date.parse(seal.startedAt));
  expect(setAge('20991231T000000Z-full', seal, now)).toEqual(setAge(set, seal, now));
  expect(setAge('20261120T115900Z-full', undefined, now)).toEqual({ ageMs: 60_000, aheadMs: 0 });
});

test('a set from the future is named by list, and by the backup that has to come after it', async () => {
  const store = new MemoryStore('memory:');
  await writeSet(store);
  const warnings: Warning[] = [];
  const warned = (warning: Warning): void => void warnings.push(warning);
  const past = { now: () => new Date('2026-01-01T00:00:00Z'), warned };
  const notes: string[] = [];
  const progress = { ...runOver(store).progress, note: (text: string) => void notes.push(text) };
  const listed = await list(runOver(store, { ...past, progress }));
  expect(listed.text).toMatch(/in the future/);
  expect(notes.join()).toMatch(
    /^warning: .*begun in the future, by this host's clock: this clock is wrong, or/,
  );
  expect(listed.document['sets']).toMatchObject([{ id: set, ageMs: 0 }]);
  expect(warnings).toMatchObject([{ code: 'clock-wrong', subject: `${cluster}: ${set}` }]);

  const shop = await openCluster({ filled: true });
  await backup(runOf(shop));
  warnings.length = 0;
  await backup(runOf(shop, past));
  expect(warnings).toMatchObject([{ code: 'clock-wrong' }]);
  // Seconds are what clocks differ by.
  warnings.length = 0;
  await list(runOver(store, { warned, now: () => new Date(Date.parse('2026-11-20T08:30:12Z') - 4_000) }));
  expect(warnings).toEqual([]);
});

/** An agent whose host's clock is off by so much. */
async function agentWithClock(store: MemoryStore, shard: string, offMs: number | undefined): Promise<string> {
  const implementation: AgentImplementation = {
    ...refusingAgent,
    describe: () =>
      Promise.resolve({
        protocolVersion,
        tidemarkVersion: '0',
        shard,
        repositoryUrl: store.url,
        server: {
          family: 'postgresql',
          version: '18.1',
          identity: `id of ${shard}`,
          databases: [],
          bytes: 0,
        },
        ...(offMs === undefined ? {} : { wallClockMs: Date.now() + offMs }),
      }),
    check: async ({ context, nonce }) => {
      await answerNonce(store, context?.cluster ?? '', nonce);
      return { findings: [], nonceAnswered: true };
    },
  };
  const server = await serveAgent('127.0.0.1:0', { kind: 'default' }, implementation);
  onTestFinished(() => server.close(0));
  return server.address;
}

test('check warns of an agent whose clock is minutes off, and of no other', async () => {
  const store = new MemoryStore('memory:');
  const off = { ahead: 600_000, behind: -90_000, near: 3_000, old: undefined };
  const shards: { name: string; agent: string }[] = [];
  for (const [name, ms] of Object.entries(off))
    shards.push({ name, agent: await agentWithClock(store, name, ms) });
  const warnings: Warning[] = [];
  const { document, failure } = await check(
    runOver(store, {
      topology: { ...topology, shards, invariants: [], repository: { url: store.url } },
      warned: (warning) => void warnings.push(warning),
    }),
  );
  expect(failure).toBeUndefined();
  const findings = document['findings'] as { shard: string; cause: string; warning: boolean }[];
  expect(findings.map(({ shard, warning }) => [shard, warning])).toEqual([
    ['ahead', true],
    ['behind', true],
  ]);
  expect(findings[0]?.cause).toMatch(/is (10 m|9 m 59 s|10\.0 m) ahead of this host's|is 10 m/);
  expect(findings[1]?.cause).toMatch(/is 1 m 30 s behind this host's/);
  expect(warnings.map(({ shard }) => shard)).toEqual(['ahead', 'behind']);

  await writeSet(store);
  const later = await check(
    runOver(store, {
      topology: { ...topology, invariants: [], shards: shards.slice(2), repository: { url: store.url } },
      now: () => new Date('2026-01-01T00:00:00Z'),
    }),
  );
  expect(later.failure).toBeUndefined();
  expect(later.document['findings']).toMatchObject([{ code: 'clock-wrong', subject: `${cluster}: ${set}` }]);
});
