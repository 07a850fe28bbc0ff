import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { exitCodesHelp, exitMeaning } from '../../../coordinator/exit-codes.ts';
import { errorTable, foremost, TidemarkError } from '../../../proto/errors.ts';

const page = readFileSync(new URL('../../../docs/failures.md', import.meta.url), 'utf8');

test.each(Object.entries(errorTable))(
  '%s has a remedy, a meaning, and stands in docs/failures.md',
  (code, { exit, remedy }) => {
    expect(remedy).toMatch(/^[A-Z].{20,}\.$/s);
    expect(exitMeaning(exit)).not.toBe('');
    expect(page).toContain(`| \`${code}\` | ${exit} |`);
  },
);

test('the page lists no code that is gone', () => {
  const listed = [...page.matchAll(/^\| `([a-z-]+)` \| \d+ \|/gm)].map((match) => match[1] ?? '');
  expect(listed.toSorted()).toEqual(Object.keys(errorTable).toSorted());
});

test('of several failures the foremost decides', () => {
  const error = (code: keyof typeof errorTable) =>
    new TidemarkError({ code, operation: 'x', subject: 'y', cause: 'z' });
  const order = [
    'interrupted',
    'usage',
    'agent-unreachable',
    'lease-held',
    'barrier-not-reached',
    'not-sealed',
    'bad-bytes',
    'internal',
  ] as const;
  for (const [at, code] of order.entries()) {
    expect(foremost(order.slice(at).toReversed().map(error))?.code).toBe(code);
  }
});

test('help names the codes it is given', () => {
  expect(exitCodesHelp([0, 130])).toBe('\nExit codes:\n    0  done\n  130  interrupted, cleaned up');
});
