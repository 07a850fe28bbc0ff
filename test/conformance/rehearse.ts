/** A rehearsal of a server's schema, as an agent runs it. */
import type { Engine, Finding } from '../../shard-agent/engine.ts';
import type { ObjectStore } from '../../repository/object-store.ts';
import { Progress } from '../../shard-agent/progress.ts';
import { Refusals } from '../../shard-agent/rehearsal/refusals.ts';
import {
  type Rehearsed,
  rehearseInStaging,
  rehearseOnScratch,
  type Sample,
} from '../../shard-agent/rehearsal/rehearsal.ts';

export interface Rehearsal extends Rehearsed {
  readonly findings: readonly Finding[];
  readonly ms: number;
}

/** On a scratch server. */
export async function rehearse(
  engine: Engine,
  rows = 100,
  signal = new AbortController().signal,
): Promise<Rehearsal> {
  const findings: Finding[] = [];
  const beganMs = performance.now();
  const rehearsed = await rehearseOnScratch(
    { engine, cluster: 'shop', shard: 'shop-00', lanes: 2, rows, progress: new Progress('schema'), signal },
    new Refusals('shop-00', (finding) => findings.push(finding)),
  );
  return { ...rehearsed, findings, ms: performance.now() - beganMs };
}

/** In the staging of a target, with the sample's rows. */
export async function rehearseOn(engine: Engine, store: ObjectStore, sample: Sample): Promise<Finding[]> {
  const findings: Finding[] = [];
  const common = { shard: 'shop-00', lanes: 2, progress: new Progress('schema') };
  await rehearseInStaging(
    {
      ...common,
      engine,
      restore: 'r1',
      globals: false,
      signal: new AbortController().signal,
      persist: (work) => work(),
    },
    { ...sample, store, shard: 'shop-00' },
    true,
    new Refusals('shop-00', (finding) => findings.push(finding)),
  );
  return findings;
}
