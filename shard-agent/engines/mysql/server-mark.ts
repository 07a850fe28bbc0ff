/**
 * A mark on a running server: a lock by name (GET_LOCK) of one session. It takes no privilege to hold one, or to see that
 * somebody holds it, and proxies that share connections keep a session with such a lock to itself.
 */
import { TidemarkError } from '../../../proto/errors.ts';
import { markLimitMs, type HeldMark } from '../../engine.ts';
import { describeEndpoint, openSession, withSession } from './connection/connection.ts';
import { attempt } from './connection/failure.ts';
import type { Endpoint } from './connection/handshake.ts';
import { quoteText } from './connection/quoting.ts';
import type { Wire } from './connection/wire.ts';

export async function setMark(endpoint: Endpoint, mark: string): Promise<HeldMark> {
  const { wire } = await openSession(endpoint, { name: 'mark' }, { limitMs: markLimitMs });
  try {
    if ((await wire.value(`SELECT GET_LOCK(${lockName(mark)}, 0)`)) !== '1')
      throw lost(endpoint, 'its lock is held already');
    return { release: () => release(wire, endpoint, mark) };
  } catch (error) {
    await wire.close();
    throw error;
  }
}

export function seeMarks(endpoint: Endpoint, marks: readonly string[]): Promise<string[]> {
  return withSession(endpoint, { name: 'mark' }, async (wire) => {
    const seen: string[] = [];
    for (const mark of marks) {
      if ((await wire.value(`SELECT IS_USED_LOCK(${lockName(mark)}) IS NOT NULL`)) === '1') seen.push(mark);
    }
    return seen;
  });
}

/** The end that proves: only the session that holds a lock can release it. */
async function release(wire: Wire, endpoint: Endpoint, mark: string): Promise<void> {
  try {
    await attempt('take the mark off', describeEndpoint(endpoint), async () => {
      if ((await wire.value(`SELECT RELEASE_LOCK(${lockName(mark)})`)) !== '1')
        throw lost(endpoint, 'its lock had been lost before');
    });
  } finally {
    await wire.close();
  }
}

function lockName(mark: string): string {
  return quoteText(`tidemark ${mark}`);
}

function lost(endpoint: Endpoint, cause: string): TidemarkError {
  return new TidemarkError({
    code: 'database-failed',
    operation: 'mark the server',
    subject: describeEndpoint(endpoint),
    cause,
  });
}
