/** Measures a piece of work: time, processor time of everybody who takes part, peak memory of the tools. */
import { setTimeout as sleep } from 'node:timers/promises';
import { cpuSeconds, endedChildrenSeconds, residentBytes } from './process-tree.ts';

export interface Measured {
  readonly seconds: number;
  /** Of tools and servers together, user and system. */
  readonly cpuSeconds: number;
  /** The greatest sum of the tools' resident memory that was seen, without the servers'. */
  readonly peakBytes: number;
  /** The same of those tools alone that run all the time, with what they start. */
  readonly standingPeakBytes: number;
  /** What these had before the work. */
  readonly standingBytes: number;
}

export interface Participants {
  /** Processes of the tool that run all the time, such as agents; commands that are started for the work count anyway. */
  readonly tools: readonly number[];
  readonly servers: readonly number[];
}

/** Sampling costs the work some processor time: seldom, and for all tools alike. */
const sampleMs = 200;

/**
 * Runs the work once. Commands that it starts are children of this process and have ended when it resolves. Memory is
 * what the tools use beyond this process's own and its servers'.
 */
export async function measure(
  { tools, servers }: Participants,
  work: () => Promise<unknown>,
): Promise<Measured> {
  const resident = (): { standing: number; others: number } => {
    const [, standing = 0, others = 0] = residentBytes([servers, tools, [process.pid]]);
    return { standing, others };
  };
  const { standing: standingBytes, others: own } = resident();
  let peakBytes = 0;
  let standingPeakBytes = 0;
  const timer = setInterval(() => {
    const { standing, others } = resident();
    peakBytes = Math.max(peakBytes, standing + others - own);
    standingPeakBytes = Math.max(standingPeakBytes, standing);
  }, sampleMs);
  const everybody = [...tools, ...servers];
  const before = cpuSeconds(everybody) + endedChildrenSeconds();
  const began = performance.now();
  try {
    await work();
  } finally {
    clearInterval(timer);
  }
  const seconds = (performance.now() - began) / 1000;
  const used = cpuSeconds(everybody) + endedChildrenSeconds() - before;
  return { seconds, cpuSeconds: used, peakBytes, standingPeakBytes, standingBytes };
}

/** Resolves when the processes rest: what a server still does for the work before must not count for the next. */
export async function atRest(pids: readonly number[]): Promise<void> {
  const until = performance.now() + 30_000;
  for (let before = cpuSeconds(pids); performance.now() < until; ) {
    await sleep(300);
    const now = cpuSeconds(pids);
    if (now - before < 0.03) return;
    before = now;
  }
}
