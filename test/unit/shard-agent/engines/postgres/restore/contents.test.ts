import { expect, test } from 'vitest';
import { indexesOf, readContents } from '../../../../../../shard-agent/engines/postgres/restore/contents.ts';

const contents = readContents(`;
; Archive created at 2026-11-21 00:58:04 UTC
;     Dump Version: 1.14-0
;
3668; 0 0 COMMENT - DATABASE postgres postgres
;\tdepends on: 3667
221; 1255 16393 FUNCTION public f(text) owner
215; 1259 16384 TABLE public a b owner
216; 1259 16396 TABLE public p owner
217; 1259 16399 TABLE public p1 owner
;\tdepends on: 216
218; 1259 16400 TABLE public two owner
219; 1259 16401 TABLE public two words owner
3495; 0 0 TABLE ATTACH public p1 owner
;\tdepends on: 217 216
3498; 2606 16390 CONSTRAINT public a b a b_pkey owner
;\tdepends on: 215
3520; 2606 16391 FK CONSTRAINT public a b to_p owner
;\tdepends on: 215
3496; 1259 16392 INDEX public a b_lower_idx owner
;\tdepends on: 215 215
3501; 1259 16394 INDEX public by_function owner
;\tdepends on: 221 215 215
3502; 1259 16402 INDEX public p_k_idx owner
;\tdepends on: 216
3505; 1259 16403 INDEX public p1_k_idx owner
;\tdepends on: 217 3502 217
3506; 1259 16404 INDEX public two_words_idx owner
;\tdepends on: 219
3517; 0 0 INDEX ATTACH public p1_k_idx owner
;\tdepends on: 3505 3502 217 216
3519; 3381 17068 STATISTICS public st owner
;\tdepends on: 215 215
`);

const idsOf = (name: string): number[] => indexesOf(contents, { schema: 'public', name }).map(({ id }) => id);

test('entries have their ids and what they depend on', () => {
  expect(contents).toHaveLength(17);
  expect(contents[0]).toEqual({
    line: '3668; 0 0 COMMENT - DATABASE postgres postgres',
    id: 3668,
    needs: [3667],
  });
  expect(contents.find(({ id }) => id === 3505)?.needs).toEqual([217, 3502, 217]);
  expect(contents.find(({ id }) => id === 221)?.needs).toEqual([]);
});

test("a table's indexes and keys, without those that need a function, foreign keys and all else", () => {
  expect(idsOf('a b')).toEqual([3498, 3496]);
});

test("a partition's index without its parent's, and the parent's without those of partitions", () => {
  expect(idsOf('p1')).toEqual([3505]);
  expect(idsOf('p')).toEqual([3502]);
});

test('of a table that another entry may be there are none, nor of one that is not listed', () => {
  expect(idsOf('two')).toEqual([]);
  expect(idsOf('two words')).toEqual([3506]);
  expect(idsOf('line\nbreak')).toEqual([]);
});
