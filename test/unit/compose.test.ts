/**
 * docker-compose.yml and the Dockerfile against the project they are made from.
 *
 * They cannot be run everywhere, so every path, command, port, account and variable in them is looked up where it is
 * defined: in the tree, in package.json, in the example files as the real parser reads them, and in the programs' help.
 */

import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, statSync } from 'node:fs';
import { join, posix } from 'node:path';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { z } from 'zod';
import type { AgentFile } from '../../topology/agent-file.ts';
import { readAgentFile, readTopology } from '../../topology/parse.ts';

const root = join(import.meta.dirname, '..', '..');
const source = (path: string): string => readFileSync(join(root, path), 'utf8');

const serviceShape = z.strictObject({
  build: z.string().optional(),
  image: z.string(),
  command: z.array(z.string()),
  environment: z.record(z.string(), z.string()).default({}),
  healthcheck: z
    .strictObject({ test: z.array(z.string()), interval: z.string(), retries: z.number() })
    .optional(),
  depends_on: z.record(z.string(), z.strictObject({ condition: z.literal('service_healthy') })).default({}),
  volumes: z.array(z.string()),
  profiles: z.array(z.string()).optional(),
  init: z.boolean().optional(),
  restart: z.string().optional(),
});
type Service = z.infer<typeof serviceShape>;

const composeText = source('docker-compose.yml');
const compose = z
  .looseObject({ services: z.record(z.string(), serviceShape), volumes: z.record(z.string(), z.null()) })
  .parse(parse(composeText, { merge: true }));
const services = Object.entries(compose.services);
const ours = services.filter(([, service]) => service.build !== undefined);
const agents = ours.filter(([, service]) => service.command[0] === 'tidemark-agent');
const databases = services.filter(([, service]) => service.build === undefined);
const coordinator = compose.services['coordinator'] as Service;

const bins = z
  .object({ bin: z.record(z.string(), z.string()), engines: z.object({ node: z.string() }) })
  .parse(JSON.parse(source('package.json')));

interface Mount {
  readonly from: string;
  readonly to: string;
  readonly mode: string | undefined;
}

function mounts(service: Service): Mount[] {
  return service.volumes.map((volume) => {
    const [from = '', to = '', mode] = volume.split(':');
    return { from, to, mode };
  });
}

const isBind = ({ from }: Mount): boolean => from.startsWith('.');

/** The file of this tree that a container sees under `path`. */
function mountedFrom(service: Service, path: string): string {
  const mount = mounts(service).find(({ to }) => to === path);
  expect(mount, `${path} is mounted`).toBeDefined();
  return posix.normalize(mount?.from ?? '');
}

function agentFile(service: Service): Promise<AgentFile> {
  expect(service.command[1]).toBe('--config');
  return readAgentFile(join(root, mountedFrom(service, service.command[2] ?? '')));
}

const topology = () =>
  readTopology(join(root, mountedFrom(coordinator, coordinator.environment['TIDEMARK_TOPOLOGY'] ?? '')));

interface Instruction {
  readonly word: string;
  readonly rest: string;
}

const instructions: Instruction[] = source('Dockerfile')
  .split('\n')
  .filter((line) => !/^\s*#/.test(line))
  .join('\n')
  .replaceAll(/\\\n/g, ' ')
  .split('\n')
  .filter((line) => line.trim() !== '')
  .map((line) => ({ word: line.split(' ', 1)[0] ?? '', rest: line.slice(line.indexOf(' ') + 1).trim() }));

const instruction = (word: string): string[] =>
  instructions.filter((each) => each.word === word).map(({ rest }) => rest);

describe('docker-compose.yml', () => {
  test('has two PostgreSQL and two MySQL shards, an agent beside each, and a coordinator', () => {
    const images = databases.map(([, { image }]) => image.replace(/:.*/, '')).toSorted();
    expect(images).toEqual(['mysql', 'mysql', 'postgres', 'postgres']);
    expect(agents.map(([name]) => name).toSorted()).toEqual(
      databases.map(([name]) => `agent-${name}`).toSorted(),
    );
    expect(ours).toHaveLength(agents.length + 1);
  });

  test.each(services)('%s mounts only what exists', (_, service) => {
    for (const mount of mounts(service)) {
      if (isBind(mount)) {
        expect(existsSync(join(root, mount.from)), mount.from).toBe(true);
        expect(mount.mode).toBe('ro');
      } else {
        expect(Object.keys(compose.volumes)).toContain(mount.from);
      }
    }
  });

  test('declares no volume that nobody mounts, and shares only the repository', () => {
    const named = services.flatMap(([, service]) => mounts(service).filter((mount) => !isBind(mount)));
    for (const volume of Object.keys(compose.volumes)) {
      const users = named.filter(({ from }) => from === volume);
      expect(users, volume).toHaveLength(volume === 'repository' ? ours.length : 1);
    }
  });

  test.each(services)('%s waits only for services that say when they are ready', (_, service) => {
    for (const name of Object.keys(service.depends_on)) {
      expect(compose.services[name]?.healthcheck, name).toBeDefined();
    }
  });

  test.each(ours)('%s is built from this folder and runs a command of package.json', (_, service) => {
    expect(existsSync(join(root, service.build ?? '', 'Dockerfile'))).toBe(true);
    expect(service.image).toBe(`tidemark:${JSON.parse(source('package.json')).version}`);
    expect(Object.keys(bins.bin)).toContain(service.command[0]);
  });

  test('needs no variable that is not set', () => {
    const variables = [...composeText.matchAll(/(?<!\$)\$\{?([A-Za-z_]\w*)(:-[^}]*)?/g)].filter(
      ([, name]) => !composeText.includes(`$$${name}`),
    );
    expect(variables.length).toBeGreaterThan(0);
    for (const [written, , otherwise] of variables) expect(otherwise, written).toMatch(/^:-./);
  });

  test('a variable that a container expands is one of its own', () => {
    for (const [name, service] of services) {
      for (const [, variable] of JSON.stringify(service).matchAll(/\$\$(\w+)/g)) {
        expect(Object.keys(service.environment), name).toContain(variable);
      }
    }
  });
});

describe.each(agents)('%s', (agentName, service) => {
  const shardName = agentName.replace(/^agent-/, '');
  const database = compose.services[shardName] as Service;

  test('has a file of its own that the agent accepts', async () => {
    expect((await agentFile(service)).shard).toBe(shardName);
  });

  test('reaches its database', async () => {
    const { database: config } = await agentFile(service);
    expect(config.host).toBe(shardName);
    expect(Object.keys(service.depends_on)).toEqual([shardName]);
    expect(database.image.split(':')[0]).toBe(config.engine);
    // Nothing in the compose file moves the servers from their own ports.
    expect(config.port).toBe(config.engine === 'postgres' ? 5432 : 3306);
    expect(database.command.join(' ')).not.toMatch(/\bport\b/);
  });

  test('has an account that the image makes', async () => {
    const { database: config } = await agentFile(service);
    const env = database.environment;
    expect(config.user).toBe(config.engine === 'postgres' ? env['POSTGRES_USER'] : 'root');
    expect(config.databases).toEqual([env['POSTGRES_DB'] ?? env['MYSQL_DATABASE']]);
    if (config.password.kind !== 'env') throw new Error('the password comes from the environment');
    expect(service.environment[config.password.name]).toBe(
      env['POSTGRES_PASSWORD'] ?? env['MYSQL_ROOT_PASSWORD'],
    );
  });

  test('writes into the shared repository', async () => {
    const { repository } = await agentFile(service);
    expect(repository.url).toBe((await topology()).repository.url);
    expect(mountedFrom(service, new URL(repository.url).pathname)).toBe('repository');
  });

  test('is found where the topology says, over a transport both sides name', async () => {
    const { listen, transport } = await agentFile(service);
    const { shards, transport: theirs } = await topology();
    const port = listen.slice(listen.lastIndexOf(':') + 1);
    // A name of another container is not loopback, so it must not listen there only.
    expect(listen).toBe(`0.0.0.0:${port}`);
    expect(shards.find(({ name }) => name === shardName)?.agent).toBe(`${agentName}:${port}`);
    expect(transport).toEqual({ kind: 'plaintext' });
    expect(theirs).toEqual(transport);
    expect(instruction('EXPOSE')).toEqual([port]);
    expect(service.healthcheck?.test.join(' ')).toContain(`/127.0.0.1/${port}`);
  });

  test('asks the invariants of the topology, of tables that the example makes', async () => {
    const { invariants, database: config } = await agentFile(service);
    expect(invariants.map(({ name }) => name)).toEqual((await topology()).invariants.map(({ name }) => name));
    const init = mounts(database).find(({ to }) => to.startsWith('/docker-entrypoint-initdb.d/'));
    const table = /FROM (?:public|shop)\.(\w+)/.exec(invariants[0]?.sql ?? '')?.[1];
    expect(table).toBeDefined();
    expect(source(init?.from ?? '')).toContain(`CREATE TABLE ${table}`);
    expect(invariants.map((each) => each.database)).toEqual(config.databases);
  });

  test('has PostgreSQL tools that are not older than its server', async () => {
    const { tools, database: config } = await agentFile(service);
    if (config.engine !== 'postgres') {
      expect(tools).toEqual({});
      return;
    }
    const client = /^POSTGRES_CLIENT=(\d+)$/.exec(instruction('ARG')[0] ?? '')?.[1];
    expect(Number(client)).toBeGreaterThanOrEqual(Number(database.image.split(':')[1]));
    expect(tools).toEqual({
      pgDump: `/usr/lib/postgresql/${client}/bin/pg_dump`,
      pgRestore: `/usr/lib/postgresql/${client}/bin/pg_restore`,
    });
  });
});

describe('the coordinator', () => {
  test('has a topology that names every shard, and sees the repository', async () => {
    const { shards, repository } = await topology();
    expect(shards.map(({ name }) => name).toSorted()).toEqual(databases.map(([name]) => name).toSorted());
    expect(mountedFrom(coordinator, new URL(repository.url).pathname)).toBe('repository');
    expect(Object.keys(coordinator.depends_on).toSorted()).toEqual(agents.map(([name]) => name).toSorted());
  });

  test('and agents have the commands and options that the file uses', () => {
    const help = (bin: string): string =>
      execFileSync(process.execPath, [join(root, bins.bin[bin] ?? ''), '--help'], { encoding: 'utf8' });
    const used = new Set([...composeText.matchAll(/ tidemark ([a-z]+)/g)].map(([, command]) => command));
    used.add(coordinator.command[1]);
    expect(used.size).toBeGreaterThan(4);
    const tidemarkHelp = help('tidemark');
    for (const command of used) expect(tidemarkHelp).toMatch(new RegExp(`^  ${command}\\b`, 'm'));
    expect(help('tidemark-agent')).toContain('--config');
  });

  test('runs under a name that the comments use', () => {
    for (const [, name] of composeText.matchAll(/docker compose (?:run --rm|exec) (\S+)/g)) {
      expect(Object.keys(compose.services)).toContain(name);
    }
  });
});

describe('the Dockerfile', () => {
  const copies = instruction('COPY').map((rest) => rest.split(' '));
  const copied = copies.flatMap((words) => words.slice(0, -1));
  const ignored = source('.dockerignore').split('\n').filter(Boolean);

  test('has instructions that are known here', () => {
    const known = ['FROM', 'ARG', 'RUN', 'WORKDIR', 'COPY', 'USER', 'EXPOSE', 'CMD'];
    for (const { word } of instructions) expect(known).toContain(word);
  });

  test('copies only what exists and is not ignored', () => {
    for (const path of copied) {
      expect(existsSync(join(root, path)), path).toBe(true);
      expect(ignored).not.toContain(path.split('/')[0]);
    }
    const generated = ['.git', '.cache', 'node_modules'];
    for (const path of ignored)
      expect(existsSync(join(root, path)) || generated.includes(path), path).toBe(true);
  });

  test('copies every folder that the programs import', () => {
    const folders = copied.filter((path) => statSync(join(root, path)).isDirectory());
    expect(folders.toSorted()).toEqual(['coordinator', 'proto', 'repository', 'shard-agent', 'topology']);
    expect(copied).toContain('package-lock.json');
    expect(copied).toContain('.npmrc');
  });

  test('puts each folder under its own name', () => {
    for (const [from, to] of copies.filter((words) => words.length === 2)) expect(to).toBe(`./${from}`);
  });

  test('links every command of package.json', () => {
    const workdir = instruction('WORKDIR')[0];
    const run = instruction('RUN').join('\n');
    for (const [name, path] of Object.entries(bins.bin)) {
      expect(run).toContain(`ln -s ${workdir}/${path} /usr/local/bin/${name}`);
    }
    expect(Object.keys(bins.bin)).toContain((JSON.parse(instruction('CMD')[0] ?? '[]') as string[])[0]);
  });

  test('is based on a Node that package.json accepts', () => {
    const major = /^node:(\d+)-/.exec(instruction('FROM')[0] ?? '')?.[1];
    expect(Number(major)).toBeGreaterThanOrEqual(Number(/^>=(\d+)$/.exec(bins.engines.node)?.[1]));
  });

  test('lets its user write to a new repository volume', async () => {
    const user = instruction('USER')[0];
    const folder = new URL((await topology()).repository.url).pathname;
    expect(instruction('RUN').join('\n')).toContain(`mkdir -p ${folder} && chown ${user}:${user} ${folder}`);
  });
});
