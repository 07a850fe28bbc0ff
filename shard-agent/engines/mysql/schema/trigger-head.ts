/** The head of a trigger, which servers show as it was typed: perhaps with the name of its database, comments, line breaks. */

interface Token {
  readonly text: string;
  readonly start: number;
  readonly end: number;
}

const token = new RegExp(
  [
    '\\s+|/\\*[^]*?\\*/|#[^\\n]*|--(?=\\s)[^\\n]*',
    '(`(?:[^`]|``)*`|"(?:[^"]|"")*"|\'(?:[^\'\\\\]|\\\\[^]|\'\')*\'|[^\\s`"\'.,;@=()/#]+|[^])',
  ].join('|'),
  'y',
);

/** Words, names and signs, without what is between them, up to the trigger's body. */
function headTokens(sql: string): Token[] {
  const tokens: Token[] = [];
  token.lastIndex = 0;
  for (let found = token.exec(sql); found !== null; found = token.exec(sql)) {
    const [whole, text] = found;
    if (text === undefined) continue;
    tokens.push({ text, start: token.lastIndex - whole.length, end: token.lastIndex });
    if (/^each$/i.test(text) && /^for$/i.test(tokens.at(-2)?.text ?? '')) break;
  }
  return tokens;
}

/** The statement without the name of its database before its own name and its table's. */
export function unqualifiedTrigger(sql: string): string {
  const tokens = headTokens(sql);
  const is = (index: number, word: string): boolean => tokens[index]?.text.toLowerCase() === word;
  const trigger = tokens.findIndex((_, index) => is(index, 'trigger'));
  if (trigger === -1) return sql;
  const unless = ['if', 'not', 'exists'].every((word, index) => is(trigger + 1 + index, word));
  const name = trigger + (unless ? 4 : 1);
  const own = is(name + 1, '.') ? name + 2 : name;
  // Behind the name stand the time, the event, ON and the table.
  const table = own + 4;
  if (!is(own + 3, 'on')) return sql;
  let text = sql;
  for (const first of [table, name]) {
    const [from, to] = [tokens[first], tokens[first + 2]];
    if (from === undefined || to === undefined || !is(first + 1, '.')) continue;
    text = text.slice(0, from.start) + text.slice(to.start);
  }
  return text;
}
