/** What this agent can say of the restores that are under way here, while they are. What is over is in the repository's records. */

/** Restores on their way, in this order; `undoing` may follow any but the last two. */
export type RestoreState =
  | 'loading'
  | 'loaded'
  | 'closed'
  | 'switching'
  | 'switched'
  | 'opening'
  | 'opened'
  | 'undoing';

export interface StateReport {
  readonly state: RestoreState;
  /** Why the last try of the step under way failed, or what it waits for; empty when neither. */
  readonly trouble: string;
}

export class RestoreStates {
  readonly #reports = new Map<string, StateReport>();
  /** Why restores that were left behind cannot even be looked at yet; empty when they can. */
  waiting = '';

  /** A step was begun: the trouble with the one before is over. */
  enter(restore: string, state: RestoreState): void {
    this.#reports.set(restore, { state, trouble: '' });
  }

  trouble(restore: string, trouble: string): void {
    const report = this.#reports.get(restore);
    if (report !== undefined) this.#reports.set(restore, { ...report, trouble });
  }

  /** Nothing of it is under way any more. */
  leave(restore: string): void {
    this.#reports.delete(restore);
  }

  of(restore: string): StateReport | undefined {
    return this.#reports.get(restore);
  }

  /** Every trouble there is, for an agent that is asked why it is busy. */
  get troubles(): string[] {
    const waiting = this.waiting === '' ? [] : [this.waiting];
    const reports = [...this.#reports]
      .filter(([, { trouble }]) => trouble !== '')
      .map(([restore, { trouble }]) => `restore ${restore}: ${trouble}`);
    return [...waiting, ...reports];
  }
}
