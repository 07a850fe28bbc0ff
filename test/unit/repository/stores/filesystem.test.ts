import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readdir, readFile, readlink, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { openRepository } from '../../../../repository/repository.ts';
import { FilesystemStore } from '../../../../repository/stores/filesystem.ts';
import { storeError } from '../../../../repository/stores/filesystem-errors.ts';
import { describeObjectStore, expectFailure } from '../object-store.conformance.ts';

describeObjectStore('FilesystemStore', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'tidemark-store-'));
  return {
    store: FilesystemStore.open(folder),
    other: FilesystemStore.open(folder),
    close: async () => {
      const open = await openFilesBelow(folder);
      await rm(folder, { recursive: true });
      expect(open).toEqual([]);
    },
  };
});

let outside: string;
let root: string;
beforeEach(async () => {
  outside = await mkdtemp(join(tmpdir(), 'tidemark-outside-'));
  root = join(outside, 'root');
  await mkdir(root);
});
afterEach(() => rm(outside, { recursive: true, force: true }));

async function temporaryFiles(cluster: string): Promise<string[]> {
  return readdir(join(root, cluster, '.tmp')).catch(() => []);
}

async function openFilesBelow(folder: string): Promise<string[]> {
  const handles = await readdir('/proc/self/fd').catch(() => []);
  const targets = await Promise.all(handles.map((fd) => readlink(`/proc/self/fd/${fd}`).catch(() => '')));
  return targets.filter((target) => target.startsWith(folder));
}

test('a missing root is an error and is not created', async () => {
  const missing = join(outside, 'unmounted');
  expect(() => FilesystemStore.open(missing)).toThrow(expect.objectContaining({ code: 'repository-failed' }));
  await expect(stat(missing)).rejects.toThrow();
});

test('a root that vanishes is an error for every method, never an empty repository', async () => {
  const store = FilesystemStore.open(root);
  await store.create('shop/a', Buffer.from('a'));
  await rm(root, { recursive: true });
  await expectFailure(store.create('shop/b', Buffer.from('b')), 'repository-failed', root);
  await expectFailure(store.replace('shop/b', Buffer.from('b')), 'repository-failed', root);
  await expectFailure(store.readSmall('shop/a'), 'repository-failed', root);
  await expectFailure(store.size('shop/a'), 'repository-failed', root);
  await expectFailure(store.listNames('shop/'), 'repository-failed', root);
  await expectFailure(store.delete('shop/a'), 'repository-failed', root);
  await expectFailure(store.list('').next() as Promise<unknown>, 'repository-failed', root);
  await expect(stat(root)).rejects.toThrow();
});

test('a file is no root', async () => {
  await writeFile(join(outside, 'file'), '');
  expect(() => FilesystemStore.open(join(outside, 'file'))).toThrow(/not a folder/);
});

test('the root itself may be a link', async () => {
  await symlink(root, join(outside, 'link'));
  const store = FilesystemStore.open(join(outside, 'link'));
  await store.create('shop/a', Buffer.from('a'));
  expect(String(await FilesystemStore.open(root).readSmall('shop/a'))).toBe('a');
});

test.each(['folder', 'file'])('a link to a %s outside is never followed', async (kind) => {
  const target = join(outside, 'target');
  if (kind === 'folder') await mkdir(target);
  else await writeFile(target, 'secret');
  await mkdir(join(root, 'shop'));
  await symlink(target, join(root, 'shop', 'sets'));
  const store = FilesystemStore.open(root);
  const key = kind === 'folder' ? 'shop/sets/seal.json' : 'shop/sets';
  for (const action of [
    () => store.create(key, Buffer.from('x')),
    () => store.readSmall(key),
    () => store.size(key),
    () => store.read(key).next() as Promise<unknown>,
  ]) {
    expect((await expectFailure(action(), 'repository-failed')).remedy).toMatch(/links/);
  }
  if (kind === 'folder') {
    await expectFailure(store.create('shop/sets/1/seal.json', Buffer.from('x')), 'repository-failed');
    await expectFailure(store.delete('shop/sets/x'), 'repository-failed');
    expect(await readdir(target)).toEqual([]);
  } else {
    // The name itself is the repository's: replacing it replaces the link, not what it leads to.
    await store.replace(key, Buffer.from('ours'));
    expect(await readFile(target, 'utf8')).toBe('secret');
    await store.delete(key);
  }
  expect(await store.listNames('shop/')).toEqual([]);
});

test('foreign files and folders in the repository are not objects', async () => {
  const store = FilesystemStore.open(root);
  await mkdir(join(root, 'lost+found'));
  await mkdir(join(root, 'shop', '.snapshot'), { recursive: true });
  await writeFile(join(root, 'shop', '.snapshot', 'x'), '');
  await writeFile(join(root, 'shop', 'read me.txt'), '');
  await store.create('shop/a', Buffer.from('a'));
  expect(await store.listNames('')).toEqual(['shop']);
  expect(await store.listNames('shop/')).toEqual(['a']);
});

test('no temporary file is left: after success, a conflict, a failing body, a replace', async () => {
  const store = FilesystemStore.open(root);
  await store.create('shop/a', Buffer.from('a'));
  await store.create('shop/a', Buffer.from('a'));
  await expectFailure(store.create('shop/a', Buffer.from('b')), 'object-conflict');
  await store.replace('shop/b', Buffer.from('b'));
  const broken = (async function* (): AsyncGenerator<Uint8Array> {
    yield Buffer.from('half');
    throw new Error('broken');
  })();
  await expect(store.create('shop/c', broken)).rejects.toThrow('broken');
  expect(await temporaryFiles('shop')).toEqual([]);
});

test('what lies in the repository is not for everybody to read', async () => {
  const store = FilesystemStore.open(root);
  await store.create('shop/sets/a', Buffer.from('a'));
  expect((await stat(join(root, 'shop/sets/a'))).mode & 0o007).toBe(0);
  expect((await stat(join(root, 'shop/sets'))).mode & 0o007).toBe(0);
});

test('a file where a folder is needed is named, with what to do', async () => {
  const store = FilesystemStore.open(root);
  await store.create('shop/a', Buffer.from('a'));
  const error = await expectFailure(
    store.create('shop/a/b', Buffer.from('b')),
    'repository-failed',
    'shop/a',
  );
  expect(error.remedy).toMatch(/file is where/);
});

test('a writer killed with SIGKILL leaves nothing visible, and its remains are removed later', async () => {
  const script = fileURLToPath(new URL('killed-writer.ts', import.meta.url));
  const child = spawn(process.execPath, [script, root, 'shop/sets/x'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const exited = once(child, 'exit');
  await once(child.stdout, 'data');
  const store = FilesystemStore.open(root);
  await store.create('shop/sets/other', Buffer.from('other'));
  // It lives: its file stays.
  expect(await temporaryFiles('shop')).toHaveLength(1);
  child.kill('SIGKILL');
  await exited;
  expect(await temporaryFiles('shop')).toHaveLength(1);
  expect(await store.size('shop/sets/x')).toBeUndefined();
  expect(await store.listNames('shop/sets/')).toEqual(['other']);
  expect(await store.create('shop/sets/x', Buffer.from('whole'))).toMatchObject({ created: true });
  const next = FilesystemStore.open(root);
  await next.create('shop/sets/y', Buffer.from('y'));
  expect(await temporaryFiles('shop')).toEqual([]);
});

test.each([
  ['ENOSPC', /Free space/],
  ['EDQUOT', /quota/],
  ['EACCES', /umask 002/],
  ['EROFS', /for writing/],
  ['EPERM', /hard links/],
  ['ESTALE', /Mount/],
  ['EMFILE', /ulimit -n/],
])('%s says what to do', (code, remedy) => {
  const error = storeError(Object.assign(new Error(`${code}: refused`), { code }), 'store an object', 'x');
  expect(error).toMatchObject({ code: 'repository-failed', reason: `${code}: refused` });
  expect(error.remedy).toMatch(remedy);
});

test.each(['EACCES', 'EROFS', 'ENOSPC', 'EDQUOT'])(
  '%s names the path that was refused, or the object',
  (code) => {
    const path = '/srv/tidemark/shop/.tmp/1';
    const refused = Object.assign(new Error(`${code}: refused`), { code, path });
    expect(storeError(refused, 'store an object', 'x').remedy).toContain(path);
    const unplaced = Object.assign(new Error(`${code}: refused`), { code });
    const error = storeError(unplaced, 'store an object', 'file:///srv/tidemark/shop/a');
    expect(error.remedy).toContain('file:///srv/tidemark/shop/a');
    if (code === 'EACCES') expect(error.remedy).toMatch(/uid \d+/);
  },
);

test('a root that is no folder any more fails, and does not look as if nothing were there', async () => {
  const store = FilesystemStore.open(root);
  await store.create('shop/a', Buffer.from('a'));
  await rm(root, { recursive: true });
  await writeFile(root, 'no folder');
  const attempts = [
    () => store.readSmall('shop/a'),
    () => store.size('shop/a'),
    () => store.listNames('shop/'),
  ];
  // One after the other: a rejection that nobody waits for yet would be an error of its own.
  for (const attempt of attempts) await expectFailure(attempt(), 'repository-failed', root);
  await rm(root);
  await expectFailure(store.readSmall('shop/a'), 'repository-failed', root);
});

test('openRepository opens a file URL and shows it without a trailing slash', async () => {
  const store = openRepository(`file://${root}/`);
  expect(store.url).toBe(`file://${root}`);
  await store.create('shop/a', Buffer.from('a'));
  expect((await stat(join(root, 'shop/a'))).size).toBe(1);
});

test.each([
  's3://bucket/x',
  '/srv/tidemark',
  'file:srv',
  'file://host/srv',
  'file:///srv?x=1',
  'file:///srv#x',
  '',
])('openRepository refuses %j as a mistake in the file', (url) => {
  expect(() => openRepository(url)).toThrow(expect.objectContaining({ code: 'file-invalid' }));
});
