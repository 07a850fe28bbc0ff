/** The PostgreSQL engine, versions 14 to 18. */
import type { Engine } from '../../engine.ts';
import { prepareBackup } from './backup.ts';
import { checkServer, openAny } from './check.ts';
import type { PostgresConfig } from './connection.ts';
import { listDatabases, readServer } from './server.ts';

/** Lanes a check assumes where no order says. */
const usualLanes = 4;

/** Touches no server until a method is called. */
export function openPostgres(config: PostgresConfig): Engine {
  return {
    async describe() {
      const session = await openAny(config);
      try {
        return await readServer(session, config, await listDatabases(session, config));
      } finally {
        await session.close();
      }
    },
    check: () => checkServer(config, { lanes: usualLanes, locks: true }),
    prepareBackup: (order) => prepareBackup(config, order),
    fit: () => Promise.reject(new Error('later')),
    prepareRestore: () => Promise.reject(new Error('later')),
    staged: () => Promise.resolve([]),
  };
}
