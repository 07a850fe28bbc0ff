import { expect, test } from 'vitest';
import { nearest } from '../../../topology/nearest.ts';

const known = ['holdLimit', 'deadline', 'maxHoldPerMinute', 'onDeadline', 'url', 'lanes'];

test.each([
  ['holdlimit', 'holdLimit'],
  ['hold-limit', 'holdLimit'],
  ['hold_limt', 'holdLimit'],
  ['deadlien', 'deadline'],
  ['ondeadline', 'onDeadline'],
  ['lane', 'lanes'],
  ['uri', 'url'],
  ['URL', 'url'],
])('`%s` was meant to be `%s`', (word, meant) => {
  expect(nearest(word, known)).toBe(meant);
});

test.each(['', 'x', 'password', 'zzz', 'a'.repeat(10_000)])('`%.10s` is near nothing', (word) => {
  expect(nearest(word, known)).toBeUndefined();
});

test('of two as near, the first', () => {
  expect(nearest('bat', ['cat', 'hat'])).toBe('cat');
});
