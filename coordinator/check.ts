/** `check`: everything a backup needs, tried without changing anything; every finding at once, with its remedy. */
import { TidemarkError, errorTable, foremost } from '../proto/errors.ts';
import { type BackupOptions, withoutGlobals } from './backup/backup-run.ts';
import type { CheckReply__Output as CheckReply } from '../proto/gen/tidemark/v1/CheckReply.ts';
import { tlsFaults } from '../proto/tls-check.ts';
import { setIds } from '../repository/backup-set.ts';
import type { TransportConfig } from '../topology/connection.ts';
import { displayText } from '../topology/display-text.ts';
import { formatBytes, formatDuration } from '../topology/units.ts';
import { clockToleranceMs, futureSetWarning, setAge } from './set-age.ts';
import { askAgents, contextFor, shardError } from './agents.ts';
import type { Agent, ShardFailure } from './agents.ts';
import { answersFromWire, invariantsAmiss } from './invariants.ts';
import type { ShardAnswer } from './invariants.ts';
import { beginRepositoryProof } from './nonce.ts';
import type { RepositoryProof } from './nonce.ts';
import { bad, findingText, formatCount, good, table, warn } from './output.ts';
import { rehearseCluster } from './rehearsal/rehearse-cluster.ts';
import type { Rehearsal, RehearsalOptions, RehearsedShard } from './rehearsal/rehearse-cluster.ts';
import type { Outcome, Run } from './run.ts';

/** One thing to be put right; a warning does not stop a backup. */
interface Finding {
  /** Empty for what concerns no single shard. */
  readonly shard: string;
  readonly code: string;
  readonly subject: string;
  readonly cause: string;
  readonly remedy: string;
  readonly warning: boolean;
}

/**
 * The topology has been read when this runs; `options` are those of the backup that is to be possible. Tries the repository (throws when the coordinator itself cannot use it),
 * reaches every agent, sees that all write to the same repository, and has each try its database. The outcome's failure has
 * exit code 7 or 2 when an agent could not be reached or is another one, else 1 when anything was found. With `rehearsal` a restore
 * of each shard that is ready is tried; what it is refused is found too.
 */
export async function check(
  run: Run,
  options: BackupOptions = withoutGlobals,
  rehearsal?: RehearsalOptions,
): Promise<Outcome> {
  const { topology, store, signal } = run;
  run.progress.step(`checking ${topology.cluster}`);
  const tls = tlsFindings(topology.transport);
  // Without them no agent is reached, for the same reason each time.
  const unusable = tls.filter(({ warning }) => !warning);
  if (unusable.length > 0) return outcome(run, [], warningsOf(tls), unusable.map(tlsFailure));
  const proof = await beginRepositoryProof(store, topology.cluster);
  try {
    const { agents, failures, close } = await askAgents(topology, topology.shards, signal);
    try {
      const checked = await Promise.all(agents.map((agent) => checkShard(run, agent, proof, options)));
      signal.throwIfAborted();
      const findings = [
        ...(await futureSet(run)),
        ...agents.flatMap(clockFinding),
        ...tls,
        ...invariantFindings(run, checked, failures.length === 0),
        ...checked.flatMap((shard) => shard.findings),
      ];
      const broken = [...failures, ...checked.flatMap((shard) => shard.failures)];
      const rehearsed =
        rehearsal === undefined ? [] : await rehearse(run, agents, { findings, broken }, rehearsal);
      return outcome(
        run,
        agents,
        [...findings, ...rehearsed.flatMap(refusalsOf)],
        [...broken, ...rehearsed.flatMap((shard) => shard.failures)],
        rehearsed,
      );
    } finally {
      close();
    }
  } finally {
    await proof.clear();
  }
}

/** Of the shards that are ready so far: where a backup cannot be taken, none can be tried. */
async function rehearse(
  run: Run,
  agents: readonly Agent[],
  { findings, broken }: { findings: readonly Finding[]; broken: readonly ShardFailure[] },
  rehearsal: RehearsalOptions,
): Promise<RehearsedShard[]> {
  const unready = new Set([
    ...findings.filter(({ warning }) => !warning).map(({ shard }) => shard),
    ...broken.map(({ shard }) => shard),
  ]);
  const ready = agents.filter(({ shard }) => !unready.has(shard));
  return rehearseCluster(run, ready, rehearsal);
}

function refusalsOf({ shard, findings }: RehearsedShard): Finding[] {
  return findings.map(({ code, subject, cause, remedy, warning }) => ({
    shard,
    code,
    subject,
    cause: `in the rehearsal: ${cause}`,
    remedy,
    warning,
  }));
}

/** The coordinator's own TLS files. */
function tlsFindings(transport: TransportConfig): TlsFinding[] {
  if (transport.kind !== 'tls') return [];
  return tlsFaults(transport, 'coordinator').map(({ path, ...fault }) => ({
    shard: '',
    subject: path,
    ...fault,
  }));
}

function tlsFailure({ code, subject, cause, remedy }: TlsFinding): ShardFailure {
  const operation = 'load a TLS file';
  return { shard: '', error: new TidemarkError({ code, operation, subject, cause, remedy }) };
}

function warningsOf(findings: readonly Finding[]): Finding[] {
  return findings.filter(({ warning }) => warning);
}

interface TlsFinding extends Finding {
  readonly code: 'file-unreadable' | 'file-invalid';
}

interface CheckedShard {
  readonly findings: readonly Finding[];
  readonly failures: readonly ShardFailure[];
  /** Undefined where it could not be asked. */
  readonly declared: readonly ShardAnswer[] | undefined;
}

async function checkShard(
  run: Run,
  agent: Agent,
  proof: RepositoryProof,
  { globals }: BackupOptions,
): Promise<CheckedShard> {
  const { topology, signal } = run;
  const { shard } = agent;
  const context = contextFor(topology.cluster, topology.repository.url, shard);
  const failed = (error: unknown): ShardFailure => ({
    shard,
    error: shardError(shard, error, signal, 'check'),
  });
  let reply: CheckReply;
  try {
    reply = await agent.client.check(
      {
        context,
        nonce: proof.nonceFor(shard),
        globals: globals ?? 'none',
        lanes: topology.copy.lanes,
        withoutLocks: topology.barrier.consistency === 'simultaneous',
        holdLimitMs: topology.barrier.consistency === 'atomic' ? topology.barrier.holdLimitMs : 0,
      },
      { signal },
    );
  } catch (error) {
    return { findings: [], failures: [failed(error)], declared: undefined };
  }
  const findings = reply.findings.map(({ code, subject, cause, remedy, warning }) => ({
    shard,
    code,
    subject,
    cause,
    remedy,
    warning,
  }));
  const declared = answersFromWire(shard, reply.invariants);
  // That it sees another repository is only one of the reasons why an agent cannot answer, and it has said which.
  const [elsewhere] = findings.filter(({ code }) => code === 'repository-mismatch');
  if (elsewhere !== undefined) {
    const { subject, cause, remedy } = elsewhere;
    const operation = 'see what the coordinator wrote';
    const error = new TidemarkError({ code: 'repository-mismatch', operation, subject, cause, remedy });
    const others = findings.filter((finding) => finding !== elsewhere);
    return { findings: others, failures: [failed(error)], declared };
  }
  const unexplained = findings.every(({ warning }) => warning);
  if (!reply.nonceAnswered && !unexplained) return { findings, failures: [], declared };
  try {
    await proof.confirm(shard);
    return { findings, failures: [], declared };
  } catch (error) {
    return { findings, failures: [failed(error)], declared };
  }
}

/** Said only when every agent has said what it declares. */
function invariantFindings(run: Run, checked: readonly CheckedShard[], all: boolean): Finding[] {
  const declared = checked.flatMap((shard) => (shard.declared === undefined ? [] : [shard.declared]));
  if (!all || declared.length < checked.length) return [];
  return invariantsAmiss(run.topology.invariants, declared.flat()).map(
    ({ code, subject, reason: cause, remedy }) => {
      const shard = run.topology.shards.find(({ name }) => subject.startsWith(`${name}: `))?.name ?? '';
      return { shard, code, subject, cause, remedy, warning: false };
    },
  );
}

/** Nothing is decided by comparing clocks; but the ages and times that people read are wrong where one is. */
function clockFinding({ shard, clockAheadMs }: Agent): Finding[] {
  if (Math.abs(clockAheadMs) <= clockToleranceMs) return [];
  const { remedy } = errorTable['clock-wrong'];
  const much = `${formatDuration(Math.abs(clockAheadMs))} ${clockAheadMs > 0 ? 'ahead of' : 'behind'}`;
  const cause = `the clock of the agent's host is ${much} this host's`;
  return [{ shard, code: 'clock-wrong', subject: `${shard}: clock`, cause, remedy, warning: true }];
}

async function futureSet({ store, topology, now }: Run): Promise<Finding[]> {
  const newest = (await setIds(store, topology.cluster)).at(-1);
  if (newest === undefined || setAge(newest, undefined, now()).aheadMs === 0) return [];
  return [{ ...futureSetWarning(topology.cluster, newest), shard: '', warning: true }];
}

function outcome(
  run: Run,
  agents: readonly Agent[],
  found: readonly Finding[],
  failures: readonly ShardFailure[],
  rehearsed: readonly RehearsedShard[] = [],
): Outcome {
  const { topology } = run;
  const failed = failures.map(({ shard, error }): Finding => ({ shard, ...error.toJSON(), warning: false }));
  const findings = [...failed, ...found];
  const serious = findings.filter((finding) => !finding.warning);
  const shards = topology.shards.map(({ name, agent: address }) => {
    const server = agents.find((agent) => agent.shard === name)?.server;
    const found = serious.some((finding) => finding.shard === name);
    const rehearsal = rehearsed.find(({ shard }) => shard === name)?.rehearsal;
    const ok = server !== undefined && !found;
    return { name, agent: address, server, ok, ...(rehearsal === undefined ? {} : { rehearsal }) };
  });
  const document = { cluster: topology.cluster, ok: serious.length === 0, shards, findings };
  const rows = shards.map(({ name, agent, server, ok }) => [
    name,
    agent,
    server === undefined ? '' : `${server.family} ${server.version}`,
    server?.databases.join(', ') ?? '',
    server === undefined ? '' : formatBytes(server.bytes),
    ok ? { text: 'ready', style: good } : { text: 'not ready', style: bad },
  ]);
  const columns = [
    { title: 'shard' },
    { title: 'agent' },
    { title: 'server' },
    { title: 'databases' },
    { title: 'size', align: 'right' },
    { title: 'state' },
  ] as const;
  const lines = findings.map(({ shard, subject, cause, remedy, warning }) => {
    const where = subject.includes(shard) ? subject : `${shard}: ${subject}`;
    return findingText(warning ? warn('warning') : bad('missing'), where, cause, remedy);
  });
  const tried = rehearsed.flatMap(({ shard, rehearsal }) =>
    rehearsal === undefined ? [] : [rehearsalText(shard, rehearsal)],
  );
  const text = [table(columns, rows), ...tried, ...lines].join('\n');
  for (const { warning, ...finding } of findings) if (warning) run.warned?.(finding);
  if (serious.length === 0) return { document, text };
  return { document, text, failure: failureOf(topology.cluster, serious, failures) };
}

function rehearsalText(shard: string, { server, target, tables, rows, durationMs }: Rehearsal): string {
  const where = target === undefined ? `a scratch server (${server})` : `${target} (${server})`;
  const what = `${formatCount(tables)} tables, ${formatCount(rows)} rows`;
  return displayText(`${shard}: rehearsed on ${where}: ${what}, ${formatDuration(durationMs)}`);
}

/** What agents report is exit code 1 whatever its own: `check` found something. What kept us from asking decides by itself. */
function failureOf(
  cluster: string,
  serious: readonly Finding[],
  failures: readonly ShardFailure[],
): TidemarkError {
  const first = foremost(failures.map(({ error }) => error));
  const causes = serious.map(
    ({ shard, subject, cause }) => `${subject.includes(shard) ? '' : `${shard}: `}${subject}: ${cause}`,
  );
  return new TidemarkError({
    code: first?.code ?? 'not-ready',
    operation: 'find the cluster ready for a backup',
    subject: cluster,
    cause: causes.join('; '),
    remedy: first?.remedy,
  });
}
