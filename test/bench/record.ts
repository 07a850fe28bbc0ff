/** Adds the results of a run to docs/performance.md, with the machine they were measured on. */
import { execFileSync } from 'node:child_process';
import { appendFileSync, readFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { projectRoot } from '../cluster/command.ts';
import { markdownOf, type Table } from './measure/figures.ts';

const page = path.join(projectRoot, 'docs', 'performance.md');

export function record(tables: readonly Table[]): void {
  if (tables.length === 0) return;
  const text = [
    `\n### ${new Date().toISOString().slice(0, 16).replace('T', ' ')} UTC, ${commit()}`,
    machine(),
    ...tables.map(markdownOf),
  ];
  appendFileSync(page, `${text.join('\n\n')}\n`);
  console.error(`\nadded to ${path.relative(process.cwd(), page)}`);
}

function machine(): string {
  const model = os.cpus()[0]?.model ?? 'unknown processor';
  const memory = Math.round(os.totalmem() / 1024 ** 3);
  const system = /^PRETTY_NAME="(.*)"/m.exec(readFileSync('/etc/os-release', 'utf8'))?.[1] ?? os.type();
  return `${os.availableParallelism()} cores (${model}), ${memory} GiB of memory, ${system}, Linux ${os.release().split('-')[0]}, Node ${process.versions.node}.`;
}

function commit(): string {
  try {
    return execFileSync('git', ['describe', '--always', '--dirty'], {
      cwd: projectRoot,
      encoding: 'utf8',
    }).trim();
  } catch {
    return 'not a checkout';
  }
}
