import fc from 'fast-check';
import { expect, test } from 'vitest';
import { addDecimals, formatDecimal, parseDecimal, sameDecimal } from '../../../repository/decimal.ts';

function sum(...texts: string[]): string {
  const parts = texts.map((text) => parseDecimal(text));
  const [first, ...others] = parts.map((part) => {
    if (part === undefined) throw new Error('no decimal');
    return part;
  });
  if (first === undefined) throw new Error('nothing to add');
  return formatDecimal(others.reduce(addDecimals, first));
}

test.each([
  [['0.1', '0.2'], '0.3'],
  [['100000000000000000000.01', '-0.01'], '100000000000000000000.00'],
  [['-1.5', '1'], '-0.5'],
  [['1e3', '2.5E-1'], '1000.25'],
  [['-0.05', '0'], '-0.05'],
])('%j add up to %s', (texts, expected) => {
  expect(sum(...texts)).toBe(expected);
});

test.each(['', 'abc', '1,5', 'NaN', 'Infinity', '0x10', '1e999999', '--1', '2026-11-20'])(
  '%j is no decimal',
  (text) => {
    expect(parseDecimal(text)).toBeUndefined();
  },
);

test('1.50 and 1.5 are the same, 1.5 and 1.49 are not', () => {
  const same = (a: string, b: string): boolean => {
    const [left, right] = [parseDecimal(a), parseDecimal(b)];
    return left !== undefined && right !== undefined && sameDecimal(left, right);
  };
  expect(same('1.50', '1.5')).toBe(true);
  expect(same('1.5', '1.49')).toBe(false);
});

test('sums of cents are those of whole numbers', () => {
  fc.assert(
    fc.property(fc.array(fc.bigInt({ min: -(10n ** 30n), max: 10n ** 30n }), { minLength: 1 }), (cents) => {
      const text = (value: bigint) => formatDecimal({ unscaled: value, scale: 2 });
      expect(sum(...cents.map(text))).toBe(text(cents.reduce((a, b) => a + b, 0n)));
    }),
  );
});
