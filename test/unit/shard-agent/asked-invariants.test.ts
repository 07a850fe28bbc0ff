import { describe, expect, test } from 'vitest';
import type { InvariantLine } from '../../../repository/manifest-entries.ts';
import { askedInvariants, requireSameAnswers } from '../../../shard-agent/asked-invariants.ts';

const recorded = (name: string, answer: string | null, sql = 'SELECT 1'): InvariantLine => ({
  kind: 'invariant',
  name,
  database: 'shop',
  sql,
  answer,
});
const shop = { kind: 'database', name: 'shop', sourceBytes: 0, engine: {} } as const;
const money = { name: 'money', database: 'shop', sql: 'SELECT SUM(balance) FROM public.accounts' };

describe('which invariants of a set are asked', () => {
  test("those that the agent's file declares, with its own SQL, whatever the set says", () => {
    const hostile = recorded('money', '5', "COMMIT; COPY (SELECT 1) TO PROGRAM 'touch marker'");
    const asked = askedInvariants({ invariants: [hostile], databases: [shop] }, [money]);
    expect(asked).toEqual({ queries: [money], recorded: [{ name: 'money', answer: '5' }], notAsked: [] });
  });

  test('one that the file does not declare is named, one that the set has no answer for is not', () => {
    const asked = askedInvariants({ invariants: [recorded('stock', '7')], databases: [shop] }, [money]);
    expect(asked).toEqual({
      queries: [],
      recorded: [],
      notAsked: [{ name: 'stock', reason: "the target agent's file does not declare it" }],
    });
  });

  test('one of a database that the set does not have is named with it', () => {
    const elsewhere = { ...money, database: 'till' };
    const asked = askedInvariants({ invariants: [recorded('money', '5')], databases: [shop] }, [elsewhere]);
    expect(asked.queries).toEqual([]);
    expect(asked.notAsked[0]?.reason).toContain('database till');
  });
});

describe('answers', () => {
  const same = (was: string | null, is: string | null) => (): void =>
    requireSameAnswers('a', [{ name: 'money', answer: was }], [{ name: 'money', answer: is }]);

  test.each([
    ['1.5', '1.50'],
    ['100', '1e2'],
    ['0', '-0.00'],
    ['a', 'a'],
    ['', ''],
    [null, null],
  ])('%j and %j are the same', (was, is) => {
    expect(same(was, is)).not.toThrow();
  });

  test.each([
    ['1.5', '1.51'],
    ['a', 'A'],
    ['', null],
    ['0', null],
    [null, '0'],
    ['1', 'one'],
  ])('%j and %j are not', (was, is) => {
    expect(same(was, is)).toThrow(expect.objectContaining({ code: 'invariant-differs', exitCode: 4 }));
  });

  test('an answer that is missing is another answer', () => {
    expect(() => requireSameAnswers('a', [{ name: 'money', answer: '1' }], [])).toThrow(/has no answer/);
  });
});
