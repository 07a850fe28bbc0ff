/**
 * What an object needs of the target's host, tried by making one like it in a transaction that is rolled back: libraries,
 * files of dictionaries, locales, settings.
 */
import {
  type PostgresConfig,
  quoteName,
  quoteTable,
  quoteText,
  serverWords,
  Session,
  sqlState,
} from '../connection/connection.ts';
import type { NativeFunction, SearchDictionary, UserCollation } from '../database/host-files.ts';
import { settingStatement } from '../database/properties.ts';

/** What the server says to something it does not take. */
export interface Refusal {
  readonly cause: string;
  /** This role may not do it: whether the host has what it needs is then not known. */
  readonly forbidden: boolean;
}

const lockWait = '5s';

/** Not a transaction's own business: a lock that somebody holds. */
const busy = new Set(['55P03', '40001', '40P01']);

/** One session, and a savepoint for each trial. */
export class Trial {
  readonly #session: Session;

  private constructor(session: Session) {
    this.#session = session;
  }

  /** In the session's own database. A library that ends its session ends no other. */
  static async run<T>(
    config: PostgresConfig,
    database: string,
    action: (trial: Trial) => Promise<T>,
  ): Promise<T> {
    const session = await Session.open(config, database, 'fit');
    try {
      // On its own: statements sent with it would be in a transaction that has begun already.
      await session.script('SET default_transaction_read_only = off');
      await session.script(`BEGIN; SET LOCAL lock_timeout = '${lockWait}'`);
      return await action(new Trial(session));
    } finally {
      if (session.alive) await session.script('ROLLBACK');
      await session.close();
    }
  }

  async setting(name: string, value: string): Promise<Refusal | undefined> {
    return this.#attempt(settingStatement('ROLE CURRENT_USER', name, value));
  }

  /** Loads it as a new session would. Only by a plain name or below `$libdir`: a path may be anybody's. */
  async library(name: string, plugin: boolean): Promise<Refusal | undefined> {
    if (!isPackaged(name)) return this.#file(name);
    return this.#attempt(
      `LOAD ${quoteText(plugin && !name.includes('/') ? `$libdir/plugins/${name}` : name)}`,
    );
  }

  async nativeFunction({ language, library, symbol }: NativeFunction): Promise<Refusal | undefined> {
    if (library !== null && !isPackaged(library)) return this.#file(library);
    const body = library === null ? quoteText(symbol) : `${quoteText(library)}, ${quoteText(symbol)}`;
    return this.#attempt(
      `CREATE FUNCTION pg_temp.trial() RETURNS pg_catalog.void LANGUAGE ${language} AS ${body}`,
    );
  }

  async collation(collation: UserCollation): Promise<Refusal | undefined> {
    const { provider, collate, ctype, locale, rules, deterministic } = collation;
    const options = [
      `provider = ${{ c: 'libc', i: 'icu', b: 'builtin' }[provider]}`,
      ...(provider === 'c'
        ? [`lc_collate = ${quoteText(collate ?? '')}`, `lc_ctype = ${quoteText(ctype ?? '')}`]
        : [`locale = ${quoteText(locale ?? collate ?? '')}`]),
      ...(rules === null ? [] : [`rules = ${quoteText(rules)}`]),
      ...(deterministic ? [] : ['deterministic = false']),
    ];
    return this.#attempt(`CREATE COLLATION pg_temp.trial (${options.join(', ')})`);
  }

  /** Undefined also where it cannot be tried: its template is a user's, or its options are in no form that is known. */
  async dictionary({ template, extension, options }: SearchDictionary): Promise<Refusal | undefined> {
    const read = readOptions(options ?? '');
    if (read === undefined || (extension === null && template.schema !== 'pg_catalog')) return undefined;
    // The dictionary that a thesaurus looks its words up in is not here; one that takes every word is.
    const list = read.map(
      ([name, value]) =>
        `${quoteName(name)} = ${quoteText(name === 'dictionary' ? 'pg_catalog.simple' : value)}`,
    );
    const create = (schema: string): string =>
      `CREATE TEXT SEARCH DICTIONARY pg_temp.trial (${[`TEMPLATE = ${quoteTable(schema, template.name)}`, ...list].join(', ')})`;
    if (extension === null) return this.#attempt(create('pg_catalog'));
    return this.#attempt(async () => {
      await this.#session.script(
        `CREATE SCHEMA tidemark_trial; CREATE EXTENSION IF NOT EXISTS ${quoteName(extension)} SCHEMA tidemark_trial`,
      );
      const row = await this.#session.row(
        `SELECT n.nspname FROM pg_catalog.pg_extension e JOIN pg_catalog.pg_namespace n ON n.oid = e.extnamespace WHERE e.extname = $1`,
        [extension],
      );
      await this.#session.script(create(row['nspname'] ?? ''));
    });
  }

  /** A file that is there is not looked into. */
  async #file(name: string): Promise<Refusal | undefined> {
    const missing = `SELECT 1 WHERE (SELECT size FROM pg_catalog.pg_stat_file($1, true)) IS NULL
      AND (SELECT size FROM pg_catalog.pg_stat_file($1 || '.so', true)) IS NULL`;
    let gone = false;
    const refusal = await this.#attempt(async () => {
      gone = (await this.#session.rows(missing, [name])).length > 0;
    });
    return refusal ?? (gone ? { cause: `could not access file "${name}"`, forbidden: false } : undefined);
  }

  async #attempt(what: string | (() => Promise<void>)): Promise<Refusal | undefined> {
    try {
      await this.#session.script('SAVEPOINT trial');
      if (typeof what === 'string') await this.#session.script(what);
      else await what();
    } catch (error) {
      const state = sqlState(error);
      // A library may end the session that loads it.
      if (!this.#session.alive) return { cause: serverWords(error), forbidden: false };
      if (state === undefined) throw error;
      await this.#session.script('ROLLBACK TO SAVEPOINT trial');
      if (busy.has(state)) return undefined;
      return { cause: serverWords(error), forbidden: state === '42501' };
    }
    await this.#session.script('ROLLBACK TO SAVEPOINT trial');
    return undefined;
  }
}

/** Where the server's packages put libraries, and nobody else can. */
function isPackaged(library: string): boolean {
  const name = library.replace(/^\$libdir\//, '');
  return !name.includes('..') && !name.replace(/^plugins\//, '').includes('/');
}

/** As the server keeps the options of a dictionary. Undefined: not in that form. */
export function readOptions(text: string): [name: string, value: string][] | undefined {
  const option = /\s*(?:"((?:[^"]|"")*)"|(\w+))\s*=\s*(?:(E?)'((?:[^']|'')*)'|([^\s,']+))\s*(?:,|$)/y;
  const found: [string, string][] = [];
  while (option.lastIndex < text.length) {
    const match = option.exec(text);
    if (match === null) return undefined;
    const [, quoted, plain, escapes, string, bare] = match;
    const name = quoted === undefined ? (plain ?? '') : quoted.replaceAll('""', '"');
    const value = (string ?? bare ?? '').replaceAll("''", "'");
    found.push([name, escapes === 'E' ? value.replaceAll('\\\\', '\\') : value]);
  }
  return found;
}
