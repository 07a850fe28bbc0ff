/** Invariants asked before there is a cut: the same for all engines but for how one is asked, and how the server says that it took too long. */
import { TidemarkError } from '../proto/errors.ts';
import type { InvariantQuery } from '../topology/agent-file.ts';
import { formatDuration } from '../topology/units.ts';
import type { Finding, TriedInvariants } from './engine.ts';
import { finding } from './findings.ts';

export interface Questioner {
  /** Asks one; the server ends it after `limitMs`. Throws TidemarkError. */
  ask(query: InvariantQuery, limitMs: number): Promise<string | null>;
  /** Whether the server ended it for that reason. */
  tookTooLong(error: TidemarkError): boolean;
}

/** One after the other, so that one connection is enough. Throws when the server is gone. */
export async function tryInvariants(
  questioner: Questioner,
  queries: readonly InvariantQuery[],
  limitMs: number,
  signal?: AbortSignal,
): Promise<TriedInvariants> {
  const endMs = performance.now() + limitMs;
  const answers: { name: string; answer: string | null }[] = [];
  const findings: Finding[] = [];
  for (const query of queries) {
    const leftMs = Math.ceil(endMs - performance.now());
    if (signal?.aborted === true || leftMs <= 0) {
      findings.push(slow(query, limitMs));
      continue;
    }
    try {
      answers.push({ name: query.name, answer: await questioner.ask(query, leftMs) });
    } catch (error) {
      if (!(error instanceof TidemarkError) || error.code === 'database-unreachable') throw error;
      if (questioner.tookTooLong(error)) findings.push(slow(query, limitMs));
      else findings.push(failed(query, error));
    }
  }
  return { answers, findings };
}

function failed(query: InvariantQuery, error: TidemarkError): Finding {
  const remedy =
    error.code === 'not-ready'
      ? error.remedy
      : "Correct its SQL under `invariants` in the agent's file, or let the agent's account do what the server refused.";
  return finding('not-ready', subjectOf(query), error.reason, remedy);
}

function slow(query: InvariantQuery, limitMs: number): Finding {
  return finding(
    'not-ready',
    subjectOf(query),
    `the invariants took longer than ${formatDuration(limitMs)}, so it is not known whether this one can be asked`,
    "A backup and a restore wait for it as long as it takes. Make the SQL under `invariants` in the agent's file faster if that is too long.",
    true,
  );
}

/** As inside a cut. */
function subjectOf({ name, database }: InvariantQuery): string {
  return `database ${database}: invariant ${name}`;
}
