/**
 * The topology file and the agent's own file, from YAML to what the program works with.
 *
 * Both readers find every mistake of a file in one go; units, defaults and paths are settled here and nowhere else.
 */

import { dirname, resolve } from 'node:path';
import { defaultStallLimitMs } from './agent-file.ts';
import type { AgentFile, DatabaseConfig, InvariantQuery, PasswordSource, ToolPaths } from './agent-file.ts';
import type { RepositoryConfig, TransportConfig } from './connection.ts';
import {
  address,
  databaseHost,
  duration,
  durationOr,
  name,
  oneOf,
  path,
  repositoryUrl,
  sameAddress,
  size,
  text,
  variable,
  whole,
} from './scalars.ts';
import type { BarrierConfig, CopyConfig, InvariantRule, ShardAddress, Topology } from './topology.ts';
import { formatDuration } from './units.ts';
import { type Read, type Section, type Value, YamlFile } from './yaml-file.ts';

const second = 1000;
const minute = 60 * second;
const day = 24 * 60 * minute;

const barrierDefaults: BarrierConfig = {
  consistency: 'atomic',
  holdLimitMs: 100,
  deadlineMs: 30 * second,
  maxHoldPerMinuteMs: 6 * second,
  onDeadline: 'fail',
  cancelAutovacuumMs: 10 * second,
};

/** Of the deadline: what is left is enough for an autovacuum to end and for the attempts after it. */
const autovacuumShare = 1 / 3;

const copyDefaults: CopyConfig = {
  lanes: 4,
  shards: 8,
  chunkBytes: 32 * 2 ** 20,
  compressionLevel: 1,
  limitMs: day,
};

const defaultPorts = { postgres: 5432, mysql: 3306 } as const;

/**
 * Reads the operators' file.
 * @throws TidemarkError file-unreadable, or one file-invalid whose cause has a line
 *   `file:line:column: path: what is wrong` for every mistake, in the order of the file
 */
export async function readTopology(file: string): Promise<Topology> {
  const yaml = await YamlFile.open('read the topology', file);
  const root = yaml.root();
  if (root === undefined) return yaml.complete<Topology>({} as never);
  const fields = {
    path: file,
    cluster: root.required('cluster', name),
    repository: root.required('repository', repository),
    transport: transport(root, dirname(resolve(file))),
    barrier: root.optional('barrier', barrier, barrierDefaults),
    copy: root.optional('copy', copy, copyDefaults),
    invariants: root.optional('invariants', invariantRules, []),
    shards: root.required('shards', shards),
  };
  root.end();
  return yaml.complete<Topology>(fields);
}

/**
 * Reads an agent's own file.
 * @throws TidemarkError as readTopology does
 */
export async function readAgentFile(file: string): Promise<AgentFile> {
  const yaml = await YamlFile.open("read the agent's file", file);
  const folder = dirname(resolve(file));
  const root = yaml.root();
  if (root === undefined) return yaml.complete<AgentFile>({} as never);
  const database = root.required('database', databaseIn(folder));
  const fields = {
    path: file,
    shard: root.required('shard', name),
    listen: root.required('listen', address(0)),
    repository: root.required('repository', repository),
    transport: transport(root, folder),
    database,
    invariants: root.optional('invariants', invariantQueries(database?.databases), []),
    tools: root.optional('tools', toolsIn(folder), {}),
    allow: root.optional('allow', allowed, backupOnly),
  };
  root.end();
  return yaml.complete<AgentFile>(fields);
}

/** Reads a mapping by its keys and notes those that are not known. What `read` returns may lack what was wrong. */
function section<T>(read: (keys: Section) => { readonly [Key in keyof T]: T[Key] | undefined }): Read<T> {
  return (value) => {
    const keys = value.section();
    if (keys === undefined) return undefined;
    const fields = read(keys);
    keys.end();
    // Nothing is used before `complete` has seen that no mistake was noted.
    return fields as T;
  };
}

const repository = section<RepositoryConfig>((keys) => ({ url: keys.required('url', repositoryUrl) }));

function transport(root: Section, folder: string): TransportConfig | undefined {
  const word = root.value('transport');
  const tls = root.value('tls');
  if (word !== undefined && tls !== undefined)
    return tls.wrong('cannot stand beside `transport: plaintext`; leave one out');
  if (word !== undefined) return oneOf('plaintext')(word) === undefined ? undefined : { kind: 'plaintext' };
  if (tls === undefined) return { kind: 'default' };
  const read = section<Extract<TransportConfig, { kind: 'tls' }>>((keys) => ({
    kind: 'tls',
    caPath: keys.required('ca', path(folder)),
    certPath: keys.required('cert', path(folder)),
    keyPath: keys.required('key', path(folder)),
  }));
  return read(tls);
}

const barrier: Read<BarrierConfig> = section<BarrierConfig>((keys) => {
  const holdLimitMs = keys.optional('holdLimit', duration(1, minute), barrierDefaults.holdLimitMs);
  const deadlineMs = keys.optional('deadline', duration(1, day), barrierDefaults.deadlineMs);
  const budget = keys.optional('maxHoldPerMinute', duration(1, minute), barrierDefaults.maxHoldPerMinuteMs);
  if (holdLimitMs !== undefined) {
    const hold = formatDuration(holdLimitMs);
    // Said at the key that was written: the other one may be a default.
    if (deadlineMs !== undefined && holdLimitMs > deadlineMs) {
      const says = `one attempt may hold for ${hold} but the barrier ends after ${formatDuration(deadlineMs)}`;
      (keys.value('holdLimit') ?? keys.value('deadline'))?.wrong(`holdLimit is more than deadline: ${says}`);
    }
    if (budget !== undefined && holdLimitMs > budget) {
      const says = `one attempt may hold for ${hold} but all attempts of a minute only for ${formatDuration(budget)}`;
      (keys.value('holdLimit') ?? keys.value('maxHoldPerMinute'))?.wrong(
        `holdLimit is more than maxHoldPerMinute: ${says}`,
      );
    }
  }
  return {
    consistency: keys.optional('consistency', oneOf('atomic', 'simultaneous'), barrierDefaults.consistency),
    holdLimitMs,
    deadlineMs,
    maxHoldPerMinuteMs: budget,
    onDeadline: keys.optional('onDeadline', oneOf('fail', 'simultaneous'), barrierDefaults.onDeadline),
    ...cancelAutovacuum(keys, deadlineMs),
  };
});

/** `never`, `immediately`, or how long to wait before it is done. */
function cancelAutovacuum(
  keys: Section,
  deadlineMs: number | undefined,
): { readonly cancelAutovacuumMs?: number } {
  const value = keys.value('cancelAutovacuum');
  if (value === undefined) {
    const usualMs = barrierDefaults.cancelAutovacuumMs ?? 0;
    return { cancelAutovacuumMs: Math.min(usualMs, (deadlineMs ?? usualMs) * autovacuumShare) };
  }
  const afterMs = durationOr('never', 'immediately')(1, day)(value);
  if (afterMs === undefined || afterMs === 'never') return {};
  if (afterMs === 'immediately') return { cancelAutovacuumMs: 0 };
  if (deadlineMs !== undefined && afterMs >= deadlineMs) {
    const says = `the barrier ends after ${formatDuration(deadlineMs)}, before it would cancel anything`;
    value.wrong(`must be less than deadline: ${says}; write \`never\` if that is meant`);
  }
  return { cancelAutovacuumMs: afterMs };
}

const copy = section<CopyConfig>((keys) => ({
  lanes: keys.optional('lanes', whole(1, 64), copyDefaults.lanes),
  shards: keys.optional('shards', whole(1, 4096), copyDefaults.shards),
  chunkBytes: keys.optional('chunk', size(8 * 2 ** 10, 4 * 2 ** 30), copyDefaults.chunkBytes),
  compressionLevel: keys.optional('compression', whole(1, 19), copyDefaults.compressionLevel),
  limitMs: keys.optional('limit', duration(second, 30 * day), copyDefaults.limitMs),
}));

const invariantRules: Read<InvariantRule[]> = (value) => {
  const taken = distinct('invariant');
  return value.list(
    section<InvariantRule>((keys) => ({
      name: keys.required('name', taken(name)),
      across: keys.required('across', oneOf('sum', 'equal', 'each')),
    })),
  );
};

const shards: Read<ShardAddress[]> = (value) => {
  const taken = distinct('shard');
  const addresses: { readonly written: string; readonly path: string }[] = [];
  const ownAddress: Read<string> = (item) => {
    const written = address(1)(item);
    if (written === undefined) return undefined;
    const other = addresses.find((each) => sameAddress(each.written, written));
    if (other !== undefined)
      return item.wrong(`\`${written}\` is also the agent of ${other.path}; every shard has its own`);
    addresses.push({ written, path: item.path.replace(/\.agent$/, '') });
    return written;
  };
  const found = value.list(
    section<ShardAddress>((keys) => ({
      name: keys.required('name', taken(name)),
      agent: keys.required('agent', ownAddress),
    })),
  );
  return value.isEmptyList() ? value.wrong('must have at least one shard') : found;
};

/**
 * Refuses a second value that differs from an earlier one at most in case: names become keys in a repository, and
 * some file systems take `A` and `a` for the same.
 */
function distinct(what: string): (read: Read<string>) => Read<string> {
  const seen = new Map<string, { readonly written: string; readonly path: string }>();
  return (read) => (value: Value) => {
    const written = read(value);
    if (written === undefined) return undefined;
    const earlier = seen.get(written.toLowerCase());
    if (earlier === undefined) {
      seen.set(written.toLowerCase(), { written, path: value.path });
      return written;
    }
    const difference = earlier.written === written ? '' : ` and differs only in case`;
    return value.wrong(`another ${what} has the name \`${earlier.written}\`${difference} (${earlier.path})`);
  };
}

function databaseIn(folder: string): Read<DatabaseConfig> {
  return section<DatabaseConfig>((keys) => {
    const engine = keys.required('engine', oneOf('postgres', 'mysql'));
    return {
      engine,
      host: keys.required('host', databaseHost),
      port: keys.optional('port', whole(1, 65_535), defaultPorts[engine ?? 'postgres']),
      user: keys.required('user', text),
      password: keys.optional('password', passwordIn(folder), { kind: 'none' }),
      databases: keys.optional<readonly string[] | undefined>('databases', databases, undefined),
      stallLimitMs: keys.optional('stallLimit', duration(second, day), defaultStallLimitMs),
    };
  });
}

function passwordIn(folder: string): Read<PasswordSource> {
  return (value) => {
    // A message must not repeat what may be a password.
    if (value.scalar() !== undefined) {
      return value.wrong(
        'must be {env: NAME} or {file: PATH}; the password itself does not belong in this file',
      );
    }
    const keys = value.section();
    if (keys === undefined) return undefined;
    const env = keys.value('env');
    const file = keys.value('file');
    keys.end();
    if ((env === undefined) === (file === undefined))
      return value.wrong('must be either {env: NAME} or {file: PATH}');
    const named = env === undefined ? undefined : variable(env);
    const filed = file === undefined ? undefined : path(folder)(file);
    if (named !== undefined) return { kind: 'env', name: named };
    return filed === undefined ? undefined : { kind: 'file', path: filed };
  };
}

const databases: Read<string[]> = (value) => {
  const seen = new Set<string>();
  const found = value.list((item) => {
    const written = text(item);
    if (written === undefined) return undefined;
    if (seen.has(written)) return item.wrong(`\`${written}\` stands here twice`);
    seen.add(written);
    return written;
  });
  return value.isEmptyList()
    ? value.wrong('must name at least one database; leave it out for all of them')
    : found;
};

function invariantQueries(known: readonly string[] | undefined): Read<InvariantQuery[]> {
  return (value) => {
    const taken = distinct('invariant');
    const database: Read<string> = (item) => {
      const written = text(item);
      if (written === undefined || known === undefined || known.includes(written)) return written;
      return item.wrong(`\`${written}\` is not among database.databases`);
    };
    return value.list(
      section<InvariantQuery>((keys) => ({
        name: keys.required('name', taken(name)),
        database: keys.required('database', database),
        sql: keys.required('sql', text),
      })),
    );
  };
}

function toolsIn(folder: string): Read<ToolPaths> {
  return (value) => {
    const keys = value.section();
    if (keys === undefined) return undefined;
    const pgDump = keys.optional('pgDump', path(folder), undefined);
    const pgDumpall = keys.optional('pgDumpall', path(folder), undefined);
    const pgRestore = keys.optional('pgRestore', path(folder), undefined);
    const serverPrograms = keys.optional('serverPrograms', path(folder), undefined);
    keys.end();
    return {
      ...(pgDump !== undefined && { pgDump }),
      ...(pgDumpall !== undefined && { pgDumpall }),
      ...(pgRestore !== undefined && { pgRestore }),
      ...(serverPrograms !== undefined && { serverPrograms }),
    };
  };
}

/** Without a word in its file an agent never replaces what is on its server. */
const backupOnly: AgentFile['allow'] = ['backup'];

const allowed: Read<AgentFile['allow']> = (value) => {
  if (value.scalar() === null) return backupOnly;
  const found = value.list(oneOf('backup', 'restore'));
  if (value.isEmptyList()) return value.wrong('must allow backup or restore; leave it out for backup only');
  return found === undefined ? undefined : [...new Set(found)];
};
