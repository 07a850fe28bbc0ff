/**
 * Entries of an archive that the server refused when pg_restore ran them: an index or a view needs a search path, a view reads
 * another that is refreshed later, or is subject to row security. Each is tried again, plainly and as its owner would, in rounds,
 * as long as a round brings at least one of them about.
 */
import { TidemarkError } from '../../../../proto/errors.ts';
import type { Finding } from '../../../engine.ts';
import { finding } from '../../../findings.ts';
import {
  databaseError,
  isOfTheContent,
  quoteName,
  quoteText,
  serverWords,
  type Session,
  sqlState,
} from '../connection/connection.ts';
import { type Archive, type RefusedOnce, scriptOf, subjectOf, withSession } from './archive.ts';
import type { ContentEntry } from './contents.ts';
import { decodeScript, type EntryScript, readScript, refreshedView } from './entry-script.ts';
import { functionsNamedIn, functionsOfView, lendPath, looksAtForeignTables } from './named-functions.ts';
import {
  asOwner,
  bothCauses,
  expressionRemedy,
  type OwnerPath,
  pathOf,
  settingsStatements,
  withPath,
} from './owner-path.ts';

export interface RefusedEntry {
  readonly once: RefusedOnce;
  readonly script: EntryScript;
  /** Why, to the restore's own role with an empty path. */
  readonly plain: unknown;
  readonly owner: OwnerPath | undefined;
  readonly asOwner: unknown;
}

export interface TriesOptions {
  /** Of every run of pg_restore. */
  readonly args: readonly string[];
  /** Of the server, as name=value. */
  readonly settings: readonly string[];
}

/** Statements around one that is tried, in its transaction. */
interface Around {
  readonly before: readonly string[];
  readonly after: readonly string[];
}

const plainly: Around = { before: ['SET LOCAL row_security = off'], after: [] };

/** Resolves with those that are still refused, in their order. Throws what is not about the database's own content. */
export async function tryAgain(
  archive: Archive,
  refused: readonly RefusedOnce[],
  options: TriesOptions,
): Promise<RefusedEntry[]> {
  if (refused.length === 0) return [];
  return withSession(archive, async (open) => {
    const { session } = open;
    await session.script('SET synchronous_commit = off; SET transform_null_equals = off');
    for (const setting of options.settings) await session.script(statementOf(setting));
    const tries = new Tries(archive, session, options.args);
    let waiting = [...refused];
    for (;;) {
      const left: RefusedEntry[] = [];
      for (const one of waiting) {
        archive.signal.throwIfAborted();
        const still = await tries.run(one);
        if (still !== undefined) left.push(still);
      }
      if (left.length === 0 || left.length === waiting.length) return left;
      waiting = left.map(({ once }) => once);
    }
  });
}

function statementOf(setting: string): string {
  const at = setting.indexOf('=');
  return `SET ${quoteName(setting.slice(0, at))} TO ${quoteText(setting.slice(at + 1))}`;
}

class Tries {
  readonly #archive: Archive;
  readonly #session: Session;
  readonly #args: readonly string[];
  readonly #scripts = new Map<number, EntryScript>();

  constructor(archive: Archive, session: Session, args: readonly string[]) {
    this.#archive = archive;
    this.#session = session;
    this.#args = args;
  }

  async run(once: RefusedOnce): Promise<RefusedEntry | undefined> {
    const script = await this.#scriptOf(once.entry);
    const plain = await this.#attempt(script, plainly);
    if (plain === undefined) return undefined;
    // What was refused was not the object itself, but what is said of it, such as its owner.
    if (isThere.has(sqlState(plain) ?? ''))
      return { once, script, plain: new Error(once.cause), owner: undefined, asOwner: undefined };
    const owner = await this.#ownerOf(script);
    if (owner === undefined) return { once, script, plain, owner, asOwner: undefined };
    let last: unknown;
    for (const around of await this.#waysOf(script, owner)) {
      last = await this.#attempt(script, around);
      if (last === undefined) return undefined;
    }
    return { once, script, plain, owner, asOwner: last };
  }

  async #scriptOf(entry: ContentEntry): Promise<EntryScript> {
    const known = this.#scripts.get(entry.id);
    if (known !== undefined) return known;
    const bytes = await scriptOf(this.#archive, entry, this.#args);
    const text = await decodeScript(this.#session, bytes, this.#archive.properties.encoding);
    const script = readScript(text);
    this.#scripts.set(entry.id, script);
    return script;
  }

  async #ownerOf({ owner }: EntryScript): Promise<OwnerPath | undefined> {
    if (owner === '') return undefined;
    const rows = await this.#session.rows('SELECT 1 FROM pg_catalog.pg_roles WHERE rolname = $1', [owner]);
    return rows.length === 0 ? undefined : pathOf(this.#session, this.#archive.properties, owner);
  }

  /** How the owner would do it. */
  async #waysOf(script: EntryScript, owner: OwnerPath): Promise<Around[]> {
    const view = refreshedView(script);
    if (view !== undefined) {
      // The server refreshes as the owner, under the session's path; from version 17 on, under one of its own.
      const rows = 'SET LOCAL row_security = on';
      const [before, after] = lendPath(await functionsOfView(this.#session, view), owner);
      return [
        { before: [rows, withPath(owner)], after: [] },
        ...(before.length === 0 ? [] : [{ before: [rows, ...settingsStatements(owner), ...before], after }]),
      ];
    }
    // No expression is in it, so nothing in it is read otherwise under another path.
    if (script.kind === 'FK CONSTRAINT')
      return [{ before: [asOwner(owner), withPath(owner)], after: ['RESET ROLE'] }];
    const [before, after] = lendPath(await functionsNamedIn(this.#session, script.sql), owner);
    const settings = settingsStatements(owner);
    if (before.length === 0 && settings.length === 0) return [];
    // The server builds indexes as the owner of the table. What it evaluates as the session's role is done as the owner.
    if (builtAsOwner.has(script.kind)) return [{ before: [...settings, ...before], after }];
    const [lend, takeBack] = await this.#rightToCreate(script, owner);
    return [
      {
        before: [...settings, ...before, ...lend, asOwner(owner)],
        after: ['RESET ROLE', ...takeBack, ...after],
      },
    ];
  }

  /** Whoever owned the table need not be one who may make it. Lent in the transaction of the statement. */
  async #rightToCreate({ schema }: EntryScript, { role }: OwnerPath): Promise<[string[], string[]]> {
    const row = await this.#session.row(
      `SELECT EXISTS (SELECT FROM pg_catalog.pg_namespace n, pg_catalog.pg_roles r WHERE n.nspname = $1 AND r.rolname = $2
         AND NOT pg_catalog.has_schema_privilege(r.oid, n.oid, 'CREATE')) AS lacks`,
      [schema, role],
    );
    if (row['lacks'] !== 't') return [[], []];
    const what = `CREATE ON SCHEMA ${quoteName(schema)}`;
    return [[`GRANT ${what} TO ${quoteName(role)}`], [`REVOKE ${what} FROM ${quoteName(role)}`]];
  }

  /** Undefined when it is done, else what the server says; nothing of it stays then. */
  async #attempt({ sql }: EntryScript, { before, after }: Around): Promise<unknown> {
    try {
      await this.#session.script(['BEGIN', ...before, sql, ...after, 'COMMIT'].join(';\n'));
      return undefined;
    } catch (error) {
      if (!this.#session.alive || !mayPass(error))
        throw databaseError(error, 'make an object of the schema', subjectOf(this.#archive));
      await this.#session.script('ROLLBACK');
      return error;
    }
  }
}

/** The server's codes for a name that is taken: by a schema, a table, a function, another object. */
const isThere: ReadonlySet<string> = new Set(['42P06', '42P07', '42723', '42710']);

const builtAsOwner: ReadonlySet<string> = new Set(['INDEX', 'CONSTRAINT']);

/** 58P01: a file that a foreign table names. Class 08 and HV: another server, of which this session's says so. */
const elsewhere = /^(08|HV|58P01)/;

function mayPass(error: unknown): boolean {
  return isOfTheContent(error) || elsewhere.test(sqlState(error) ?? '');
}

/** Throws for the first of them; a rehearsal tells all, and goes on. */
export function requireDone(archive: Archive, refused: readonly RefusedEntry[]): void {
  const { rehearsed } = archive;
  if (rehearsed !== undefined) {
    rehearsed.tell(
      refused.map((one) => ({
        entry: one.once.entry.id,
        cause: causeOf(one),
        statement: one.once.statement,
      })),
    );
    return;
  }
  const [first] = refused;
  if (first === undefined) return;
  throw new TidemarkError({
    code: 'database-failed',
    operation: 'make an object of the schema',
    subject: `database ${archive.database}: ${first.script.title}`,
    cause: causeOf(first),
    remedy: expressionRemedy,
  });
}

function causeOf({ plain, owner, asOwner: again }: RefusedEntry): string {
  return bothCauses(serverWords(plain), owner, again === undefined ? undefined : serverWords(again));
}

/**
 * Takes from the refused those views that another server keeps from being refreshed, and those that read them: they are left
 * unpopulated, as after WITH NO DATA, and named.
 */
export async function leaveForeignViews(
  archive: Archive,
  refused: readonly RefusedEntry[],
): Promise<{ left: RefusedEntry[]; warnings: Finding[] }> {
  const views = refused.filter(({ script }) => refreshedView(script) !== undefined);
  if (views.length === 0) return { left: [...refused], warnings: [] };
  const far = await withSession(archive, async ({ session }) => {
    const found = new Set<RefusedEntry>();
    for (const one of views) if (await isFar(session, one)) found.add(one);
    return found;
  });
  // 55000: a view that has not been populated.
  if (far.size > 0) for (const one of views) if (sqlState(one.asOwner ?? one.plain) === '55000') far.add(one);
  return {
    left: refused.filter((one) => !far.has(one)),
    warnings: [...far].map((one) => unpopulated(archive, one)),
  };
}

async function isFar(session: Session, { script, plain, asOwner: again }: RefusedEntry): Promise<boolean> {
  if (elsewhere.test(sqlState(again ?? plain) ?? '')) return true;
  return looksAtForeignTables(session, refreshedView(script) ?? '');
}

function unpopulated(archive: Archive, { script, plain, asOwner: again }: RefusedEntry): Finding {
  const view = refreshedView(script) ?? '';
  return finding(
    'does-not-fit',
    `database ${archive.database}: materialised view ${view}`,
    `it is left unpopulated, because it reads another server and could not be refreshed: ${serverWords(again ?? plain)}`,
    `When that server can be reached: REFRESH MATERIALIZED VIEW ${view};`,
    true,
  );
}
