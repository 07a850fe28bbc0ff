/**
 * A rehearsal: what a backup would hold is restored where nobody needs it, by the restore itself, and thrown away. What the
 * server refuses there would be refused to every restore.
 */
import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import { reached } from '../../proto/step-points.ts';
import { newSetId } from '../../repository/layout.ts';
import type { ManifestRef, Sums } from '../../repository/manifest-entries.ts';
import type { ObjectStore } from '../../repository/object-store.ts';
import { FilesystemStore } from '../../repository/stores/filesystem.ts';
import { copyShard, type CopyResult } from '../copy.ts';
import type { Engine, RestoreSession, ServerDescription } from '../engine.ts';
import { loadChunks } from '../load.ts';
import type { Progress } from '../progress.ts';
import { openStoredShard, type OpenStoredShard } from '../stored-shard.ts';
import { Refusals } from './refusals.ts';
import { rehearsalFolders } from './rehearsal-folder.ts';

export interface SampleOrder {
  readonly engine: Engine;
  readonly cluster: string;
  readonly shard: string;
  readonly lanes: number;
  /** Of each table, at most. */
  readonly rows: number;
  readonly progress: Progress;
  readonly signal: AbortSignal;
}

/** What a backup would hold, in small, in a store. */
export interface Sample extends Pick<CopyResult, 'manifest' | 'sums'> {
  readonly set: string;
}

export interface Rehearsed {
  /** On which it was tried. */
  readonly server: ServerDescription;
  readonly sums: Sums;
}

const chunkBytes = 4 << 20;
const compressionLevel = 1;
/** A rehearsal takes seconds; its snapshots are given up after this. */
const copyLimitMs = 600_000;
/** Nothing is locked; sessions ask for a limit all the same. */
const holdLimitMs = 1_000;

/** Stores the schema and the first rows of every table, without any lock on them. Throws what a backup throws. */
export async function takeSample(order: SampleOrder, store: ObjectStore): Promise<Sample> {
  const { engine, cluster, shard, lanes, rows, progress, signal } = order;
  const backup = await engine.prepareBackup({
    lanes,
    chunkBytes,
    holdLimitMs,
    copyLimitMs,
    locks: false,
    globals: 'none',
    sampleRows: rows,
    signal,
  });
  try {
    signal.throwIfAborted();
    await backup.cutWithoutLocks();
    const set = newSetId(new Date(), 'full', undefined);
    const spec = { cluster, set, shard, chunkBytes, compressionLevel, invariants: [] };
    const { manifest, sums } = await copyShard({ ...spec, store, backup, progress, signal });
    return { set, manifest, sums };
  } finally {
    await backup.close();
  }
}

/** Takes a sample and restores it into a scratch server. Throws where it cannot be tried; nothing is left behind. */
export async function rehearseOnScratch(order: SampleOrder, refusals: Refusals): Promise<Rehearsed> {
  const { engine, shard, lanes, progress, signal } = order;
  const folder = await rehearsalFolders.make();
  try {
    const kept = path.join(folder, 'set');
    await mkdir(kept, { mode: 0o700 });
    const store = FilesystemStore.open(kept);
    const [started, taken] = await Promise.allSettled([
      engine.startScratch(folder, signal),
      takeSample(order, store),
    ]);
    try {
      if (started.status === 'rejected') throw started.reason;
      if (taken.status === 'rejected') throw taken.reason;
      const { set, manifest, sums } = taken.value;
      const stored = await openStoredShard(store, manifest, { set, shard });
      const scratch = started.value.engine;
      const session = await scratch.prepareRestore({
        restore: 'rehearsal',
        cluster: '',
        lanes,
        stored,
        globals: false,
        rehearsal: { refused: (finding) => refusals.add(finding) },
        signal,
      });
      try {
        await refusals.during(signal, () => load({ session, stored, store, shard, progress, signal }));
        await reached('agent.rehearsed');
        return { server: { ...(await scratch.describe()), databases: databasesOf(stored) }, sums };
      } finally {
        await session.close();
      }
    } finally {
      if (started.status === 'fulfilled') await started.value.stop();
    }
  } finally {
    await rehearsalFolders.remove(folder);
  }
}

export interface StagedRehearsal {
  readonly engine: Engine;
  readonly shard: string;
  readonly restore: string;
  readonly lanes: number;
  readonly globals: boolean;
  readonly progress: Progress;
  readonly signal: AbortSignal;
  /** Tries until it is done, as for a restore that is undone. */
  readonly persist: (work: () => Promise<void>) => Promise<void>;
}

/**
 * Makes the schema of a set in the staging of the agent's own server, with the rows only where `rows` says so, and drops it. The caller
 * has the claim on the server's restores. The staging names no cluster: an agent that finds it at its start drops it.
 */
export async function rehearseInStaging(
  order: StagedRehearsal,
  from: {
    readonly store: ObjectStore;
    readonly manifest: ManifestRef;
    readonly set: string;
    readonly shard: string;
  },
  rows: boolean,
  refusals: Refusals,
): Promise<Rehearsed> {
  const { engine, shard, restore, lanes, globals, progress, signal, persist } = order;
  const stored = await openStoredShard(from.store, from.manifest, { set: from.set, shard: from.shard });
  const session = await engine.prepareRestore({
    restore,
    cluster: '',
    lanes,
    stored,
    globals,
    rehearsal: { refused: (finding) => refusals.add(finding) },
    signal,
  });
  try {
    await refusals.during(signal, async () => {
      if (rows) await load({ session, stored, store: from.store, shard, progress, signal });
      else await makeSchema(session, progress, signal);
    });
    await reached('agent.rehearsed');
    return { server: { ...(await engine.describe()), databases: databasesOf(stored) }, sums: stored.sums };
  } finally {
    await persist(() => session.discard());
    await session.close();
  }
}

function databasesOf(stored: OpenStoredShard): string[] {
  return stored.databases.map(({ name }) => name);
}

async function load(order: {
  session: RestoreSession;
  stored: OpenStoredShard;
  store: ObjectStore;
  shard: string;
  progress: Progress;
  signal: AbortSignal;
}): Promise<void> {
  const { session, progress, signal } = order;
  progress.phase = 'stage';
  await session.stage();
  signal.throwIfAborted();
  progress.phase = 'load';
  await loadChunks(order);
  progress.phase = 'index';
  await session.finishLoad();
}

/** Without a row: what follows the rows is made on empty tables. */
async function makeSchema(session: RestoreSession, progress: Progress, signal: AbortSignal): Promise<void> {
  progress.phase = 'stage';
  await session.stage();
  signal.throwIfAborted();
  await session.writeLanes();
  progress.phase = 'index';
  await session.finishLoad();
}
