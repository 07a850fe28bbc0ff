/** What of an archive follows the rows: indexes of each large table as soon as its rows are in, then all else. */
import type { ChunkLine, TableLine } from '../../../../repository/manifest-entries.ts';
import type { Finding } from '../../../engine.ts';
import { foreignNamespaces } from '../catalogue.ts';
import { quoteTable, type Session } from '../connection/connection.ts';
import {
  inStaging,
  listSections,
  place,
  placedArguments,
  runPastRefusals,
  withSession,
  type Archive,
  type RefusedOnce,
  type SectionedContents,
} from './archive.ts';
import { indexesOf, isConstraint, isKey, isRefresh, linesOf, type ContentEntry } from './contents.ts';
import { nameInheritedKeys } from '../database/inherited-keys.ts';
import type { BeforeData } from './before-data.ts';
import { lendInSchemas } from './lent-rights.ts';
import { passesOf } from './passes.ts';
import { leaveForeignViews, type RefusedEntry, requireDone, tryAgain } from './second-tries.ts';
import { sequenceStatements } from '../database/properties.ts';

/** Bytes of rows from which an index is worth a run of pg_restore of its own, which takes about 40 ms to begin. */
const worthBytes = 4 << 20;

interface Waiting {
  readonly entry: ContentEntry;
  /** Its number in the set. */
  readonly table: number;
}

/** Rows that could not be loaded with the others. */
export interface LastRows {
  /** Whether there are any. */
  readonly wait: () => boolean;
  /** Loads those that can be loaded now. */
  readonly load: () => Promise<void>;
  /** Throws for the first that is left. */
  readonly requireNone: () => void;
}

interface Prepared {
  readonly contents: SectionedContents;
  /** Arguments of every run. */
  readonly placed: readonly string[];
  /** Takes back the rights that are lent until all is built. */
  readonly takeBack: string | undefined;
}

/**
 * Of one database. A lane builds an index between two chunks while the others load on: when all indexes came last, a restore
 * of a GiB kept 1.5 of two cores busy, so it keeps 1.6, and takes 4 to 8 % less time.
 */
export class AfterData {
  readonly #archive: Archive;
  readonly #settings: readonly string[];
  readonly #undo: BeforeData;
  readonly #expected: ReadonlyMap<number, number>;
  readonly #loaded = new Map<number, { rows: number; bytes: number }>();
  readonly #waiting: Waiting[] = [];
  readonly #running = new Set<Waiting>();
  readonly #built = new Set<number>();
  #prepared: Promise<Prepared> | undefined;

  constructor(
    archive: Archive,
    options: {
      /** Rows by table. */
      expected: ReadonlyMap<number, number>;
      /** Of the server, as name=value, for all that is built. */
      settings: readonly string[];
      undo: BeforeData;
    },
  ) {
    this.#archive = archive;
    this.#expected = options.expected;
    this.#settings = options.settings;
    this.#undo = options.undo;
  }

  /** These rows are committed. When they were a large table's last, its indexes wait to be built. */
  async committed(table: TableLine, chunk: ChunkLine): Promise<void> {
    const before = this.#loaded.get(table.table) ?? { rows: 0, bytes: 0 };
    const loaded = { rows: before.rows + chunk.rows, bytes: before.bytes + chunk.rawBytes };
    this.#loaded.set(table.table, loaded);
    if (loaded.rows !== this.#expected.get(table.table) || loaded.bytes < worthBytes) return;
    const { contents } = await this.#prepare();
    this.#waiting.push(...indexesOf(contents.all, table).map((entry) => ({ entry, table: table.table })));
  }

  /** Builds one index that waits; false when none does that may be built beside those under way. */
  async buildNext(signal: AbortSignal): Promise<boolean> {
    const next = this.#waiting.findIndex((waiting) => this.#mayRun(waiting));
    const [waiting] = next < 0 ? [] : this.#waiting.splice(next, 1);
    if (waiting === undefined) return false;
    const { entry } = waiting;
    this.#running.add(waiting);
    try {
      const refused = await this.#run({ ...this.#archive, signal }, `index-${entry.id}`, [entry], []);
      // What is refused is tried again when all rows are in.
      if (refused.length === 0) this.#built.add(entry.id);
    } finally {
      this.#running.delete(waiting);
    }
    return true;
  }

  #prepare(): Promise<Prepared> {
    this.#prepared ??= withSession(this.#archive, async (open) => ({
      contents: await listSections(open),
      placed: await placedArguments(open),
      takeBack: await inStaging(open, 'lend rights', lendInSchemas),
    }));
    return this.#prepared;
  }

  /** Resolves with what the server has refused. */
  async #run(
    archive: Archive,
    name: string,
    entries: readonly ContentEntry[],
    args: readonly string[],
  ): Promise<RefusedOnce[]> {
    return runPastRefusals(archive, name, entries, [...args, ...(await this.#args())], this.#settings);
  }

  /** Of every run. */
  async #args(): Promise<string[]> {
    const { placed } = await this.#prepare();
    // Not by section: a comment on an index that was built before would not be taken for one that follows the data.
    return [...placed];
  }

  /** One that locks its table would make the others wait, or wait for them. */
  #mayRun({ entry, table }: Waiting): boolean {
    return [...this.#running].every(
      (other) => other.table !== table || !(isConstraint(entry) || isConstraint(other.entry)),
    );
  }

  /**
   * All that is left: indexes, keys and what follows them; sequences, and what was changed before the data; then event triggers,
   * which must see nothing of a restore: pg_dump's own order has them before materialised views are refreshed. Once, when no lane loads any more. Resolves with
   * what could not be brought back and is no reason to fail.
   */
  async finish(lanes: number, rows: LastRows): Promise<Finding[]> {
    const { takeBack } = await this.#prepare();
    if (rows.wait()) await this.#buildForLastRows(lanes, rows);
    const left = await this.#left();
    const refused = await this.#build(
      'after-data',
      left.filter((entry) => !isEventTrigger(entry)),
      lanes,
    );
    const { left: undone, warnings } = await leaveForeignViews(this.#archive, refused);
    requireDone(this.#archive, undone);
    await withSession(this.#archive, async (open) => {
      if (takeBack !== undefined)
        await inStaging(open, 'take rights back', (session) => session.script(takeBack));
      await place(open, 'index');
      await inStaging(open, 'name the keys of partitions', (session) =>
        nameInheritedKeys(session, open.properties.inheritedKeys ?? []),
      );
      await inStaging(open, 'set sequences, rights and extensions as they were', async (session) => {
        const { extensionTables, lentRights, eventTriggers } = this.#undo;
        const sequences = sequenceStatements(open.properties.sequences);
        for (const statement of [...extensionTables, ...sequences, ...lentRights, ...eventTriggers])
          await session.script(statement);
      });
    });
    requireDone(this.#archive, await this.#build('event-triggers', left.filter(isEventTrigger), 1));
    return warnings;
  }

  /**
   * Rows that wait may name an index, read by a key, or read a view. Nothing that fires on rows or compares them is made before
   * they are in, and views are refreshed again when they are.
   */
  async #buildForLastRows(lanes: number, rows: LastRows): Promise<void> {
    const keys = (await this.#left()).filter(isKey);
    const refused = new Set((await this.#build('keys', keys, lanes)).map(({ once }) => once.entry));
    for (const entry of keys) if (!refused.has(entry)) this.#built.add(entry.id);
    await rows.load();
    if (rows.wait()) {
      await this.#build('views', (await this.#left()).filter(isRefresh), lanes);
      await rows.load();
      // They have seen a part of the rows only, and one that reads another must not take that for all of it.
      await withSession(this.#archive, (open) => inStaging(open, 'empty the views', emptyViews));
    }
    rows.requireNone();
  }

  async #left(): Promise<ContentEntry[]> {
    const { contents } = await this.#prepare();
    return contents.after.filter(({ id }) => !this.#built.has(id));
  }

  /** Resolves with what is refused for good. */
  async #build(name: string, entries: readonly ContentEntry[], lanes: number): Promise<RefusedEntry[]> {
    const byLine = new Map(entries.map((entry) => [entry.line, entry]));
    const refused: RefusedOnce[] = [];
    for (const [number, pass] of passesOf(linesOf(entries)).entries()) {
      const listed = pass.entries.flatMap((line) => byLine.get(line) ?? []);
      const jobs = `--jobs=${pass.apart ? 1 : Math.max(1, lanes)}`;
      refused.push(...(await this.#run(this.#archive, `${name}-${number}`, listed, [jobs])));
    }
    return tryAgain(this.#archive, refused, { args: await this.#args(), settings: this.#settings });
  }
}

async function emptyViews(session: Session): Promise<void> {
  const rows = await session.rows(`
    SELECT n.nspname, c.relname FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
    WHERE c.relkind = 'm' AND c.relispopulated AND ${foreignNamespaces}
      AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend d WHERE d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass
        AND d.objid = c.oid AND d.deptype = 'e')`);
  for (const { nspname, relname } of rows)
    await session.script(
      `REFRESH MATERIALIZED VIEW ${quoteTable(nspname ?? '', relname ?? '')} WITH NO DATA`,
    );
}

/** The trigger itself, and what is said of it. */
function isEventTrigger({ line }: ContentEntry): boolean {
  return /^\d+; \d+ \d+ ((COMMENT|SECURITY LABEL) - )?EVENT TRIGGER /.test(line);
}
