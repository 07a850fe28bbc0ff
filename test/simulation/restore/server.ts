/** A simulated database server as a restore sees it: what is staged, what applications see, and statements that fail or get lost. */
import type { LoadedMessage, RestoreWork } from '../../../shard-agent/restore-course.ts';
import type { StagedRestore } from '../../../shard-agent/engine.ts';
import { TidemarkError } from '../../../proto/errors.ts';
import type { Chance, Process, VirtualTime } from '../virtual-time.ts';

/** What an application that connects is served. */
export type Visible = 'old' | 'closed' | 'new';

export interface ServerFaults {
  /** Share of statements that the server refuses, and of those it carries out without its answer arriving. */
  readonly refused: number;
  readonly lost: number;
  /** True: it refuses to switch whatever is tried. */
  readonly neverSwitches: boolean;
  /** True: an application makes a table while the set is loaded. */
  readonly stranger: boolean;
}

interface Staging {
  readonly cluster: string;
  loaded: boolean;
  switched: boolean;
  opened: boolean;
}

type Step = 'stage' | 'load' | 'closeTarget' | 'switch' | 'open' | 'finish' | 'discard';

export class RestoreServer {
  readonly shard: string;
  readonly violations: string[] = [];
  readonly staged = new Map<string, Staging>();
  visible: Visible = 'old';
  readonly #faults: ServerFaults;
  readonly #time: VirtualTime;
  readonly #chance: Chance;
  readonly #changed: (shard: string, step: Step) => void;

  /** `changed` hears of every step right after it took effect. */
  constructor(
    shard: string,
    faults: ServerFaults,
    time: VirtualTime,
    chance: Chance,
    changed: (shard: string, step: Step) => void,
  ) {
    this.shard = shard;
    this.#faults = faults;
    this.#time = time;
    this.#chance = chance;
    this.#changed = changed;
  }

  /** What an agent's process does here for one restore. */
  workOf(process: Process, cluster: string, restore: string): RestoreWork {
    const on = (step: Step, apply: (staging: Staging | undefined) => void): Promise<void> =>
      this.#statement(process, step, () => apply(this.staged.get(restore)));
    return {
      load: async (signal): Promise<LoadedMessage> => {
        await on('stage', () => {
          this.staged.set(restore, { cluster, loaded: false, switched: false, opened: false });
        });
        for (let chunk = this.#chance.whole(0, 5); chunk > 0; chunk -= 1) {
          signal.throwIfAborted();
          await this.#pass(process, this.#chance.between(1, 300));
        }
        await on('load', (staging) => {
          this.#need(staging).loaded = true;
        });
        return {};
      },
      closeTarget: () =>
        on('closeTarget', () => {
          if (this.#faults.stranger) throw strangersTable(this.shard);
          if (this.visible === 'old') this.visible = 'closed';
        }),
      switch: () =>
        on('switch', (staging) => {
          const mine = this.#need(staging);
          if (!mine.loaded) this.violations.push(`${this.shard} switched to what is only partly loaded`);
          if (this.#faults.stranger && this.visible === 'old') throw strangersTable(this.shard);
          if (this.#faults.neverSwitches) throw new Error('the server refuses this statement');
          if (this.visible === 'old') this.visible = 'closed';
          mine.switched = true;
        }),
      open: () =>
        on('open', (staging) => {
          if (staging === undefined) return;
          if (!staging.switched) this.violations.push(`${this.shard} opened before it had switched`);
          staging.opened = true;
          this.visible = 'new';
        }),
      finish: () =>
        on('finish', (staging) => {
          if (staging?.opened === false) this.violations.push(`${this.shard} finished before it was open`);
          this.staged.delete(restore);
        }).then(() => []),
      discard: () =>
        on('discard', (staging) => {
          if (staging === undefined) return;
          if (staging.opened) this.violations.push(`${this.shard} undid what was open`);
          this.staged.delete(restore);
          this.visible = 'old';
        }),
      close: () => Promise.resolve(),
    };
  }

  /** As the engine lists what was left behind. */
  stagedOn(process: Process): StagedRestore[] {
    return [...this.staged].map(([restore, { cluster }]) => ({
      restore,
      cluster,
      reopen: () => Promise.resolve(this.workOf(process, cluster, restore)),
    }));
  }

  /** Sent by the process, carried out by the server whether or not the process lives to hear of it. */
  #statement(process: Process, step: Step, apply: () => void): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const answer = (failure?: unknown): void => {
      this.#time.after(this.#chance.between(0, 3), () =>
        process.deliver(() => (failure === undefined ? resolve() : reject(failure as Error))),
      );
    };
    this.#time.after(this.#chance.between(0.5, 40), () => {
      // A staging that nobody will look for is not begun: the session that makes it has ended with its client.
      if (!process.alive && (step === 'stage' || this.#chance.happens(0.5))) return;
      // A load that fails is undone, and nothing of what follows is tried: most runs are to come further.
      const share = step === 'stage' || step === 'load' ? 0.1 : 1;
      if (this.#chance.happens(this.#faults.refused * share)) {
        answer(new Error(`the server is not ready for ${step}`));
        return;
      }
      try {
        apply();
      } catch (error) {
        answer(error);
        return;
      }
      this.#changed(this.shard, step);
      answer(
        this.#chance.happens(this.#faults.lost * share)
          ? new Error(`the answer to ${step} was lost`)
          : undefined,
      );
    });
    return promise;
  }

  #pass(process: Process, ms: number): Promise<void> {
    return new Promise((resolve) => this.#time.after(ms, () => process.deliver(resolve)));
  }

  #need(staging: Staging | undefined): Staging {
    if (staging === undefined) throw new Error('no staging of this restore is on the server');
    return staging;
  }
}

function strangersTable(shard: string): TidemarkError {
  const cause = 'it holds table public.migrated';
  return new TidemarkError({
    code: 'target-not-empty',
    operation: 'close the target',
    subject: shard,
    cause,
  });
}
