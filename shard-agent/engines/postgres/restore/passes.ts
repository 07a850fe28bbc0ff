/** What of an archive pg_restore may do at once, and what must be done one after the other. */

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
