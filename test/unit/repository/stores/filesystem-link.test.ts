/** What `create` says when a step after `link()` fails: the object is there by then, for everybody. */
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { TidemarkError } from '../../../../proto/errors.ts';
import { FilesystemStore } from '../../../../repository/stores/filesystem.ts';
import { expectFailure } from '../object-store.conformance.ts';
import { type Fault, faultyCalls } from './faulty-calls.ts';

const key = 'shop/sets/1/seal.json';
const bytes = Buffer.from('sealed');
/** The folder of the object, not that of its temporary file, and not one above. */
const path = /sets\/1$|seal\.json$/;

let root: string;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'tidemark-link-'));
});
afterEach(() => rm(root, { recursive: true }));

test.each<[string, Omit<Fault, 'times'>]>([
  ['the folder cannot be opened', { call: 'open folder', code: 'EMFILE', path }],
  ['the fsync of the folder fails', { call: 'sync folder', code: 'EIO', path }],
  ['the answer to the fsync is lost', { call: 'sync folder', code: 'EIO', path, afterwards: true }],
  ['the link fails', { call: 'link', code: 'EIO', path }],
  ['the answer to the link is lost', { call: 'link', code: 'EIO', path, afterwards: true }],
])('once %s: it is tried again and succeeds', async (_, fault) => {
  const store = FilesystemStore.open(root, faultyCalls([{ ...fault, times: 1 }]));
  expect(await store.create(key, bytes)).toMatchObject({ size: bytes.length, created: true });
  expect(await FilesystemStore.open(root).readSmall(key)).toEqual(bytes);
  expect(await readdir(join(root, 'shop', '.tmp'))).toEqual([]);
});

test('a temporary file that cannot be removed makes no stored object a failure', async () => {
  const faults: Fault[] = [{ call: 'unlink', code: 'EIO', times: 100 }];
  const store = FilesystemStore.open(root, faultyCalls(faults));
  expect(await store.create(key, bytes)).toMatchObject({ created: true });
  expect(await store.create(key, bytes)).toMatchObject({ created: false });
  await expectFailure(store.create(key, Buffer.from('other')), 'object-conflict', key);
  expect(await store.readSmall(key)).toEqual(bytes);
});

test.each<Fault['call']>(['open folder', 'sync folder'])(
  '%s fails for good: the error says that the object is there',
  async (call) => {
    const store = FilesystemStore.open(root, faultyCalls([{ call, code: 'EIO', times: 1000, path }]));
    const error = await expectFailure(store.create(key, bytes), 'repository-failed', key);
    expect(error.reason).toMatch(/complete under its key.*not confirmed.*EIO/);
    expect(error.remedy).toMatch(/kernel log/);
    expect(await FilesystemStore.open(root).readSmall(key)).toEqual(bytes);
  },
);

test('a link that fails for good: nothing is there, and the error does not say otherwise', async () => {
  const store = FilesystemStore.open(root, faultyCalls([{ call: 'link', code: 'EPERM', times: 1000, path }]));
  const error = await expectFailure(store.create(key, bytes), 'repository-failed', key);
  expect(error.reason).not.toMatch(/complete/);
  expect(error.remedy).toMatch(/hard links/);
  expect(await FilesystemStore.open(root).size(key)).toBeUndefined();
  expect(await readdir(join(root, 'shop', '.tmp'))).toEqual([]);
});

test('a removal whose fsync failed is confirmed by the next', async () => {
  const fault: Fault = { call: 'sync folder', code: 'EIO', times: 0, path };
  const store = FilesystemStore.open(root, faultyCalls([fault]));
  await store.create(key, bytes);
  await store.create('shop/sets/1/neighbour', bytes);
  fault.times = 2;
  await expectFailure(store.delete(key), 'repository-failed', key);
  expect(await store.size(key)).toBeUndefined();
  expect(await store.delete(key).catch((error: unknown) => error)).toBeInstanceOf(TidemarkError);
  await store.delete(key);
});
