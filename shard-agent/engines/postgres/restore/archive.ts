/** A database's archive, as pg_dump wrote it, brought into a staging in the order that gives what was there. */
import { writeFile } from 'node:fs/promises';
import { childColumnStatements } from '../database/child-columns.ts';
import { Session, during, type PostgresConfig } from '../connection/connection.ts';
import { makeExtensions, removeUnknown } from '../database/extensions.ts';
import { lendInDatabase, lendInSchemas } from './lent-rights.ts';
import { giveMultirangesToOwners } from '../database/multiranges.ts';
import { readContents, type ContentEntry } from './contents.ts';
import type { DatabaseProperties } from '../database/properties.ts';
import { missingTablespaces, placementStatements } from '../database/tablespaces.ts';
import { connectionArguments, type Tool, type ToolRuns } from '../connection/tools.ts';

export interface Archive {
  readonly config: PostgresConfig;
  readonly runs: ToolRuns;
  readonly tool: Tool;
  readonly signal: AbortSignal;
  /** The database's final name, and what it is called while it is made. */
  readonly database: string;
  readonly staging: string;
  readonly properties: DatabaseProperties;
  /** The archive's file; lists of its entries are written beside it. */
  readonly file: string;
}

export interface OpenArchive extends Archive {
  /** With the staging. */
  readonly session: Session;
}

/**
 * Schemas, then extensions as they were (pg_dump knows neither their owner nor their version), then all before data, its
 * grants last, as pg_restore has them by itself.
 */
export function loadBeforeData(archive: Archive): Promise<void> {
  return withSession(archive, loadObjects);
}

async function loadObjects(archive: OpenArchive): Promise<void> {
  const entries = (await listContents(archive)).map(({ line }) => line);
  const placed = await placedArguments(archive);
  const args = ['--section=pre-data', atOnce, ...placed];
  const schemas = entries.filter(isSchema);
  const { properties, staging } = archive;
  await inStaging(archive, 'make the extensions', async (session) => {
    await lendInDatabase(session, staging);
    await removeUnknown(session, properties);
  });
  if (schemas.length > 0) await runListed(archive, 'schemas', schemas, args);
  await inStaging(archive, 'make the extensions', (session) => makeExtensions(session, staging, properties));
  const rest = entries.filter((entry) => !isSchema(entry));
  await withLentRights(archive, async () => {
    const objects = rest.filter((entry) => !isGrant(entry));
    await runListed(archive, 'before-data', objects, args);
    await inStaging(archive, 'give types to their owners', giveMultirangesToOwners);
    await inStaging(archive, 'store columns as they were', async (session) => {
      for (const statement of childColumnStatements(properties.childColumns ?? []))
        await session.script(statement);
    });
  });
  const grants = rest.filter(isGrant);
  // No section: grants have none of their own, and what precedes them in the archive is not listed here.
  if (grants.length > 0) await runListed(archive, 'grants', grants, [atOnce, ...placed]);
  await place(archive, 'table');
}

const atOnce = '--single-transaction';

/** Large objects, from an archive of their own. */
export async function loadLargeObjects(archive: Archive, input: AsyncIterable<Uint8Array>): Promise<void> {
  await run(archive, ['--section=data'], { input });
}

/** The archive's own list of contents. */
export async function listContents(archive: Archive): Promise<ContentEntry[]> {
  const { runs, tool, file } = archive;
  let text = '';
  const decoder = new TextDecoder();
  for await (const piece of runs.read(tool, ['--list', '--verbose', file], subjectOf(archive)))
    text += decoder.decode(piece, { stream: true });
  return readContents(text);
}

function isSchema(entry: string): boolean {
  return /^\d+; \d+ \d+ SCHEMA - /.test(entry);
}

/**
 * Default privileges are none: they come after the data, and where they are left out of a list pg_restore takes a comment
 * that begins it for one that comes after the data too.
 */
function isGrant(entry: string): boolean {
  return /^\d+; \d+ \d+ ACL /.test(entry);
}

/** Runs pg_restore for these lines of the list of contents; `name` tells the run from others of this archive. */
export async function runListed(
  archive: Archive,
  name: string,
  lines: readonly string[],
  args: readonly string[],
  settings: readonly string[] = [],
): Promise<void> {
  const list = `${archive.file}.${name}`;
  await writeFile(list, `${lines.join('\n')}\n`, { mode: 0o600 });
  await run(archive, [...args, `--use-list=${list}`, archive.file], { settings });
}

/** Where some tablespaces are missing, pg_restore is told of none: `place` moves what lies in one that is there. */
export async function placedArguments(archive: OpenArchive): Promise<string[]> {
  const missing = await inStaging(archive, 'look for tablespaces', (session) =>
    missingTablespaces(session, archive.properties),
  );
  return missing.length > 0 ? ['--no-tablespaces'] : [];
}

/** Moves what lies in a tablespace that is there into it, where others are missing. */
export async function place(archive: OpenArchive, kind: 'table' | 'index'): Promise<void> {
  await inStaging(archive, 'use the tablespaces', async (session) => {
    for (const statement of await placementStatements(session, archive.properties, kind))
      await session.script(statement);
  });
}

async function withLentRights(archive: OpenArchive, action: () => Promise<void>): Promise<void> {
  const takeBack = await inStaging(archive, 'lend rights', lendInSchemas);
  await action();
  if (takeBack !== undefined)
    await inStaging(archive, 'take rights back', (session) => session.script(takeBack));
}

async function run(
  archive: Archive,
  args: readonly string[],
  options: { input?: AsyncIterable<Uint8Array>; settings?: readonly string[] },
): Promise<void> {
  const { config, runs, tool, signal, staging } = archive;
  // Whether a statement's commit is durable does not matter until the mark says `loaded`: that commit is, and all before it.
  await runs.run(tool, ['--exit-on-error', ...connectionArguments(config, staging), ...args], {
    subject: subjectOf(archive),
    signal,
    settings: ['default_transaction_read_only=off', 'synchronous_commit=off', ...(options.settings ?? [])],
    ...(options.input === undefined ? {} : { input: options.input }),
  });
}

/** One session for all that is done between the runs of pg_restore: opening one takes about 10 ms. */
export async function withSession<T>(
  archive: Archive,
  action: (open: OpenArchive) => Promise<T>,
): Promise<T> {
  const session = await Session.open(archive.config, archive.staging, 'restore');
  try {
    const open = { ...archive, session };
    await inStaging(open, 'prepare a session', () =>
      session.script('SET default_transaction_read_only = off'),
    );
    return await action(open);
  } finally {
    await session.close();
  }
}

export function inStaging<T>(
  archive: OpenArchive,
  operation: string,
  action: (session: Session) => Promise<T>,
): Promise<T> {
  return during(operation, subjectOf(archive), () => action(archive.session));
}

function subjectOf({ database, staging }: Archive): string {
  return `database ${database}, staged as ${staging}`;
}
