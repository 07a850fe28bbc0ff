/** A database's archive in a rehearsal: what pg_restore is refused is told, entry by entry, and the rest goes on without it. */
import { TidemarkError } from '../../../../proto/errors.ts';
import type { TableLine } from '../../../../repository/manifest-entries.ts';
import type { Finding, Rehearsal } from '../../../engine.ts';
import { finding } from '../../../findings.ts';
import { isOfTheContent, Session, sqlState, type PostgresConfig } from '../connection/connection.ts';
import type { ContentEntry } from './contents.ts';

/** One statement that the server refused. */
export interface Refusal {
  /** Of the archive's entry that it belongs to; undefined where the tool names none. */
  readonly entry: number | undefined;
  /** The server's words. */
  readonly cause: string;
  readonly statement: string;
}

/** More refusals than are told, and more of each than is read. */
const keptRefusals = 1000;
const keptChars = 4096;

/** Reads what pg_restore says on stderr when it is told to go on after an error, and to be verbose: only then it names entries. */
export class RefusalReader {
  readonly #refusals: { entry: number | undefined; cause: string; statement: string }[] = [];
  #entry: number | undefined;
  #part: 'cause' | 'statement' | undefined;
  #rest = '';
  /** It has come to the archive's end. */
  wentOn = false;

  readonly push = (piece: string): void => {
    const lines = (this.#rest + piece).split('\n');
    this.#rest = lines.pop() ?? '';
    for (const line of lines) this.#line(line);
  };

  get refusals(): Refusal[] {
    return this.#refusals.map(({ entry, cause, statement }) => ({
      entry,
      cause: cause.trim(),
      statement: statement.trim(),
    }));
  }

  #line(line: string): void {
    if (line.startsWith('pg_restore: ')) {
      this.#part = undefined;
      const [, entry] = /^pg_restore: from TOC entry (\d+);/.exec(line) ?? [];
      const [, cause] = /^pg_restore: error: could not execute query: (?:ERROR: {2})?(.*)/.exec(line) ?? [];
      if (entry !== undefined) this.#entry = Number(entry);
      if (/^pg_restore: warning: errors ignored on restore: \d+$/.test(line)) this.wentOn = true;
      if (cause === undefined || this.#refusals.length === keptRefusals) return;
      this.#refusals.push({ entry: this.#entry, cause, statement: '' });
      this.#part = 'cause';
      return;
    }
    const last = this.#refusals.at(-1);
    if (last === undefined || this.#part === undefined) return;
    const command = this.#part === 'cause' && line.startsWith('Command was: ');
    if (command) this.#part = 'statement';
    const text = command ? line.slice('Command was: '.length) : `\n${line}`;
    last[this.#part] = (last[this.#part] + text).slice(0, keptChars);
  }
}

/** What a foreign key says of rows, of which only some are there. */
const missingRow = /violates foreign key constraint/;
/** Rows may be refused for what other rows are not there. */
const failedCheck = /violates check constraint/;
/** What a view's query says of the objects it needs, and not of rows. */
const ofObjects =
  /does not exist|has not been populated|could not |permission denied|must be (owner|superuser)|row-level security|cannot /;
/** The object is there all the same. */
const ofOwnership = /^ALTER .* OWNER TO /s;

const remedy =
  'Every restore would stop here. Change or drop the object on the source, or provide on targets what it needs.';
const sampleRemedy =
  'The rehearsal has the first rows of each table at most, and this may be refused for want of others. Look at the definition: rows of other tables that it reads are loaded in no certain order.';

export class RehearsedArchive {
  readonly #rehearsal: Rehearsal;
  readonly #database: string;
  #contents: readonly ContentEntry[] = [];
  readonly #failed = new Set<number>();

  constructor(rehearsal: Rehearsal, database: string) {
    this.#rehearsal = rehearsal;
    this.#database = database;
  }

  /** The archive's whole list, before the first refusal. */
  know(contents: readonly ContentEntry[]): void {
    this.#contents = contents;
  }

  /** Those lines whose entries need nothing that was refused. */
  left(lines: readonly string[]): string[] {
    return lines.filter((line) => !this.#isLost(Number.parseInt(line, 10)));
  }

  /** Tells each refusal that does not follow from another. */
  tell(refusals: readonly Refusal[]): void {
    const told = new Set<number>();
    for (const refusal of refusals) {
      const { entry, cause, statement } = refusal;
      if (entry === undefined)
        this.#rehearsal.refused(this.#finding(statement.split('\n', 1)[0] ?? '', cause));
      if (entry === undefined || told.has(entry) || this.#isLost(entry)) continue;
      told.add(entry);
      if (!ofOwnership.test(statement)) this.#failed.add(entry);
      if (missingRow.test(cause)) continue;
      this.#rehearsal.refused(this.#finding(this.#nameOf(entry), cause, this.#dependsOnRows(entry, cause)));
    }
  }

  /** A chunk that was refused; nothing where its table was refused before. */
  tellRows(table: TableLine, cause: string): void {
    const text = ` TABLE ${table.schema} ${table.name} `;
    if (this.#contents.some(({ id, line }) => this.#isLost(id) && line.includes(text))) return;
    const name = `rows of ${table.schema}.${table.name}`;
    this.#rehearsal.refused(this.#finding(name, cause, failedCheck.test(cause)));
  }

  /** A setting of the database that no session can begin with is refused only to the next one. */
  async tryToConnect(config: PostgresConfig, staging: string): Promise<void> {
    try {
      await (await Session.open(config, staging, 'rehearsal')).close();
    } catch (error) {
      // 58P01, undefined_file: a library that the server does not have.
      const told =
        error instanceof Error && (isOfTheContent(error.cause) || sqlState(error.cause) === '58P01');
      if (!told || !(error instanceof TidemarkError)) throw error;
      const cause = `nobody could connect to it: ${error.reason}`;
      const settings = 'Provide on the target what the settings of the database name, such as a library.';
      this.#rehearsal.refused(finding('does-not-fit', `database ${this.#database}`, cause, settings));
    }
  }

  #finding(object: string, cause: string, warning = false): Finding {
    const subject = `database ${this.#database}: ${object}`;
    return finding('database-failed', subject, cause, warning ? sampleRemedy : remedy, warning);
  }

  #dependsOnRows(entry: number, cause: string): boolean {
    const data = / MATERIALIZED VIEW DATA /.test(this.#entry(entry)?.line ?? '');
    return data && !ofObjects.test(cause);
  }

  #entry(id: number): ContentEntry | undefined {
    return this.#contents.find((entry) => entry.id === id);
  }

  /** Refused, or needing what was refused, over any number of others. */
  #isLost(id: number, seen = new Set<number>()): boolean {
    if (this.#failed.has(id)) return true;
    if (this.#failed.size === 0 || seen.has(id)) return false;
    seen.add(id);
    return this.#entry(id)?.needs.some((need) => this.#isLost(need, seen)) ?? false;
  }

  /** As the list has it, without ids and owner: `VIEW public report`. */
  #nameOf(id: number): string {
    const line = this.#entry(id)?.line ?? `entry ${id}`;
    return line
      .replace(/^\d+; \d+ \d+ /, '')
      .replace(/ - /, ' ')
      .replace(/ \S*$/, '');
  }
}
