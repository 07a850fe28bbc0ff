import { expect, test } from 'vitest';
import { refuseLongAnswers } from '../../../shard-agent/invariant-answers.ts';

const line = (name: string, answer: string | null) =>
  ({ kind: 'invariant', name, database: 'shop', sql: 'SELECT 1', answer }) as const;

test('answers of 1 MiB together are kept; with one byte more the longest is named', () => {
  const half = 'é'.repeat(256 * 1024);
  refuseLongAnswers([line('a', half), line('b', half), line('c', null)], 'shop-00');
  expect(() => refuseLongAnswers([line('a', half), line('b', `${half}x`)], 'shop-00')).toThrow(
    expect.objectContaining({ code: 'not-supported', subject: 'shop-00: invariant b' }),
  );
});
