/** What of an archive follows the rows: indexes of each large table as soon as its rows are in, then all else. */
import type { ChunkLine, TableLine } from '../../../../repository/manifest-entries.ts';
import {
  inStaging,
  listSections,
  place,
  placedArguments,
  runListed,
  withSession,
  type Archive,
  type SectionedContents,
} from './archive.ts';
import { indexesOf, isConstraint, type ContentEntry } from './contents.ts';
import { nameInheritedKeys } from '../database/inherited-keys.ts';
import type { BeforeData } from './before-data.ts';
import { lendInSchemas } from './lent-rights.ts';
import { passesOf } from './passes.ts';
import { sequenceStatements } from '../database/properties.ts';

/** Bytes of rows from which an index is worth a run of pg_restore of its own, which takes about 40 ms to begin. */
const worthBytes = 4 << 20;

interface Waiting {
  readonly entry: ContentEntry;
  /** Its number in the set. */
  readonly table: number;
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
      await this.#run({ ...this.#archive, signal }, `index-${entry.id}`, [entry.line], []);
      this.#built.add(entry.id);
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

  async #run(
    archive: Archive,
    name: string,
    lines: readonly string[],
    args: readonly string[],
  ): Promise<void> {
    const { placed } = await this.#prepare();
    // Not by section: a comment on an index that was built before would not be taken for one that follows the data.
    await runListed(archive, name, lines, [...args, ...placed], this.#settings);
  }

  /** One that locks its table would make the others wait, or wait for them. */
  #mayRun({ entry, table }: Waiting): boolean {
    return [...this.#running].every(
      (other) => other.table !== table || !(isConstraint(entry) || isConstraint(other.entry)),
    );
  }

  /**
   * All that is left: indexes, keys and what follows them; sequences, and what was changed before the data; then event triggers, which must see nothing of a restore:
   * pg_dump's own order has them before materialised views are refreshed. Once, when no lane loads any more.
   */
  async finish(lanes: number): Promise<void> {
    const { contents, takeBack } = await this.#prepare();
    const left = contents.after.filter(({ id }) => !this.#built.has(id)).map(({ line }) => line);
    const quiet = left.filter((line) => !isEventTrigger(line));
    for (const [number, { entries, apart }] of passesOf(quiet).entries())
      await this.#run(this.#archive, `after-data-${number}`, entries, [
        `--jobs=${apart ? 1 : Math.max(1, lanes)}`,
      ]);
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
    const eventTriggers = left.filter(isEventTrigger);
    if (eventTriggers.length > 0) await this.#run(this.#archive, 'event-triggers', eventTriggers, []);
  }
}

/** The trigger itself, and what is said of it. */
function isEventTrigger(line: string): boolean {
  return /^\d+; \d+ \d+ ((COMMENT|SECURITY LABEL) - )?EVENT TRIGGER /.test(line);
}
