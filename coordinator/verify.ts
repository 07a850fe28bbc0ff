/** `verify SET`: is every stored byte of the set what it was when it was sealed? */
import { TidemarkError } from '../proto/errors.ts';
import { sealKey } from '../repository/layout.ts';
import { displayText } from '../topology/display-text.ts';
import { formatBytes, formatDuration } from '../topology/units.ts';
import { bad, formatCount, good, warn } from './output.ts';
import { chooseSet, openSeal, tellNewer } from './open-set.ts';
import type { Outcome, Run } from './run.ts';
import { decodeSet } from './verify/decode.ts';
import type { BadObject, ObjectsReport } from './verify/objects.ts';
import { verifyObjects } from './verify/objects.ts';

export interface VerifyOptions {
  /** Also have the agents unpack every frame and count the rows. */
  readonly decode: boolean;
}

/**
 * Hashes every object of the set and reports every one that is missing, cut, changed or swapped, by name. The outcome's
 * failure is `bad-bytes` (exit 4) when there is one. A set without a seal throws `not-sealed`.
 */
export async function verify(run: Run, reference: string, options: VerifyOptions): Promise<Outcome> {
  const startedMs = performance.now();
  const chosen = await chooseSet(run, reference);
  return tellNewer(await verifySet(run, chosen.set, options, startedMs), chosen);
}

async function verifySet(run: Run, set: string, options: VerifyOptions, startedMs: number): Promise<Outcome> {
  run.progress.step(`verifying ${set}`);
  const sealed = await openSeal(run.store, run.topology.cluster, set).catch((error: unknown) =>
    brokenSeal(run, set, error),
  );
  if ('bad' in sealed) return outcome(run, set, sealed, startedMs, false);

  const report = await verifyObjects(run, sealed);
  const decoded = options.decode && report.bad.length === 0 ? await decodeSet(run, sealed) : [];
  return outcome(run, set, { ...report, bad: [...report.bad, ...decoded] }, startedMs, options.decode);
}

/** A seal with a changed byte is the one finding there can be: nothing beneath it can be trusted to say what it should be. */
function brokenSeal(run: Run, set: string, error: unknown): ObjectsReport {
  if (!(error instanceof TidemarkError) || error.code !== 'bad-bytes') throw error;
  const object = sealKey(run.topology.cluster, set);
  return { bad: [{ object, cause: error.reason }], unnamed: [], more: 0, objects: 1, bytes: 0 };
}

function outcome(run: Run, set: string, report: ObjectsReport, startedMs: number, decoded: boolean): Outcome {
  const durationMs = performance.now() - startedMs;
  const document = {
    id: set,
    cluster: run.topology.cluster,
    ok: report.bad.length === 0,
    objects: report.objects,
    bytes: report.bytes,
    decoded,
    durationMs,
    bad: report.bad,
    unnamed: report.unnamed,
    more: report.more,
  };
  const warnings = report.unnamed.map(
    (object) => `${warn('unnamed')}  ${displayText(object)}  nothing in the set names it`,
  );
  const counted = `${formatCount(report.objects)} objects, ${formatBytes(report.bytes)}, ${formatDuration(durationMs)}`;
  if (report.bad.length === 0) {
    const verdict = `${good('good')}  ${set}  ${counted}${decoded ? ', every frame unpacked' : ''}`;
    return { document, text: [...warnings, verdict].join('\n') };
  }
  const lines = report.bad.map(
    ({ object, cause }) => `${bad('bad')}  ${displayText(object)}  ${displayText(cause)}`,
  );
  if (report.more > 0) lines.push(`and ${formatCount(report.more)} more objects, bad or unnamed`);
  return { document, text: [...warnings, ...lines].join('\n'), failure: failure(run, set, report.bad) };
}

function failure(run: Run, set: string, objects: readonly BadObject[]): TidemarkError {
  const named = objects.slice(0, 10).map(({ object, cause }) => `${object}: ${cause}`);
  const more = objects.length > named.length ? [`and ${objects.length - named.length} more`] : [];
  return new TidemarkError({
    code: 'bad-bytes',
    operation: 'verify',
    subject: `${run.topology.cluster}: ${set}`,
    cause: `${objects.length} bad object${objects.length === 1 ? '' : 's'}: ${[...named, ...more].join('; ')}`,
  });
}
