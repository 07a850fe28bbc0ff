/** Adds the results of a run to docs/performance.md, with the machine they were measured on. */
import { execFileSync } from 'node:child_process';
import { appendFileSync, readFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { projectRoot } from '../cluster/command.ts';
import { markdownOf, type Table } from './measure/figures.ts';

const page = path.join(projectRoot, 'docs', 'performance.md');

let begun = false;

/** At once: what comes later may fail. The first of a run stands below a heading of its own. */
export function record(table: Table): void {
  const heading = `### ${new Date().toISOString().slice(0, 16).replace('T', ' ')} UTC, ${commit()}`;
  const text = [...(begun ? [] : [heading, machine()]), markdownOf(table)];
  begun = true;
  appendFileSync(page, `\n${text.join('\n\n')}\n`);
  console.error(`\nadded to ${path.relative(process.cwd(), page)}`);
}

function machine(): string {
  const model = os.cpus()[0]?.model ?? 'unknown processor';
  const memory = Math.round(os.totalmem() / 1024 ** 3);
  const system = /^PRETTY_NAME="(.*)"/m.exec(readFileSync('/etc/os-release', 'utf8'))?.[1] ?? os.type();
  return `${os.availableParallelism()} cores (${model}), ${memory} GiB of memory, ${system}, Linux ${os.release().split('-')[0]}, Node ${process.versions.node}.`;
}

/** With a mark when it is not quite that commit, apart from the page itself. */
function commit(): string {
  const git = (...args: string[]): string =>
    execFileSync('git', args, { cwd: projectRoot, encoding: 'utf8' }).trim();
  try {
    const changed = git('status', '--porcelain', '--untracked-files=no', '--', '.', ':!docs/performance.md');
    return `${git('describe', '--always')}${changed === '' ? '' : '-dirty'}`;
  } catch {
    return 'not a checkout';
  }
}
