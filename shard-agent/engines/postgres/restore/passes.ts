/** What of an archive pg_restore may do at once, and what must be done one after the other. */

import { type ContentEntry, linesOf } from './contents.ts';

export interface Pass {
  /** Lines of the archive's list of contents, in its order. */
  readonly entries: readonly string[];
  /** One entry at a time. */
  readonly apart: boolean;
}

/**
 * pg_restore keeps entries apart that it knows to lock one table, and does not know this one: the last index attached to a
 * partition's index makes that one valid, and locks the tables above it. A foreign key of such a table, made at the same
 * time, holds it and waits for the index: a deadlock (measured on 15 and 18).
 */
const isAttachment = (entry: string): boolean => /^\d+; \d+ \d+ INDEX ATTACH /.test(entry);

/**
 * The list cut into passes, in its own order, in which nothing comes before what it depends on. Everything from the first
 * attachment to the last is done apart; pg_dump puts little else among them.
 */
export function passesOf(entries: readonly string[]): Pass[] {
  const first = entries.findIndex(isAttachment);
  if (first < 0) return entries.length === 0 ? [] : [{ entries, apart: false }];
  const end = entries.findLastIndex(isAttachment) + 1;
  const passes = [
    { entries: entries.slice(0, first), apart: false },
    { entries: entries.slice(first, end), apart: true },
    { entries: entries.slice(end), apart: false },
  ];
  return passes.filter((pass) => pass.entries.length > 0);
}

/**
 * Entries of one run, which is one transaction: the server keeps a lock for each table that is made until the end, and
 * has room for some 6,400 of all sessions unless it is told otherwise.
 */
const longestList = 1000;
const longestListBeside = 250;

const isTable = ({ line }: ContentEntry): boolean => /^\d+; 1259 \d+ TABLE /.test(line);

/**
 * What comes before the data, as steps of lists: step after step, and the lists of one may be run side by side. Most of what
 * pg_restore does alone is to make tables, 2 ms each; those that need nothing but what precedes the first of all are made
 * side by side. `made`: entries that are there already.
 */
export function stepsOf(entries: readonly ContentEntry[], made: readonly ContentEntry[]): string[][][] {
  if (entries.length <= longestList) return entries.length === 0 ? [] : [[linesOf(entries)]];
  const first = Math.max(0, entries.findIndex(isTable));
  const before = entries.slice(0, first);
  const there = new Set([...made, ...before].map(({ id }) => id));
  const free = new Set(
    entries.slice(first).filter((entry) => isTable(entry) && entry.needs.every((id) => there.has(id))),
  );
  const after = entries.slice(first).filter((entry) => !free.has(entry));
  return [
    ...listsOf(before, longestList).map((list) => [list]),
    listsOf([...free], longestListBeside),
    ...listsOf(after, longestList).map((list) => [list]),
  ];
}

function listsOf(entries: readonly ContentEntry[], longest: number): string[][] {
  return Array.from({ length: Math.ceil(entries.length / longest) }, (_, part) =>
    linesOf(entries.slice(part * longest, (part + 1) * longest)),
  );
}
