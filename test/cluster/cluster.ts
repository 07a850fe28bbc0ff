/** A whole cluster on this machine: database servers, an agent process beside each, both files, a repository. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import path from 'node:path';
import { stringify } from 'yaml';
import type { BankServer } from '../bank/plan.ts';
import { expectNothingLeft } from '../servers/leftovers.ts';
import { startMariadb } from '../servers/mariadb.ts';
import { startPostgres } from '../servers/postgres.ts';
import { freePort, newFolder } from '../servers/run-folder.ts';
import type { TestServer } from '../servers/server.ts';
import { AgentProcess } from './agent-process.ts';
import { type CommandResult, RunningCommand, type RunOptions } from './command.ts';
import { agentPassword, agentUser, createAgentUser } from './database-user.ts';
import { hookArguments } from './steps.ts';

export interface ClusterOptions {
  /** How many of this machine's own servers. Default 0. */
  readonly postgres?: number;
  readonly mariadb?: number;
  /** More servers, each started when the cluster is; they follow those counted above. */
  readonly servers?: readonly (() => Promise<TestServer>)[];
  /** The agent file's `tools` on PostgreSQL shards: programs beside those of this machine. */
  readonly tools?: Readonly<Record<string, string>>;
  /** source: agents may back up. target: agents may restore. */
  readonly purpose: 'source' | 'target';
  /** Default `bank`. */
  readonly name?: string;
  /** Another cluster's repository folder; else one of its own. */
  readonly repository?: string;
  /** Databases the agents are for. Default `bank`. */
  readonly databases?: readonly string[];
  /** Sections of the topology file, as they stand there. */
  readonly barrier?: Readonly<Record<string, string>>;
  readonly copy?: Readonly<Record<string, string | number>>;
  /** One sum over all shards, as SQL that is asked in the first of the databases. */
  readonly money?: Readonly<Record<TestServer['engine'], string>>;
  /** The agent files' `database.stallLimit`. */
  readonly stallLimit?: string;
  /** False: no step of the programs is logged, or can be stopped at. Default true. */
  readonly steps?: boolean;
  /** Server settings per engine. */
  readonly settings?: {
    readonly postgres?: Record<string, string>;
    readonly mariadb?: Record<string, string>;
  };
}

export interface ClusterShard {
  readonly name: string;
  readonly server: TestServer;
  readonly agent: AgentProcess;
}

export class Cluster {
  readonly name: string;
  readonly shards: readonly ClusterShard[];
  readonly folder: string;
  readonly repository: string;
  readonly topologyPath: string;
  /** Every step reached by this cluster's agents and its commands. */
  readonly stepLog: string;
  readonly #options: ClusterOptions;

  private constructor(options: ClusterOptions, folder: string, shards: readonly ClusterShard[]) {
    this.#options = options;
    this.name = options.name ?? 'bank';
    this.shards = shards;
    this.folder = folder;
    this.repository = repositoryOf(options, folder);
    this.topologyPath = path.join(folder, 'topology.yaml');
    this.stepLog = stepLogOf(folder);
  }

  /** Servers named shard-0, shard-1, …, PostgreSQL first; all agents serve when it resolves. */
  static async start(options: ClusterOptions): Promise<Cluster> {
    const folder = newFolder(options.purpose);
    mkdirSync(repositoryOf(options, folder), { recursive: true });
    const starts = [
      ...Array.from({ length: options.postgres ?? 0 }, () => () => startServer('postgres', options)),
      ...Array.from({ length: options.mariadb ?? 0 }, () => () => startServer('mariadb', options)),
      ...(options.servers ?? []),
    ];
    const servers = await Promise.all(starts.map((start) => start()));
    const shards = await Promise.all(
      servers.map(async (server, index) => {
        await createAgentUser(server, options.purpose === 'source' ? 'backup' : 'restore');
        return shardOf(server, `shard-${index}`, options, folder);
      }),
    );
    const cluster = new Cluster(options, folder, shards);
    cluster.writeTopology();
    await Promise.all(shards.map((shard) => shard.agent.start(cluster.agentRun())));
    return cluster;
  }

  /** Writes topology.yaml again, with other settings of the barrier or the copy, or fewer shards, where given. */
  writeTopology(
    barrier: Readonly<Record<string, string>> = this.#options.barrier ?? {},
    copy: Readonly<Record<string, string | number>> | undefined = this.#options.copy,
    shards: readonly ClusterShard[] = this.shards,
  ): void {
    const document = {
      cluster: this.name,
      repository: { url: `file://${this.repository}` },
      ...(Object.keys(barrier).length === 0 ? {} : { barrier }),
      ...(copy === undefined ? {} : { copy }),
      ...(this.#options.money === undefined ? {} : { invariants: [{ name: 'money', across: 'sum' }] }),
      shards: shards.map((shard) => ({ name: shard.name, agent: shard.agent.address })),
    };
    writeFileSync(this.topologyPath, stringify(document));
  }

  /** How an agent or a command of this cluster runs: with the step hook, and the environment of a step where given. */
  agentRun(environment: Readonly<Record<string, string>> = {}): RunOptions {
    if (this.#options.steps === false) return { environment };
    return {
      nodeArguments: hookArguments,
      environment: { TIDEMARK_TEST_STEP_LOG: this.stepLog, ...environment },
    };
  }

  /** Runs `tidemark` with these arguments against this cluster's topology, and resolves when it has ended. */
  tidemark(...args: string[]): Promise<CommandResult> {
    return this.begin(args).result;
  }

  /** Starts `tidemark` and resolves at once. */
  begin(
    args: readonly string[],
    environment: Readonly<Record<string, string>> = {},
    options: Pick<RunOptions, 'outputTo'> = {},
  ): RunningCommand {
    const own = { TIDEMARK_TOPOLOGY: this.topologyPath, ...environment };
    return new RunningCommand('coordinator/cli.ts', args, { ...this.agentRun(own), ...options });
  }

  /** The servers in the bank's words, in the order of the shards. */
  bankServers(): BankServer[] {
    return this.shards.map(({ name, server }) => ({
      name,
      engine: server.engine,
      host: server.host,
      port: server.port,
      user: server.user,
      password: server.password,
    }));
  }

  /** Every database on every shard that is not the server's own. */
  async databases(): Promise<string[]> {
    const lists = await Promise.all(
      this.shards.map(async ({ name, server }) => {
        const rows = await server.run(
          server.engine === 'postgres'
            ? `SELECT datname AS name FROM pg_database WHERE datname NOT IN ('postgres', 'template0', 'template1')`
            : `SELECT schema_name AS name FROM information_schema.schemata
               WHERE schema_name NOT IN ('mysql', 'information_schema', 'performance_schema', 'sys')`,
        );
        return rows.map((row) => `${name}: ${String(row['name'])}`);
      }),
    );
    return lists.flat().sort();
  }

  /** Drops every database that is not the servers' own: targets are empty again. */
  async dropDatabases(): Promise<void> {
    for (const entry of await this.databases()) {
      const [shard = '', name = ''] = entry.split(': ');
      const server = this.shard(shard).server;
      await server.run(
        server.engine === 'postgres' ? `DROP DATABASE "${name}" WITH (FORCE)` : `DROP DATABASE \`${name}\``,
      );
    }
  }

  shard(name: string): ClusterShard {
    const found = this.shards.find((shard) => shard.name === name);
    if (found === undefined) throw new Error(`this cluster has no shard ${name}`);
    return found;
  }

  /** Throws when an agent's sessions or locks, or prepared transactions, stand on any server. */
  async expectNothingLeft(): Promise<void> {
    for (const { server } of this.shards) await expectNothingLeft(server, agentUser);
  }

  /** Stops agents, then servers, and removes everything. Agents that do not leave in good order make it throw. */
  async stop(): Promise<void> {
    const agents = await Promise.allSettled(this.shards.map((shard) => shard.agent.stop()));
    await Promise.all(this.shards.map((shard) => shard.server.stop()));
    // Now, for the many sets of a long test take longer than a process is given to leave.
    await rm(this.folder, { recursive: true, force: true });
    const failed = agents.find((outcome) => outcome.status === 'rejected');
    if (failed !== undefined) throw failed.reason;
  }
}

function repositoryOf(options: ClusterOptions, folder: string): string {
  return options.repository ?? path.join(folder, 'repository');
}

function stepLogOf(folder: string): string {
  return path.join(folder, 'steps.log');
}

function startServer(engine: 'postgres' | 'mariadb', options: ClusterOptions): Promise<TestServer> {
  const settings = options.settings?.[engine] ?? {};
  return engine === 'postgres' ? startPostgres({ settings }) : startMariadb({ settings });
}

/** Writes the agent's file; the agent itself is not started. */
async function shardOf(
  server: TestServer,
  name: string,
  options: ClusterOptions,
  folder: string,
): Promise<ClusterShard> {
  const address = `127.0.0.1:${await freePort()}`;
  const configPath = path.join(folder, `${name}.yaml`);
  writeAgentFile(configPath, {
    shard: name,
    address,
    repository: repositoryOf(options, folder),
    server: { engine: server.engine, host: server.host, port: server.port },
    databases: options.databases ?? ['bank'],
    money: options.money?.[server.engine],
    ...(options.tools === undefined ? {} : { tools: options.tools }),
    ...(options.stallLimit === undefined ? {} : { stallLimit: options.stallLimit }),
    allow: options.purpose === 'source' ? ['backup'] : ['restore'],
  });
  return { name, server, agent: new AgentProcess(name, address, configPath) };
}

export interface AgentFileContent {
  readonly shard: string;
  readonly address: string;
  readonly repository: string;
  readonly server: { readonly engine: 'postgres' | 'mysql'; readonly host: string; readonly port: number };
  readonly databases: readonly string[];
  readonly money: string | undefined;
  readonly tools?: Readonly<Record<string, string>>;
  readonly stallLimit?: string;
  readonly allow: readonly ('backup' | 'restore')[];
}

/** Writes an agent.yaml, and the file with its password beside it. */
export function writeAgentFile(file: string, content: AgentFileContent): void {
  const passwordFile = `${file}.password`;
  writeFileSync(passwordFile, `${agentPassword}\n`, { mode: 0o600 });
  const [database] = content.databases;
  const invariants =
    content.money === undefined ? {} : { invariants: [{ name: 'money', database, sql: content.money }] };
  const document = {
    shard: content.shard,
    listen: content.address,
    repository: { url: `file://${content.repository}` },
    database: {
      ...content.server,
      user: agentUser,
      password: { file: passwordFile },
      databases: content.databases,
      ...(content.stallLimit === undefined ? {} : { stallLimit: content.stallLimit }),
    },
    ...invariants,
    ...(content.tools === undefined || content.server.engine !== 'postgres' ? {} : { tools: content.tools }),
    allow: content.allow,
  };
  writeFileSync(file, stringify(document));
}
