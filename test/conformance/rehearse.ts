/** A rehearsal of a server's schema on a scratch server, as an agent runs it. */
import type { Engine, Finding } from '../../shard-agent/engine.ts';
import { Progress } from '../../shard-agent/progress.ts';
import { Refusals } from '../../shard-agent/rehearsal/refusals.ts';
import { type Rehearsed, rehearseOnScratch } from '../../shard-agent/rehearsal/rehearsal.ts';

export interface Rehearsal extends Rehearsed {
  readonly findings: readonly Finding[];
  readonly ms: number;
}

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
