/** Restores by their mark on the server alone: what is needed to switch, to open, to undo and to finish. */
import type { Finding, SettlingSession, StagedRestore } from '../../../engine.ts';
import { openSession, withSession } from '../connection/connection.ts';
import { attempt, ConnectionLost } from '../connection/failure.ts';
import type { Endpoint } from '../connection/handshake.ts';
import { discardAll, isBeginning } from './discard.ts';
import { finishRestore } from './finish.ts';
import { openFinal } from './open.ts';
import { listRestores, readMark, type StagingMark } from './staging-mark.ts';
import { stagingNameOf } from './staging-names.ts';
import { closeFinal, switchOver } from './switch.ts';
import type { Wire } from '../connection/wire.ts';

/** Sessions of a restore may be idle while the pipeline unpacks or other shards load. */
export const restoreLimitMs = 24 * 3_600_000;

/** The session of a restore. `settings`: of this session, beside those that all have. */
export async function openRestoreSession(
  endpoint: Endpoint,
  settings: readonly string[],
): Promise<Awaited<ReturnType<typeof openSession>>> {
  return openSession(endpoint, { name: 'restore' }, { limitMs: restoreLimitMs, extra: settings });
}

/** Restores left on the server. One that was begun, without its mark, names no cluster: it can only be undone. */
export async function stagedRestores(endpoint: Endpoint): Promise<StagedRestore[]> {
  return withSession(endpoint, { name: 'staged' }, async (wire) => {
    const found: StagedRestore[] = [];
    for (const restore of await listRestores(wire)) {
      const mark = await readMark(wire, restore);
      if (mark === undefined && !(await isBeginning(wire, stagingNameOf(restore, 0)))) continue;
      const cluster = mark?.cluster ?? '';
      found.push({ restore, cluster, reopen: () => reopen(endpoint, restore) });
    }
    return found;
  });
}

async function reopen(endpoint: Endpoint, restore: string): Promise<SettlingSession> {
  const { wire } = await openRestoreSession(endpoint, []);
  return new MysqlSettling(endpoint, wire, restore, []);
}

/** What can be done with a restore by its mark alone. A session that was lost is replaced at the next call. */
export class MysqlSettling implements SettlingSession {
  protected readonly endpoint: Endpoint;
  protected readonly restore: string;
  protected wire: Wire;
  readonly #settings: readonly string[];
  #closed = false;
  /** The mark said so, and it is not undone after that: without a mark, all was finished. */
  #opened = false;

  constructor(endpoint: Endpoint, wire: Wire, restore: string, settings: readonly string[]) {
    this.endpoint = endpoint;
    this.wire = wire;
    this.restore = restore;
    this.#settings = settings;
  }

  async closeTarget(): Promise<void> {
    await this.#settle('close the target', async (wire, mark) => {
      if (mark === undefined) throw new Error(noStaging);
      await closeFinal(wire, mark);
    });
  }

  async switch(): Promise<void> {
    await this.#settle('switch to the final names', async (wire, mark) => {
      if (mark !== undefined) await switchOver(wire, mark);
      else if (!this.#opened) throw new Error(noStaging);
    });
  }

  async open(): Promise<void> {
    await this.#settle('open the restored databases', async (wire, mark) => {
      // The mark goes last: without it all was done.
      if (mark !== undefined) await openFinal(wire, mark);
      this.#opened = true;
    });
  }

  async discard(): Promise<void> {
    await this.#settle('drop what the restore made', (wire, mark) => discardAll(wire, this.restore, mark));
  }

  async finish(): Promise<readonly Finding[]> {
    let changed: readonly Finding[] = [];
    await this.#settle('finish the restore', async (wire, mark) => {
      // The mark goes last: without it all was done.
      if (mark !== undefined) changed = await finishRestore(this.endpoint, wire, mark);
    });
    return changed;
  }

  async close(): Promise<void> {
    this.#closed = true;
    await this.wire.close();
  }

  async #settle(
    operation: string,
    work: (wire: Wire, mark: StagingMark | undefined) => Promise<void>,
  ): Promise<void> {
    await attempt(operation, this.restore, async () => {
      const wire = await this.live();
      const mark = await readMark(wire, this.restore);
      if (mark?.state === 'opened') this.#opened = true;
      await work(wire, mark);
    });
  }

  /** The session, a new one when the server or somebody else has ended it: it may have been idle for hours. */
  protected async live(): Promise<Wire> {
    if (await answers(this.wire)) return this.wire;
    if (this.#closed) throw new ConnectionLost('the restore was closed');
    const { wire } = await openRestoreSession(this.endpoint, this.#settings);
    if (this.#closed) await wire.close();
    this.wire = wire;
    return wire;
  }
}

const noStaging = 'this server has no staging of this restore';

async function answers(wire: Wire): Promise<boolean> {
  try {
    await wire.run('DO 0');
    return true;
  } catch (error) {
    if (wire.alive) throw error;
    return false;
  }
}
