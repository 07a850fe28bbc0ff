/** The test's side of the step hook: orders to stop a process at a step, and the log of steps reached. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { StepPoint } from '../../proto/step-points.ts';
import type { StepOrder, StepRecord } from './step-hook.ts';

const hookPath = path.join(import.meta.dirname, 'step-hook.ts');

/** Node's arguments that load the hook. */
export const hookArguments: readonly string[] = ['--import', hookPath];

let orders = 0;

/** One order for one process, given to it through its environment. */
export class Step {
  readonly #order: StepOrder;

  /** `folder` takes the order's marks. */
  constructor(point: StepPoint, action: StepOrder['action'], folder: string) {
    orders += 1;
    const mark = (kind: string): string => path.join(folder, `step-${orders}-${kind}`);
    this.#order = { point, action, marker: mark('reached'), release: mark('release') };
  }

  get environment(): Record<string, string> {
    return { TIDEMARK_TEST_STEP: JSON.stringify(this.#order) };
  }

  /** Resolves when the process has come to the step; throws when `ended` resolves first, or after `withinMs`. */
  async reached(ended?: Promise<unknown>, withinMs = 60_000): Promise<void> {
    let over = false;
    void ended?.then(() => {
      over = true;
    });
    const until = Date.now() + withinMs;
    while (!existsSync(this.#order.marker)) {
      if (over) throw new Error(`the command ended before ${this.#order.point} was reached`);
      if (Date.now() > until) throw new Error(`${this.#order.point} was not reached within ${withinMs} ms`);
      await sleep(5);
    }
  }

  /** Lets a process that waits at the step go on. */
  release(): void {
    writeFileSync(this.#order.release, '');
  }
}

/** Every step reached by the processes that log into this file, in the order in which they were written. */
export function readStepLog(file: string): StepRecord[] {
  if (!existsSync(file)) return [];
  const lines = readFileSync(file, 'utf8').split('\n');
  return lines.filter((line) => line !== '').map((line) => JSON.parse(line) as StepRecord);
}
