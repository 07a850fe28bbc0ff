/**
 * Loaded into a coordinator or agent with `node --import`: at the step points a test has named, it leaves a mark and
 * stops the process there.
 *
 * `TIDEMARK_TEST_STEP_LOG`: a file that gets one line for every step reached. `TIDEMARK_TEST_STEP`: one StepOrder as JSON.
 */
import { appendFileSync, existsSync, writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import type { StepPoint } from '../../proto/step-points.ts';

export interface StepOrder {
  readonly point: StepPoint;
  /**
   * kill: SIGKILL. stop: SIGSTOP, nothing of the process runs on. wait: only this step waits, until `release` exists or
   * the process is told to end (SIGINT, SIGTERM); its own handler of that signal has run before the step goes on.
   */
  readonly action: 'kill' | 'stop' | 'wait';
  /** Written when the step is reached. The order holds for the first time only: not while this file exists. */
  readonly marker: string;
  readonly release: string;
}

/** One line of the log. */
export interface StepRecord {
  readonly point: StepPoint;
  /** Milliseconds since the epoch, with fractions. */
  readonly at: number;
  readonly pid: number;
}

const logPath = process.env['TIDEMARK_TEST_STEP_LOG'];
const orderText = process.env['TIDEMARK_TEST_STEP'];
const order = orderText === undefined ? undefined : (JSON.parse(orderText) as StepOrder);

const slot = Symbol.for('tidemark.stepPoint');
(globalThis as { [slot]?: (point: StepPoint) => Promise<void> })[slot] = async (point) => {
  if (logPath !== undefined) {
    const record: StepRecord = { point, at: performance.timeOrigin + performance.now(), pid: process.pid };
    appendFileSync(logPath, `${JSON.stringify(record)}\n`);
  }
  if (order === undefined || order.point !== point || existsSync(order.marker)) return;
  writeFileSync(order.marker, String(process.pid));
  if (order.action === 'kill') process.kill(process.pid, 'SIGKILL');
  if (order.action === 'stop') process.kill(process.pid, 'SIGSTOP');
  if (order.action === 'wait') await released(order.release);
};

async function released(file: string): Promise<void> {
  let told = false;
  const tell = (): void => {
    told = true;
  };
  process.once('SIGINT', tell);
  process.once('SIGTERM', tell);
  while (!told && !existsSync(file)) await sleep(10);
  process.off('SIGINT', tell);
  process.off('SIGTERM', tell);
}
