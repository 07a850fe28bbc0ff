/**
 * How much of what others have made (names, statements, messages of servers, lists of findings) crosses the wire. Everything that may be long
 * is cut here and nowhere else, with a mark that says so, so that no message and no trailer outgrows what the transport takes.
 */
import type { ErrorFields } from './errors.ts';
import type { BarrierReply } from './gen/tidemark/v1/BarrierReply.ts';
import type { Blocker } from './gen/tidemark/v1/Blocker.ts';
import type { CheckReply } from './gen/tidemark/v1/CheckReply.ts';
import type { CopyReply } from './gen/tidemark/v1/CopyReply.ts';
import type { DescribeReply } from './gen/tidemark/v1/DescribeReply.ts';
import type { Finding } from './gen/tidemark/v1/Finding.ts';
import type { FitReply } from './gen/tidemark/v1/FitReply.ts';
import type { InvariantAnswer } from './gen/tidemark/v1/InvariantAnswer.ts';
import type { NotAsked } from './gen/tidemark/v1/NotAsked.ts';
import type { RehearseReply } from './gen/tidemark/v1/RehearseReply.ts';
import type { RestoreReply } from './gen/tidemark/v1/RestoreReply.ts';
import type { RestoreStateReply } from './gen/tidemark/v1/RestoreStateReply.ts';
import type { Server } from './gen/tidemark/v1/Server.ts';
import type { VerifyReply } from './gen/tidemark/v1/VerifyReply.ts';

/**
 * All fields of an error together, in bytes of JSON. In base64 that is 7 KiB: trailers share the peer's limit on the size of headers, which
 * is 8 KiB in most implementations of gRPC.
 */
const errorBytes = 5000;
const errorFieldBytes = { operation: 200, subject: 1000, remedy: 1400 } as const;
/** Findings in one message, 14 KiB each at most: 2.7 MiB of the 4 MiB that a message may have. */
const findingsLimit = 200;
const findingBytes = { subject: 1024, cause: 4096, remedy: 8192 } as const;
const blockersLimit = 200;
/** Of each text of a blocker. Its transaction is compared from attempt to attempt, and no server's is that long. */
const blockerBytes = 1024;
const reasonBytes = 4096;
/** Digits enough for any sum. */
const triedAnswerBytes = 4096;
const notAskedLimit = 200;
/** Of a name and of a reason each. */
const notAskedBytes = 1024;
/** Names of databases are shown and nothing else. */
const namesBytes = 64 * 1024;

/**
 * The text, or as much of it from its beginning as fits into `limitBytes` together with a mark of how long it was. Never ends within a
 * character, and is always valid Unicode.
 */
export function cutText(text: string, limitBytes: number, bytesOf = utf8Bytes): string {
  const whole = text.toWellFormed();
  if (bytesOf(whole) <= limitBytes) return whole;
  const mark = `… (cut, ${Buffer.byteLength(whole)} bytes in all)`;
  const room = limitBytes - bytesOf(mark);
  let bytes = 0;
  let kept = 0;
  for (const character of whole) {
    bytes += bytesOf(character);
    if (bytes > room) break;
    kept += character.length;
  }
  return whole.slice(0, kept) + mark;
}

/** An error's fields as its trailer carries them. What the others leave free belongs to the cause. */
export function boundedError(error: Required<ErrorFields>): Record<string, string> {
  const operation = cutText(error.operation, errorFieldBytes.operation, jsonBytes);
  const subject = cutText(error.subject, errorFieldBytes.subject, jsonBytes);
  const remedy = cutText(error.remedy ?? '', errorFieldBytes.remedy, jsonBytes);
  const rest = errorBytes - jsonBytes(operation + subject + remedy);
  return { code: error.code, operation, subject, cause: cutText(error.cause, rest, jsonBytes), remedy };
}

/** At most 200 findings, those that stop something before warnings, and a last one that counts the rest. */
function boundedFindings(findings: readonly Finding[]): Finding[] {
  if (findings.length <= findingsLimit) return findings.map(boundedFinding);
  const [serious, warnings] = [false, true].map((warning) =>
    findings.filter((finding) => (finding.warning ?? false) === warning),
  );
  const inOrder = [...(serious ?? []), ...(warnings ?? [])];
  const left = inOrder.slice(findingsLimit);
  const [first] = left;
  const seriousLeft = left.filter(({ warning }) => warning !== true).length;
  return [
    ...inOrder.slice(0, findingsLimit).map(boundedFinding),
    {
      code: first?.code ?? '',
      subject: `and ${left.length} more`,
      cause: `${left.length} more findings were left out of this answer, ${left.length - seriousLeft} of them warnings`,
      remedy: 'Correct what is named, then run the command again to see the others.',
      warning: seriousLeft === 0,
    },
  ];
}

export function boundedDescribe(reply: DescribeReply): DescribeReply {
  return { ...reply, server: boundedServer(reply.server) };
}

export function boundedCheck(reply: CheckReply): CheckReply {
  return {
    ...reply,
    server: boundedServer(reply.server),
    findings: boundedFindings(reply.findings ?? []),
    invariants: (reply.invariants ?? []).map(shortAnswer),
  };
}

export function boundedFit(reply: FitReply): FitReply {
  return {
    ...reply,
    server: boundedServer(reply.server),
    findings: boundedFindings(reply.findings ?? []),
    databases: boundedNames(reply.databases ?? []),
    notAsked: boundedNotAsked(reply.notAsked ?? []),
  };
}

export function boundedBarrier(reply: BarrierReply): BarrierReply {
  const { prepared, probed, blocked, cutTaken } = reply;
  if (prepared) {
    const warnings = boundedFindings(prepared.warnings ?? []);
    const invariants = (prepared.invariants ?? []).map(shortAnswer);
    return {
      ...reply,
      prepared: { ...prepared, server: boundedServer(prepared.server), warnings, invariants },
    };
  }
  if (probed) return { ...reply, probed: { ...probed, ...boundedBlockers(probed.blockers ?? []) } };
  if (cutTaken) {
    const cancelledAutovacuums = boundedNames(cutTaken.cancelledAutovacuums ?? []);
    return { ...reply, cutTaken: { ...cutTaken, cancelledAutovacuums } };
  }
  if (!blocked) return reply;
  const reason = cutText(blocked.reason ?? '', reasonBytes);
  return { ...reply, blocked: { ...blocked, reason, ...boundedBlockers(blocked.blockers ?? []) } };
}

export function boundedCopy(reply: CopyReply): CopyReply {
  if (!reply.done) return reply;
  return { ...reply, done: { ...reply.done, server: boundedServer(reply.done.server) } };
}

/** Every invariant that was not asked is named: the coordinator compares the others with the set. */
export function boundedRestore(reply: RestoreReply): RestoreReply {
  if (!reply.loaded) return reply;
  return {
    ...reply,
    loaded: {
      ...reply.loaded,
      notAsked: (reply.loaded.notAsked ?? []).map(shortNotAsked),
      warnings: boundedFindings(reply.loaded.warnings ?? []),
    },
  };
}

export function boundedRestoreState(reply: RestoreStateReply): RestoreStateReply {
  return { ...reply, trouble: cutText(reply.trouble ?? '', reasonBytes) };
}

export function boundedVerify(reply: VerifyReply): VerifyReply {
  return reply.finding ? { ...reply, finding: boundedFinding(reply.finding) } : reply;
}

export function boundedRehearse(reply: RehearseReply): RehearseReply {
  if (reply.finding) return { ...reply, finding: boundedFinding(reply.finding) };
  return reply.done ? { ...reply, done: { ...reply.done, server: boundedServer(reply.done.server) } } : reply;
}

function boundedFinding({ code, subject, cause, remedy, warning }: Finding): Finding {
  return {
    code: code ?? '',
    subject: cutText(subject ?? '', findingBytes.subject),
    cause: cutText(cause ?? '', findingBytes.cause),
    remedy: cutText(remedy ?? '', findingBytes.remedy),
    warning: warning ?? false,
  };
}

/** Of a plan: they are shown and nothing else. */
function boundedNotAsked(all: readonly NotAsked[]): NotAsked[] {
  const kept = all.slice(0, notAskedLimit).map(shortNotAsked);
  const left = all.length - kept.length;
  return left === 0 ? kept : [...kept, { name: `and ${left} more`, reason: 'left out of this answer' }];
}

function shortNotAsked({ name, reason }: NotAsked): NotAsked {
  return { name: cutText(name ?? '', notAskedBytes), reason: cutText(reason ?? '', notAskedBytes) };
}

/** Of an invariant that was only tried: it is asked whether it is a number, and no number is cut. Every one is named. */
function shortAnswer(answer: InvariantAnswer): InvariantAnswer {
  return answer.answer === undefined
    ? answer
    : { ...answer, answer: cutText(answer.answer, triedAnswerBytes) };
}

/** The engine names first who matters most. */
function boundedBlockers(blockers: readonly Blocker[]): { blockers: Blocker[]; more: number } {
  return {
    blockers: blockers.slice(0, blockersLimit).map(boundedBlocker),
    more: Math.max(0, blockers.length - blockersLimit),
  };
}

function boundedBlocker(blocker: Blocker): Blocker {
  const texts = Object.entries(blocker).map(([name, value]: [string, unknown]) => [
    name,
    typeof value === 'string' ? cutText(value, blockerBytes) : value,
  ]);
  return Object.fromEntries(texts) as Blocker;
}

function boundedServer(server: Server | null | undefined): Server | null {
  return server ? { ...server, databases: boundedNames(server.databases ?? []) } : null;
}

function boundedNames(names: readonly string[]): string[] {
  let bytes = 0;
  const kept: string[] = [];
  for (const name of names) {
    const short = cutText(name, blockerBytes);
    bytes += Buffer.byteLength(short);
    if (bytes > namesBytes) return [...kept, `… and ${names.length - kept.length} more`];
    kept.push(short);
  }
  return kept;
}

function utf8Bytes(text: string): number {
  return Buffer.byteLength(text);
}

/** Within a JSON string, without its quotes. */
function jsonBytes(text: string): number {
  return Buffer.byteLength(JSON.stringify(text)) - 2;
}
