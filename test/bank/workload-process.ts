/** The handle by which a test starts, asks and stops the bank's clients, which run in a process of their own. */
import { type ChildProcess, fork } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { BankPlan } from './plan.ts';
import type { WindowReport } from './timeline.ts';

export type Question = { readonly id: number } & (
  | { readonly ask: 'now' | 'pause' | 'resume' | 'stop' }
  | { readonly ask: 'window'; readonly from: number; readonly to: number }
  | { readonly ask: 'in-flight-at'; readonly moments: readonly number[] }
  | { readonly ask: 'counts-at'; readonly moment: number }
);
type Asked = Question extends infer Q ? (Q extends Question ? Omit<Q, 'id'> : never) : never;

export interface WorkloadState {
  readonly at: number;
  readonly started: number;
  readonly inFlight: number;
  /** Shard by shard transfers that lost their second shard between the commits and are not whole again yet. */
  readonly repairing: number;
  readonly failures: number;
  readonly lastFailure: string;
}

export interface Answer {
  readonly id: number;
  readonly error?: string;
  readonly value: WorkloadState | WindowReport | { ended: number; begun: number } | number[] | null;
}

export class Workload {
  readonly #child: ChildProcess;
  readonly #waiting = new Map<
    number,
    { resolve: (value: unknown) => void; reject: (error: Error) => void }
  >();
  readonly #gone: Promise<void>;
  #asked = 0;

  private constructor(child: ChildProcess) {
    this.#child = child;
    child.on('message', (message: Answer) => {
      const waiting = this.#waiting.get(message.id);
      this.#waiting.delete(message.id);
      if (message.error !== undefined) waiting?.reject(new Error(`the workload: ${message.error}`));
      else waiting?.resolve(message.value);
    });
    this.#gone = new Promise((resolve) => {
      child.once('exit', (code, signal) => {
        for (const { reject } of this.#waiting.values()) {
          reject(new Error(`the workload ended with ${signal ?? code}`));
        }
        this.#waiting.clear();
        resolve();
      });
    });
  }

  /** Starts the clients on a bank that stands. `folder` takes the plan and the log of two-phase decisions. */
  static async start(plan: BankPlan, folder: string): Promise<Workload> {
    const planPath = path.join(folder, 'bank-plan.json');
    writeFileSync(planPath, JSON.stringify(plan));
    const child = fork(
      new URL('./workload.ts', import.meta.url),
      [planPath, path.join(folder, 'bank-decisions.log')],
      { execArgv: [], stdio: ['ignore', 'inherit', 'inherit', 'ipc'] },
    );
    const workload = new Workload(child);
    await workload.now();
    return workload;
  }

  now(): Promise<WorkloadState> {
    return this.#ask({ ask: 'now' });
  }

  /** Resolves when the clients are in a state that fits; throws with that state when they are not within the time. */
  async until(fits: (state: WorkloadState) => boolean, withinMs = 30_000): Promise<void> {
    const end = Date.now() + withinMs;
    for (;;) {
      const state = await this.now();
      if (fits(state)) return;
      if (Date.now() > end)
        throw new Error(`the bank's clients: ${JSON.stringify(state)} after ${withinMs} ms`);
      await sleep(10);
    }
  }

  /** What the writers saw between two moments, in milliseconds since the epoch. */
  window(from: number, to: number): Promise<WindowReport> {
    return this.#ask({ ask: 'window', from, to });
  }

  inFlightAt(moments: readonly number[]): Promise<number[]> {
    return this.#ask({ ask: 'in-flight-at', moments });
  }

  /** Transfers that had ended, and that had begun, at this moment: what any cut of it holds at least and at most. */
  countsAt(moment: number): Promise<{ ended: number; begun: number }> {
    return this.#ask({ ask: 'counts-at', moment });
  }

  /** Resolves when no transfer is in flight. */
  async pause(): Promise<void> {
    await this.#ask({ ask: 'pause' });
  }

  async resume(): Promise<void> {
    await this.#ask({ ask: 'resume' });
  }

  /** Ends every client after its transfer and leaves nothing in doubt. */
  async stop(): Promise<void> {
    await this.#ask({ ask: 'stop' });
    await this.#gone;
  }

  /** Ends the process at once. */
  async kill(): Promise<void> {
    this.#child.kill('SIGKILL');
    await this.#gone;
  }

  #ask<T>(question: Asked): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      if (!this.#child.connected) return reject(new Error('the workload has ended'));
      this.#asked += 1;
      const id = this.#asked;
      this.#waiting.set(id, { resolve: resolve as (value: unknown) => void, reject });
      this.#child.send({ id, ...question });
    });
  }
}
