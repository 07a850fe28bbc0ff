/**
 * One transfer between two shards, in the three ways an application may do it. Whatever fails, no half stays alone:
 * what is not decided is undone on both shards, what is decided is carried through on both, however long that takes.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { DecisionLog } from './decision-log.ts';
import { preparedIds, type Session, twoPhase } from './session.ts';

/** `written`: both halves stand before the first commit. `locked`: the second row is locked before it, written after. */
export type Way = 'two-phase' | 'written' | 'locked';

export interface Half {
  readonly session: Session;
  readonly account: number;
  readonly cents: number;
}

export interface Transfer {
  readonly id: string;
  readonly way: Way;
  /** In the order in which the shards are visited and committed. */
  readonly halves: readonly [Half, Half];
}

export interface Watch {
  readonly decisions: DecisionLog;
  /** Called when a shard by shard transfer stands on one shard only, and again when it stands on both. */
  repairing(delta: 1 | -1): void;
  failed(error: unknown): void;
}

/** True: committed on both shards. False: on neither. Never throws. */
export async function carryOut(transfer: Transfer, watch: Watch): Promise<boolean> {
  return transfer.way === 'two-phase' ? inTwoPhases(transfer, watch) : shardByShard(transfer, watch);
}

async function inTwoPhases(transfer: Transfer, watch: Watch): Promise<boolean> {
  const { id, halves } = transfer;
  try {
    for (const half of halves) {
      await half.session.query(`${twoPhase[half.session.server.engine].start(id)}; ${writeHalf(id, half)}`);
    }
  } catch (error) {
    watch.failed(error);
    for (const half of halves) half.session.discard();
    return false;
  }
  const prepared = await Promise.allSettled(
    halves.map((half) => half.session.query(twoPhase[half.session.server.engine].prepare(id))),
  );
  const refused = prepared.find((outcome) => outcome.status === 'rejected');
  if (refused === undefined) await watch.decisions.commit(id);
  else watch.failed(refused.reason);
  const decision = refused === undefined ? 'commit' : 'rollback';
  await Promise.all(halves.map((half) => finish(half.session, id, decision, watch)));
  return decision === 'commit';
}

/** Ends a prepared transaction on one shard, however often the shard has to be asked. */
async function finish(
  session: Session,
  id: string,
  decision: 'commit' | 'rollback',
  watch: Watch,
): Promise<void> {
  await untilDone(session, watch, async () => {
    try {
      await session.query(twoPhase[session.server.engine][decision](id));
    } catch (error) {
      // Unknown is what a shard also says while the broken connection that prepared it is not yet cleared away.
      if (!isUnknownTransaction(error) || (await preparedIds(session)).includes(id)) throw error;
    }
  });
}

async function shardByShard(transfer: Transfer, watch: Watch): Promise<boolean> {
  const { id, way } = transfer;
  const [first, second] = transfer.halves;
  try {
    await first.session.query(`BEGIN; ${writeHalf(id, first)}`);
    await second.session.query(`BEGIN; ${way === 'written' ? writeHalf(id, second) : lockAccount(second)}`);
  } catch (error) {
    watch.failed(error);
    first.session.discard();
    second.session.discard();
    return false;
  }
  if (!(await commitFirst(id, first, watch))) {
    second.session.discard();
    return false;
  }
  try {
    await second.session.query(way === 'written' ? 'COMMIT' : `${writeHalf(id, second)}; COMMIT`);
  } catch (error) {
    watch.failed(error);
    watch.repairing(1);
    second.session.discard();
    await untilDone(second.session, watch, () => writeUnlessThere(id, second));
    watch.repairing(-1);
  }
  return true;
}

/** When the answer to the COMMIT was lost, the shard is asked what became of it, while the second one stays locked. */
async function commitFirst(id: string, half: Half, watch: Watch): Promise<boolean> {
  try {
    await half.session.query('COMMIT');
    return true;
  } catch (error) {
    watch.failed(error);
    half.session.discard();
    let there = false;
    await untilDone(half.session, watch, async () => {
      await half.session.query(`BEGIN; ${lockAccount(half)}`);
      there = await isThere(id, half);
      await half.session.query('ROLLBACK');
    });
    return there;
  }
}

/** The row lock waits for whatever the lost connection may still be doing on the server. */
async function writeUnlessThere(id: string, half: Half): Promise<void> {
  await half.session.query(`BEGIN; ${lockAccount(half)}`);
  if (!(await isThere(id, half))) await half.session.query(writeHalf(id, half));
  await half.session.query('COMMIT');
}

async function isThere(id: string, half: Half): Promise<boolean> {
  const rows = await half.session.query(
    `SELECT id FROM transfers WHERE id = '${id}' AND account = ${half.account}`,
  );
  return rows.length > 0;
}

/** Tries until it succeeds, each time on a new connection. */
async function untilDone(session: Session, watch: Watch, work: () => Promise<void>): Promise<void> {
  for (;;) {
    try {
      return await work();
    } catch (error) {
      watch.failed(error);
      session.discard();
      await sleep(50);
    }
  }
}

function writeHalf(id: string, half: Half): string {
  return (
    `UPDATE accounts SET balance = balance + ${half.cents} WHERE id = ${half.account}; ` +
    `INSERT INTO transfers (id, account, amount) VALUES ('${id}', ${half.account}, ${half.cents})`
  );
}

function lockAccount(half: Half): string {
  return `SELECT balance FROM accounts WHERE id = ${half.account} FOR UPDATE`;
}

function isUnknownTransaction(error: unknown): boolean {
  const { code, errno } = error as { code?: string; errno?: number };
  return code === '42704' || errno === 1397;
}
