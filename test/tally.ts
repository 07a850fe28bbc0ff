/** What a vitest JSON report amounts to, counted so that nothing that did not pass can look as if it had. */

import { relative } from 'node:path';
import { z } from 'zod';

export interface Count {
  passed: number;
  /** One line for each failure: the file, the test, and how its message begins. */
  failures: string[];
  /** Skipped tests of files for which the README gives a reason. */
  excused: number;
}

const report = z.object({
  testResults: z.array(
    z.object({
      name: z.string(),
      status: z.string(),
      message: z.string().optional(),
      assertionResults: z.array(
        z.object({
          status: z.string(),
          fullName: z.string(),
          failureMessages: z.array(z.string()).nullish(),
        }),
      ),
    }),
  ),
});

/** The files whose skipped tests are excused: the list items that begin with a path, under that one heading. */
export function excusedFiles(readme: string): Set<string> {
  const lines = readme.split('\n');
  const heading = lines.findIndex((line) => /^#+ Tests that may be skipped\s*$/.test(line));
  const files = new Set<string>();
  if (heading === -1) return files;
  for (const line of lines.slice(heading + 1)) {
    if (line.startsWith('#')) break;
    // The path alone is no reason: words must follow it.
    const item = /^[-*] `([^`]+)`\W+\w/.exec(line);
    if (item?.[1] !== undefined) files.add(item[1]);
  }
  return files;
}

/** Counts one project's report. `exitCode` is vitest's own: an error outside any test shows only there. */
export function countReport(
  json: unknown,
  exitCode: number,
  root: string,
  excused: ReadonlySet<string>,
): Count {
  const parsed = report.safeParse(json);
  const count: Count = { passed: 0, failures: [], excused: 0 };
  if (!parsed.success) return { ...count, failures: ['no report of this project'] };
  for (const file of parsed.data.testResults) {
    const path = relative(root, file.name);
    const before = count.failures.length;
    for (const test of file.assertionResults) {
      if (test.status === 'passed') count.passed += 1;
      else if (test.status !== 'failed' && excused.has(path)) count.excused += 1;
      else count.failures.push(failureLine(path, test.fullName, test.failureMessages?.[0] ?? test.status));
    }
    // A file that could not be loaded, or whose hooks failed, has no failed test to show for it.
    const silent = file.status !== 'passed' || file.assertionResults.length === 0;
    if (silent && count.failures.length === before) {
      count.failures.push(failureLine(path, 'the file itself', file.message ?? 'no test in it'));
    }
  }
  if (count.failures.length === 0 && (exitCode !== 0 || parsed.data.testResults.length === 0)) {
    count.failures.push(`no failed test, yet vitest ended with exit code ${exitCode}`);
  }
  return count;
}

/** The first line of `message` is enough to find the failure; the rest is in the output of its project. */
function failureLine(path: string, test: string, message: string): string {
  return `${path} > ${test}: ${message.split('\n', 1)[0]?.slice(0, 300)}`;
}
