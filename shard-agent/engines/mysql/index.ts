/** The engine for MySQL and MariaDB. What they differ in stands in dialect.ts. */
import type { DatabaseConfig, ToolPaths } from '../../../topology/agent-file.ts';
import type {
  BackupOrder,
  BackupSession,
  Engine,
  Finding,
  GlobalsOrder,
  RestoreOrder,
  RestoreSession,
  ServerDescription,
  StagedRestore,
  StoredShard,
} from '../../engine.ts';
import { prepareBackup } from './backup/backup.ts';
import { listDatabases } from './catalogue.ts';
import { checkBackup } from './check/check.ts';
import { describeEndpoint, withSession } from './connection/connection.ts';
import { attempt } from './connection/failure.ts';
import { fitShard } from './restore/fit.ts';
import type { Endpoint } from './connection/handshake.ts';
import { prepareRestore } from './restore/restore.ts';
import { describeServer } from './server.ts';
import { stagedRestores } from './restore/staged-restores.ts';

/** No tool of the server's is needed: `tools` is taken for the shape of all engines. */
export function openMysql(config: {
  database: DatabaseConfig;
  password: string | undefined;
  tools: ToolPaths;
}): Engine {
  const { host, port, user, databases, stallLimitMs } = config.database;
  return new MysqlEngine({ host, port, user, password: config.password, stallLimitMs }, databases);
}

class MysqlEngine implements Engine {
  readonly #endpoint: Endpoint;
  readonly #databases: readonly string[] | undefined;

  constructor(endpoint: Endpoint, databases: readonly string[] | undefined) {
    this.#endpoint = endpoint;
    this.#databases = databases;
  }

  describe(): Promise<ServerDescription> {
    return this.#attempt('describe the server', () =>
      withSession(this.#endpoint, { name: 'describe' }, async (wire, dialect) =>
        describeServer(wire, dialect, await listDatabases(wire, this.#databases)),
      ),
    );
  }

  check(globals: GlobalsOrder = 'none'): Promise<Finding[]> {
    return this.#attempt('check the server', () =>
      withSession(this.#endpoint, { name: 'check' }, (wire, dialect) =>
        checkBackup(wire, dialect, this.#databases, globals),
      ),
    );
  }

  prepareBackup(order: BackupOrder): Promise<BackupSession> {
    return this.#attempt('prepare the backup', () => prepareBackup(this.#endpoint, this.#databases, order));
  }

  fit(stored: StoredShard, globals = false): Promise<Finding[]> {
    return this.#attempt('see whether the set fits', () =>
      withSession(this.#endpoint, { name: 'fit' }, (wire, dialect) =>
        fitShard(wire, dialect, stored, globals),
      ),
    );
  }

  prepareRestore(order: RestoreOrder): Promise<RestoreSession> {
    return this.#attempt('prepare the restore', () => prepareRestore(this.#endpoint, order));
  }

  staged(): Promise<StagedRestore[]> {
    return this.#attempt('look for restores left behind', () => stagedRestores(this.#endpoint));
  }

  #attempt<T>(operation: string, work: () => Promise<T>): Promise<T> {
    return attempt(operation, describeEndpoint(this.#endpoint), work);
  }
}
