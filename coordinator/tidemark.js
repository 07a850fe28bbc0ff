#!/usr/bin/env node
// Plain JavaScript that every Node understands: an older one could not even load the .ts files that it starts.
// coordinator/cli.ts is a link to this file: what npm and images have linked to stays a program.
if (Number(process.versions.node.split('.')[0]) >= 24) {
  await import('./main.ts');
} else {
  process.stderr.write(
    `tidemark needs Node 24 or newer, and this is Node ${process.versions.node} (${process.execPath}).\n`,
  );
  process.exitCode = 2;
}
