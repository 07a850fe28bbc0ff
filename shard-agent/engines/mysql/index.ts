/** The engine for MySQL and MariaDB. What they differ in stands in dialect.ts. */
import { TidemarkError } from '../../../proto/errors.ts';
import type { DatabaseConfig, InvariantQuery, ToolPaths } from '../../../topology/agent-file.ts';
import type {
  BackupOrder,
  BackupSession,
  ClaimOutcome,
  CheckOrder,
  Engine,
  Finding,
  HeldMark,
  LockTiming,
  RestoreOrder,
  RestoreSession,
  ScratchServer,
  ServerDescription,
  StagedRestore,
  StoredShard,
  TriedInvariants,
} from '../../engine.ts';
import { prepareBackup } from './backup/backup.ts';
import { timeLocks } from './barrier/lock-timing.ts';
import { listDatabases } from './catalogue.ts';
import { tryInvariants } from '../../try-invariants.ts';
import { checkBackup } from './check/check.ts';
import { liveQuestioner } from './check/try-invariants.ts';
import { describeEndpoint, withSession } from './connection/connection.ts';
import { attempt } from './connection/failure.ts';
import { checkRestorer, fitShard } from './restore/fit.ts';
import type { Endpoint } from './connection/handshake.ts';
import { claimRestores } from './restore/restore-claim.ts';
import { prepareRestore } from './restore/restore.ts';
import { describeServer } from './server.ts';
import { seeMarks, setMark } from './server-mark.ts';
import { stagedRestores } from './restore/staged-restores.ts';

/** Lanes a check assumes where no order says. */
const usualLanes = 4;

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

  timeLocks(): Promise<LockTiming> {
    return this.#attempt('time the locks', () => timeLocks(this.#endpoint, this.#databases));
  }

  check(order: Partial<CheckOrder> = {}): Promise<Finding[]> {
    const whole: CheckOrder = { lanes: usualLanes, locks: true, globals: 'none', ...order };
    return this.#attempt('check the server', () =>
      withSession(this.#endpoint, { name: 'check' }, (wire, dialect) =>
        checkBackup(wire, dialect, this.#databases, whole),
      ),
    );
  }

  checkRestore(): Promise<Finding[]> {
    return this.#attempt('check the server', () =>
      withSession(this.#endpoint, { name: 'check' }, (wire, dialect) => checkRestorer(wire, dialect)),
    );
  }

  tryInvariants(
    queries: readonly InvariantQuery[],
    limitMs: number,
    signal?: AbortSignal,
  ): Promise<TriedInvariants> {
    if (queries.length === 0) return Promise.resolve({ answers: [], findings: [] });
    return this.#attempt('ask the invariants', () =>
      withSession(this.#endpoint, { name: 'invariants' }, async (wire, dialect) => {
        const databases = await listDatabases(wire, this.#databases);
        const questioner = liveQuestioner(
          wire,
          dialect,
          databases.map(({ name }) => name),
        );
        return tryInvariants(questioner, queries, limitMs, signal);
      }),
    );
  }

  prepareBackup(order: BackupOrder): Promise<BackupSession> {
    return this.#attempt('prepare the backup', () => prepareBackup(this.#endpoint, this.#databases, order));
  }

  fit(stored: StoredShard, globals = false, lanes = 0): Promise<Finding[]> {
    return this.#attempt('see whether the set fits', () =>
      withSession(this.#endpoint, { name: 'fit' }, (wire, dialect) =>
        fitShard(wire, dialect, stored, { globals, host: this.#endpoint.host, lanes }),
      ),
    );
  }

  prepareRestore(order: RestoreOrder): Promise<RestoreSession> {
    return this.#attempt('prepare the restore', () => prepareRestore(this.#endpoint, order));
  }

  staged(): Promise<StagedRestore[]> {
    return this.#attempt('look for restores left behind', () => stagedRestores(this.#endpoint));
  }

  setMark(mark: string): Promise<HeldMark> {
    return this.#attempt('mark the server', () => setMark(this.#endpoint, mark));
  }

  seeMarks(marks: readonly string[]): Promise<string[]> {
    return this.#attempt('look for marks', () => seeMarks(this.#endpoint, marks));
  }

  claimRestores(signal: AbortSignal): Promise<ClaimOutcome> {
    return claimRestores(this.#endpoint, signal);
  }

  startScratch(): Promise<ScratchServer> {
    return Promise.reject(
      new TidemarkError({
        code: 'not-supported',
        operation: 'start a scratch server',
        subject: describeEndpoint(this.#endpoint),
        cause: 'an agent starts none of this family',
        remedy: 'Rehearse on a target: `tidemark check --rehearse --to TOPOLOGY`.',
      }),
    );
  }

  #attempt<T>(operation: string, work: () => Promise<T>): Promise<T> {
    return attempt(operation, describeEndpoint(this.#endpoint), work);
  }
}
