/** An agent that answers nothing, for tests that bring the few answers they need. */
import type { AgentImplementation } from '../../../proto/channel.ts';

/** Every method by the same function. */
export function agentThat(answers: () => Promise<never>): AgentImplementation {
  return {
    describe: answers,
    check: answers,
    abort: answers,
    fit: answers,
    barrier: answers,
    copy: answers,
    restore: answers,
    restoreState: answers,
    verify: answers,
    mark: answers,
    rehearse: answers,
    seeMarks: answers,
  };
}

export const refusingAgent = agentThat(() => Promise.reject(new Error('not part of this test')));
