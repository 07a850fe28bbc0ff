/** CREATE VIEW statements as the servers show them, and variants of one. All text is bytes as latin1. */
import { nameOf, type Reading, type SqlToken, sqlTokens } from './sql-tokens.ts';

interface ViewStatement {
  /** The view's own name, and the name of its database where the statement has one. */
  readonly name: string;
  readonly database: string | undefined;
  /** The word after `SQL SECURITY`. */
  readonly security: SqlToken | undefined;
  /** The word `CREATE`. */
  readonly create: SqlToken;
  /** From `WITH` to `OPTION`, at its end. */
  readonly checkOption: { readonly start: number; readonly end: number } | undefined;
}

/** Undefined when the text makes no view. */
export function readViewStatement(sql: string, reading?: Reading): ViewStatement | undefined {
  const tokens = sqlTokens(sql, reading);
  const word = (at: number): string => {
    const token = tokens.at(at);
    return token?.kind === 'word' ? token.text.toLowerCase() : '';
  };
  const view = tokens.findIndex((_, at) => word(at) === 'view');
  const [create, first] = [tokens[0], tokens[view + 1]];
  if (create === undefined || word(0) !== 'create' || view === -1 || first === undefined) return undefined;
  const qualified = tokens[view + 2]?.text === '.' ? tokens[view + 3] : undefined;
  const sqlWord = tokens.findIndex((_, at) => at < view && word(at) === 'sql' && word(at + 1) === 'security');
  return {
    name: nameOf(qualified ?? first),
    database: qualified === undefined ? undefined : nameOf(first),
    security: sqlWord === -1 ? undefined : tokens[sqlWord + 2],
    create,
    checkOption: checkOptionOf(tokens, word),
  };
}

function checkOptionOf(
  tokens: readonly SqlToken[],
  word: (at: number) => string,
): { start: number; end: number } | undefined {
  if (word(-1) !== 'option' || word(-2) !== 'check') return undefined;
  const first = tokens.at(word(-3) === 'with' ? -3 : -4);
  const last = tokens.at(-1);
  return first === undefined || last === undefined ? undefined : { start: first.start, end: last.end };
}

/** Does it run with the rights of its definer? */
export function runsAsDefiner(sql: string, reading?: Reading): boolean {
  return readViewStatement(sql, reading)?.security?.text.toLowerCase() === 'definer';
}

/** The same view with the rights of whoever uses it. */
export function asInvoker(sql: string, reading?: Reading): string {
  const security = readViewStatement(sql, reading)?.security;
  if (security === undefined) return sql;
  return `${sql.slice(0, security.start)}INVOKER${sql.slice(security.end)}`;
}

/** The statement that puts it in the place of the view of its name. */
export function asReplacement(sql: string, reading?: Reading): string {
  const create = readViewStatement(sql, reading)?.create;
  if (create === undefined) return sql;
  return `${sql.slice(0, create.end)} OR REPLACE${sql.slice(create.end)}`;
}

/** Undefined when it has no check option. */
export function withoutCheckOption(sql: string, reading?: Reading): string | undefined {
  const option = readViewStatement(sql, reading)?.checkOption;
  return option === undefined ? undefined : (sql.slice(0, option.start) + sql.slice(option.end)).trimEnd();
}
