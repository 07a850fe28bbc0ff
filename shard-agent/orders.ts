/**
 * What an agent takes of an order, whoever sends it: names that may become keys and staging, and numbers within the bounds
 * that the files have. A coordinator has checked the same; an agent that holds locks and drops staging does not rely on it.
 */
import { TidemarkError } from '../proto/errors.ts';
import type { Load__Output as Load } from '../proto/gen/tidemark/v1/Load.ts';
import type { Prepare__Output as Prepare } from '../proto/gen/tidemark/v1/Prepare.ts';
import type { RehearseRequest__Output as Rehearse } from '../proto/gen/tidemark/v1/RehearseRequest.ts';
import { isSetId } from '../repository/layout.ts';
import type { GlobalsOrder } from './engine.ts';
import type { OperationContext } from './messages.ts';

const globalsOrders: readonly GlobalsOrder[] = ['none', 'without-passwords', 'with-passwords'];

const minuteMs = 60_000;
const longestMs = 30 * 24 * 60 * minuteMs;
const lanesLimit = 64;
const chunkBytesLimit = 4 * 2 ** 30;
const compressionLimit = 19;
const sampleRowsLimit = 10_000;

/** Throws `internal` unless the context names a cluster, no set or one that may be a key, and a lease number that counts. */
export function checkContext(context: OperationContext): void {
  const { cluster, set, leaseNumber } = context;
  if (cluster === '') throw wrongOrder('the order names no cluster');
  if (set !== '' && !isSetId(set)) throw wrongOrder(`${JSON.stringify(set)} is no id of a backup set`);
  within('lease number', leaseNumber, 0, Number.MAX_SAFE_INTEGER);
}

/** Throws `internal` for a `prepare` beyond what a topology can say. */
export function checkPrepare(prepare: Prepare): void {
  within('lanes', prepare.lanes, 1, lanesLimit);
  within('chunk bytes', Number(prepare.chunkBytes), 1, chunkBytesLimit);
  within('compression level', prepare.compressionLevel, 1, compressionLimit);
  within('hold limit', prepare.holdLimitMs, 1, minuteMs);
  within('copy limit', prepare.copyLimitMs, 1, longestMs);
  within('grace', prepare.graceMs, 1, longestMs);
  within('wait for an autovacuum', prepare.cancelAutovacuumMs ?? 0, 0, longestMs);
  globalsOrder(prepare.globals);
}

/** Throws `internal` for more lanes than a topology can say; 0 says nothing of them. */
export function checkLanes(lanes: number): void {
  within('lanes', lanes, 0, lanesLimit);
}

/** Throws `internal` for a `load` whose restore cannot name a staging, or beyond what a topology can say. */
export function checkLoad({ restore, lanes }: Pick<Load, 'restore' | 'lanes'>): void {
  if (!/^[0-9a-z]{1,24}$/.test(restore))
    throw wrongOrder(`${JSON.stringify(restore)} is no id of a restore: 1 to 24 of 0-9 and a-z`);
  within('lanes', lanes, 1, lanesLimit);
}

/** Throws `internal` for a rehearsal beyond what a coordinator asks for. */
export function checkRehearsal({ lanes, rows, manifest, restore, store }: Rehearse): void {
  within('lanes', lanes, 1, lanesLimit);
  within('rows', rows, 0, sampleRowsLimit);
  if (manifest === null && !store) return;
  checkLoad({ restore, lanes });
  if (store && manifest !== null) throw wrongOrder('a rehearsal of a set stores none');
}

/** What an order says of globals; nothing is `none`. Throws `internal` for any other word. */
export function globalsOrder(text: string): GlobalsOrder {
  const order = text === '' ? 'none' : globalsOrders.find((known) => known === text);
  if (order !== undefined) return order;
  throw wrongOrder(`${JSON.stringify(text)} is no way to store globals`);
}

/** An order that no coordinator of this version sends. */
export function wrongOrder(cause: string): TidemarkError {
  return new TidemarkError({ code: 'internal', operation: 'take an order', subject: 'agent', cause });
}

function within(what: string, value: number, least: number, most: number): void {
  // NaN is within nothing.
  if (value >= least && value <= most) return;
  throw wrongOrder(`${what} ${value} is not between ${least} and ${most}`);
}
