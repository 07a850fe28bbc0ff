/** Servers as they come, with their default durability, and clusters of them with one agent each. */
import {
  startNewestMariadb,
  startNewestMysql,
  startNewestPostgres,
  newestPostgresTools,
} from '../servers/newest.ts';
import type { TestServer } from '../servers/server.ts';
import { Cluster } from '../cluster/cluster.ts';
import { type CommandResult, describeResult } from '../cluster/command.ts';
import { benchDatabase } from './data/shop.ts';
import type { Participants } from './measure/meter.ts';

export type Family = 'postgresql' | 'mariadb' | 'mysql';
export const families: readonly Family[] = ['postgresql', 'mariadb', 'mysql'];

/** `tidemark check` asks for the first where there are thousands of tables. */
const tableCaches = {
  'table-open-cache': '9000',
  'table-definition-cache': '16000',
  'open-files-limit': '19000',
};

/** What a server writes is durable as its makers ship it; memory is what an operator would give it here. */
const starts: Readonly<Record<Family, (large: boolean) => Promise<TestServer>>> = {
  postgresql: () =>
    startNewestPostgres({
      settings: {
        fsync: 'on',
        shared_buffers: '256MB',
        max_wal_size: '1GB',
        max_locks_per_transaction: '256',
      },
    }),
  mariadb: (large) =>
    startNewestMariadb({
      settings: {
        'innodb-flush-log-at-trx-commit': '1',
        'sync-binlog': '0',
        'innodb-buffer-pool-size': '512M',
        'innodb-log-file-size': large ? '2560M' : '512M',
        'max-allowed-packet': '1G',
        ...tableCaches,
      },
    }),
  mysql: (large) =>
    startNewestMysql({
      settings: {
        'innodb-flush-log-at-trx-commit': '1',
        'sync-binlog': '1',
        'innodb-buffer-pool-size': '512M',
        'innodb-redo-log-capacity': large ? '2560M' : '512M',
        'max-allowed-packet': '1G',
        ...tableCaches,
        'local-infile': 'ON',
      },
    }),
};

export interface BenchClusterOptions {
  readonly purpose: 'source' | 'target';
  /** One server for each. */
  readonly shards: readonly Family[];
  readonly lanes: number;
  readonly repository?: string;
  readonly databases?: readonly string[];
  readonly barrier?: Readonly<Record<string, string>>;
  /** With room for values of hundreds of MiB. */
  readonly large?: boolean;
  /** Log each step of the programs into the cluster's step log, which costs them some time. */
  readonly steps?: boolean;
}

export async function startBenchCluster(options: BenchClusterOptions): Promise<Cluster> {
  const { purpose, shards, lanes, repository, barrier, databases = [benchDatabase] } = options;
  return Cluster.start({
    name: 'bench',
    purpose,
    databases,
    servers: shards.map((family) => () => starts[family](options.large ?? false)),
    tools: { ...(await newestPostgresTools()) },
    copy: { lanes },
    ...(repository === undefined ? {} : { repository }),
    ...(barrier === undefined ? {} : { barrier }),
    steps: options.steps ?? false,
  });
}

export function serversOf(cluster: Cluster): TestServer[] {
  return cluster.shards.map(({ server }) => server);
}

/** The agents of the cluster and the servers of all given. */
export function participantsOf(cluster: Cluster, ...others: readonly Cluster[]): Participants {
  return {
    tools: cluster.shards.map(({ agent }) => agent.pid),
    servers: [cluster, ...others].flatMap((each) => serversOf(each).map(({ pid }) => pid)),
  };
}

/** The command's document. Throws with what it said when it failed. */
export async function tidemark(cluster: Cluster, ...args: string[]): Promise<Record<string, unknown>> {
  const result: CommandResult = await cluster.tidemark(...args, '--json');
  if (result.exitCode !== 0 || result.json === undefined)
    throw new Error(`tidemark ${args.join(' ')} failed: ${describeResult(result)}`);
  return result.json;
}
