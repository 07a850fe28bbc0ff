/** Temporary files that nobody writes any more are removed in the end; one in use never is. */
import { lstat, mkdir, mkdtemp, readdir, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { type Holder, thisHolder } from '../../../../repository/holder.ts';
import { FilesystemStore } from '../../../../repository/stores/filesystem.ts';
import { type FilesystemCalls, systemCalls } from '../../../../repository/stores/filesystem-calls.ts';
import { Folders } from '../../../../repository/stores/filesystem-folders.ts';
import { temporaryName, touchMs } from '../../../../repository/stores/filesystem-leftovers.ts';
import { TemporaryFiles } from '../../../../repository/stores/filesystem-temporary.ts';

const minute = 60_000;
const hour = 60 * minute;

let root: string;
let folder: string;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'tidemark-left-'));
  folder = join(root, 'shop', '.tmp');
  await mkdir(folder, { recursive: true });
});
afterEach(async () => {
  vi.useRealTimers();
  await rm(root, { recursive: true });
});

/** A file system on which each file but those made from now on has been changed last so long ago. */
function agedCalls(ages: ReadonlyMap<string, number>): FilesystemCalls {
  const aged = async (path: string) => {
    const found = await lstat(path);
    const ageMs = ages.get(path.slice(path.lastIndexOf('/') + 1)) ?? 0;
    return Object.assign(found, { ctimeMs: found.ctimeMs - ageMs });
  };
  return { ...systemCalls, lstat: aged as FilesystemCalls['lstat'] };
}

/** What is left of files that these writers made, when another process writes after so long. */
async function leftAfter(names: readonly string[], ageMs: number): Promise<string[]> {
  for (const name of names) await writeFile(join(folder, name), 'half');
  const calls = agedCalls(new Map(names.map((name) => [name, ageMs])));
  await FilesystemStore.open(root, calls).create('shop/a', Buffer.from('a'));
  return readdir(folder);
}

const here = thisHolder();
const otherBoot: Holder = { ...here, world: 'boot before' };
const otherHost: Holder = { ...here, host: 'db99' };
const twin: Holder = { ...here, host: 'db99', world: 'boot before' };

describe.runIf(here.world !== '')('of this boot of this host', () => {
  test('a dead process: at once, also when its process id is used again', async () => {
    const reused = temporaryName({ ...here, started: '1' });
    const gone = temporaryName({ ...here, pid: 2 ** 22 - 1, started: '1' });
    expect(await leftAfter([reused, gone], 0)).toEqual([]);
  });

  test('a process that lives: never, however old its file is', async () => {
    const name = temporaryName(here);
    expect(await leftAfter([name], 1000 * 24 * hour)).toEqual([name]);
  });
});

test.each<[string, Holder, number]>([
  ['this host before it was started again', otherBoot, hour],
  ['another host', otherHost, 24 * hour],
  ['another host with the same process ids and times', twin, 24 * hour],
])('of %s: after the patience, and not before', async (_, writer, patienceMs) => {
  const name = temporaryName(writer);
  expect(await leftAfter([name], patienceMs - minute)).toEqual([name]);
  expect(await leftAfter([name], patienceMs + minute)).toEqual([]);
});

test('of a version that did not name the host: after the longer patience', async () => {
  const name = '4711-123456-0123456789abcdef-01234567-89ab-4def-8123-456789abcdef';
  expect(await leftAfter([name], 23 * hour)).toEqual([name]);
  expect(await leftAfter([name], 25 * hour)).toEqual([]);
});

test('what no version of ours has made stays', async () => {
  const names = ['.nfs0000000123', 'notes.txt', '4711', '1-2-3-4', `${temporaryName(otherHost)}~`];
  expect((await leftAfter(names, 1000 * hour)).toSorted()).toEqual(names.toSorted());
});

test('a process that runs for long looks again, and not at every object', async () => {
  const ages = new Map<string, number>();
  const store = FilesystemStore.open(root, agedCalls(ages));
  await store.create('shop/a', Buffer.from('a'));
  const name = temporaryName(otherHost);
  await writeFile(join(folder, name), 'half');
  ages.set(name, 100 * hour);
  vi.useFakeTimers({ toFake: ['performance'] });
  await store.create('shop/b', Buffer.from('b'));
  expect(await readdir(folder)).toEqual([name]);
  vi.advanceTimersByTime(2 * hour);
  await store.create('shop/c', Buffer.from('c'));
  expect(await readdir(folder)).toEqual([]);
});

test('a file whose writer waits for more to write is touched, so that no other host takes it for left behind', async () => {
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
  const waiting = Promise.withResolvers<void>();
  const gate = Promise.withResolvers<void>();
  async function* body(): AsyncGenerator<Uint8Array> {
    yield Buffer.from('half');
    waiting.resolve();
    await gate.promise;
  }
  const files = new TemporaryFiles(new Folders(root, systemCalls), systemCalls, otherHost);
  const writing = files.write(['shop'], body(), 'shop/x');
  await waiting.promise;
  const [name = ''] = await readdir(folder);
  const path = join(folder, name);
  for (let round = 0; round < 3; round++) {
    await utimes(path, 0, 0);
    const before = await stat(path);
    vi.advanceTimersByTime(touchMs);
    await vi.waitFor(async () => {
      const after = await stat(path);
      expect(after.mtimeMs).toBeGreaterThan(1);
      expect(after.ctimeMs).toBeGreaterThan(before.ctimeMs);
    });
  }
  gate.resolve();
  await writing;
  expect(vi.getTimerCount()).toBe(0);
});
