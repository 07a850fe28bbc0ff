/** The head of a trigger, which servers show as it was typed: perhaps with the name of its database, comments, line breaks. */
import { quoteName } from '../connection/quoting.ts';
import { headTokens, type HeadToken, unquotedToken } from './head-tokens.ts';

/** Where the parts of a trigger's head are in its text. */
export interface TriggerHead {
  /** `IF NOT EXISTS`, from its first to its last character. */
  readonly unless: { readonly start: number; readonly end: number } | undefined;
  /** The trigger's own name, and before it that of its database. */
  readonly name: readonly HeadToken[];
  /** `BEFORE INSERT`, in capitals. */
  readonly moment: string;
  /** The table's name, and before it that of its database. */
  readonly table: readonly HeadToken[];
  /** After `FOR EACH ROW`. */
  readonly end: number;
}

/** Undefined when the text does not begin like a trigger. `charset`: of the text, where it is not UTF-8. */
export function readTriggerHead(sql: string, charset?: string): TriggerHead | undefined {
  const tokens = headTokens(
    sql,
    (read) => ['for', 'each', 'row'].every((word, at) => read(at - 3) === word),
    charset,
  );
  const word = (index: number): string | undefined => tokens[index]?.text.toLowerCase();
  const trigger = tokens.findIndex((_, index) => word(index) === 'trigger');
  if (trigger === -1) return undefined;
  const unless = ['if', 'not', 'exists'].every((each, index) => word(trigger + 1 + index) === each);
  const name = qualified(tokens, trigger + (unless ? 4 : 1));
  const moment = trigger + (unless ? 4 : 1) + name.length * 2 - 1;
  const on = tokens.findIndex((_, index) => index > moment && word(index) === 'on');
  const last = tokens.at(-1);
  if (on === -1 || last === undefined || word(tokens.length - 1) !== 'row') return undefined;
  const [first, end] = [tokens[trigger + 1], tokens[trigger + 3]];
  return {
    unless: unless && first && end ? { start: first.start, end: end.end } : undefined,
    name,
    moment: tokens
      .slice(moment, on)
      .map(({ text }) => text.toUpperCase())
      .join(' '),
    table: qualified(tokens, on + 1),
    end: last.end,
  };
}

/** A name, and the one before its point. */
function qualified(tokens: readonly HeadToken[], at: number): HeadToken[] {
  const parts = tokens[at + 1]?.text === '.' ? [tokens[at], tokens[at + 2]] : [tokens[at]];
  return parts.filter((part) => part !== undefined);
}

/** The statement without the name of its database before its own name and its table's. */
export function unqualifiedTrigger(sql: string, charset?: string): string {
  const head = readTriggerHead(sql, charset);
  if (head === undefined) return sql;
  let text = sql;
  for (const [database, own] of [head.table, head.name]) {
    if (database === undefined || own === undefined) continue;
    text = text.slice(0, database.start) + text.slice(own.start);
  }
  return text;
}

/** The statement for the same trigger on a table of this name. It refuses a trigger that exists. */
export function triggerOn(sql: string, table: string, charset?: string): string {
  const head = readTriggerHead(sql, charset);
  const from = head?.table[0];
  const to = head?.table.at(-1);
  if (head === undefined || from === undefined || to === undefined) return sql;
  const moved = sql.slice(0, from.start) + quoteName(table) + sql.slice(to.end);
  return withoutUnless(moved, head);
}

/** The statement for the same trigger under this name. It refuses a trigger that exists. */
export function triggerNamed(sql: string, name: string, charset?: string): string {
  const head = readTriggerHead(sql, charset);
  const own = head?.name.at(-1);
  if (head === undefined || own === undefined) return sql;
  return withoutUnless(sql.slice(0, own.start) + quoteName(name) + sql.slice(own.end), head);
}

/** Where among the triggers of its table, time and event a trigger is to be. */
export interface TriggerPlace {
  readonly side: 'FOLLOWS' | 'PRECEDES';
  /** Without quotes. */
  readonly other: string;
}

/**
 * The statement that makes it in this place; without one it becomes the last of its table, time and event. MariaDB forgets the
 * words of the place, and all that is before them back to the last word: so its text is the same without them.
 */
export function placedTrigger(sql: string, place?: TriggerPlace, charset?: string): string {
  const head = readTriggerHead(sql, charset);
  if (head === undefined || place === undefined) return sql;
  return `${sql.slice(0, head.end)}/**/${place.side} ${quoteName(place.other)}${sql.slice(head.end)}`;
}

/** MariaDB's statement that puts it in the place of the trigger of its name. */
export function replacingTrigger(sql: string, place?: TriggerPlace, charset?: string): string {
  const head = readTriggerHead(sql, charset);
  if (head === undefined) return sql;
  return withoutUnless(placedTrigger(sql, place, charset), head).replace(
    /^\s*CREATE\b/i,
    (create) => `${create} OR REPLACE`,
  );
}

function withoutUnless(sql: string, { unless }: TriggerHead): string {
  return unless === undefined ? sql : sql.slice(0, unless.start) + sql.slice(unless.end);
}

/** Of a trigger, without quotes; bytes as latin1 text like the statement. */
export function triggerName(head: TriggerHead): string {
  return unquotedToken(head.name.at(-1)?.text ?? '');
}
