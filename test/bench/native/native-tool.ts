/** The tools that come with a server, or are used beside it, as an operator's shell runs them. */
import { spawn } from 'node:child_process';
import { findProgram } from '../../servers/host.ts';
import type { TestServer } from '../../servers/server.ts';

/** One tool: its two commands as lines of a shell script, for database `bench`. */
export interface NativeTool {
  readonly name: string;
  /** Dumps into `path`, which does not exist yet: a file or a folder. What it wrote is on the disk when it ends. */
  backup(server: TestServer, path: string): string;
  /** Fills the database, which stands and is empty. */
  restore(server: TestServer, path: string): string;
}

/** Runs the scripts at once in one shell, and resolves when all have ended. Throws when one of them failed. */
export async function runTogether(scripts: readonly string[]): Promise<void> {
  const jobs = scripts.map((script) => `( ${script} ) & jobs="$jobs $!"`);
  const wait = 'for job in $jobs; do wait "$job" || failed=1; done; exit ${failed:-0}';
  await shell(['set -e -o pipefail', ...jobs, wait].join('\n'));
}

/** Resolves with what the script wrote on its standard output. Throws when it fails. */
export async function shell(script: string): Promise<string> {
  const child = spawn('bash', ['-c', script], { stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  let said = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    output += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    said += text;
  });
  await new Promise<void>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => {
      if (code === 0) resolve();
      else reject(new Error(`a native tool ended with exit code ${code}: ${said.slice(-2000)}\n${script}`));
    });
  });
  return output;
}

export function zstdProgram(): string {
  return findProgram({ name: 'zstd', program: 'zstd', folders: ['/usr/bin', '/usr/local/bin'] });
}
