import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { beforeEach, describe, expect, test } from 'vitest';
import { TidemarkError } from '../../../proto/errors.ts';
import { type Holder, lifeOf, thisHolder } from '../../../repository/holder.ts';
import { leaseKey, leasePrefix, sealKey } from '../../../repository/layout.ts';
import { type Lease, type LeaseOptions, takeLease } from '../../../repository/lease.ts';
import { readLease } from '../../../repository/lease-record.ts';
import type { ObjectStore } from '../../../repository/object-store.ts';
import { readSeal, sealSet } from '../../../repository/seal.ts';
import { FilesystemStore } from '../../../repository/stores/filesystem.ts';
import { MemoryStore } from '../../../repository/stores/memory.ts';
import { cluster, flipped, sealedSet, set, stored, unsealedSet } from './fixtures.ts';
import { expectFailure } from './object-store.conformance.ts';
import { TurnedClock } from './turned-clock.ts';

const heartbeatMs = 5000;
const patienceMs = 30_000;
const laterSet = '20261121T083012Z-full';

let store: MemoryStore;
let clock: TurnedClock;
beforeEach(() => {
  store = new MemoryStore();
  clock = new TurnedClock();
});

function holder(host: string): Holder {
  return { id: `${host} ${Math.random()}`, host, pid: 1, world: 'boot', started: '1' };
}

/** Hosts that can tell nothing of each other's processes, unless `options` says otherwise. */
function take(
  host: string,
  purpose: { set?: string } = {},
  options: LeaseOptions = {},
  on: ObjectStore = store,
): Promise<Lease> {
  return takeLease(
    on,
    cluster,
    { operation: 'backup', ...purpose },
    { clock, holder: holder(host), lifeOf: () => 'unknown', ...options },
  );
}

/** A client whose calls fail or hang from some moment on: a host cut off from the repository. */
function cutOff(mode: () => 'works' | 'fails' | 'hangs'): ObjectStore {
  const refuse = (): Promise<never> => {
    if (mode() === 'hangs') return new Promise(() => {});
    throw new TidemarkError({
      code: 'repository-failed',
      operation: 'reach it',
      subject: 'x',
      cause: 'ESTALE',
    });
  };
  return new Proxy(store, {
    get(target, name) {
      const found: unknown = Reflect.get(target, name);
      if (typeof found !== 'function') return found;
      return async (...args: unknown[]) => (mode() === 'works' ? found.apply(target, args) : refuse());
    },
  });
}

/** What `promise` came to, once it has. */
function watched<T>(promise: Promise<T>): { value?: T; error?: unknown } {
  const outcome: { value?: T; error?: unknown } = {};
  promise.then(
    (value) => (outcome.value = value),
    (error: unknown) => (outcome.error = error),
  );
  return outcome;
}

test('leases are numbered from 1, and a released one is followed at once', async () => {
  for (let n = 1; n <= 4; n++) {
    const lease = await take('a', { set });
    expect(lease.number).toBe(n);
    await lease.confirm();
    await lease.release();
    expect(clock.waiting).toBe(0);
  }
  // A set that was released is not abandoned: its holder said what became of it.
  expect(await readSeal(store, cluster, set)).toBeUndefined();
  expect(await store.listNames(leasePrefix(cluster))).toEqual(['3.json', '4.json']);
});

test('a lease that is renewed is held, however long, and its holder is named', async () => {
  const lease = await take('db-admin', { set });
  await clock.turn(10 * patienceMs);
  const second = watched(take('other'));
  await clock.turn(heartbeatMs + 1000);
  expect(second.error).toMatchObject({ code: 'lease-held', subject: cluster });
  expect(String(second.error)).toContain(`backup of ${set} on db-admin, process 1`);
  expect(lease.lost.aborted).toBe(false);
  await lease.confirm();
  await lease.release();
});

test('a holder of this host that lives is seen at once, without a wait', async () => {
  const lease = await take('a');
  await expectFailure(take('b', {}, { lifeOf: () => 'alive' }), 'lease-held', cluster);
  await lease.release();
});

test('a holder of this host that is dead is followed at once, and its set can never be sealed', async () => {
  const body = await unsealedSet(store);
  await take('dead', { set });
  const lease = await take('b', { set: laterSet }, { lifeOf: () => 'dead' });
  expect(lease.number).toBe(2);
  expect(await readSeal(store, cluster, set)).toMatchObject({
    state: 'abandoned',
    by: { host: 'b', leaseNumber: 2 },
  });
  await expectFailure(sealSet(store, body), 'lease-lost', set);
});

test('a silent holder is followed after the patience and not before', async () => {
  let mode: 'works' | 'hangs' = 'works';
  await take(
    'frozen',
    { set },
    {},
    cutOff(() => mode),
  );
  mode = 'hangs';
  const second = watched(take('b', { set: laterSet }));
  await clock.turn(patienceMs - 1);
  expect(second).toEqual({});
  expect(await readSeal(store, cluster, set)).toBeUndefined();
  await clock.turn(1);
  expect(second.value?.number).toBe(2);
  expect(await readSeal(store, cluster, set)).toMatchObject({ state: 'abandoned' });
});

test('the patience begins when the observer first looks: nobody trusts the time of day', async () => {
  let mode: 'works' | 'hangs' = 'works';
  await take(
    'frozen',
    {},
    {},
    cutOff(() => mode),
  );
  mode = 'hangs';
  await clock.turn(100 * patienceMs);
  const second = watched(take('b'));
  await clock.turn(patienceMs - 1);
  expect(second).toEqual({});
  await clock.turn(1);
  expect(second.value?.number).toBe(2);
});

test('the set of a dead holder that had sealed it stays sealed', async () => {
  await take('dead', { set });
  const body = await sealedSet(store);
  await take('b', { set: laterSet }, { lifeOf: () => 'dead' });
  expect(await readSeal(store, cluster, set)).toEqual({ state: 'sealed', body });
});

test('a damaged seal of the dead holder does not stop the next backup', async () => {
  await take('dead', { set });
  await sealedSet(store);
  const key = sealKey(cluster, set);
  await store.replace(key, flipped(await stored(store, key), 50, 0));
  expect((await take('b', { set: laterSet }, { lifeOf: () => 'dead' })).number).toBe(2);
});

test('whoever follows a dead holder with the very same set does not seal off its own', async () => {
  await take('dead', { set });
  await expectFailure(take('b', { set }, { lifeOf: () => 'dead' }), 'lease-held', cluster);
  expect(await readSeal(store, cluster, set)).toBeUndefined();
});

test('of many that follow a dead holder, one has the lease', async () => {
  await take('dead', { set });
  const dead = (await readLease(store, cluster, 1))?.holder.id;
  const outcomes = Array.from({ length: 10 }, (_, i) =>
    watched(take(`b${i}`, { set: laterSet }, { lifeOf: ({ id }) => (id === dead ? 'dead' : 'unknown') })),
  );
  await clock.turn(heartbeatMs + 1000);
  expect(outcomes.filter(({ value }) => value !== undefined)).toHaveLength(1);
  for (const { value, error } of outcomes) {
    if (value === undefined) expect(error).toMatchObject({ code: 'lease-held' });
    else expect(value.number).toBe(2);
  }
});

test('of many that begin at once on an empty repository, one has the lease', async () => {
  const outcomes = Array.from({ length: 10 }, (_, i) => watched(take(`b${i}`)));
  await clock.turn(heartbeatMs + 1000);
  expect(outcomes.filter(({ value }) => value !== undefined)).toHaveLength(1);
  expect(outcomes.filter(({ error }) => error !== undefined)).toHaveLength(9);
});

test('a holder that is overtaken loses its lease at its next heartbeat, and at once when it asks', async () => {
  let mode: 'works' | 'hangs' | 'fails' = 'works';
  const first = await take(
    'slow',
    { set },
    {},
    cutOff(() => mode),
  );
  mode = 'fails';
  const second = watched(take('b', { set: laterSet }));
  // Long enough to be overtaken; the holder's own limit ends it before.
  await clock.turn(patienceMs);
  expect(second.value?.number).toBe(2);
  mode = 'works';
  expect(first.lost.aborted).toBe(true);
  await expectFailure(first.confirm(), 'lease-lost', 'lease 1');

  // One that was not cut off, only stopped: nothing told it yet.
  const third = await take('c', {}, { lifeOf: () => 'dead' });
  await expectFailure((second.value as Lease).confirm(), 'lease-lost', 'lease 2');
  expect((second.value as Lease).lost.reason).toMatchObject({ code: 'lease-lost' });
  await third.release();
});

test('a heartbeat finds the higher number by itself', async () => {
  const first = await take('a');
  await take('b', {}, { lifeOf: () => 'dead' });
  expect(first.lost.aborted).toBe(false);
  await clock.turn(heartbeatMs);
  expect(first.lost.aborted).toBe(true);
  expect(String(first.lost.reason)).toContain('taken over by backup on b');
  // Its record is not touched any more: neither renewed nor released.
  const before = await store.readSmall(leaseKey(cluster, 1));
  await first.release();
  await clock.turn(10 * heartbeatMs);
  expect(await store.readSmall(leaseKey(cluster, 1))).toEqual(before);
});

test.each(['fails', 'hangs'] as const)(
  'when every renewal %s, the lease is lost before others take over',
  async (how) => {
    let mode: 'works' | 'fails' | 'hangs' = 'works';
    const lease = await take(
      'a',
      {},
      {},
      cutOff(() => mode),
    );
    await clock.turn(heartbeatMs * 3);
    mode = how;
    await clock.turn(patienceMs - heartbeatMs - 1);
    expect(lease.lost.aborted).toBe(false);
    await clock.turn(1);
    expect(lease.lost.aborted).toBe(true);
    expect(String(lease.lost.reason)).toContain('could not be renewed');
    await expectFailure(lease.confirm(), 'lease-lost');
    // Nothing to give back, and nothing hangs.
    await lease.release();
  },
);

test('a holder that is cut off at any moment knows that it has lost before another holds the next lease', async () => {
  for (let cutAtMs = 0; cutAtMs < 2 * heartbeatMs; cutAtMs += 777) {
    store = new MemoryStore();
    let mode: 'works' | 'hangs' = 'works';
    const first = await take(
      'a',
      {},
      {},
      cutOff(() => mode),
    );
    await clock.turn(cutAtMs);
    mode = 'hangs';
    const second = watched(take('b'));
    while (second.value === undefined) {
      expect(second.error).toBeUndefined();
      await clock.turn(100);
    }
    expect(first.lost.aborted, `cut off after ${cutAtMs} ms`).toBe(true);
    await second.value.release();
  }
});

test('a few failed renewals are forgiven', async () => {
  let mode: 'works' | 'fails' = 'works';
  const lease = await take(
    'a',
    {},
    {},
    cutOff(() => mode),
  );
  for (let round = 0; round < 5; round++) {
    mode = 'fails';
    await clock.turn(3 * heartbeatMs);
    mode = 'works';
    await clock.turn(heartbeatMs);
  }
  expect(lease.lost.aborted).toBe(false);
  await lease.confirm();
  await lease.release();
});

test('a holder that cannot ask is told that the repository failed, not that the lease is lost', async () => {
  let mode: 'works' | 'fails' = 'works';
  const lease = await take(
    'a',
    {},
    {},
    cutOff(() => mode),
  );
  mode = 'fails';
  await expectFailure(lease.confirm(), 'repository-failed');
  expect(lease.lost.aborted).toBe(false);
  await expectFailure(lease.release(), 'repository-failed');
});

test('a record that was removed or replaced is a lost lease', async () => {
  const lease = await take('a');
  await store.delete(leaseKey(cluster, 1));
  await expectFailure(lease.confirm(), 'lease-lost');
  const next = await take('b');
  expect(next.number).toBe(1);
  await expectFailure(lease.confirm(), 'lease-lost');
});

test('a holder that releases while another watches is followed at once', async () => {
  const first = await take('a', { set });
  const second = watched(take('b'));
  await clock.turn(1500);
  expect(second).toEqual({});
  await first.release();
  await clock.turn(1000);
  expect(second.value?.number).toBe(2);
});

test('the watch can be interrupted', async () => {
  let mode: 'works' | 'hangs' = 'works';
  await take(
    'frozen',
    {},
    {},
    cutOff(() => mode),
  );
  mode = 'hangs';
  const interrupt = new AbortController();
  const second = watched(take('b', {}, { signal: interrupt.signal }));
  await clock.turn(2000);
  interrupt.abort(new Error('Ctrl-C'));
  await clock.turn(0);
  expect(second.error).toEqual(new Error('Ctrl-C'));
});

/** A store that lists no lease and refuses every new one: each number seems to be taken between our look and our attempt. */
function alwaysOutrun(): { store: ObjectStore; creations: () => number } {
  let creations = 0;
  const outrun = new Proxy(store, {
    get(target, name) {
      const found: unknown = Reflect.get(target, name);
      if (name === 'create')
        return () => {
          creations += 1;
          const fields = {
            operation: 'store an object',
            subject: 'x',
            cause: 'other bytes are there already',
          };
          return Promise.reject(new TidemarkError({ code: 'object-conflict', ...fields }));
        };
      return typeof found === 'function' ? found.bind(target) : found;
    },
  });
  return { store: outrun, creations: () => creations };
}

test('whoever is always outrun pauses between two attempts, and gives up', async () => {
  const { store: outrun, creations } = alwaysOutrun();
  const taking = watched(take('a', {}, {}, outrun));
  await clock.turn(1000);
  expect(creations()).toBeLessThan(10);
  await clock.turn(20_000);
  expect(taking.error).toMatchObject({ code: 'lease-held' });
  expect(creations()).toBe(20);
  expect(clock.waiting).toBe(0);
});

test('whoever is always outrun can be interrupted', async () => {
  const { store: outrun, creations } = alwaysOutrun();
  const stop = new AbortController();
  const taking = watched(take('a', {}, { signal: stop.signal }, outrun));
  await clock.turn(100);
  const reason = new Error('enough');
  stop.abort(reason);
  await clock.turn(0);
  expect(taking.error).toBe(reason);
  const before = creations();
  await clock.turn(60_000);
  expect(creations()).toBe(before);
});

test('a heartbeat that fails at once tries no more often than one that succeeds, and ends when it is told to', async () => {
  let mode: 'works' | 'fails' = 'works';
  let calls = 0;
  const lease = await take(
    'a',
    {},
    { patienceMs: 1_000_000 },
    cutOff(() => {
      calls += 1;
      return mode;
    }),
  );
  mode = 'fails';
  calls = 0;
  await clock.turn(10 * heartbeatMs);
  // The mode is asked twice for each call that fails.
  expect(calls).toBe(2 * 10);
  mode = 'works';
  await lease.release();
  calls = 0;
  await clock.turn(10 * heartbeatMs);
  expect(calls).toBe(0);
  expect(clock.waiting).toBe(0);
});

test('a record that no holder has written is named with what to do about it', async () => {
  await (await take('a')).release();
  const key = leaseKey(cluster, 1);
  await store.replace(key, flipped(await stored(store, key), 30, 0));
  const error = await expectFailure(take('b'), 'bad-bytes', key);
  expect(error.remedy).toContain('remove this one object');
});

describe('what can be said of another process', () => {
  test('this one lives; one with the same pid but another start, or with no such pid, is dead', () => {
    const self = thisHolder();
    expect(lifeOf(self)).toBe('alive');
    expect(lifeOf({ ...self, started: '1' })).toBe('dead');
    // The largest pid of Linux is 4194304.
    expect(lifeOf({ ...self, pid: 4_194_305 })).toBe('dead');
  });

  test.each(['host', 'world', 'started'] as const)('nothing when the %s is another or unknown', (field) => {
    expect(lifeOf({ ...thisHolder(), [field]: field === 'started' ? '' : 'elsewhere' })).toBe('unknown');
  });

  test('a holder killed with SIGKILL is followed at once, over a real folder and a real clock', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'tidemark-lease-'));
    try {
      const script = fileURLToPath(new URL('killed-holder.ts', import.meta.url));
      const child = spawn(process.execPath, [script, folder, cluster, set], {
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      const exited = once(child, 'exit');
      await once(child.stdout, 'data');
      const real = FilesystemStore.open(folder);
      const before = performance.now();
      const error = await expectFailure(
        takeLease(real, cluster, { operation: 'backup' }),
        'lease-held',
        cluster,
      );
      expect(error.reason).toContain(`process ${child.pid}`);
      child.kill('SIGKILL');
      await exited;
      const lease = await takeLease(real, cluster, { operation: 'backup', set: laterSet });
      expect(lease.number).toBe(2);
      expect(performance.now() - before).toBeLessThan(patienceMs / 3);
      expect(await readSeal(real, cluster, set)).toMatchObject({ state: 'abandoned' });
      await lease.release();
    } finally {
      await rm(folder, { recursive: true });
    }
  });
});
