/** `tidemark-agent check`: tries everything that what the agent is allowed to do needs, on the shard's host itself. */
import { styleText } from 'node:util';
import { TidemarkError } from '../proto/errors.ts';
import { serverFiles } from '../proto/transport.ts';
import { nonceKey } from '../repository/layout.ts';
import type { ObjectStore } from '../repository/object-store.ts';
import { displayLines, displayText } from '../topology/display-text.ts';
import type { AgentFile } from '../topology/agent-file.ts';
import type { Engine, Finding, ServerDescription } from './engine.ts';
import { findingOf, withoutTwins } from './findings.ts';
import { tlsFindings } from './tls-findings.ts';

export interface AgentCheckReport {
  readonly shard: string;
  readonly allow: AgentFile['allow'];
  readonly server: ServerDescription | undefined;
  /** False when a finding that is no warning stands in the way. */
  readonly ready: boolean;
  readonly findings: readonly Finding[];
}

/** How long it asks invariants, all together. */
const invariantLimitMs = 30_000;

/**
 * An agent that may do both is asked for what a backup needs: that a restore needs more is told by its dry run. Reports every finding at once. `openStore` throws when the
 * repository cannot be opened: that is a finding too.
 */
export async function checkAgent(
  file: AgentFile,
  engine: Engine,
  openStore: () => ObjectStore,
): Promise<AgentCheckReport> {
  const findings: Finding[] = [];
  const attempt = async <Result>(step: () => Promise<Result> | Result): Promise<Result | undefined> => {
    try {
      return await step();
    } catch (error) {
      findings.push(findingOf(error, file.shard));
      return undefined;
    }
  };
  const tls = tlsFindings(file.transport);
  findings.push(...tls);
  // What cannot be loaded has been named.
  if (tls.every(({ warning }) => warning)) await attempt(() => void serverFiles(file.listen, file.transport));
  await attempt(() => tryRepository(openStore(), file.shard));
  const server = await attempt(() => engine.describe());
  const ask = (): Promise<Finding[]> =>
    file.allow.includes('backup') ? checkBackup(file, engine) : engine.checkRestore();
  findings.push(...((await attempt(ask)) ?? []));
  const all = withoutTwins(findings);
  return {
    shard: file.shard,
    allow: file.allow,
    server,
    ready: all.every(({ warning }) => warning),
    findings: all,
  };
}

async function checkBackup({ invariants }: AgentFile, engine: Engine): Promise<Finding[]> {
  const findings = await engine.check();
  return [...findings, ...(await engine.tryInvariants(invariants, invariantLimitMs)).findings];
}

/**
 * Writes an object and reads it back. The same bytes under the same key each time: an agent may not delete,
 * and an object that is there already is written beside and compared, so that nothing piles up.
 */
async function tryRepository(store: ObjectStore, shard: string): Promise<void> {
  const key = nonceKey('tidemark-agent-check', shard);
  const written = Buffer.from(`tidemark-agent check on ${shard}\n`);
  await store.create(key, written);
  const found = await store.readSmall(key);
  if (found?.equals(written) === true) return;
  throw new TidemarkError({
    code: 'repository-failed',
    operation: 'read back an object just written',
    subject: `${store.url}/${key}`,
    cause: found === undefined ? 'it is not there' : 'it holds other bytes',
  });
}

/** For a person: each finding with the statement or setting that ends it. */
export function printReport(report: AgentCheckReport): string {
  const { shard, server } = report;
  const lines = [
    server === undefined
      ? `${shard}: the server could not be asked`
      : displayText(
          `${shard}: ${server.family} ${server.version}, databases ${server.databases.join(', ') || 'none'}`,
        ),
  ];
  for (const finding of report.findings) {
    const mark = finding.warning ? styleText('yellow', 'warning') : styleText('red', 'missing');
    const { subject, cause, code, remedy } = finding;
    lines.push('', `${mark}  ${displayText(`${subject}: ${cause}`)} (${code})`);
    lines.push(`    ${displayLines(remedy, '    ')}`);
  }
  const purpose = report.allow.includes('backup') ? 'backup' : 'restore';
  const bad = report.findings.filter(({ warning }) => !warning).length;
  lines.push(
    '',
    bad === 0
      ? styleText('green', `ready for ${purpose}s`)
      : `${bad} problem${bad === 1 ? '' : 's'} to fix before a ${purpose} can run`,
  );
  return lines.join('\n');
}
