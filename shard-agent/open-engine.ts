/** The one place that knows which engines there are. */
import type { DatabaseConfig, ToolPaths } from '../topology/agent-file.ts';
import type { Engine } from './engine.ts';

/** Connects to nothing yet, and loads only the driver that this agent needs. `password` is already resolved. */
export async function openEngine(
  database: DatabaseConfig,
  password: string | undefined,
  tools: ToolPaths,
): Promise<Engine> {
  switch (database.engine) {
    case 'postgres': {
      const { openPostgres } = await import('./engines/postgres/index.ts');
      return openPostgres({ database, password, tools });
    }
    case 'mysql': {
      const { openMysql } = await import('./engines/mysql/index.ts');
      return openMysql({ database, password, tools });
    }
  }
}
