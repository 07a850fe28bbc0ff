import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { ObjectRef } from '../../../repository/manifest-entries.ts';
import { readAhead } from '../../../repository/read-ahead.ts';
import { MemoryStore } from '../../../repository/stores/memory.ts';

class CountingStore extends MemoryStore {
  reads = 0;
  override read(key: string, range?: { offset: number; length: number }) {
    this.reads += 1;
    return super.read(key, range);
  }
}

async function* given(refs: readonly ObjectRef[]) {
  yield* refs;
}

async function bytesOf(source: AsyncIterable<Buffer>): Promise<string> {
  return String(Buffer.concat(await Array.fromAsync(source)));
}

function piecesOf(object: string, lengths: readonly number[]): ObjectRef[] {
  let offset = 0;
  return lengths.map((length) => {
    const ref = { object, offset, length, sha256: '' };
    offset += length;
    return ref;
  });
}

test('whatever pieces there are in whatever order, each source gives its own bytes', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.array(fc.integer({ min: 1, max: 50 }), { minLength: 1, maxLength: 8 }), { maxLength: 4 }),
      fc.boolean(),
      async (objects, shuffled) => {
        const store = new MemoryStore();
        const contents = new Map<string, string>();
        for (const [n, lengths] of objects.entries()) {
          const content = lengths
            .map((length, piece) => String.fromCharCode(97 + piece).repeat(length))
            .join('');
          contents.set(`o/${n}`, content);
          await store.create(`o/${n}`, Buffer.from(content));
        }
        const refs = objects.flatMap((lengths, n) => piecesOf(`o/${n}`, lengths));
        if (shuffled) refs.sort((a, b) => a.length - b.length);
        const found: ObjectRef[] = [];
        for await (const { ref, source } of readAhead(store, given(refs))) {
          found.push(ref);
          const expected = contents.get(ref.object)?.slice(ref.offset, ref.offset + ref.length);
          expect(await bytesOf(source.read(ref.object, ref))).toBe(expected);
        }
        expect(found).toEqual(refs);
      },
    ),
  );
});

test('a thousand pieces that follow each other are read at once, and a large one alone', async () => {
  const store = new CountingStore();
  await store.create('small', Buffer.alloc(10_000, 'x'));
  await store.create('large', Buffer.alloc(5 * 1024 * 1024, 'y'));
  const small = piecesOf(
    'small',
    Array.from({ length: 1000 }, () => 10),
  );
  const large = piecesOf('large', [5 * 1024 * 1024]);
  for await (const { ref, source } of readAhead(store, given([...small, ...large])))
    expect((await bytesOf(source.read(ref.object, ref))).length).toBe(ref.length);
  expect(store.reads).toBe(2);
});

test('of an object that was cut off, only the pieces that are gone cannot be read', async () => {
  const store = new MemoryStore();
  await store.create('o', Buffer.from('aabbc'));
  const said: string[] = [];
  for await (const { ref, source } of readAhead(store, given(piecesOf('o', [2, 2, 2])))) {
    said.push(await bytesOf(source.read(ref.object, ref)).catch((error: { code: string }) => error.code));
  }
  expect(said).toEqual(['aa', 'bb', 'bad-bytes']);
});
