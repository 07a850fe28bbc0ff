/** `restore --dry-run`: the schema of the set is made in the staging of every target, where the restore itself would make it, and dropped. */
import type { SealBody } from '../../repository/seal.ts';
import { contextFor, onAll } from '../agents.ts';
import type { Agent } from '../agents.ts';
import { newRestoreId } from '../restore/load-shards.ts';
import type { PlannedShard, RestorePlan, RestoreTarget } from '../restore/plan.ts';
import { planFinding } from '../restore/plan-restore.ts';
import type { Run } from '../run.ts';
import { rehearseAgent } from './rehearse-agent.ts';

/** The plan, with what the targets refused. Throws where one could not try it: a restore could not begin there either. */
export async function rehearsePlan(
  run: Run,
  { target, globals }: RestoreTarget,
  seal: SealBody,
  plan: RestorePlan,
  agents: readonly Agent[],
): Promise<RestorePlan> {
  run.progress.step(`rehearsing a restore of ${seal.set}`);
  const restore = newRestoreId(run.now());
  const rehearse = async (agent: Agent, signal: AbortSignal): Promise<PlannedShard> => {
    const planned = plan.shards.find((shard) => shard.target === agent.shard);
    const stored = seal.shards.find(({ name }) => name === planned?.source);
    if (planned === undefined || stored === undefined) throw new Error(`no stored shard for ${agent.shard}`);
    const { manifest, name: sourceShard } = stored;
    const context = contextFor(target.cluster, target.repository.url, agent.shard, seal.set);
    const request = { context, manifest, sourceShard, restore, lanes: target.copy.lanes, globals };
    const { findings } = await rehearseAgent(agent, request, run.progress, signal);
    const refused = findings.map((finding) => planFinding(agent.shard, finding));
    return { ...planned, findings: [...planned.findings, ...refused] };
  };
  const shards = await onAll(agents, 'rehearse the restore', run.signal, rehearse);
  return { ...plan, shards, rehearsed: true };
}
