/** Step 1 of a restore against real targets: every agent says what does not fit, and nothing is changed. */
import { errorTable } from '../../proto/errors.ts';
import type { ErrorCode } from '../../proto/errors.ts';
import { TidemarkError } from '../../proto/errors.ts';
import type { Finding__Output as WireFinding } from '../../proto/gen/tidemark/v1/Finding.ts';
import type { SealBody } from '../../repository/seal.ts';
import { displayText } from '../../topology/display-text.ts';
import { formatBytes } from '../../topology/units.ts';
import { combineFailures, contextFor, onAll } from '../agents.ts';
import type { Agent } from '../agents.ts';
import { bad, findingText, formatCount, table, warn } from '../output.ts';
import { beginRepositoryProof } from '../nonce.ts';
import { untouchedShards } from './plan.ts';
import type { PlannedShard, PlanFinding, RestorePlan, RestoreTarget, ShardPair } from './plan.ts';
import type { Run } from '../run.ts';
import type { StoredCatalogue } from './stored-catalogue.ts';
import { totalSums } from '../sums.ts';

/** What an agent asks its server takes no longer; how long it reads depends on the manifest. */
const fitLimitMs = 120_000;
/** An agent reads 4 packed MiB of a manifest in a second, on a slow host that does other things too a quarter of that. */
const packedBytesPerMs = 1000;

/** How long an agent may take to say whether a shard with a manifest of so many bytes fits. */
export function fitDeadlineMs(manifestBytes: number): number {
  return fitLimitMs + Math.ceil(manifestBytes / packedBytesPerMs);
}

/**
 * Asks every target whether its shard fits, and whether it can read and write the repository, where the decision will be recorded.
 * Findings are part of the plan; an agent that cannot tell throws, and so does a repository that we cannot write ourselves.
 */
export async function planRestore(
  run: Run,
  { target, globals }: RestoreTarget,
  seal: SealBody,
  catalogue: StoredCatalogue,
  pairs: readonly ShardPair[],
  agents: readonly Agent[],
): Promise<RestorePlan> {
  const proof = await beginRepositoryProof(run.store, target.cluster);
  const fit = async (agent: Agent, signal: AbortSignal): Promise<PlannedShard> => {
    const pair = pairs.find((candidate) => candidate.target.name === agent.shard);
    const stored = seal.shards.find((shard) => shard.name === pair?.source);
    if (stored === undefined) throw new Error(`no stored shard for ${agent.shard}`);
    const context = contextFor(target.cluster, target.repository.url, agent.shard, seal.set);
    const { manifest } = stored;
    const reply = await agent.client.fit(
      {
        context,
        manifest,
        sourceShard: stored.name,
        globals,
        lanes: target.copy.lanes,
        nonce: proof.nonceFor(agent.shard),
      },
      { signal, deadlineMs: fitDeadlineMs(manifest.size) },
    );
    const findings = reply.findings.map((finding) => planFinding(agent.shard, finding));
    // An agent that could not answer has said why.
    if (reply.nonceAnswered || findings.every(({ warning }) => warning)) await proof.confirm(agent.shard);
    return {
      source: stored.name,
      target: agent.shard,
      agent: agent.address,
      from: `${stored.family} ${stored.version}`,
      to: `${agent.server.family} ${agent.server.version}`,
      databases: catalogue.databases.get(stored.name) ?? [],
      sums: stored.sums,
      notAsked: reply.notAsked.map(({ name, reason }) => ({ name, reason })),
      findings,
    };
  };
  try {
    const shards = await onAll(agents, 'see whether the set fits', run.signal, fit);
    return { set: seal.set, shards, untouched: untouchedShards(target.shards, pairs), rehearsed: false };
  } finally {
    await proof.clear();
  }
}

/** Why this plan cannot be carried out, as one error; undefined when it can. Warnings do not count. */
export function planFailure(plan: RestorePlan): TidemarkError | undefined {
  const failures = plan.shards.flatMap((shard) =>
    shard.findings
      .filter((finding) => !finding.warning)
      .map(({ code, subject, cause, remedy }) => ({
        shard: shard.target,
        error: new TidemarkError({
          code: knownCode(code),
          operation: 'restore',
          subject: `${shard.target}: ${subject}`,
          cause,
          remedy,
        }),
      })),
  );
  return failures.length === 0 ? undefined : combineFailures('restore', failures);
}

/** What the plan shows and does not stop a restore. */
export function planWarnings(plan: RestorePlan): PlanFinding[] {
  return plan.shards.flatMap(({ findings }) => findings.filter(({ warning }) => warning));
}

/** The plan for a person. */
export function planText(plan: RestorePlan): string {
  const rows = plan.shards.map((shard) => [
    shard.source,
    `${shard.target} (${shard.agent})`,
    shard.from,
    shard.to,
    shard.databases.join(', '),
    formatCount(shard.sums.tables),
    formatCount(shard.sums.rows),
    formatBytes(shard.sums.rawBytes),
  ]);
  const columns = [
    { title: 'shard' },
    { title: 'target' },
    { title: 'from' },
    { title: 'to' },
    { title: 'databases' },
    { title: 'tables', align: 'right' },
    { title: 'rows', align: 'right' },
    { title: 'bytes', align: 'right' },
  ] as const;
  const total = totalSums(plan.shards.map((shard) => shard.sums));
  const findings = plan.shards.flatMap((shard) =>
    shard.findings.map(({ warning, subject, cause, remedy }) =>
      findingText(warning ? warn('warning') : bad('refused'), `${shard.target}: ${subject}`, cause, remedy),
    ),
  );
  const notAsked = plan.shards.flatMap((shard) =>
    shard.notAsked.map(({ name, reason }) =>
      findingText(warn('not asked'), `${shard.target}: invariant ${name}`, reason, ''),
    ),
  );
  const summary = `${plan.set}: ${plan.shards.length} shards, ${formatCount(total.rows)} rows, ${formatBytes(total.rawBytes)}`;
  const untouched =
    plan.untouched.length === 0
      ? []
      : [
          `nothing is restored to ${displayText(plan.untouched.join(', '))}: no shard of the set has that name or is mapped to it`,
        ];
  const rehearsed = plan.rehearsed
    ? ['rehearsed: the schema was made in the staging of every target, and dropped']
    : [];
  return [summary, table(columns, rows), ...untouched, ...rehearsed, ...findings, ...notAsked].join('\n');
}

export function planFinding(
  target: string,
  { code, subject, cause, remedy, warning }: WireFinding,
): PlanFinding {
  return { target, code, subject, cause, remedy, warning };
}

function knownCode(code: string): ErrorCode {
  // A newer agent may know codes that we do not.
  return Object.hasOwn(errorTable, code) ? (code as ErrorCode) : 'does-not-fit';
}
