/** What people read of the longest hold. */
import { expect, test } from 'vitest';
import { limitText, longestHoldText, overrunText } from '../../../coordinator/hold.ts';
import type { SealBody } from '../../../repository/seal.ts';

type Barrier = SealBody['barrier'];
type Hold = NonNullable<Barrier['longestHold']>;

function barrier(longestHoldMs: number, end: Hold['end'] = 'cut', releaseMs?: number): Barrier {
  const longestHold = {
    shard: 'shop-01',
    attempt: 3,
    end,
    ...(releaseMs === undefined ? {} : { releaseMs }),
  };
  return { attempts: 4, holdLimitMs: 100, longestHoldMs, longestHold, windowMs: 1, shards: [] };
}

test('the longest hold is told with the limit, and the limit with its tolerance', () => {
  expect(longestHoldText(barrier(8.26))).toBe('8.3 ms of 100 ms');
  expect(limitText(barrier(8.26))).toBe(
    '100 ms, when the agent gives the locks back; the server itself ends a hold at the latest 500 ms later',
  );
});

test('nobody was held', () => {
  const nobody: Barrier = { attempts: 1, holdLimitMs: 100, longestHoldMs: 0, windowMs: 1, shards: [] };
  expect(longestHoldText(nobody)).toBe('-');
  expect(overrunText(nobody)).toBeUndefined();
});

test.each([8, 100, 100.04])('%d ms are within the limit', (holdMs) => {
  expect(overrunText(barrier(holdMs))).toBeUndefined();
});

test.each<[number, Hold['end'], number | undefined, string]>([
  [
    130,
    'thawed',
    26,
    'by 30.0 ms, within the tolerance of 500 ms: shard shop-01, attempt 3: the agent noticed the limit 4.0 ms late, and the server confirmed the release 26.0 ms after it was asked for',
  ],
  [
    115,
    'thawed',
    30,
    'by 15.0 ms, within the tolerance of 500 ms: shard shop-01, attempt 3: the server confirmed the release 30.0 ms after it was asked for',
  ],
  [
    101.25,
    'cut',
    undefined,
    'by 1.3 ms, within the tolerance of 500 ms: shard shop-01, attempt 3: the snapshots were opened and the locks released late, and the agent did not notice the limit meanwhile',
  ],
  [
    120,
    'blocked',
    undefined,
    'by 20.0 ms, within the tolerance of 500 ms: shard shop-01, attempt 3: the attempt had failed, and the server confirmed the release late',
  ],
  [
    600,
    'silent',
    undefined,
    'by 500.0 ms, within the tolerance of 500 ms: shard shop-01, attempt 3: the agent did not say when its locks were released; this is the most that the server allows',
  ],
])('%d ms, %s: what exceeded the limit, and by how much', (holdMs, end, releaseMs, text) => {
  expect(overrunText(barrier(holdMs, end, releaseMs))).toBe(text);
});

test('more than the tolerance cannot be overlooked', () => {
  expect(overrunText(barrier(700, 'thawed', 590))).toMatch(/^by 600\.0 ms, MORE than the tolerance/);
});
