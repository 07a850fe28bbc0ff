/** Options of text search dictionaries, as the server keeps them. */
import { expect, test } from 'vitest';
import { readOptions } from '../../../../../../shard-agent/engines/postgres/restore/trial.ts';

test('options are read as the server writes them', () => {
  expect(readOptions('')).toEqual([]);
  expect(readOptions(`stopwords = 'it''s', accept = 'false', n = 3`)).toEqual([
    ['stopwords', "it's"],
    ['accept', 'false'],
    ['n', '3'],
  ]);
  expect(readOptions(`"odd ""name" = E'a\\\\b, c = ''d''', x = ''`)).toEqual([
    ['odd "name', "a\\b, c = 'd'"],
    ['x', ''],
  ]);
});

test('what is in no such form is not read', () => {
  for (const text of ['stopwords', `a = 'b' c = 'd'`, `a = 'b`, `a = 'b'); DROP TABLE t`])
    expect(readOptions(text), text).toBeUndefined();
});
