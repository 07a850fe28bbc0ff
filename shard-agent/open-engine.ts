/** The one place that knows which engines there are. */
import type { DatabaseConfig, ToolPaths } from '../topology/agent-file.ts';
import type { Engine } from './engine.ts';
import { openMysql } from './engines/mysql/index.ts';
import { openPostgres } from './engines/postgres/index.ts';

/** Connects to nothing yet. `password` is already resolved. */
export function openEngine(database: DatabaseConfig, password: string | undefined, tools: ToolPaths): Engine {
  switch (database.engine) {
    case 'postgres':
      return openPostgres({ database, password, tools });
    case 'mysql':
      return openMysql({ database, password, tools });
  }
}
