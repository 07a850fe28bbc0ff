/**
 * A process that starts the scratch server of a rehearsal and then does nothing, to be killed by a test.
 * `node rehearsal-process.ts '{"config": {"engine": "postgres", …}, "password": "…", "tools": {}}'`
 * Prints the rehearsal's folder when the server takes connections.
 */
import { openEngine } from '../../shard-agent/open-engine.ts';
import { rehearsalFolders } from '../../shard-agent/rehearsal/rehearsal-folder.ts';
import type { DatabaseConfig, ToolPaths } from '../../topology/agent-file.ts';

const order = JSON.parse(process.argv[2] ?? '{}') as {
  config: DatabaseConfig;
  password: string;
  tools: ToolPaths;
};

const folder = await rehearsalFolders.make();
await (await openEngine(order.config, order.password, order.tools)).startScratch(
  folder,
  new AbortController().signal,
);
process.stdout.write(`${folder}\n`);
