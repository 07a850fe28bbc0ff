/**
 * A process that claims a server's restores and then does nothing, to be killed by a test.
 * `node claim-holder-process.ts '{"database": {"engine": "postgres", …}, "password": "…", "tools": {}}'` prints `claimed`.
 */
import { openEngine } from '../../shard-agent/open-engine.ts';
import type { DatabaseConfig, ToolPaths } from '../../topology/agent-file.ts';

const order = JSON.parse(process.argv[2] ?? '{}') as {
  database: DatabaseConfig;
  password: string;
  tools: ToolPaths;
};

const engine = await openEngine(order.database, order.password, order.tools);
const { outcome } = await engine.claimRestores(new AbortController().signal);
process.stdout.write(`${outcome}\n`);
// The connection keeps the process alive.
