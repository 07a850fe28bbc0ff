import { expect, test } from 'vitest';
import { mapShards, parseMapping } from '../../../../coordinator/restore/plan.ts';

const targets = ['a', 'b', 'spare'].map((name, n) => ({ name, agent: `host-${n}:7420` }));
const pairsOf = (stored: string[], mappings: [string, string][] = []): string[] =>
  mapShards(stored, targets, mappings).map(({ source, target }) => `${source}>${target.name}`);

test('by name, and targets left over are not touched', () => {
  expect(pairsOf(['a', 'b'])).toEqual(['a>a', 'b>b']);
});

test('by --map first', () => {
  expect(pairsOf(['a', 'old'], [['old', 'spare']])).toEqual(['a>a', 'old>spare']);
  expect(
    pairsOf(
      ['a', 'b'],
      [
        ['a', 'b'],
        ['b', 'a'],
      ],
    ),
  ).toEqual(['a>b', 'b>a']);
});

test.each<[string, string[], [string, string][], RegExp]>([
  ['no target', ['a', 'old'], [], /no shard old to restore old to/],
  ['an unknown target', ['a'], [['a', 'nowhere']], /sends a to nowhere/],
  ['an unknown shard of the set', ['a'], [['x', 'b']], /names x, and the set has no such shard/],
  ['two on one target', ['a', 'b'], [['b', 'a']], /both a and b would be restored to a/],
  [
    'a shard mapped twice',
    ['a'],
    [
      ['a', 'b'],
      ['a', 'spare'],
    ],
    /names a twice/,
  ],
])('%s is refused with exit code 6', (_, stored, mappings, message) => {
  expect(() => pairsOf(stored, mappings)).toThrow(message);
  expect(() => pairsOf(stored, mappings)).toThrow(
    expect.objectContaining({ code: 'topology-changed', exitCode: 6 }),
  );
});

test('every mistake is named at once', () => {
  expect(() => pairsOf(['a', 'old', 'older'], [['x', 'b']])).toThrow(
    /names x.*no shard old .*no shard older/,
  );
});

test('--map is old=new and nothing else', () => {
  expect(parseMapping('old=new')).toEqual(['old', 'new']);
  for (const text of ['', '=', 'old', 'old=', '=new', 'a=b=c']) {
    expect(() => parseMapping(text)).toThrow(expect.objectContaining({ code: 'usage', exitCode: 2 }));
  }
});
