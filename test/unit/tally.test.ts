import { describe, expect, test } from 'vitest';
import { type Count, countReport, excusedFiles } from '../tally.ts';

const file = (
  name: string,
  statuses: string[],
  status = statuses.includes('failed') ? 'failed' : 'passed',
) => ({
  name: `/clone/${name}`,
  status,
  assertionResults: statuses.map((each, at) => ({
    status: each,
    fullName: `test ${at}`,
    failureMessages: each === 'failed' ? ['Error: two of three\n    at line 7'] : [],
  })),
});

const count = (files: unknown[], exitCode = 0, excused: string[] = []) =>
  numbers(countReport({ testResults: files }, exitCode, '/clone', new Set(excused)));

const numbers = ({ passed, failures, excused }: Count) => ({ passed, failed: failures.length, excused });

describe('what counts', () => {
  test('passed and failed tests', () => {
    expect(count([file('a', ['passed', 'failed']), file('b', ['passed'])], 1)).toEqual({
      passed: 2,
      failed: 1,
      excused: 0,
    });
  });

  test('a skipped test is a failed one', () => {
    for (const status of ['pending', 'skipped', 'todo', 'disabled']) {
      expect(count([file('a', ['passed', status])])).toEqual({ passed: 1, failed: 1, excused: 0 });
    }
  });

  test('a skipped test with a reason is neither; a failed one stays failed', () => {
    const skipping = file('test/a.test.ts', ['passed', 'skipped', 'failed']);
    expect(count([skipping], 1, ['test/a.test.ts'])).toEqual({ passed: 1, failed: 1, excused: 1 });
  });

  test('a file that could not be loaded is one failure', () => {
    expect(count([file('a', ['passed']), file('b', [], 'failed')], 1)).toEqual({
      passed: 1,
      failed: 1,
      excused: 0,
    });
  });

  test('a file without a test is one failure', () => {
    expect(count([file('a', [])])).toEqual({ passed: 0, failed: 1, excused: 0 });
  });

  test('a file whose hook failed is one failure beside its passed tests', () => {
    expect(count([file('a', ['passed'], 'failed')], 1)).toEqual({ passed: 1, failed: 1, excused: 0 });
  });

  test('an error outside any test is one failure', () => {
    expect(count([file('a', ['passed'])], 1)).toEqual({ passed: 1, failed: 1, excused: 0 });
  });

  test('no file at all is one failure', () => {
    expect(count([])).toEqual({ passed: 0, failed: 1, excused: 0 });
  });

  test('no report is one failure', () => {
    expect(numbers(countReport(undefined, 0, '/clone', new Set()))).toEqual({
      passed: 0,
      failed: 1,
      excused: 0,
    });
  });
});

describe('what is said of a failure', () => {
  const failures = (files: unknown[], exitCode = 1) =>
    countReport({ testResults: files }, exitCode, '/clone', new Set()).failures;

  test('its file, its test and the first line of its message', () => {
    expect(failures([file('test/a.test.ts', ['passed', 'failed'])])).toEqual([
      'test/a.test.ts > test 1: Error: two of three',
    ]);
  });

  test('a file that could not be loaded, with the message', () => {
    expect(failures([{ ...file('test/b.test.ts', [], 'failed'), message: 'no such module' }])).toEqual([
      'test/b.test.ts > the file itself: no such module',
    ]);
  });

  test('an error outside any test', () => {
    expect(failures([file('test/a.test.ts', ['passed'])], 3)).toEqual([
      'no failed test, yet vitest ended with exit code 3',
    ]);
  });
});

describe('the list in the README', () => {
  const readme = [
    '# Tidemark',
    '- `test/elsewhere.test.ts`: not under the heading',
    '## Tests that may be skipped',
    '- `test/cluster/mysql.test.ts`: no MySQL server in Debian',
    '- `test/cluster/silent.test.ts`',
    '## Next',
    '- `test/later.test.ts`: not under the heading',
  ].join('\n');

  test('names files with a reason, under its heading only', () => {
    expect([...excusedFiles(readme)]).toEqual(['test/cluster/mysql.test.ts']);
  });

  test('may be absent', () => {
    expect(excusedFiles('# Tidemark\n').size).toBe(0);
  });
});
