/**
 * Writes the types in proto/gen from shard_agent.proto, or with --check says whether they are what it would write.
 *
 * The options must be those that channel.ts loads the proto with, or the types describe other values than arrive.
 */

import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const root = join(import.meta.dirname, '..');
const committed = join(root, 'proto', 'gen');

function generate(into: string): void {
  execFileSync(
    join(root, 'node_modules', '.bin', 'proto-loader-gen-types'),
    [
      '--longs=String',
      '--enums=String',
      '--defaults',
      '--oneofs',
      '--grpcLib=@grpc/grpc-js',
      '--importFileExtension=.ts',
      '--targetFileExtension=.ts',
      `--outDir=${into}`,
      'proto/shard_agent.proto',
      'proto/health.proto',
    ],
    // The path as given is written into every file, so it must not depend on where this was started.
    { cwd: root, stdio: ['ignore', 'ignore', 'inherit'] },
  );
}

function filesUnder(folder: string): Map<string, string> {
  const files = new Map<string, string>();
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const path = join(entry.parentPath, entry.name);
    files.set(path.slice(folder.length + 1), readFileSync(path, 'utf8'));
  }
  return files;
}

/** The files that differ, each with how. */
function differences(): string[] {
  const fresh = mkdtempSync(join(tmpdir(), 'tidemark-gen-'));
  try {
    generate(fresh);
    const wanted = filesUnder(fresh);
    const found = filesUnder(committed);
    const differing: string[] = [];
    for (const [name, text] of wanted) {
      const present = found.get(name);
      if (present === undefined) differing.push(`${name} is missing`);
      else if (present !== text) differing.push(`${name} differs`);
    }
    for (const name of found.keys()) if (!wanted.has(name)) differing.push(`${name} is left over`);
    return differing;
  } finally {
    rmSync(fresh, { recursive: true });
  }
}

if (process.argv.includes('--check')) {
  const differing = differences();
  if (differing.length > 0) {
    console.error(
      `proto/gen is not what shard_agent.proto says; run \`npm run gen\`:\n  ${differing.join('\n  ')}`,
    );
    process.exitCode = 1;
  }
} else {
  rmSync(committed, { recursive: true, force: true });
  generate(committed);
}
