/**
 * A process that starts the scratch server of a rehearsal and then does nothing, to be killed by a test.
 * `node rehearsal-process.ts '{"engine": "postgres", "config": {…}, "password": "…", "tools": {}}'`
 * Prints the rehearsal's folder when the server takes connections.
 */
import type { Engine } from '../../shard-agent/engine.ts';
import { newRehearsalFolder } from '../../shard-agent/rehearsal/rehearsal-folder.ts';
import type { DatabaseConfig, ToolPaths } from '../../topology/agent-file.ts';

const order = JSON.parse(process.argv[2] ?? '{}') as {
  engine: 'postgres' | 'mysql';
  config: DatabaseConfig;
  password: string;
  tools: ToolPaths;
};

async function openEngine(): Promise<Engine> {
  const options = { database: order.config, password: order.password, tools: order.tools };
  if (order.engine === 'postgres') {
    const { openPostgres } = await import('../../shard-agent/engines/postgres/index.ts');
    return openPostgres(options);
  }
  const { openMysql } = await import('../../shard-agent/engines/mysql/index.ts');
  return openMysql(options);
}

const folder = await newRehearsalFolder();
await (await openEngine()).startScratch(folder, new AbortController().signal);
process.stdout.write(`${folder}\n`);
