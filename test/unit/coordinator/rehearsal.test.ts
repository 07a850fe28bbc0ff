/** Rehearsals over gRPC, real agents before servers in memory: `check --rehearse`, on scratch servers and on targets, and dry runs. */
import { expect, test, vi } from 'vitest';
import { backup } from '../../../coordinator/backup.ts';
import { withoutGlobals } from '../../../coordinator/backup/backup-run.ts';
import { check } from '../../../coordinator/check.ts';
import type { RehearsalOptions } from '../../../coordinator/rehearsal/rehearse-cluster.ts';
import { restore } from '../../../coordinator/restore.ts';
import { backUp, expectNothingLeft, interrupt, isUntouched, openCluster, runOf } from './agents-in-memory.ts';
import { keysOf } from './stored-cluster.ts';

const names = ['shop-00', 'shop-01'];
const onScratch: RehearsalOptions = { rows: 100, mappings: [] };
const refusal = {
  code: 'database-failed',
  subject: 'database shop: VIEW public report',
  cause: 'no such function',
  remedy: 'Drop it.',
  warning: false,
} as const;

test('a shard whose restore is refused is not ready, and the others are told as ready', async () => {
  const cluster = await openCluster({ names, filled: true });
  const before = await keysOf(cluster.store);
  const [, second] = cluster.servers;
  if (second !== undefined) second.refusals = [refusal];
  const outcome = await check(runOf(cluster), withoutGlobals, onScratch);
  expect(outcome.failure).toMatchObject({ code: 'not-ready', exitCode: 1 });
  expect(outcome.document['findings']).toMatchObject([
    { shard: 'shop-01', ...refusal, cause: 'in the rehearsal: no such function' },
  ]);
  expect(outcome.document['shards']).toMatchObject([
    { name: 'shop-00', ok: true, rehearsal: { server: 'postgresql 15.0', tables: 2, rows: 100 } },
    { name: 'shop-01', ok: false, rehearsal: { tables: 2, rows: 100 } },
  ]);
  expect(outcome.text).toContain(
    'shop-00: rehearsed on a scratch server (postgresql 15.0): 2 tables, 100 rows',
  );
  expect(await keysOf(cluster.store)).toEqual(before);
  await expectNothingLeft(cluster);
});

test('without rows, and of shards only that are ready so far', async () => {
  const cluster = await openCluster({ names, filled: true });
  const [first] = cluster.fixtures;
  if (first !== undefined) first.engine.findings = [{ ...refusal, code: 'privilege-missing' }];
  const outcome = await check(runOf(cluster), withoutGlobals, { rows: 0, mappings: [] });
  expect(outcome.document['shards']).toMatchObject([
    { name: 'shop-00', ok: false },
    { name: 'shop-01', ok: true, rehearsal: { tables: 2, rows: 0 } },
  ]);
  expect(first?.engine.scratch).toBeUndefined();
});

test('on targets: the staging is dropped and the samples are removed, those too that a killed command has left', async () => {
  const source = await openCluster({ names, filled: true });
  const target = await openCluster({ store: source.store, names: ['shop-00', 'spare'] });
  const left = 'shop.rehearsal-r2026112008301201234567/sets/x/y';
  const others = 'shops.rehearsal-r2026112008301201234567/sets/x/y';
  await source.store.create(left, Buffer.from('x'));
  await source.store.create(others, Buffer.from('x'));
  const [, spare] = target.servers;
  if (spare !== undefined) spare.refusals = [refusal];
  const options = { rows: 100, to: target.topology, mappings: [['shop-01', 'spare']] as [string, string][] };
  const outcome = await check(runOf(source), withoutGlobals, options);
  expect(outcome.document['findings']).toMatchObject([{ shard: 'shop-01', subject: refusal.subject }]);
  expect(outcome.document['shards']).toMatchObject([
    { name: 'shop-00', rehearsal: { target: 'shop-00' } },
    { name: 'shop-01', rehearsal: { target: 'spare', rows: 100 } },
  ]);
  expect(target.servers.every(isUntouched)).toBe(true);
  expect(target.servers.map(({ claim }) => claim)).toEqual([undefined, undefined]);
  expect((await keysOf(source.store)).filter((key) => key.includes('rehearsal'))).toEqual([others]);
});

test('a backup that begins ends a rehearsal', async () => {
  const cluster = await openCluster({ names: ['shop-00'], filled: true });
  const [server] = cluster.servers;
  const begun = Promise.withResolvers<void>();
  const overtaken = Promise.withResolvers<void>();
  if (server !== undefined) {
    server.beforeRead = () => {
      begun.resolve();
      return overtaken.promise;
    };
  }
  const rehearsal = check(runOf(cluster), withoutGlobals, onScratch);
  await begun.promise;
  if (server !== undefined) server.beforeRead = () => Promise.resolve();
  const backedUp = backup(runOf(cluster));
  overtaken.resolve();
  expect((await rehearsal).failure).toMatchObject({ code: 'lease-lost' });
  expect((await backedUp).failure).toBeUndefined();
});

test('an interrupted rehearsal leaves nothing behind', async () => {
  const cluster = await openCluster({ names: ['shop-00'], filled: true });
  const stop = new AbortController();
  const [server] = cluster.servers;
  if (server !== undefined) server.beforeRead = () => Promise.resolve(interrupt(stop));
  const rehearsal = check(runOf(cluster, { signal: stop.signal }), withoutGlobals, onScratch);
  await expect(rehearsal).resolves.toMatchObject({ failure: { code: 'interrupted' } });
  if (server !== undefined) server.beforeRead = () => Promise.resolve();
  // The command does not wait for the agent, which has heard of it.
  await vi.waitFor(() => expect(server?.openSessions).toBe(0));
  await expectNothingLeft(cluster);
});

test('a dry run ends as the real run would: with what a target refuses, and nothing is left there', async () => {
  const source = await openCluster({ names, filled: true });
  await backUp(source);
  const before = await keysOf(source.store);
  const target = await openCluster({ store: source.store, names });
  const [, second] = target.servers;
  if (second !== undefined) second.refusals = [refusal];
  const options = { target: target.topology, mappings: [], globals: false, dryRun: true };
  const dry = await restore(runOf(source), 'latest', options);
  expect(dry.failure).toMatchObject({
    code: 'database-failed',
    exitCode: 1,
    subject: `shop-01: ${refusal.subject}`,
  });
  expect(dry.document).toMatchObject({ rehearsed: true });
  expect(dry.text).toContain('rehearsed: the schema was made in the staging of every target, and dropped');
  expect(target.servers.every(isUntouched)).toBe(true);
  expect(await keysOf(source.store)).toEqual(before);
});
