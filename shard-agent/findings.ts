/** Findings: what is told all at once where a failure would tell only the first. */
import { asTidemarkError } from '../proto/errors.ts';
import type { Finding } from './engine.ts';

export function finding(
  code: Finding['code'],
  subject: string,
  cause: string,
  remedy: string,
  warning = false,
): Finding {
  return { code, subject, cause, remedy, warning };
}

/** A failure told as a finding. */
export function findingOf(error: unknown, shard: string): Finding {
  const known = asTidemarkError(error, { code: 'internal', operation: 'check', subject: shard });
  const { code, subject, reason, remedy } = known;
  return finding(code, subject, reason, remedy);
}

/** A server that does not answer says so to every question; once is enough. */
export function withoutTwins(findings: readonly Finding[]): Finding[] {
  const seen = new Set<string>();
  return findings.filter(({ code, subject, cause, remedy }) => {
    const key = JSON.stringify([code, subject, cause, remedy]);
    if (seen.has(key)) return false;
    seen.add(key);
    return true;
  });
}
