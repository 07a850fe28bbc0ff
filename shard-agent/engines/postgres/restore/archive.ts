/** A database's archive, as pg_dump wrote it: what it lists, and runs of pg_restore that bring parts of it into a staging. */
import { writeFile } from 'node:fs/promises';
import { Session, during, type PostgresConfig } from '../connection/connection.ts';
import { linesOf, readContents, type ContentEntry } from './contents.ts';
import { RefusedEntries } from './refused-entries.ts';
import type { DatabaseProperties } from '../database/properties.ts';
import { missingTablespaces, placementStatements } from '../database/tablespaces.ts';
import { RefusalReader, type RehearsedArchive } from './rehearsed-archive.ts';
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
  /** Of a restore that is only tried. */
  readonly rehearsed?: RehearsedArchive;
}

export interface OpenArchive extends Archive {
  /** With the staging. */
  readonly session: Session;
}

/** Large objects, from an archive of their own. */
export async function loadLargeObjects(archive: Archive, input: AsyncIterable<Uint8Array>): Promise<void> {
  await run(archive, ['--exit-on-error', '--section=data'], { input });
}

/** The archive's own list of contents. */
async function listContents(archive: Archive): Promise<ContentEntry[]> {
  return readContents(await list(archive, ['--verbose']));
}

/** An archive's list, told apart by what comes before the rows and what comes after them. */
export interface SectionedContents {
  readonly all: readonly ContentEntry[];
  readonly before: readonly ContentEntry[];
  readonly after: readonly ContentEntry[];
}

/**
 * By itself pg_restore says of the entries of a section only that they are listed, not what they need. A comment or a grant has
 * no section of its own: it belongs to that of what it follows in the whole list, so a part of the list must not be asked.
 */
export async function listSections(archive: Archive): Promise<SectionedContents> {
  const [all, text] = await Promise.all([listContents(archive), list(archive, ['--section=pre-data'])]);
  archive.rehearsed?.know(all);
  const ids = new Set(readContents(text).map(({ id }) => id));
  return {
    all,
    before: all.filter(({ id }) => ids.has(id)),
    after: all.filter(({ id }) => !ids.has(id)),
  };
}

async function list(archive: Archive, args: readonly string[]): Promise<string> {
  const { runs, tool, file } = archive;
  let text = '';
  const decoder = new TextDecoder();
  for await (const piece of runs.read(tool, ['--list', ...args, file], subjectOf(archive)))
    text += decoder.decode(piece, { stream: true });
  return text;
}

/**
 * Runs pg_restore for these lines of the list of contents, until the server refuses something; `name` tells the run from others of
 * this archive.
 */
export async function runListed(
  archive: Archive,
  name: string,
  lines: readonly string[],
  args: readonly string[],
): Promise<void> {
  const list = await writeList(archive, name, lines);
  await run(archive, ['--exit-on-error', ...args, `--use-list=${list}`, archive.file], {});
}

async function writeList({ file }: Archive, name: string, lines: readonly string[]): Promise<string> {
  const list = `${file}.${name}`;
  await writeFile(list, `${lines.join('\n')}\n`, { mode: 0o600 });
  return list;
}

/** An entry of which something was refused. */
export interface RefusedOnce {
  readonly entry: ContentEntry;
  /** The server's words, as far as they are known. */
  readonly cause: string;
  readonly statement: string;
}

/**
 * Runs pg_restore for these lines, past what the server refuses. Resolves with the entries of which something was refused; the
 * others are done. Throws where pg_restore itself did not come to its end.
 */
export async function runPastRefusals(
  archive: Archive,
  name: string,
  entries: readonly ContentEntry[],
  args: readonly string[],
  settings: readonly string[] = [],
): Promise<RefusedOnce[]> {
  const { rehearsed } = archive;
  const lines = rehearsed?.left(linesOf(entries)) ?? linesOf(entries);
  if (lines.length === 0) return [];
  const list = await writeList(archive, name, lines);
  // A rehearsal tells every word, and those of several connections would mingle.
  const going = rehearsed === undefined ? args : args.filter((arg) => !arg.startsWith('--jobs='));
  const refused = new RefusedEntries();
  const reader = new RefusalReader();
  const heard = (words: string): void => {
    refused.read(words);
    reader.push(words);
  };
  try {
    await run(archive, ['--verbose', ...going, `--use-list=${list}`, archive.file], { settings, heard });
    return [];
  } catch (error) {
    const found = entries.filter(({ id }) => refused.ids.has(id));
    if (!reader.wentOn || (found.length === 0 && rehearsed === undefined)) throw error;
    rehearsed?.tell(reader.refusals.filter(({ entry }) => entry === undefined));
    return found.map((entry) => {
      const words = reader.refusals.find((refusal) => refusal.entry === entry.id);
      return { entry, cause: words?.cause ?? '', statement: words?.statement ?? '' };
    });
  }
}

/** What an entry is run as: the text that pg_restore would run for it. */
export async function scriptOf(
  archive: Archive,
  { id, line }: ContentEntry,
  args: readonly string[],
): Promise<Buffer> {
  const { runs, tool, file } = archive;
  const list = await writeList(archive, `entry-${id}`, [line]);
  const pieces: Buffer[] = [];
  for await (const piece of runs.read(
    tool,
    [...args, '--file=-', `--use-list=${list}`, file],
    subjectOf(archive),
  ))
    pieces.push(piece);
  return Buffer.concat(pieces);
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

async function run(
  archive: Archive,
  args: readonly string[],
  options: {
    input?: AsyncIterable<Uint8Array>;
    settings?: readonly string[];
    heard?: (words: string) => void;
  },
): Promise<void> {
  const { config, runs, tool, signal, staging } = archive;
  const { input, settings = [], heard } = options;
  // Whether a statement's commit is durable does not matter until the mark says `loaded`: that commit is, and all before it.
  await runs.run(tool, [...connectionArguments(config, staging), ...args], {
    subject: subjectOf(archive),
    signal,
    settings: ['default_transaction_read_only=off', 'synchronous_commit=off', ...settings],
    ...(input === undefined ? {} : { input }),
    ...(heard === undefined ? {} : { heard }),
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

export function subjectOf({ database, staging }: Archive): string {
  return `database ${database}, staged as ${staging}`;
}
