/** Simulated time and chance: one queue of events, one seed. The same seed gives the same run. */
import type { Clock } from '../../proto/clock.ts';
import { SeededNumbers } from '../seeded-numbers.ts';

/** Numbers in [0, 1) from a seed. */
export class Chance {
  readonly #numbers: SeededNumbers;

  constructor(seed: number) {
    this.#numbers = new SeededNumbers(seed);
  }

  next(): number {
    return this.#numbers.next() / 4294967296;
  }

  between(low: number, high: number): number {
    return low + this.next() * (high - low);
  }

  /** A whole number, both ends included. */
  whole(low: number, high: number): number {
    return Math.floor(this.between(low, high + 1));
  }

  happens(share: number): boolean {
    return this.next() < share;
  }

  one<Item>(items: readonly Item[]): Item {
    const item = items[Math.floor(this.next() * items.length)];
    if (item === undefined) throw new Error('nothing to choose from');
    return item;
  }
}

interface Planned {
  readonly atMs: number;
  readonly order: number;
  readonly fire: () => void;
  cancelled: boolean;
}

export class VirtualTime {
  #nowMs = 0;
  #order = 0;
  /** A binary heap by time, then by the order of planning. */
  readonly #heap: Planned[] = [];

  get nowMs(): number {
    return this.#nowMs;
  }

  /** Calls `fire` after `ms`; the result cancels it. */
  after(ms: number, fire: () => void): () => void {
    const planned = { atMs: this.#nowMs + Math.max(0, ms), order: this.#order++, fire, cancelled: false };
    this.#push(planned);
    return () => {
      planned.cancelled = true;
    };
  }

  /** Lets time pass until `over` says so, `untilMs` is reached or nothing is left to happen. */
  async run(untilMs: number, over: () => boolean): Promise<void> {
    await turn();
    for (;;) {
      const next = this.#heap[0];
      if (over() || next === undefined || next.atMs > untilMs) return;
      this.#pop();
      if (next.cancelled) continue;
      this.#nowMs = next.atMs;
      next.fire();
      // Everything that follows from it without time passing: promises settle, in an order that only the code decides.
      await turn();
    }
  }

  #push(planned: Planned): void {
    const heap = this.#heap;
    let at = heap.push(planned) - 1;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (!before(heap[at], heap[parent])) break;
      swap(heap, at, parent);
      at = parent;
    }
  }

  #pop(): void {
    const heap = this.#heap;
    const last = heap.pop();
    if (last === undefined || heap.length === 0) return;
    heap[0] = last;
    for (let at = 0; ; ) {
      let least = at;
      for (const child of [2 * at + 1, 2 * at + 2]) if (before(heap[child], heap[least])) least = child;
      if (least === at) return;
      swap(heap, at, least);
      at = least;
    }
  }
}

function before(one: Planned | undefined, other: Planned | undefined): boolean {
  if (one === undefined || other === undefined) return false;
  return one.atMs < other.atMs || (one.atMs === other.atMs && one.order < other.order);
}

function swap(heap: Planned[], one: number, other: number): void {
  [heap[one], heap[other]] = [heap[other] as Planned, heap[one] as Planned];
}

function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

/** How a process's timers misbehave. */
export interface TimerFaults {
  /** Share of timers that come late, and by how much at most. */
  readonly late: number;
  readonly lateMs: number;
  /** Share of cancelled timers that fire all the same, and of timers that fire twice. */
  readonly stale: number;
}

/** An operating system process: it may be stopped and go on, or be killed. What is meant for it waits, or is lost. */
export class Process {
  readonly clock: Clock;
  readonly #time: VirtualTime;
  readonly #waiting: (() => void)[] = [];
  #state: 'running' | 'stopped' | 'dead' = 'running';

  constructor(time: VirtualTime, chance: Chance, faults: TimerFaults) {
    this.#time = time;
    this.clock = {
      now: () => time.nowMs,
      setTimer: (ms, fire) => {
        const lateMs = chance.happens(faults.late) ? chance.between(0, faults.lateMs) : 0;
        const cancel = time.after(ms + lateMs, () => this.deliver(fire));
        if (chance.happens(faults.stale)) {
          time.after(ms + lateMs + chance.between(0, 5), () => this.deliver(fire));
          return () => undefined;
        }
        return cancel;
      },
    };
  }

  get alive(): boolean {
    return this.#state !== 'dead';
  }

  /** Something from outside: a message, a server's answer, a timer. */
  deliver(happening: () => void): void {
    if (this.#state === 'running') happening();
    else if (this.#state === 'stopped') this.#waiting.push(happening);
  }

  kill(): void {
    this.#state = 'dead';
    this.#waiting.length = 0;
  }

  /** As by SIGSTOP, for `ms`. */
  stop(ms: number): void {
    if (this.#state !== 'running') return;
    this.#state = 'stopped';
    this.#time.after(ms, () => this.#resume());
  }

  #resume(): void {
    if (this.#state !== 'stopped') return;
    this.#state = 'running';
    // One at a time, as an event loop would: each may stop or kill the process.
    const next = (): void => {
      if (this.#state !== 'running') return;
      const happening = this.#waiting.shift();
      if (happening === undefined) return;
      happening();
      this.#time.after(0, next);
    };
    next();
  }
}
