/**
 * The schema as .sql files by kind of object, as the server's own SHOW CREATE words them. Read under the DDL guard, so
 * it is that of the cut. Names of the database itself are left out, so that a file can be applied to any database.
 */
import { TidemarkError } from '../../../../proto/errors.ts';
import type { SchemaPiece } from '../../../engine.ts';
import type { Catalogue, Database } from '../catalogue.ts';
import { ownSqlMode } from '../connection/connection.ts';
import { quoteAccount, quoteName, quoteText } from '../connection/quoting.ts';
import { replaceUnquoted, withSignedZeros } from './create-table.ts';
import type { Dialect } from '../dialect.ts';
import { isServerError } from '../connection/failure.ts';
import { withWholeFloats } from './float-default.ts';
import { keysToQuote, withQuotedKeys } from './foreign-key-names.ts';
import { soundView, viewsQuery } from './views.ts';
import { readableLibrary, readLibraries, routinesWithOwnLibraries, withoutOwnDatabase } from './libraries.ts';
import { collationTurned, context, turnCollation, withReadableComment } from './program-context.ts';
import { withReferenceSystems } from './reference-system.ts';
import { latin1, scriptComment, scriptStatement } from './sql-script.ts';
import { unqualifiedTrigger } from './trigger-head.ts';
import { inOrder, readThroughFunctions } from './view-order.ts';
import type { Wire } from '../connection/wire.ts';

type Row = Record<string, string | null>;

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
  readonly #dialect: Dialect;
  /** The database at hand has had another collation, which some of its programs keep. */
  #turned = false;

  constructor(wire: Wire, dialect: Dialect, catalogue: Catalogue) {
    this.#wire = wire;
    this.#dialect = dialect;
    this.#catalogue = catalogue;
  }

  async *pieces(): AsyncIterable<SchemaPiece> {
    await this.#wire.run('SET SESSION character_set_results = NULL');
    const mode = [ownSqlMode, ...this.#dialect.tableModes].join(',');
    await this.#wire.run(`SET SESSION sql_mode = ${quoteText(mode)}`);
    for (const database of this.#catalogue.databases) {
      await this.#wire.run(`USE ${quoteName(database.name)}`);
      this.#turned = await collationTurned(this.#wire, database.name, database.options.collation);
      for (const name of pieceNames) {
        const statements = this.#statements(name, database);
        const first = await statements.next();
        if (first.done === true) continue;
        const body = script(name, database, this.#dialect.tableModes, first.value, statements);
        yield { database: database.name, name, fileName: `${name}.sql`, packed: false, body };
      }
    }
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

  #query(sql: string): Promise<Row[]> {
    return this.#wire.query(Buffer.from(sql, 'utf8'), 'latin1');
  }

  /** A column of SHOW CREATE; the server leaves it NULL for those who may not see it. */
  async #show(what: string, name: string, column: RegExp): Promise<{ row: Row; text: string }> {
    const [row] = await this.#query(`SHOW CREATE ${what} ${quoteName(name)}`);
    const text = Object.entries(row ?? {}).find(([key]) => column.test(key))?.[1];
    if (row === undefined || text === null || text === undefined) {
      throw new TidemarkError({
        code: 'privilege-missing',
        operation: `read the definition of a ${what.toLowerCase()}`,
        subject: name,
        cause: 'the server does not show it to this account',
        remedy: 'Run `tidemark-agent check` for the statement to run.',
      });
    }
    return { row, text };
  }

  async *#database(database: Database): AsyncGenerator<string, void> {
    const { text } = await this.#show('DATABASE', database.name, /^Create Database$/);
    yield scriptStatement(text);
  }

  async *#tables(database: Database): AsyncGenerator<string, void> {
    const own = this.#catalogue.tables.filter((table) => table.database === database.name);
    for (const sequence of own.filter((table) => table.kind === 'sequence')) {
      yield await this.#sequence(sequence.name);
    }
    for (const table of own.filter((candidate) => candidate.kind === 'table')) {
      const { text } = await this.#show('TABLE', table.name, /^Create Table$/);
      const keys = text.includes('FOREIGN KEY')
        ? await keysToQuote(this.#wire, database.name, table.name)
        : [];
      const names = table.columns.map(({ name }) => name);
      const whole = await withWholeFloats(this.#wire, withQuotedKeys(text, keys), table.name, names);
      const sound = withSignedZeros(whole);
      yield scriptStatement(withReferenceSystems(sound, table.columns));
    }
  }

  async #sequence(name: string): Promise<string> {
    const { text } = await this.#show('SEQUENCE', name, /^Create Table$/);
    const [state] = await this.#query(
      `SELECT next_not_cached_value AS n, cycle_count AS c FROM ${quoteName(name)}`,
    );
    // Not before this value: what is cached on the source may have been given out.
    const set = `DO SETVAL(${latin1(quoteName(name))}, ${state?.['n'] ?? '1'}, 0, ${state?.['c'] ?? '0'})`;
    return scriptStatement(text) + scriptStatement(set);
  }

  async *#libraries(database: Database): AsyncGenerator<string, void> {
    for (const library of await readLibraries(this.#wire, database.name)) {
      const { row, text } = await this.#show('LIBRARY', library['n'] ?? '', /^Create Library$/);
      const readable = await withReadableComment(this.#wire, readableLibrary(text), row, library['c']);
      yield context(row) + scriptStatement(readable);
    }
  }

  async *#routines(database: Database): AsyncGenerator<string, void> {
    const rows = await this.#wire.query(
      'SELECT ROUTINE_NAME AS n, ROUTINE_TYPE AS t, ROUTINE_COMMENT AS c FROM information_schema.ROUTINES ' +
        `WHERE ROUTINE_SCHEMA = ${quoteText(database.name)} ` +
        "ORDER BY FIELD(ROUTINE_TYPE, 'PACKAGE', 'PACKAGE BODY', 'FUNCTION', 'PROCEDURE'), ROUTINE_NAME",
    );
    const using = await routinesWithOwnLibraries(this.#wire, database.name);
    for (const row of rows) {
      const { row: shown, text } = await this.#show(row['t'] ?? '', row['n'] ?? '', /^Create /);
      const own = using.has(`${row['t']} ${row['n']}`)
        ? withoutOwnDatabase(text, latin1(database.name))
        : text;
      yield this.#program(shown, await withReadableComment(this.#wire, own, shown, row['c']));
    }
    if (rows.length > 0) yield* this.#turnBack(database);
  }

  /** A stored program behind what it was made under. */
  #program(shown: Row, text: string): string {
    const collation = shown['Database Collation'];
    const turn = this.#turned && collation ? turnCollation(collation) : '';
    return turn + context(shown) + scriptStatement(text);
  }

  *#turnBack(database: Database): Generator<string, void> {
    if (this.#turned) yield turnCollation(database.options.collation);
  }

  async *#views(database: Database): AsyncGenerator<string, void> {
    const rows = await this.#wire.query(viewsQuery([database.name]));
    const views: { name: string; text: string; row: Row }[] = [];
    for (const row of rows) {
      const name = row['n'] ?? '';
      if (row['c'] !== soundView) continue;
      const { row: shown, text } = await this.#show('VIEW', name, /^Create View$/);
      views.push({ name, text, row: shown });
    }
    const usage = await readThroughFunctions(this.#wire, database.name);
    for (const view of inOrder(views, usage)) yield context(view.row) + scriptStatement(view.text);
  }

  /** A restore makes those that can be made: it may be this account alone that may not use them. `check` warns of all. */
  async *#unsoundViews(database: Database): AsyncGenerator<string, void> {
    const rows = await this.#wire.query(viewsQuery([database.name]));
    for (const { n: name, c: reason } of rows.filter((row) => row['c'] !== soundView)) {
      const shown = await this.#query(`SHOW CREATE VIEW ${quoteName(name ?? '')}`).catch(
        (error: unknown): Row[] => {
          // The server may refuse to show what it cannot open.
          if (isServerError(error)) return [];
          throw error;
        },
      );
      const text = shown[0]?.['Create View'];
      const comment = scriptComment(latin1(`${name}: ${reason}`));
      yield shown[0] && text ? comment + context(shown[0]) + scriptStatement(text) : comment;
    }
  }

  async *#triggers(database: Database): AsyncGenerator<string, void> {
    const rows = await this.#wire.query(
      'SELECT TRIGGER_NAME AS n FROM information_schema.TRIGGERS ' +
        `WHERE TRIGGER_SCHEMA = ${quoteText(database.name)} ` +
        'ORDER BY EVENT_OBJECT_TABLE, ACTION_TIMING, EVENT_MANIPULATION, ACTION_ORDER',
    );
    for (const row of rows) {
      const { row: shown, text } = await this.#show('TRIGGER', row['n'] ?? '', /^SQL Original Statement$/);
      yield this.#program(shown, unqualifiedTrigger(text));
    }
    if (rows.length > 0) yield* this.#turnBack(database);
  }

  async *#events(database: Database, enable: boolean): AsyncGenerator<string, void> {
    const rows = await this.#wire.query(
      'SELECT EVENT_NAME AS n, STATUS AS s, DEFINER AS d, EVENT_COMMENT AS c FROM information_schema.EVENTS ' +
        `WHERE EVENT_SCHEMA = ${quoteText(database.name)} ORDER BY EVENT_NAME`,
    );
    for (const row of rows) {
      const { row: shown, text } = await this.#show('EVENT', row['n'] ?? '', /^Create Event$/);
      if (!enable) {
        const disabled = replaceUnquoted(text, /(?<=PRESERVE )ENABLE\b/, 'DISABLE');
        yield this.#program(shown, await withReadableComment(this.#wire, disabled, shown, row['c']));
      } else if (row['s'] === 'ENABLED') {
        const definer = latin1(quoteAccount(row['d'] ?? ''));
        const alter = `ALTER DEFINER=${definer} EVENT ${latin1(quoteName(row['n'] ?? ''))} ENABLE`;
        yield context(shown) + scriptStatement(alter);
      }
    }
    if (!enable && rows.length > 0) yield* this.#turnBack(database);
  }
}

const scriptModes = ['NO_ENGINE_SUBSTITUTION', 'NO_AUTO_VALUE_ON_ZERO', ownSqlMode];

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
    scriptStatement(`SET SESSION sql_mode = '${[...scriptModes, ...tableModes].join(',')}'`),
    scriptStatement('SET SESSION foreign_key_checks = 0'),
  ].join('');
  yield Buffer.from(head + first, 'latin1');
  for await (const statement of rest) yield Buffer.from(statement, 'latin1');
}
