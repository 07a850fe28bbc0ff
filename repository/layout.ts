/**
 * Every key there is in a repository. Pure: names in, keys out.
 *
 * A name from outside (cluster, shard, database, schema, table) becomes one component of a key: bytes other than
 * `A-Z a-z 0-9 _ - .` are percent-encoded, and so is a leading dot. A result over 120 bytes is cut and given `~` and
 * a digest of the whole name; `~` stands nowhere else. The empty name (MySQL has no schemas within a database) is `_`, and a name that is
 * `_` itself is `%5F`. So different names have different keys.
 */
import { createHash } from 'node:crypto';
import { TidemarkError } from '../proto/errors.ts';

const componentBytes = 120;
const digestChars = 32;

/** One component of a key for any name. Injective, but for collisions of 128 bits of SHA-256. */
export function encodeComponent(name: string): string {
  if (name === '') return '_';
  if (name === '_') return '%5F';
  if (!name.isWellFormed()) {
    throw new TidemarkError({
      code: 'not-supported',
      operation: 'make a key from a name',
      subject: JSON.stringify(name),
      cause: 'the name is not valid Unicode',
      remedy: 'Rename the object to valid Unicode text.',
    });
  }
  const encoded = percentEncode(name);
  if (encoded.length <= componentBytes) return encoded;
  const digest = createHash('sha256').update(name, 'utf8').digest('hex').slice(0, digestChars);
  // A cut must not leave half of a %XX behind.
  const head = encoded.slice(0, componentBytes - digestChars - 1).replace(/%[0-9A-F]?$/, '');
  return `${head}~${digest}`;
}

function percentEncode(name: string): string {
  let out = '';
  for (const byte of Buffer.from(name, 'utf8')) {
    const char = String.fromCharCode(byte);
    const plain = /[A-Za-z0-9_-]/.test(char) || (char === '.' && out !== '');
    out += plain ? char : `%${byte.toString(16).toUpperCase().padStart(2, '0')}`;
  }
  return out;
}

/** Everything of one cluster lies under this prefix. */
export function clusterPrefix(cluster: string): string {
  return `${encodeComponent(cluster)}/`;
}

export function leasePrefix(cluster: string): string {
  return `${clusterPrefix(cluster)}lease/`;
}

export function leaseKey(cluster: string, number: number): string {
  return `${leasePrefix(cluster)}${number}.json`;
}

/** The number of a lease from the last component of its key; undefined when it is none. */
export function leaseNumberOf(name: string): number | undefined {
  const found = /^([1-9][0-9]{0,14})\.json$/.exec(name);
  return found === null ? undefined : Number(found[1]);
}

export function setsPrefix(cluster: string): string {
  return `${clusterPrefix(cluster)}sets/`;
}

export function setPrefix(cluster: string, set: string): string {
  return `${setsPrefix(cluster)}${encodeComponent(set)}/`;
}

export function intentKey(cluster: string, set: string): string {
  return `${setPrefix(cluster, set)}intent.json`;
}

export function cutKey(cluster: string, set: string): string {
  return `${setPrefix(cluster, set)}cut.json`;
}

export function sealKey(cluster: string, set: string): string {
  return `${setPrefix(cluster, set)}seal.json`;
}

function shardPrefix(cluster: string, set: string, shard: string): string {
  return `${setPrefix(cluster, set)}shards/${encodeComponent(shard)}/`;
}

export function manifestKey(cluster: string, set: string, shard: string): string {
  return `${shardPrefix(cluster, set, shard)}manifest.jsonl.zst`;
}

/** `fileName`: the engine's own, with its ending: `archive.dump`, `tables.sql.zst`. */
export function schemaKey(
  cluster: string,
  set: string,
  shard: string,
  database: string,
  fileName: string,
): string {
  return `${shardPrefix(cluster, set, shard)}schema/${encodeComponent(database)}/${encodeComponent(fileName)}`;
}

/** Names a table; `schema` is empty where the engine has none within a database. */
export interface TableName {
  readonly database: string;
  readonly schema: string;
  readonly name: string;
}

/** A table in messages: `shop.public.accounts`. */
export function tableText({ database, schema, name }: TableName): string {
  return [database, schema, name].filter((part) => part !== '').join('.');
}

/** `n` tells the chunk from all others of its table: digits, letters, `-` and `_`, such as `3-0`. */
export function chunkKey(
  cluster: string,
  set: string,
  shard: string,
  table: TableName,
  n: string,
  format: 'copy' | 'copy-binary' | 'tsv',
): string {
  const folder = [table.database, table.schema, table.name].map(encodeComponent).join('/');
  return `${shardPrefix(cluster, set, shard)}data/${folder}/${encodeComponent(n)}.${format}.zst`;
}

/** The `n`th object in which a lane puts small chunks, of any of the shard's tables. */
export function sharedKey(cluster: string, set: string, shard: string, lane: number, n: number): string {
  return `${shardPrefix(cluster, set, shard)}shared/${lane}-${n}.zst`;
}

/** Where coordinator and agents show each other that they see the same repository. */
export function nonceKey(cluster: string, id: string): string {
  return `${noncePrefix(cluster)}${encodeComponent(id)}`;
}

export function noncePrefix(cluster: string): string {
  return `${clusterPrefix(cluster)}nonce/`;
}

/** Under which name the samples of a rehearsal lie, for as long as it runs: among no cluster's sets. `id`: of a restore. */
export function rehearsalCluster(cluster: string, id: string): string {
  return `${cluster}.rehearsal-${id}`;
}

/** When the rehearsal began whose samples lie under this first component of a key, in ms since 1970; undefined where it is none of the cluster. */
export function rehearsalOf(cluster: string, component: string): number | undefined {
  const prefix = `${encodeComponent(cluster)}.rehearsal-r`;
  const stamp = component.startsWith(prefix) ? component.slice(prefix.length, prefix.length + 14) : '';
  const iso = stamp.replace(/^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)$/, '$1-$2-$3T$4:$5:$6Z');
  const ms = Date.parse(iso);
  return Number.isNaN(ms) ? undefined : ms;
}

export function restoreKey(
  cluster: string,
  restore: string,
  record: 'intent' | 'decision' | 'ending',
): string {
  return `${clusterPrefix(cluster)}restores/${encodeComponent(restore)}/${record}.json`;
}

/** What one target shard's agent has recorded of a restore. */
export function restoreShardKey(
  cluster: string,
  restore: string,
  shard: string,
  record: 'switched' | 'opened',
): string {
  return `${clusterPrefix(cluster)}restores/${encodeComponent(restore)}/shards/${encodeComponent(shard)}/${record}.json`;
}

export type SetType = 'full' | 'incr' | 'diff';

const setId = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z-(full|incr|diff)$/;

/** True for the id of a backup set: `20261120T083012Z-full`. */
export function isSetId(id: string): boolean {
  return setStartMs(id) !== undefined;
}

/**
 * The id of a new set: its second in UTC and its type, so that ids sort by time. When the newest set there is
 * is as late or later (a collision, a clock set back), the second after that one.
 */
export function newSetId(now: Date, type: SetType, newest: string | undefined): string {
  const newestMs = newest === undefined ? undefined : setStartMs(newest);
  const ms = Math.floor(now.getTime() / 1000) * 1000;
  const start = newestMs === undefined ? ms : Math.max(ms, newestMs + 1000);
  return `${stampOf(start)}-${type}`;
}

function stampOf(ms: number): string {
  return new Date(ms)
    .toISOString()
    .replace(/[-:]/g, '')
    .replace(/\.\d+Z$/, 'Z');
}

function setStartMs(id: string): number | undefined {
  const parts = setId.exec(id);
  if (parts === null) return undefined;
  const ms = Date.parse(`${parts[1]}-${parts[2]}-${parts[3]}T${parts[4]}:${parts[5]}:${parts[6]}Z`);
  // Date.parse takes the 30th of February for a day in March.
  return Number.isNaN(ms) || stampOf(ms) !== id.slice(0, id.indexOf('-')) ? undefined : ms;
}
