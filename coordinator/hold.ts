/** What people are told of the barrier: the longest hold, the limit, what went past it, and what was cancelled for it. */
import type { SealBody } from '../repository/seal.ts';
import { serverToleranceMs } from './barrier/pace.ts';

type Barrier = SealBody['barrier'];

/** Below this a difference is the clock's. */
const noticeableMs = 0.1;

/** A hold in ms with one digit; `-` when nobody was held. */
export function holdText(holdMs: number): string {
  return holdMs === 0 ? '-' : `${holdMs.toFixed(1)} ms`;
}

/** `8.3 ms of 100 ms`. */
export function longestHoldText({ longestHoldMs, holdLimitMs }: Barrier): string {
  return longestHoldMs === 0 ? '-' : `${holdText(longestHoldMs)} of ${holdLimitMs} ms`;
}

/** What keeps the limit, and by when at the latest. */
export function limitText({ holdLimitMs }: Barrier): string {
  return `${holdLimitMs} ms, when the agent gives the locks back; the server itself ends a hold at the latest ${serverToleranceMs} ms later`;
}

/** By how much the limit was exceeded, where, and what took so long. Undefined when it was kept. */
export function overrunText({ holdLimitMs, longestHoldMs, longestHold }: Barrier): string | undefined {
  const overMs = longestHoldMs - holdLimitMs;
  if (longestHold === undefined || overMs < noticeableMs) return undefined;
  const within = overMs <= serverToleranceMs ? 'within' : 'MORE than';
  const { shard, attempt } = longestHold;
  return `by ${overMs.toFixed(1)} ms, ${within} the tolerance of ${serverToleranceMs} ms: shard ${shard}, attempt ${attempt}: ${cause(longestHold, longestHoldMs, holdLimitMs)}`;
}

/** `2: shop-00 (bank.public.accounts, bank.public.entries)`, or `none`. */
export function cancelledText({ shards }: Barrier): string {
  const told = shards.flatMap(({ name, cancelledAutovacuums = [] }) =>
    cancelledAutovacuums.length === 0 ? [] : [{ name, tables: cancelledAutovacuums }],
  );
  const count = told.reduce((sum, { tables }) => sum + tables.length, 0);
  const named = told.map(({ name, tables }) => `${name} (${tables.join(', ')})`);
  return count === 0 ? 'none' : `${count}: ${named.join(', ')}`;
}

function cause(hold: NonNullable<Barrier['longestHold']>, holdMs: number, limitMs: number): string {
  switch (hold.end) {
    case 'thawed': {
      const releaseMs = hold.releaseMs ?? 0;
      const lateMs = holdMs - releaseMs - limitMs;
      const late =
        lateMs >= noticeableMs ? `the agent noticed the limit ${lateMs.toFixed(1)} ms late, and ` : '';
      return `${late}the server confirmed the release ${releaseMs.toFixed(1)} ms after it was asked for`;
    }
    case 'blocked':
      return 'the attempt had failed, and the server confirmed the release late';
    case 'cut':
      return 'the snapshots were opened and the locks released late, and the agent did not notice the limit meanwhile';
    case 'silent':
      return 'the agent did not say when its locks were released; this is the most that the server allows';
  }
}
