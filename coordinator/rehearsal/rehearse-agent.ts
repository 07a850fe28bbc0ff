/** One agent's rehearsal, from the order to its end. */
import { TidemarkError } from '../../proto/errors.ts';
import type { RehearseRequest } from '../../proto/gen/tidemark/v1/RehearseRequest.ts';
import type { RehearseDone__Output as RehearseDone } from '../../proto/gen/tidemark/v1/RehearseDone.ts';
import type { Finding__Output as WireFinding } from '../../proto/gen/tidemark/v1/Finding.ts';
import type { Agent } from '../agents.ts';
import type { Progress } from '../progress.ts';
import { shardProgress } from '../shard-progress.ts';

export interface RehearsalAnswer {
  readonly done: RehearseDone;
  /** What was refused. */
  readonly findings: readonly WireFinding[];
}

/** Throws what keeps it from being tried. When `signal` is aborted the call ends, and with it the rehearsal. */
export async function rehearseAgent(
  agent: Agent,
  request: RehearseRequest,
  progress: Progress,
  signal: AbortSignal,
): Promise<RehearsalAnswer> {
  signal.throwIfAborted();
  const replies = agent.client.rehearse(request);
  const cancel = (): void => replies.cancel();
  signal.addEventListener('abort', cancel);
  const findings: WireFinding[] = [];
  try {
    for await (const reply of replies) {
      if (reply.progress) progress.shard(agent.shard, shardProgress(reply.progress));
      if (reply.finding) findings.push(reply.finding);
      if (!reply.done) continue;
      progress.done(agent.shard);
      return { done: reply.done, findings };
    }
  } finally {
    signal.removeEventListener('abort', cancel);
  }
  throw new TidemarkError({
    code: 'agent-unreachable',
    operation: 'rehearse',
    subject: `${agent.shard}: agent ${agent.address}`,
    cause: 'the call ended before the agent said that it was done',
  });
}
