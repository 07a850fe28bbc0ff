/** What every object store must do, whatever lies beneath. Each store's own test runs it. */
import { createHash, randomBytes } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { TidemarkError } from '../../../proto/errors.ts';
import { encodeComponent } from '../../../repository/layout.ts';
import type { ObjectStore } from '../../../repository/object-store.ts';

export interface StoreUnderTest {
  readonly store: ObjectStore;
  /** Another client of the same repository, as another process would have. */
  readonly other: ObjectStore;
  close(): Promise<void>;
}

export function describeObjectStore(kind: string, open: () => Promise<StoreUnderTest>): void {
  describe(`${kind} is an object store`, () => {
    let opened: StoreUnderTest;
    let store: ObjectStore;
    beforeEach(async () => {
      opened = await open();
      store = opened.store;
    });
    afterEach(() => opened.close());

    test('what is created is read back, with its size and digest', async () => {
      const body = randomBytes(3 * 1024 * 1024 + 17);
      const stored = await store.create('shop/a/b', pieces(body, 100_001));
      expect(stored).toEqual({ size: body.length, sha256: sha256(body), created: true });
      expect(await store.size('shop/a/b')).toBe(body.length);
      const read = await readPieces(opened.other, 'shop/a/b');
      expect(Buffer.concat(read).equals(body)).toBe(true);
      expect(Math.max(...read.map((piece) => piece.length))).toBeLessThanOrEqual(1024 * 1024);
      expect(read.length).toBeGreaterThan(2);
    });

    test('an empty object is an object', async () => {
      expect(await store.create('shop/empty', new Uint8Array())).toMatchObject({ size: 0, created: true });
      expect(await store.size('shop/empty')).toBe(0);
      expect(await readAll(store, 'shop/empty')).toEqual(Buffer.alloc(0));
      expect(await store.readSmall('shop/empty')).toEqual(Buffer.alloc(0));
    });

    test('creating the same bytes again is success, whoever does it', async () => {
      const first = await store.create('shop/same', Buffer.from('tide'));
      const again = await opened.other.create('shop/same', pieces(Buffer.from('tide'), 1));
      expect(again).toEqual({ ...first, created: false });
    });

    test.each([
      ['as long', 'edit'],
      ['longer', 'tides'],
      ['shorter', 'tid'],
      ['empty', ''],
    ])('creating other bytes, %s, is a conflict and changes nothing', async (_, text) => {
      await store.create('shop/taken', Buffer.from('tide'));
      await expectFailure(
        opened.other.create('shop/taken', Buffer.from(text)),
        'object-conflict',
        'shop/taken',
      );
      expect(await store.readSmall('shop/taken')).toEqual(Buffer.from('tide'));
    });

    test('of many that create one key with different bytes, exactly one wins', async () => {
      const results = await Promise.allSettled(
        Array.from({ length: 24 }, (_, i) =>
          (i % 2 === 0 ? store : opened.other).create('shop/race', pieces(Buffer.from(`writer ${i}`), 2)),
        ),
      );
      const won = results.flatMap((result, i) => (result.status === 'fulfilled' ? [i] : []));
      expect(won).toHaveLength(1);
      expect(String(await store.readSmall('shop/race'))).toBe(`writer ${won[0]}`);
      for (const result of results) {
        if (result.status === 'rejected') expect(result.reason).toMatchObject({ code: 'object-conflict' });
      }
    });

    test('of many that create one key with the same bytes, all succeed and one has created it', async () => {
      const results = await Promise.all(
        Array.from({ length: 24 }, (_, i) =>
          (i % 2 === 0 ? store : opened.other).create('shop/agreed', Buffer.from('alike')),
        ),
      );
      expect(results.filter((result) => result.created)).toHaveLength(1);
    });

    test('a body that throws stores nothing, and its error is passed on', async () => {
      const failure = new Error('the source broke');
      const body = async function* (): AsyncGenerator<Uint8Array> {
        yield randomBytes(100_000);
        throw failure;
      };
      await expect(store.create('shop/broken', body())).rejects.toBe(failure);
      expect(await store.size('shop/broken')).toBeUndefined();
      expect(await keys(store, '')).toEqual([]);
      expect(await store.create('shop/broken', Buffer.from('whole'))).toMatchObject({ created: true });
    });

    test('nothing is visible while a body is still coming', async () => {
      const gate = Promise.withResolvers<void>();
      const halfway = Promise.withResolvers<void>();
      const body = async function* (): AsyncGenerator<Uint8Array> {
        yield Buffer.from('half');
        halfway.resolve();
        await gate.promise;
        yield Buffer.from('whole');
      };
      const storing = store.create('shop/x/slow', body());
      await halfway.promise;
      expect(await opened.other.size('shop/x/slow')).toBeUndefined();
      expect(await opened.other.readSmall('shop/x/slow')).toBeUndefined();
      expect(await keys(opened.other, '')).toEqual([]);
      expect(await opened.other.listNames('shop/')).toEqual([]);
      gate.resolve();
      await storing;
      expect(await keys(opened.other, 'shop/')).toEqual(['shop/x/slow']);
    });

    test('the bytes given out and taken in are not shared with the caller', async () => {
      const body = Buffer.from('mine');
      await store.create('shop/own', body);
      body.fill(0);
      const read = await store.readSmall('shop/own');
      expect(String(read)).toBe('mine');
      read?.fill(0);
      expect(String(await store.readSmall('shop/own'))).toBe('mine');
    });

    test('ranges give exactly their bytes', async () => {
      const body = randomBytes(2_500_000);
      await store.create('shop/range', body);
      for (const [offset, length] of [
        [0, 1],
        [0, 0],
        [2_499_999, 1],
        [2_500_000, 0],
        [1_048_575, 2],
        [3, 2_400_000],
      ] as const) {
        const read = await readAll(store, 'shop/range', { offset, length });
        expect(read.equals(body.subarray(offset, offset + length)), `${offset} + ${length}`).toBe(true);
      }
    });

    test('a missing object and a range beyond the end are bad bytes', async () => {
      await expectFailure(readAll(store, 'shop/none'), 'bad-bytes', 'shop/none');
      await store.create('shop/short', Buffer.from('12345'));
      for (const range of [
        { offset: 0, length: 6 },
        { offset: 5, length: 1 },
        { offset: 9, length: 0 },
      ]) {
        await expectFailure(readAll(store, 'shop/short', range), 'bad-bytes', 'shop/short');
      }
      expect(await store.readSmall('shop/none')).toBeUndefined();
      expect(await store.size('shop/none')).toBeUndefined();
    });

    test('a key below an object, and one that is the folder of others, are missing', async () => {
      await store.create('shop/a', Buffer.from('a'));
      await store.create('shop/d/e', Buffer.from('e'));
      for (const key of ['shop/a/b', 'shop/d']) {
        expect(await store.size(key)).toBeUndefined();
        expect(await store.readSmall(key)).toBeUndefined();
        await expectFailure(readAll(store, key), 'bad-bytes', key);
      }
    });

    test('a small object over the limit is bad bytes', async () => {
      await store.create('shop/large', Buffer.alloc(101));
      await expectFailure(store.readSmall('shop/large', 100), 'bad-bytes', 'shop/large');
      expect(await store.readSmall('shop/large', 101)).toHaveLength(101);
    });

    test('replace writes what is there or not yet there, whole', async () => {
      await store.replace('shop/lease/1.json', Buffer.from('first'));
      await store.replace('shop/lease/1.json', Buffer.from('second, longer'));
      expect(String(await opened.other.readSmall('shop/lease/1.json'))).toBe('second, longer');
      expect(await keys(store, '')).toEqual(['shop/lease/1.json']);
    });

    test('a reader sees the old or the new bytes of a replaced object, never a mixture', async () => {
      const bodies = [Buffer.alloc(50_000, 'a'), Buffer.alloc(70_000, 'b')] as const;
      await store.replace('shop/beat', bodies[0]);
      const writing = (async () => {
        for (let i = 0; i < 20; i++) await store.replace('shop/beat', bodies[i % 2 === 0 ? 1 : 0]);
      })();
      for (let i = 0; i < 40; i++) {
        const read = await opened.other.readSmall('shop/beat');
        expect(bodies.some((body) => read?.equals(body))).toBe(true);
      }
      await writing;
    });

    test('list gives every key below a prefix in byte order, with sizes', async () => {
      const all = [
        'shop/b',
        'shop/a/z',
        'shop/a.b',
        'shop/a-',
        'shop/aa',
        'shop/B',
        'shop/a%2F',
        'shop/a~1',
        'shop2/x',
      ];
      for (const key of all) await store.create(key, Buffer.from(key));
      const sorted = all.toSorted((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
      expect(await keys(store, '')).toEqual(sorted);
      expect(await keys(store, 'shop/')).toEqual(sorted.filter((key) => key.startsWith('shop/')));
      expect(await keys(store, 'shop/a/')).toEqual(['shop/a/z']);
      expect(await keys(store, 'none/')).toEqual([]);
      for await (const { key, size } of store.list('')) expect(size).toBe(key.length);
    });

    test('listNames gives the next components only', async () => {
      for (const key of ['c/sets/2/seal', 'c/sets/1/a/b/c', 'c/sets/1/z', 'c/sets/3', 'c/lease/1']) {
        await store.create(key, Buffer.from(key));
      }
      expect(await store.listNames('c/sets/')).toEqual(['1', '2', '3']);
      expect(await store.listNames('c/')).toEqual(['lease', 'sets']);
      expect(await store.listNames('')).toEqual(['c']);
      expect(await store.listNames('c/none/')).toEqual([]);
    });

    test('a deleted object is gone, deleting it again succeeds, and its neighbours stay', async () => {
      await store.create('c/sets/1/seal', Buffer.from('s'));
      await store.create('c/sets/1/deep/er/x', Buffer.from('x'));
      await opened.other.delete('c/sets/1/deep/er/x');
      await store.delete('c/sets/1/deep/er/x');
      expect(await keys(store, '')).toEqual(['c/sets/1/seal']);
      await store.delete('c/sets/1/seal');
      expect(await store.listNames('c/sets/')).toEqual([]);
      // The same store made those folders before, and another has removed them since.
      expect(await store.create('c/sets/1/deep/er/x', Buffer.from('y'))).toMatchObject({ created: true });
    });

    test('creating and deleting side by side in one folder never fails', async () => {
      await Promise.all(
        Array.from({ length: 12 }, async (_, i) => {
          const client = i % 2 === 0 ? store : opened.other;
          for (let round = 0; round < 5; round++) {
            await client.create(`c/nonce/deep/${i}`, Buffer.from('n'));
            await client.delete(`c/nonce/deep/${i}`);
          }
        }),
      );
      expect(await keys(store, '')).toEqual([]);
    });

    test.each([
      'per%63ent',
      '-rf',
      '~',
      '_',
      'a..b',
      'trailing.',
      '%2E%2E',
      'CON',
      encodeComponent('Größe der "Flut"/Ebbe\n'),
      encodeComponent('长'.repeat(100)),
      'x'.repeat(200),
    ])('an odd name is kept as it is: %s', async (name) => {
      await store.create(`shop/${name}/${name}`, Buffer.from(name));
      expect(await keys(store, 'shop/')).toEqual([`shop/${name}/${name}`]);
      expect(await store.listNames(`shop/${name}/`)).toEqual([name]);
      expect(String(await readAll(store, `shop/${name}/${name}`))).toBe(name);
    });

    test.each([
      '',
      '/',
      '/etc/passwd',
      'a//b',
      'a/',
      '.',
      '..',
      '../x',
      'a/../../x',
      'a/./b',
      'a/.tmp/x',
      'a\\b',
      'a b',
      'a\0b',
      'a\nb',
      'ä',
      'x'.repeat(256),
      'x/'.repeat(600) + 'x',
    ])('a key that layout would not make is refused everywhere: %j', async (key) => {
      const body = Buffer.from('x');
      await expectFailure(store.create(key, body), 'internal');
      await expectFailure(store.replace(key, body), 'internal');
      await expectFailure(readAll(store, key), 'internal');
      await expectFailure(store.readSmall(key), 'internal');
      await expectFailure(store.size(key), 'internal');
      await expectFailure(store.delete(key), 'internal');
      if (key !== '') await expectFailure(keys(store, `${key}/`), 'internal');
      if (key !== '') await expectFailure(store.listNames(`${key}/`), 'internal');
    });

    test('a prefix without its slash is refused', async () => {
      await expectFailure(keys(store, 'shop'), 'internal');
      await expectFailure(store.listNames('shop'), 'internal');
    });
  });
}

async function* pieces(body: Buffer, bytes: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < body.length; at += bytes) yield body.subarray(at, at + bytes);
}

async function readPieces(
  store: ObjectStore,
  key: string,
  range?: { offset: number; length: number },
): Promise<Buffer[]> {
  const read: Buffer[] = [];
  for await (const piece of store.read(key, range)) read.push(piece);
  return read;
}

async function readAll(
  store: ObjectStore,
  key: string,
  range?: { offset: number; length: number },
): Promise<Buffer> {
  return Buffer.concat(await readPieces(store, key, range));
}

async function keys(store: ObjectStore, prefix: string): Promise<string[]> {
  const found: string[] = [];
  for await (const { key } of store.list(prefix)) found.push(key);
  return found;
}

function sha256(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex');
}

/** Asserts the error's code, and that it names what it is about. */
export async function expectFailure(
  action: Promise<unknown>,
  code: string,
  subject = '',
): Promise<TidemarkError> {
  const error: unknown = await action.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (!(error instanceof TidemarkError)) throw new Error(`expected ${code}, got ${String(error)}`);
  expect(error.code, error.message).toBe(code);
  expect(error.subject).toContain(subject);
  expect(error.remedy).not.toBe('');
  return error;
}
