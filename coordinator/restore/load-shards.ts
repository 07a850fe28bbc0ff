/** Steps 3 and 4 of a restore: every target loads under staging names and checks what it loaded. */
import { randomBytes } from 'node:crypto';
import { TidemarkError } from '../../proto/errors.ts';
import type { Sums } from '../../repository/manifest-entries.ts';
import type { SealBody } from '../../repository/seal.ts';
import { contextFor, onAll } from '../agents.ts';
import { answersFromWire } from '../invariants.ts';
import type { NotAskedAnswer, ShardAnswer } from '../invariants.ts';
import type { Run } from '../run.ts';
import { beginRepositoryProof } from '../nonce.ts';
import type { RestoreTarget } from './plan.ts';
import type { ShardRestore } from './shard-restore.ts';
import { sumsFromWire } from '../sums.ts';
import { warn } from '../warnings.ts';

export interface LoadedShard {
  readonly source: string;
  readonly target: string;
  readonly sums: Sums;
  /** Under the name of the stored shard. */
  readonly answers: readonly ShardAnswer[];
  readonly notAsked: readonly NotAskedAnswer[];
  readonly durationMs: number;
}

/** Names the staging and the decision record: sorts by time, `[0-9a-z]`, 24 characters at most. */
export function newRestoreId(now: Date): string {
  const stamp = now.toISOString().replace(/\D/g, '').slice(0, 14);
  return `r${stamp}${randomBytes(4).toString('hex')}`;
}

/** When the restore with this id began, by the clock of the host that began it; undefined when the id is malformed. */
export function restoreBeganMs(restore: string): number | undefined {
  const parts = /^r(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)[0-9a-f]{8}$/.exec(restore);
  if (parts === null) return undefined;
  const [, year, month, day, hour, minute, second] = parts.map(Number);
  return Date.UTC(year ?? 0, (month ?? 1) - 1, day, hour, minute, second);
}

/**
 * Loads all shards at once. What an agent says it loaded must be what the seal says it stored: rows, tables, chunks and
 * raw bytes (else `bad-bytes`). Each proves that it sees our repository, where the decision will stand (else
 * `repository-mismatch`). The first failure ends the wait for all; nothing is undone here.
 */
export async function loadShards(
  run: Run,
  { target, globals }: RestoreTarget,
  seal: SealBody,
  restore: string,
  shards: readonly ShardRestore[],
): Promise<LoadedShard[]> {
  const proof = await beginRepositoryProof(run.store, target.cluster);
  const load = async (shard: ShardRestore, signal: AbortSignal): Promise<LoadedShard> => {
    const stored = seal.shards.find(({ name }) => name === shard.source);
    if (stored === undefined) throw new Error(`no stored shard ${shard.source}`);
    const startedMs = performance.now();
    const loaded = await shard.load(
      {
        context: contextFor(target.cluster, target.repository.url, shard.shard, seal.set),
        restore,
        sourceShard: shard.source,
        manifest: stored.manifest,
        lanes: target.copy.lanes,
        nonce: proof.nonceFor(shard.shard),
        globals,
      },
      signal,
    );
    await proof.confirm(shard.shard);
    run.progress.done(shard.shard);
    for (const { code, subject, cause, remedy } of loaded.warnings)
      warn(run, { shard: shard.shard, code, subject, cause, remedy });
    const sums = sumsFromWire(shard.shard, loaded.sums);
    sameContent(shard, stored.sums, sums);
    const durationMs = performance.now() - startedMs;
    return {
      source: shard.source,
      target: shard.shard,
      sums,
      answers: answersFromWire(shard.source, loaded.invariants),
      notAsked: loaded.notAsked.map(({ name, reason }) => ({ shard: shard.source, name, reason })),
      durationMs,
    };
  };
  try {
    return await onAll(shards, 'load', run.signal, load);
  } finally {
    await proof.clear();
  }
}

function sameContent(shard: ShardRestore, stored: Sums, loaded: Sums): void {
  for (const field of ['tables', 'rows', 'chunks', 'rawBytes'] as const) {
    if (stored[field] === loaded[field]) continue;
    throw new TidemarkError({
      code: 'bad-bytes',
      operation: 'compare what was loaded with what was stored',
      subject: `${shard.shard}: from ${shard.source}`,
      cause: `${field} is ${loaded[field]} after loading, the set says ${stored[field]}`,
    });
  }
}
