/**
 * `ON COMPLETION NOT PRESERVE` in the head of an event. SHOW CREATE always writes it, but under HIGH_NOT_PRECEDENCE MySQL reads this NOT as
 * another word, and refuses the statement. It is the default, so the statement says the same without it.
 */
import { type SqlToken, sqlTokens } from './sql-tokens.ts';
import type { ShownObject } from './shown-object.ts';

const clause = ['ON', 'COMPLETION', 'NOT', 'PRESERVE'];

/** The event as its own mode reads it. Text is bytes as latin1. */
export function withReadableCompletion({ row, text }: ShownObject): ShownObject {
  const modes = (row['sql_mode'] ?? '').split(',');
  if (!modes.includes('HIGH_NOT_PRECEDENCE')) return { row, text };
  const tokens = sqlTokens(text, {
    ansiQuotes: modes.includes('ANSI_QUOTES'),
    plainBackslashes: modes.includes('NO_BACKSLASH_ESCAPES'),
    charset: row['character_set_client'] ?? 'utf8mb4',
  });
  // The first is in the head: the clause comes before the comment and the body.
  const at = tokens.findIndex((_, index) => clause.every((word, next) => isWord(tokens[index + next], word)));
  const before = tokens[at - 1];
  const last = tokens[at + clause.length - 1];
  if (before === undefined || last === undefined) return { row, text };
  return { row, text: text.slice(0, before.end) + text.slice(last.end) };
}

function isWord(token: SqlToken | undefined, word: string): boolean {
  return token?.kind === 'word' && token.text === word;
}
