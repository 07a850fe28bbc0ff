/** How long the answers to invariants may be: a restore gives all of a shard in one message, and a person compares them. */
import { TidemarkError } from '../proto/errors.ts';
import type { InvariantLine } from '../repository/manifest-entries.ts';

const answersBytes = 1024 * 1024;

/** Throws `not-supported` naming the longest, unless all answers together have at most 1 MiB. */
export function refuseLongAnswers(lines: readonly InvariantLine[], shard: string): void {
  const sizes = lines.map(({ name, answer }) => ({ name, bytes: Buffer.byteLength(answer ?? '') }));
  const total = sizes.reduce((sum, { bytes }) => sum + bytes, 0);
  if (total <= answersBytes) return;
  const longest = sizes.reduce((one, other) => (other.bytes > one.bytes ? other : one));
  throw new TidemarkError({
    code: 'not-supported',
    operation: 'keep the answers to the invariants',
    subject: `${shard}: invariant ${longest.name}`,
    cause: `its answer has ${longest.bytes} bytes; all answers of a shard together have ${total}, and at most ${answersBytes} are kept`,
    remedy: "Write the invariant in the agent's file so that it answers with a number or a digest.",
  });
}
