/** Verification by the coordinator alone: every object a set names is hashed, none is decoded. No agent is needed. */
import { setMaxListeners } from 'node:events';
import PQueue from 'p-queue';
import { TidemarkError, asTidemarkError } from '../../proto/errors.ts';
import { cutKey, intentKey, sealKey, setPrefix, tableText } from '../../repository/layout.ts';
import type { ChunkLine, ManifestRef, ObjectRef, SchemaLine } from '../../repository/manifest-entries.ts';
import { readManifest } from '../../repository/manifest.ts';
import { hashObject } from '../../repository/object-check.ts';
import type { ObjectStore } from '../../repository/object-store.ts';
import { readAhead, type PieceSource } from '../../repository/read-ahead.ts';
import type { SealBody } from '../../repository/seal.ts';
import { sumsDifference } from '../../repository/sums.ts';
import type { Run } from '../run.ts';
import { compareFolder } from './shard-folder.ts';

/** An object that is not what the set says. */
export interface BadObject {
  readonly object: string;
  readonly cause: string;
}

export interface ObjectsReport {
  /** At most 10,000 of each; the rest is counted. */
  readonly bad: readonly BadObject[];
  /** Keys in the set's folder that nothing names. */
  readonly unnamed: readonly string[];
  /** Bad and unnamed objects beyond those. */
  readonly more: number;
  readonly objects: number;
  readonly bytes: number;
}

/** Objects hashed side by side: enough to keep a few disks and both cores busy. */
const hashedAtOnce = 4;
/** Whoever has lost more than so many objects knows enough, and the memory stays bounded. */
const toldAtMost = 10_000;
/** Objects that wait for their turn; keeps a manifest of any length out of memory. */
const waitingAtMost = 32;

/**
 * Hashes everything the seal reaches: intent, cut, manifests, every object of every manifest, and compares the folders
 * with the manifests. Goes on after a bad object and reports all. Throws only what is no finding: the repository
 * failed, or the run was interrupted.
 */
export async function verifyObjects(run: Run, seal: SealBody): Promise<ObjectsReport> {
  setMaxListeners(0, run.signal);
  const verification = new Verification(run, seal);
  await verification.evidence();
  for (const shard of seal.shards) {
    await verification.shard(shard.name, shard.manifest);
    run.progress.done(shard.name);
  }
  await verification.strangers();
  return verification.report();
}

/** What is wrong with an object, and whose rows are hit. */
interface Blame {
  readonly cause: string;
  /** Bounded by the catalogue. The empty one is no table. */
  readonly tables: Set<string>;
}

/** So many tables of one object are named, the rest is counted. */
const tablesTold = 10;

function causeOf({ cause, tables }: Blame): string {
  const names = [...tables].filter((name) => name !== '');
  if (names.length === 0) return cause;
  const more = names.length > tablesTold ? ` and ${names.length - tablesTold} more` : '';
  return `${cause} (rows of ${names.slice(0, tablesTold).join(', ')}${more})`;
}

class Verification {
  readonly #run: Run;
  readonly #store: ObjectStore;
  readonly #seal: SealBody;
  readonly #bad = new Map<string, Blame>();
  readonly #unnamed: string[] = [];
  #objects = 0;
  #bytes = 0;
  #more = 0;

  constructor(run: Run, seal: SealBody) {
    this.#run = run;
    this.#store = run.store;
    this.#seal = seal;
  }

  report(): ObjectsReport {
    const bad = [...this.#bad].map(([object, blame]) => ({ object, cause: causeOf(blame) }));
    return { bad, unnamed: this.#unnamed, more: this.#more, objects: this.#objects, bytes: this.#bytes };
  }

  /** intent.json and cut.json, whose size and digest stand in the seal. */
  async evidence(): Promise<void> {
    const { cluster, set, intent, cut } = this.#seal;
    for (const [object, { size, sha256 }] of [
      [intentKey(cluster, set), intent],
      [cutKey(cluster, set), cut],
    ] as const) {
      this.#objects += 1;
      await this.#hash({ object, offset: 0, length: size, sha256 });
      await this.#wholeSize(object, size);
    }
  }

  /** The manifest, everything it names, and what else lies in the shard's folder. */
  async shard(name: string, manifest: ManifestRef): Promise<void> {
    this.#objects += 1;
    this.#bytes += manifest.size;
    const readable = await this.#attempt(manifest.key, () => this.#hashShard(name, manifest));
    if (!readable) return;
    const prefix = folderOf(manifest.key);
    await this.#attempt(manifest.key, async () => {
      for await (const finding of compareFolder(this.#store, prefix, manifest)) {
        if (finding.kind === 'unnamed') this.#wonder(finding.object);
        else if (finding.kind === 'missing') this.#blame(finding.object, 'it is missing');
        else this.#blame(finding.object, `it has ${finding.size} bytes instead of ${finding.expected}`);
      }
    });
  }

  /** Objects in the set's folder, outside the folders of its shards, that are none of the set's own three. */
  async strangers(): Promise<void> {
    const { cluster, set, shards } = this.#seal;
    const own = new Set([intentKey(cluster, set), cutKey(cluster, set), sealKey(cluster, set)]);
    const folders = shards.map(({ manifest }) => folderOf(manifest.key));
    const prefix = setPrefix(cluster, set);
    for await (const { key } of this.#store.list(prefix)) {
      if (!own.has(key) && !folders.some((folder) => key.startsWith(folder))) this.#wonder(key);
    }
  }

  async #hashShard(name: string, manifest: ManifestRef): Promise<void> {
    const queue = new PQueue({ concurrency: hashedAtOnce });
    const done = { bytes: 0, rows: 0 };
    const totalBytes = this.#seal.shards.find((shard) => shard.name === name)?.sums.storedBytes ?? 0;
    const failures: unknown[] = [];
    const tables: string[] = [];
    let object = '';
    try {
      const pieces = this.#pieces(name, manifest, tables);
      for await (const { ref: line, source } of readAhead(this.#store, pieces)) {
        this.#run.signal.throwIfAborted();
        if (failures.length > 0) break;
        // Pieces of one object stand one after the other.
        if (line.object !== object) this.#objects += 1;
        object = line.object;
        await queue.onSizeLessThan(waitingAtMost);
        const table = line.kind === 'chunk' ? tables[line.table] : undefined;
        const job = queue.add(async () => {
          await this.#hash(line, source, table);
          done.bytes += line.length;
          if (line.kind === 'chunk') done.rows += line.rows;
          this.#run.progress.shard(name, { phase: 'verify', ...done, totalBytes });
        });
        job.catch((error: unknown) => failures.push(error));
      }
    } finally {
      // What was found by then counts, however the manifest ends.
      await queue.onIdle();
    }
    if (failures.length > 0) throw failures[0];
  }

  /** The lines that name stored bytes; checks the others on the way, and notes what the tables are called. */
  async *#pieces(
    name: string,
    manifest: ManifestRef,
    tables: string[],
  ): AsyncGenerator<SchemaLine | ChunkLine> {
    const expected = this.#seal.shards.find((shard) => shard.name === name)?.sums;
    for await (const line of readManifest(this.#store, manifest)) {
      if (line.kind === 'shard') this.#identity(name, manifest, line);
      if (line.kind === 'table') tables.push(tableText(line));
      if (line.kind === 'schema' || line.kind === 'chunk') yield line;
      if (line.kind !== 'end' || expected === undefined) continue;
      const difference = sumsDifference(line.sums, expected);
      if (difference !== '') this.#blame(manifest.key, `its sums are not those in the seal: ${difference}`);
    }
  }

  #identity(
    name: string,
    manifest: ManifestRef,
    line: { cluster: string; set: string; shard: string },
  ): void {
    const { cluster, set } = this.#seal;
    if (line.cluster === cluster && line.set === set && line.shard === name) return;
    this.#blame(manifest.key, `it is the manifest of ${line.cluster}: ${line.set}: ${line.shard}`);
  }

  async #hash(ref: ObjectRef, source: PieceSource = this.#store, table?: string): Promise<void> {
    this.#run.signal.throwIfAborted();
    this.#bytes += ref.length;
    await this.#attempt(ref.object, () => hashObject(this.#store, ref, source), table);
  }

  async #wholeSize(object: string, expected: number): Promise<void> {
    const size = await this.#store.size(object);
    if (size !== undefined && size !== expected)
      this.#blame(object, `it has ${size} bytes instead of ${expected}`);
  }

  /** Runs one check; bad bytes become a finding, everything else is thrown. False when something was found. */
  async #attempt(object: string, check: () => Promise<void>, table?: string): Promise<boolean> {
    try {
      await check();
      return true;
    } catch (thrown) {
      const error = asTidemarkError(thrown, { code: 'internal', operation: 'verify', subject: object });
      if (!isBadBytes(error)) throw error;
      this.#blame(object, error.reason, table);
      return false;
    }
  }

  #blame(object: string, cause: string, table?: string): void {
    const known = this.#bad.get(object);
    if (known !== undefined) known.tables.add(table ?? '');
    else if (this.#bad.size < toldAtMost) this.#bad.set(object, { cause, tables: new Set([table ?? '']) });
    else this.#more += 1;
  }

  #wonder(object: string): void {
    if (this.#unnamed.length < toldAtMost) this.#unnamed.push(object);
    else this.#more += 1;
  }
}

function folderOf(key: string): string {
  return key.slice(0, key.lastIndexOf('/') + 1);
}

function isBadBytes(error: TidemarkError): boolean {
  return error.code === 'bad-bytes';
}
