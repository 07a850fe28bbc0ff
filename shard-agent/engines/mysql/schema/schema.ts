/**
 * The schema as .sql files by kind of object, as the server's own SHOW CREATE words them. Read under the DDL guard, so
 * it is that of the cut. Names of the database itself are left out, so that a file can be applied to any database.
 */
import type { SchemaPiece } from '../../../engine.ts';
import type { Catalogue, Database } from '../catalogue.ts';
import { ownSqlMode } from '../connection/connection.ts';
import { quoteAccount, quoteName, quoteText } from '../connection/quoting.ts';
import { replaceUnquoted, withSignedZeros } from './create-table.ts';
import type { Dialect } from '../dialect.ts';
import { attempt, failure, isServerError } from '../connection/failure.ts';
import { eventClock, usualClock } from './event-time.ts';
import { withWholeFloats } from './float-default.ts';
import { withReadableHead } from './head-names.ts';
import { keysToQuote, withQuotedKeys } from './foreign-key-names.ts';
import type { Program, ProgramGroup } from './programs.ts';
import { readProgram } from './program-statement.ts';
import { type ShownObject, type ShownRow, showCreate } from './shown-object.ts';
import type { SourceObjects } from './source-objects.ts';
import { readableLibrary, readLibraries, routinesWithOwnLibraries, withoutOwnDatabase } from './libraries.ts';
import { context, turnCollation, withReadableComment } from './program-context.ts';
import { withReferenceSystems } from './reference-system.ts';
import { latin1, scriptComment, scriptStatement } from './sql-script.ts';
import { unqualifiedTrigger } from './trigger-head.ts';
import { inOrder, readThroughFunctions } from './view-order.ts';
import { signedMode } from './unsigned-subtraction.ts';
import type { Wire } from '../connection/wire.ts';

/** In the order in which they are applied; the data comes after `tables`. */
export const pieceNames = [
  'database',
  'tables',
  'libraries',
  'routines',
  'views',
  'views-unsound',
  'triggers',
  'events',
  'events-enable',
] as const;
export type PieceName = (typeof pieceNames)[number];

const purposes: Readonly<Record<PieceName, string>> = {
  database: 'The database itself.',
  tables: 'Tables and sequences. Load the data after this file and before the next.',
  libraries: 'Libraries of code that routines use.',
  routines: 'Functions, procedures and packages.',
  views: 'Views, each after those it reads.',
  'views-unsound':
    'Views that the account of the backup could not use. Those that nobody can use cannot be made.',
  triggers: 'Triggers. Only after the data: they would fire on it.',
  events: 'Events, disabled.',
  'events-enable': 'Lets the events run that ran on the source.',
};

/** A session with `USE`, whose results come as they are stored. */
export class SchemaReader {
  readonly #wire: Wire;
  readonly #catalogue: Catalogue;
  readonly #objects: SourceObjects;
  readonly #dialect: Dialect;
  /** The database at hand has had another collation, which some of its programs keep. */
  #turned = false;

  constructor(wire: Wire, dialect: Dialect, catalogue: Catalogue, objects: SourceObjects) {
    this.#wire = wire;
    this.#dialect = dialect;
    this.#catalogue = catalogue;
    this.#objects = objects;
  }

  async *pieces(): AsyncIterable<SchemaPiece> {
    await this.#wire.run('SET SESSION character_set_results = NULL');
    const mode = [ownSqlMode, ...this.#dialect.tableModes].join(',');
    await this.#wire.run(`SET SESSION sql_mode = ${quoteText(mode)}`);
    const strict = await this.#strictModes();
    for (const database of this.#catalogue.databases) {
      await this.#wire.run(`USE ${quoteName(database.name)}`);
      this.#turned = this.#objects.programs.some(
        (program) => program.database === database.name && program.collation !== database.options.collation,
      );
      for (const name of pieceNames) {
        const statements = this.#statements(name, database);
        const first = await attempt('read the definitions', `${database.name}: ${name}`, () =>
          statements.next(),
        );
        if (first.done === true) continue;
        const body = script(
          name,
          database,
          name.startsWith('views') ? strict : this.#dialect.tableModes,
          first.value,
          statements,
        );
        yield { database: database.name, name, fileName: `${name}.sql`, packed: false, body };
      }
    }
  }

  /** Whether a column of a view takes NULL depends, on MySQL, on strict mode when it is made: as the sessions of the source have it. */
  async #strictModes(): Promise<readonly string[]> {
    const usual = (await this.#wire.value('SELECT @@GLOBAL.sql_mode'))?.split(',') ?? [];
    const strict = usual.filter((mode) => mode === 'STRICT_TRANS_TABLES' || mode === 'STRICT_ALL_TABLES');
    return [...this.#dialect.tableModes, ...strict];
  }

  #statements(name: PieceName, database: Database): AsyncGenerator<string, void> {
    switch (name) {
      case 'database':
        return this.#database(database);
      case 'tables':
        return this.#tables(database);
      case 'libraries':
        return this.#libraries(database);
      case 'routines':
        return this.#routines(database);
      case 'views':
        return this.#views(database);
      case 'views-unsound':
        return this.#unsoundViews(database);
      case 'triggers':
        return this.#triggers(database);
      case 'events':
        return this.#events(database, false);
      case 'events-enable':
        return this.#events(database, true);
    }
  }

  #query(sql: string): Promise<ShownRow[]> {
    return this.#wire.query(Buffer.from(sql, 'utf8'), 'latin1');
  }

  #show(database: Database, kind: string, name: string, column: RegExp): Promise<ShownObject> {
    return showCreate(this.#wire, { database: database.name, kind, name }, column);
  }

  #programs(database: Database, group: ProgramGroup): readonly Program[] {
    return this.#objects.programs.filter(
      (program) => program.database === database.name && program.group === group,
    );
  }

  /** Of a database's programs, what the set does not hold. */
  *#leftOut(database: Database, kinds: readonly string[]): Generator<string, void> {
    for (const { database: own, kind, name, reason } of this.#objects.leftOut) {
      if (own === database.name && kinds.includes(kind))
        yield scriptComment(latin1(`left out: ${kind} ${name}: ${reason}`));
    }
  }

  async *#database(database: Database): AsyncGenerator<string, void> {
    const { text } = await this.#show(database, 'DATABASE', database.name, /^Create Database$/);
    yield scriptStatement(text);
  }

  async *#tables(database: Database): AsyncGenerator<string, void> {
    const own = this.#catalogue.tables.filter((table) => table.database === database.name);
    for (const sequence of own.filter((table) => table.kind === 'sequence')) {
      yield await this.#sequence(database, sequence.name);
    }
    for (const table of own.filter((candidate) => candidate.kind === 'table')) {
      const { text } = await this.#show(database, 'TABLE', table.name, /^Create Table$/);
      const keys = text.includes('FOREIGN KEY')
        ? await keysToQuote(this.#wire, database.name, table.name)
        : [];
      const names = table.columns.map(({ name }) => name);
      const whole = await withWholeFloats(this.#wire, withQuotedKeys(text, keys), table.name, names);
      const sound = withSignedZeros(whole);
      const create = scriptStatement(withReferenceSystems(sound, table.columns));
      const { tableModes } = this.#dialect;
      yield table.subtracts ? modes([...tableModes, signedMode]) + create + modes(tableModes) : create;
    }
  }

  async #sequence(database: Database, name: string): Promise<string> {
    const { text } = await this.#show(database, 'SEQUENCE', name, /^Create Table$/);
    const [state] = await this.#query(
      `SELECT next_not_cached_value AS n, cycle_count AS c FROM ${quoteName(name)}`,
    );
    // Not before this value: what is cached on the source may have been given out.
    const set = `DO SETVAL(${latin1(quoteName(name))}, ${state?.['n'] ?? '1'}, 0, ${state?.['c'] ?? '0'})`;
    return scriptStatement(text) + scriptStatement(set);
  }

  async *#libraries(database: Database): AsyncGenerator<string, void> {
    for (const library of await readLibraries(this.#wire, database.name)) {
      const { row, text } = await this.#show(database, 'LIBRARY', library['n'] ?? '', /^Create Library$/);
      const readable = await withReadableComment(this.#wire, readableLibrary(text), row, library['c']);
      yield context(row) + scriptStatement(readable);
    }
  }

  async *#routines(database: Database): AsyncGenerator<string, void> {
    const using = await routinesWithOwnLibraries(this.#wire, database.name);
    for (const program of this.#programs(database, 'routines')) {
      const { row, text } = await readProgram(this.#wire, program);
      const own = using.has(`${program.kind} ${program.name}`);
      yield this.#program(row, own ? withoutOwnDatabase(text, latin1(database.name)) : text);
    }
    yield* this.#leftOut(database, ['FUNCTION', 'PROCEDURE', 'PACKAGE', 'PACKAGE BODY']);
    yield* this.#turnBack(database, 'routines');
  }

  /** A stored program behind what it was made under. */
  #program(shown: ShownRow, text: string): string {
    const collation = shown['Database Collation'];
    const turn = this.#turned && collation ? turnCollation(collation) : '';
    return turn + context(shown) + scriptStatement(text);
  }

  *#turnBack(database: Database, group: ProgramGroup): Generator<string, void> {
    if (this.#programs(database, group).length === 0) return;
    if (group === 'events') yield usualClock;
    if (this.#turned) yield turnCollation(database.options.collation);
  }

  async *#views(database: Database): AsyncGenerator<string, void> {
    const views: { name: string; text: string; row: ShownRow }[] = [];
    for (const { database: own, name, reason } of this.#objects.views) {
      if (own !== database.name || reason !== undefined) continue;
      views.push({ name, ...(await this.#show(database, 'VIEW', name, /^Create View$/)) });
    }
    const usage = await readThroughFunctions(this.#wire, database.name);
    for (const view of inOrder(views, usage)) yield context(view.row) + scriptStatement(view.text);
    yield* this.#leftOut(database, ['VIEW']);
  }

  /** A restore makes those that can be made: it may be this account alone that may not use them. `check` warns of all. */
  async *#unsoundViews(database: Database): AsyncGenerator<string, void> {
    for (const { database: own, name, reason } of this.#objects.views) {
      if (own !== database.name || reason === undefined) continue;
      const [shown] = await this.#query(`SHOW CREATE VIEW ${quoteName(name)}`).catch(
        (error: unknown): ShownRow[] => {
          // The server may refuse to show what it cannot open.
          if (isServerError(error)) return [];
          throw error;
        },
      );
      const text = shown?.['Create View'];
      const comment = scriptComment(latin1(`${name}: ${reason}`));
      yield shown && text ? comment + context(shown) + scriptStatement(text) : comment;
    }
  }

  async *#triggers(database: Database): AsyncGenerator<string, void> {
    for (const program of this.#programs(database, 'triggers')) {
      const { row, text } = await readProgram(this.#wire, program);
      yield this.#program(row, unqualifiedTrigger(text, row['character_set_client'] ?? undefined));
    }
    yield* this.#leftOut(database, ['TRIGGER']);
    yield* this.#turnBack(database, 'triggers');
  }

  async *#events(database: Database, enable: boolean): AsyncGenerator<string, void> {
    const now = Date.now();
    for (const program of this.#programs(database, 'events')) {
      const { row, text } = await readProgram(this.#wire, program);
      const clock = eventClock(program.until, now);
      if (!enable) {
        const disabled = replaceUnquoted(text, /(?<=PRESERVE )ENABLE\b/, 'DISABLE');
        yield clock + this.#program(row, disabled);
      } else if (program.status === 'ENABLED') {
        const definer = quoteAccount(program.definer);
        const alter = latin1(`ALTER DEFINER=${definer} EVENT ${quoteName(program.name)} ENABLE`);
        // Under what the event was made under, for it would keep what it is altered under.
        const shown = await withReadableHead(this.#wire, { row, text: alter }, program);
        yield clock + context(shown.row) + scriptStatement(shown.text);
      }
    }
    if (!enable) yield* this.#leftOut(database, ['EVENT']);
    yield* this.#turnBack(database, 'events');
  }
}

const scriptModes = ['NO_ENGINE_SUBSTITUTION', 'NO_AUTO_VALUE_ON_ZERO', ownSqlMode];

function modes(more: readonly string[]): string {
  return scriptStatement(`SET SESSION sql_mode = '${[...scriptModes, ...more].join(',')}'`);
}

async function* script(
  name: PieceName,
  database: Database,
  tableModes: readonly string[],
  first: string,
  rest: AsyncGenerator<string, void>,
): AsyncIterable<Uint8Array> {
  const head = [
    scriptComment(latin1(`${purposes[name]} Database: ${database.name}`)),
    scriptComment('mysql --comments --binary-mode [DATABASE] < this file'),
    scriptStatement('SET NAMES utf8mb4'),
    scriptStatement("SET SESSION time_zone = '+00:00'"),
    modes(tableModes),
    scriptStatement('SET SESSION foreign_key_checks = 0'),
  ].join('');
  yield Buffer.from(head + first, 'latin1');
  try {
    for await (const statement of rest) yield Buffer.from(statement, 'latin1');
  } catch (error) {
    throw failure(error, 'read the definitions', `${database.name}: ${name}`);
  }
}
