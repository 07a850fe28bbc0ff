/** What of an archive comes before the rows, brought into a staging in the order that gives what was there. */
import { TidemarkError } from '../../../../proto/errors.ts';
import {
  inStaging,
  listSections,
  place,
  placedArguments,
  runListed,
  runPastRefusals,
  withSession,
  type Archive,
  type OpenArchive,
  type RefusedOnce,
} from './archive.ts';
import { withEarlyCasts } from '../database/binary-casts.ts';
import { childColumnStatements } from '../database/child-columns.ts';
import { grantOnExtensions } from '../database/extension-grants.ts';
import { makeExtensions, removeUnknown } from '../database/extensions.ts';
import { lendInDatabase, lendInSchemas, lendOwnRights } from './lent-rights.ts';
import { giveMultirangesToOwners } from '../database/multiranges.ts';
import { type ContentEntry, linesOf } from './contents.ts';
import { searchMappingStatements } from '../database/search-mappings.ts';
import { stepsOf } from './passes.ts';
import { requireDone, tryAgain } from './second-tries.ts';
import { together } from '../../../together.ts';

/** A server that makes tables gains little from more. */
const mostRuns = 4;

/** What was changed so that rows, keys and indexes can be made: statements that undo it. */
export interface BeforeData {
  /** To be run when indexes and keys are there. */
  readonly extensionTables: readonly string[];
  /** To be run last of all. */
  readonly eventTriggers: readonly string[];
  /** To be run when nothing is written any more, sequences included; before any event trigger could see it. */
  readonly lentRights: readonly string[];
}

/**
 * Schemas, then extensions as they were (pg_dump knows neither their owner nor their version), then all before data, its
 * grants last. `lanes`: as many tables are made side by side, at most.
 */
export function loadBeforeData(archive: Archive, lanes: number): Promise<BeforeData> {
  return withSession(archive, (open) => loadObjects(open, Math.min(lanes, mostRuns)));
}

async function loadObjects(archive: OpenArchive, lanes: number): Promise<BeforeData> {
  const { before: entries } = await listSections(archive);
  const schemas = entries.filter(({ line }) => isSchema(line));
  const { properties, staging } = archive;
  const args = await placedArguments(archive);
  await inStaging(archive, 'make the extensions', async (session) => {
    await lendInDatabase(session, staging);
    await removeUnknown(session, properties);
  });
  const run = (name: string, part: readonly ContentEntry[], made: readonly ContentEntry[]): Promise<void> =>
    runSteps(archive, name, stepsOf(part, made), { lanes, args, entries: part });
  await run('schemas', schemas, []);
  const made = await inStaging(archive, 'make the extensions', (session) =>
    makeExtensions(session, properties),
  );
  const objects = withEarlyCasts(
    entries.filter(({ line }) => !isSchema(line) && !isGrant(line)),
    properties.binaryCasts ?? [],
  );
  await withLentRights(archive, async () => {
    await run('before-data', objects, schemas);
    await inStaging(archive, 'give types to their owners', giveMultirangesToOwners);
    await inStaging(archive, 'store columns as they were', async (session) => {
      for (const statement of childColumnStatements(properties.childColumns ?? []))
        await session.script(statement);
      for (const statement of searchMappingStatements(properties.searchMappings ?? []))
        await session.script(statement);
    });
  });
  const grants = entries.filter(({ line }) => isGrant(line));
  await run('grants', grants, []);
  await inStaging(archive, 'grant on objects of extensions', (session) =>
    grantOnExtensions(session, properties.extensionGrants ?? []),
  );
  await place(archive, 'table');
  const lentRights = await inStaging(archive, 'lend rights', lendOwnRights);
  return { extensionTables: made.tables, eventTriggers: made.eventTriggers, lentRights };
}

interface Running {
  readonly lanes: number;
  readonly args: readonly string[];
  /** All that the steps' lists are of. */
  readonly entries: readonly ContentEntry[];
}

/** Step after step, the lists of one on so many runs of pg_restore at once. */
async function runSteps(
  archive: OpenArchive,
  name: string,
  steps: readonly (readonly (readonly string[])[])[],
  { lanes, args, entries }: Running,
): Promise<void> {
  const byLine = new Map(entries.map((entry) => [entry.line, entry]));
  for (const [number, lists] of steps.entries()) {
    const left = [...lists.entries()];
    const refused: RefusedOnce[] = [];
    const work = async (signal: AbortSignal): Promise<void> => {
      for (let next = left.shift(); next !== undefined; next = left.shift()) {
        const [part, lines] = next;
        signal.throwIfAborted();
        const listed = lines.flatMap((line) => byLine.get(line) ?? []);
        refused.push(...(await runList({ ...archive, signal }, `${name}-${number}-${part}`, listed, args)));
      }
    };
    await together(
      archive.signal,
      Array.from({ length: Math.min(Math.max(1, lanes), lists.length) }, () => work),
    );
    requireDone(archive, await tryAgain(archive, refused, { args, settings: [] }));
  }
}

/** In one transaction, which is quicker. Where the server refuses that, entry by entry; resolves with those it refuses. */
async function runList(
  archive: Archive,
  name: string,
  entries: readonly ContentEntry[],
  args: readonly string[],
): Promise<RefusedOnce[]> {
  if (archive.rehearsed !== undefined) return runPastRefusals(archive, name, entries, args);
  try {
    await runListed(archive, name, linesOf(entries), ['--single-transaction', ...args]);
    return [];
  } catch (error) {
    archive.signal.throwIfAborted();
    if (!(error instanceof TidemarkError) || error.code !== 'database-failed') throw error;
    return runPastRefusals(archive, `${name}-again`, entries, args);
  }
}

function isSchema(line: string): boolean {
  return /^\d+; \d+ \d+ SCHEMA - /.test(line);
}

/** Default privileges are none: they come after the data. */
function isGrant(line: string): boolean {
  return /^\d+; \d+ \d+ ACL /.test(line);
}

async function withLentRights(archive: OpenArchive, action: () => Promise<void>): Promise<void> {
  const takeBack = await inStaging(archive, 'lend rights', lendInSchemas);
  await action();
  if (takeBack !== undefined)
    await inStaging(archive, 'take rights back', (session) => session.script(takeBack));
}
