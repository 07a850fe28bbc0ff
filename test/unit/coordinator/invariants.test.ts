import { describe, expect, test } from 'vitest';
import { checkInvariantsAtCut, compareInvariants } from '../../../coordinator/invariants.ts';

const money = { name: 'money', across: 'sum' } as const;
const version = { name: 'schema-version', across: 'equal' } as const;
const rows = { name: 'rows', across: 'each' } as const;
const answer = (shard: string, name: string, text: string | null) => ({ shard, name, answer: text });

describe('at the cut', () => {
  test('a sum is exact, and NULL counts as nothing', () => {
    const answers = [answer('a', 'money', '0.10'), answer('b', 'money', '0.20'), answer('c', 'money', null)];
    expect(checkInvariantsAtCut([money], answers)).toEqual([{ ...money, answer: '0.30' }]);
  });

  test('equal answers must be equal', () => {
    expect(
      checkInvariantsAtCut([version], [answer('a', version.name, '7'), answer('b', version.name, '7')]),
    ).toEqual([{ ...version, answer: '7' }]);
    expect(() =>
      checkInvariantsAtCut([version], [answer('a', version.name, '7'), answer('b', version.name, '8')]),
    ).toThrow(/a answers 7 and b 8/);
  });

  test('a rule that nobody answers, and a sum of what is no number, are refused', () => {
    expect(() => checkInvariantsAtCut([money], [])).toThrow(/no agent declares it/);
    expect(() => checkInvariantsAtCut([money], [answer('a', 'money', 'lots')])).toThrow(/lots is no number/);
  });

  test('what the topology does not mention counts for each shard', () => {
    expect(checkInvariantsAtCut([], [answer('a', 'rows', '1'), answer('b', 'rows', '2')])).toEqual([
      { ...rows, answer: '2 shards' },
    ]);
  });
});

describe('after loading', () => {
  const stored = [answer('a', 'money', '10.0'), answer('b', 'money', '5.00')];

  test('the same answers, written otherwise, are the same', () => {
    expect(
      compareInvariants([money], stored, [answer('a', 'money', '10.00'), answer('b', 'money', '5')]),
    ).toEqual([{ ...money, answer: '15.00' }]);
  });

  test.each([
    [
      'another answer of one shard',
      [answer('a', 'money', '10'), answer('b', 'money', '5.01')],
      /b: invariant money/,
    ],
    [
      'the right sum in the wrong places',
      [answer('a', 'money', '5'), answer('b', 'money', '10')],
      /a: invariant money/,
    ],
    ['no answer', [answer('a', 'money', '10')], /gave no answer/],
    ['NULL instead of a number', [answer('a', 'money', '10'), answer('b', 'money', null)], /answers NULL/],
  ])('%s fails with exit code 4', (_, found, message) => {
    expect(() => compareInvariants([money], stored, found)).toThrow(message);
    expect(() => compareInvariants([money], stored, found)).toThrow(expect.objectContaining({ exitCode: 4 }));
  });
});
