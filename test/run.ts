/**
 * Runs the vitest projects one after the other and ends with one line that sums them: `N passed, N failed`.
 *
 * `node test/run.ts [project…]`; without a name, every project that this machine's own servers suffice for. What counts as failed: a failed test, a file
 * that could not be loaded, an error outside any test, a project without a result, and a skipped test, unless
 * the README names its file in the section `Tests that may be skipped`.
 */

import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { itemTable, itemsVariable, readResults } from './fidelity/item-table.ts';
import { type Count, countReport, excusedFiles } from './tally.ts';

const root = join(import.meta.dirname, '..');
/** `newest` builds roots of other suites, which needs root and a gigabyte or two. */
const projects = ['unit', 'simulation', 'cluster', 'newest'];
const usual = projects.filter((project) => project !== 'newest');

async function runProject(project: string, reportPath: string): Promise<number> {
  const child = spawn(
    process.execPath,
    [
      join(root, 'node_modules', 'vitest', 'vitest.mjs'),
      'run',
      `--project=${project}`,
      '--reporter=default',
      '--reporter=json',
      `--outputFile.json=${reportPath}`,
    ],
    { cwd: root, stdio: 'inherit', env: { ...process.env, [itemsVariable]: itemsPath } },
  );
  // Ctrl-C reaches the child by itself; this process waits for it so that servers are stopped before it leaves.
  const forward = (signal: NodeJS.Signals) => child.kill(signal);
  process.on('SIGTERM', forward);
  process.on('SIGINT', () => {});
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code) => {
      process.off('SIGTERM', forward);
      resolve(code ?? 1);
    });
  });
}

function readReport(path: string): unknown {
  try {
    return JSON.parse(readFileSync(path, 'utf8'));
  } catch {
    return undefined;
  }
}

const wanted = process.argv.slice(2);
const unknown = wanted.filter((name) => !projects.includes(name));
if (unknown.length > 0) {
  console.error(`no such project: ${unknown.join(', ')}; there are ${projects.join(', ')}`);
  process.exit(2);
}

const readme = join(root, 'README.md');
const excused = excusedFiles(existsSync(readme) ? readFileSync(readme, 'utf8') : '');
const reports = mkdtempSync(join(tmpdir(), 'tidemark-test-'));
const itemsPath = join(reports, 'items.jsonl');
const sum: Count = { passed: 0, failures: [], excused: 0 };
try {
  for (const project of wanted.length > 0 ? wanted : usual) {
    const path = join(reports, `${project}.json`);
    const exitCode = await runProject(project, path);
    const count = countReport(readReport(path), exitCode, root, excused);
    console.log(
      `${project}: ${count.passed} passed, ${count.failures.length} failed, ${count.excused} skipped with a reason\n`,
    );
    sum.passed += count.passed;
    sum.failures.push(...count.failures);
    sum.excused += count.excused;
  }
  const items = readResults(itemsPath);
  if (items.length > 0) console.log(`what came back, item by item:\n${itemTable(items)}\n`);
} finally {
  rmSync(reports, { recursive: true });
}
// At the end of the log, where they are looked for first.
for (const failure of sum.failures) console.log(`failed: ${failure}`);
process.exitCode = sum.failures.length === 0 && sum.passed > 0 ? 0 : 1;
console.log(`${sum.passed} passed, ${sum.failures.length} failed`);
