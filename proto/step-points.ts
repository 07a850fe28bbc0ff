/**
 * The named points of a backup and a restore at which tests stop, kill or freeze a process.
 *
 * In production nothing is installed and a step point is one property read. A test starts the process with
 * `node --import <hook>`; the hook puts a function at `Symbol.for('tidemark.stepPoint')`.
 */
export const stepPoints = [
  'coordinator.lease-taken',
  'coordinator.prepared',
  'coordinator.frozen',
  'coordinator.cut-stored',
  'coordinator.copying',
  'coordinator.before-seal',
  'coordinator.restore-loaded',
  'coordinator.restore-closed',
  'coordinator.restore-decided',
  'coordinator.restore-switched',
  'coordinator.restore-ended',
  'agent.prepared',
  'agent.locking',
  'agent.frozen',
  'agent.snapshots-taken',
  'agent.thawed',
  'agent.copying',
  'agent.chunk-stored',
  'agent.before-manifest',
  'agent.staged',
  'agent.loading',
  'agent.target-closed',
  'agent.before-switch',
  'agent.switched',
  'agent.before-open',
  'agent.opened',
  'agent.rehearsed',
] as const;

export type StepPoint = (typeof stepPoints)[number];
type Hook = (point: StepPoint) => Promise<void> | void;

const slot = Symbol.for('tidemark.stepPoint');

/** Says that the process has come to `point`. Resolves at once unless a test has installed a hook. */
export async function reached(point: StepPoint): Promise<void> {
  const hook = (globalThis as { [slot]?: Hook })[slot];
  if (hook !== undefined) await hook(point);
}
