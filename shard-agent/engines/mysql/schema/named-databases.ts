/**
 * Where a statement names a database, and which tables it reads. `a`.`b` alone does not say: it may be a table of a database
 * or a column of a table, by its place. All text is bytes as latin1.
 */
import { nameOf, plainReading, type Reading, type SqlToken, sqlTokens } from './sql-tokens.ts';
import { quoteName } from '../connection/quoting.ts';

/** A table, view, sequence or routine as a statement names it. */
interface NamedObject {
  readonly database: SqlToken | undefined;
  readonly name: SqlToken;
}

/** What is inside one pair of brackets, or outside of all. */
interface Frame {
  /** The words at hand are a list of tables. */
  tables: boolean;
  /** `FROM` begins such a list; in a call such as TRIM(BOTH FROM …) it does not. */
  readonly query: { begun: boolean };
  /** The word before the bracket, in small letters. */
  readonly opener: string;
}

/** A word after which a table or a routine is named, wherever it stands. */
const before = new Set([
  'join',
  'straight_join',
  'into',
  'table',
  'tables',
  'view',
  'call',
  'references',
  'function',
  'procedure',
  'truncate',
  'insert',
  'replace',
  'ignore',
  'delete',
  'update',
]);
/** A word that ends a list of tables. */
const endsTables = new Set(
  'where group order having limit union except intersect select window set values on return begin do then'.split(
    ' ',
  ),
);
const sequenceFunctions = ['nextval', 'lastval', 'setval'];

/**
 * The statement with other names of databases, wherever it names one. `names`: by the name that it has now. With `fold`,
 * capitals make no difference, as on a server with lower_case_table_names.
 */
export function renameDatabases(
  sql: string,
  names: ReadonlyMap<string, string>,
  { reading = plainReading, fold = false }: { readonly reading?: Reading; readonly fold?: boolean } = {},
): string {
  const known = fold ? new Map([...names].map(([from, to]) => [from.toLowerCase(), to])) : names;
  let renamed = '';
  let at = 0;
  for (const { database } of namedObjects(sqlTokens(sql, reading))) {
    if (database === undefined) continue;
    const name = nameOf(database);
    const to = known.get(fold ? name.toLowerCase() : name);
    if (to === undefined) continue;
    renamed += sql.slice(at, database.start) + (reading.ansiQuotes ? `"${to}"` : quoteName(to));
    at = database.end;
  }
  return renamed + sql.slice(at);
}

/** The tables, views and sequences that a statement names as such, each as its database and its name. */
export function tablesNamed(sql: string, database: string, reading?: Reading): [string, string][] {
  return namedObjects(sqlTokens(sql, reading)).map((named) => [
    named.database === undefined ? database : nameOf(named.database),
    nameOf(named.name),
  ]);
}

function namedObjects(tokens: readonly SqlToken[]): NamedObject[] {
  const found: NamedObject[] = [];
  const frames: Frame[] = [{ tables: false, query: { begun: true }, opener: '' }];
  for (let at = 0; at < tokens.length; ) {
    const chain = chainAt(tokens, at);
    const frame = frames.at(-1) ?? { tables: false, query: { begun: true }, opener: '' };
    if (chain.length > 0 && wordAt(tokens, at - 1) !== '@') {
      const named = namedBy(tokens, at, chain, frame);
      if (named !== undefined) found.push(named);
    }
    enter(tokens, at, frames);
    at += Math.max(1, chain.length * 2 - 1);
  }
  return found;
}

/** Names with points between them. One word alone may be a keyword. */
function chainAt(tokens: readonly SqlToken[], at: number): SqlToken[] {
  const chain: SqlToken[] = [];
  for (let next = at; chain.length < 3; next += 2) {
    const token = tokens[next];
    if (token === undefined || (token.kind !== 'name' && token.kind !== 'word')) break;
    if (/^\d+(?:e\d+)?$/i.test(token.text)) break;
    chain.push(token);
    if (wordAt(tokens, next + 1) !== '.') break;
  }
  return chain;
}

/** In small letters; a name in quotes and a text are no words. */
function wordAt(tokens: readonly SqlToken[], at: number): string {
  const token = tokens[at];
  if (token === undefined) return '';
  return token.kind === 'word' || token.kind === 'sign' ? token.text.toLowerCase() : 'quoted';
}

function namedBy(
  tokens: readonly SqlToken[],
  at: number,
  [first, second, third]: readonly SqlToken[],
  frame: Frame,
): NamedObject | undefined {
  if (first === undefined) return undefined;
  if (second === undefined) {
    return first.kind === 'word' && keyword.test(first.text)
      ? undefined
      : onlyTable(tokens, at, first, frame);
  }
  const after = at + 3;
  const column = third !== undefined || (wordAt(tokens, after) === '.' && wordAt(tokens, after + 1) === '*');
  if (column || wordAt(tokens, after) === '(' || isTablePlace(tokens, at, frame)) {
    return { database: first, name: second };
  }
  return undefined;
}

/** Words that may stand in the place of a table and are none. */
const keyword =
  /^(?:select|from|where|lateral|json_table|dual|values|with|recursive|set|table|ignore|low_priority|quick|into|only)$/i;

function onlyTable(
  tokens: readonly SqlToken[],
  at: number,
  name: SqlToken,
  frame: Frame,
): NamedObject | undefined {
  return isTablePlace(tokens, at, frame) ? { database: undefined, name } : undefined;
}

function isTablePlace(tokens: readonly SqlToken[], at: number, frame: Frame): boolean {
  const [last, earlier] = [wordAt(tokens, at - 1), wordAt(tokens, at - 2)];
  switch (last) {
    case 'from':
      return frame.query.begun;
    case ',':
      return frame.tables || frame.opener === 'using';
    case '(':
      return frame.tables || frame.opener === 'using' || sequenceFunctions.includes(frame.opener);
    case 'for':
      return earlier === 'value';
    case 'of':
      return earlier === 'type' && wordAt(tokens, at - 3) === 'row';
    case 'update':
      // FOR UPDATE, ON DUPLICATE KEY UPDATE.
      return earlier !== 'for' && earlier !== 'key';
    default:
      return before.has(last);
  }
}

/** What the token at `at` says about those that follow it. */
function enter(tokens: readonly SqlToken[], at: number, frames: Frame[]): void {
  const frame = frames.at(-1);
  const word = wordAt(tokens, at);
  if (frame === undefined) return;
  if (word === '(') {
    const last = wordAt(tokens, at - 1);
    const listed = frame.tables && ['from', 'join', 'straight_join', ',', '('].includes(last);
    frames.push({ tables: listed, query: { begun: false }, opener: last });
  } else if (word === ')') {
    if (frames.length > 1) frames.pop();
  } else if (word === 'from') {
    if (frame.query.begun) frame.tables = true;
  } else if (word === 'join' || word === 'straight_join') {
    frame.tables = true;
  } else if (word === 'update') {
    frame.tables = !['for', 'key'].includes(wordAt(tokens, at - 1));
  } else if (word === ';' || endsTables.has(word)) {
    frame.tables = false;
    if (word === 'select') frame.query.begun = true;
  }
}
