/** What the shards have answered in the running attempt, and who still owes an answer. Pure. */
import { lasting, sight } from './sightings.ts';
import type { Answer, Answers, BarrierEvent, Run } from './states.ts';

/** What a reply says about the running attempt; undefined when it is stale or says nothing about it. */
export function hear(
  state: { readonly run: Run; readonly answers: Answers },
  event: Extract<BarrierEvent, { kind: 'replied' }>,
): { readonly run: Run; readonly answers: Answers; readonly answer: Answer } | undefined {
  const { shard, reply, atMs } = event;
  let { run } = state;
  const { attempt } = run;
  let answer: Answer | undefined;
  if (reply.frozen?.attempt === attempt) answer = { kind: 'frozen' };
  if (reply.thawed?.attempt === attempt) {
    const { holdMs, releaseMs } = reply.thawed;
    answer = { kind: 'thawed', holdMs, releaseMs };
  }
  if (reply.cutTaken?.attempt === attempt) {
    answer = { kind: 'cut', holdMs: reply.cutTaken.holdMs, atMs, taken: reply.cutTaken };
  }
  if (reply.blocked?.attempt === attempt) {
    const { reason, blockers, holdMs, more } = reply.blocked;
    answer = {
      kind: 'blocked',
      holdMs,
      nobody: blockers.length === 0,
      lasting: lasting(run, shard, blockers),
    };
    run = sight(run, shard, { atMs, attempt, reason, blockers, more });
  }
  if (answer === undefined) return undefined;
  return { run, answers: new Map(state.answers).set(shard, answer), answer };
}

/** The shards whose writers may still wait for us, as far as we were told. A lost stream thaws its shard by itself. */
export function holding(run: Run, answers: Answers): readonly string[] {
  return run.plan.shards.filter((shard) => {
    const answer = answers.get(shard);
    return !run.lost.has(shard) && (answer === undefined || answer.kind === 'frozen');
  });
}

/** The shards that have not answered the order of this state. */
export function unanswered(run: Run, answers: Answers): readonly string[] {
  return run.plan.shards.filter((shard) => !answers.has(shard));
}
