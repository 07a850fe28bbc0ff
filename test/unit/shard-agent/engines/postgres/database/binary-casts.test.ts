/** Casts without a function come as early as their types allow. */
import { expect, test } from 'vitest';
import { withEarlyCasts } from '../../../../../../shard-agent/engines/postgres/database/binary-casts.ts';

const entry = (line: string, needs: number[] = []) => ({ id: Number.parseInt(line, 10), line, needs });

test('each is directly behind the last that it needs, and nothing else moves', () => {
  const entries = [
    entry('1; 1247 10 TYPE public a owner'),
    entry('2; 1247 11 TYPE public b owner', [1]),
    entry('3; 1247 12 DOMAIN public d owner', [2]),
    entry('4; 2605 20 CAST - CAST (integer AS public.b)', [2]),
    entry('5; 2605 21 CAST - CAST (public.a AS public.b)', [1, 2]),
    entry('6; 2605 22 CAST - CAST (integer AS text)'),
  ];
  expect(withEarlyCasts(entries, [21, 22]).map(({ id }) => id)).toEqual([6, 1, 2, 5, 3, 4]);
  expect(withEarlyCasts(entries, [])).toEqual(entries);
});
