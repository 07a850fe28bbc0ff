/** Restores by their mark on the server alone: what is needed to switch, to undo and to finish. */
import type { RestoreSession, StagedRestore } from '../../../engine.ts';
import { openSession, withSession } from '../connection/connection.ts';
import { attempt } from '../connection/failure.ts';
import type { Endpoint } from '../connection/handshake.ts';
import { listRestores, readMark } from './staging-mark.ts';
import { discardAll, finishRestore, switchOver } from './switch.ts';
import type { Wire } from '../connection/wire.ts';

/** Sessions of a restore may be idle while the pipeline unpacks or other shards load. */
export const restoreLimitMs = 24 * 3_600_000;

type Undoable = Pick<RestoreSession, 'switch' | 'discard' | 'finish' | 'close'>;

/** Restores left on the server. A staging that was begun, without its mark, holds nothing: it is dropped here. */
export async function stagedRestores(endpoint: Endpoint): Promise<StagedRestore[]> {
  return withSession(endpoint, { name: 'staged' }, async (wire) => {
    const found: StagedRestore[] = [];
    for (const restore of await listRestores(wire)) {
      const mark = await readMark(wire, restore);
      if (mark === undefined) {
        await discardAll(wire, restore, undefined);
        continue;
      }
      const { cluster } = mark;
      found.push({ restore, cluster, reopen: () => reopen(endpoint, restore) });
    }
    return found;
  });
}

async function reopen(endpoint: Endpoint, restore: string): Promise<Undoable> {
  const { wire } = await openSession(endpoint, { name: 'restore' }, { limitMs: restoreLimitMs });
  return new MysqlUndoable(endpoint, wire, restore);
}

/** What can be done with a restore by its mark alone. */
export class MysqlUndoable implements Undoable {
  protected readonly endpoint: Endpoint;
  protected wire: Wire;
  protected readonly restore: string;

  constructor(endpoint: Endpoint, wire: Wire, restore: string) {
    this.endpoint = endpoint;
    this.wire = wire;
    this.restore = restore;
  }

  async switch(): Promise<void> {
    await attempt('switch to the final names', this.restore, async () => {
      await this.#connectAgain();
      const mark = await readMark(this.wire, this.restore);
      if (mark === undefined) throw new Error('no staging of this restore stands on the server');
      await switchOver(this.wire, mark);
    });
  }

  async discard(): Promise<void> {
    await attempt('drop what the restore made', this.restore, async () => {
      await this.#connectAgain();
      await discardAll(this.wire, this.restore, await readMark(this.wire, this.restore));
    });
  }

  async finish(): Promise<void> {
    await attempt('finish the restore', this.restore, async () => {
      await this.#connectAgain();
      const mark = await readMark(this.wire, this.restore);
      // The mark goes last: without it all was done.
      if (mark !== undefined) await finishRestore(this.endpoint, this.wire, mark);
    });
  }

  async close(): Promise<void> {
    await this.wire.close();
  }

  /** A server that was restarted or silent has taken the connection with it: the next attempt needs another. */
  async #connectAgain(): Promise<void> {
    if (this.wire.alive) return;
    this.wire = (await openSession(this.endpoint, { name: 'restore' }, { limitMs: restoreLimitMs })).wire;
  }
}
