/** Work for several lanes: handed out in order, given back when a lane dies, until none is left. */

/** Pure bookkeeping; bounded by what it was made with. */
export class TaskBoard<Task> {
  readonly #open: Task[];
  #running = 0;
  #waiting: (() => void)[] = [];

  constructor(tasks: readonly Task[]) {
    this.#open = tasks.toReversed();
  }

  /** The next task; undefined when all are done. Waits while others run, since one of them may be given back. */
  async take(): Promise<Task | undefined> {
    for (;;) {
      const task = this.#open.pop();
      if (task !== undefined) {
        this.#running += 1;
        return task;
      }
      if (this.#running === 0) return undefined;
      await new Promise<void>((resolve) => {
        this.#waiting.push(resolve);
      });
    }
  }

  /** A task that was taken has ended, or is given back in another form, to be taken next. */
  settle(giveBack?: Task): void {
    this.#running -= 1;
    if (giveBack !== undefined) this.#open.push(giveBack);
    for (const wake of this.#waiting.splice(0)) wake();
  }

  /** Tasks that nobody has taken. */
  get left(): number {
    return this.#open.length;
  }
}
