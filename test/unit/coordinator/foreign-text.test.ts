/** Names, statements and messages from elsewhere in what commands print: nothing in them reaches a terminal; the document has them as they are. */
import { expect, test } from 'vitest';
import { check } from '../../../coordinator/check.ts';
import { planText } from '../../../coordinator/restore/plan-restore.ts';
import { openCluster, runOf } from './agents-in-memory.ts';

const hostile = 'acc\nounts\x1b[2J\u202e';
const shown = 'acc ounts\\u{1b}[2J\\u{202e}';
const obeyed = /[\p{Cc}\p{Cf}]/u;

function expectClean(text: string): void {
  for (const line of text.split('\n')) expect(line).not.toMatch(obeyed);
}

test('check', async () => {
  const source = await openCluster({ filled: true });
  const [fixture] = source.fixtures;
  if (fixture === undefined) throw new Error('no agent');
  const finding = {
    code: 'privilege-missing',
    subject: hostile,
    cause: hostile,
    remedy: 'GRANT\nx;',
    warning: false,
  } as const;
  fixture.engine.check = () => Promise.resolve([finding]);
  const { document, text, failure } = await check(runOf(source));
  expectClean(text);
  expect(text).toContain(`missing  shop-00: ${shown}: ${shown}\n         GRANT\n         x;`);
  expect(document['findings']).toMatchObject([{ subject: hostile, cause: hostile }]);
  expect(failure?.reason).toContain(hostile);
});

test('the plan of a restore', () => {
  const sums = { tables: 1, rows: 1, chunks: 1, rawBytes: 1, storedBytes: 1, objects: 1 };
  const finding = { target: 't', code: 'does-not-fit', subject: hostile, cause: hostile, remedy: hostile };
  const text = planText({
    set: '20261120T083012Z-full',
    shards: [
      {
        source: hostile,
        target: hostile,
        agent: 'a:1',
        from: hostile,
        to: hostile,
        databases: [hostile],
        sums,
        findings: [{ ...finding, warning: true }],
        notAsked: [{ name: hostile, reason: hostile }],
      },
    ],
    untouched: [hostile],
    rehearsed: false,
  });
  expectClean(text);
  expect(text.split('\n')).toHaveLength(8);
});
