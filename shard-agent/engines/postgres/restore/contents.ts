/** An archive's list of contents, as pg_restore prints it. */

export interface ContentEntry {
  /** As printed: `123; 1259 16385 TABLE public t owner`. */
  readonly line: string;
  /** Of this entry, in the archive. */
  readonly id: number;
  /** Ids of the entries it depends on; one may be there twice. */
  readonly needs: readonly number[];
}

/** Reads what `pg_restore --list --verbose` printed. */
export function readContents(text: string): ContentEntry[] {
  const entries: { line: string; id: number; needs: number[] }[] = [];
  for (const line of text.split('\n')) {
    const [, id] = /^(\d+); /.exec(line) ?? [];
    if (id !== undefined) entries.push({ line, id: Number(id), needs: [] });
    const [, needs] = /^;\tdepends on: ([\d ]+)$/.exec(line) ?? [];
    if (needs !== undefined) entries.at(-1)?.needs.push(...needs.split(' ').map(Number));
  }
  return entries;
}

/** As `--use-list` takes them. */
export function linesOf(entries: readonly ContentEntry[]): string[] {
  return entries.map(({ line }) => line);
}

/** What an index of a table needs beside it: catalogue ids are those of pg_class and pg_constraint. */
const isIndex = ({ line }: ContentEntry): boolean => /^\d+; (1259 \d+ INDEX|2606 \d+ CONSTRAINT) /.test(line);

/** All that rows find each other by: indexes, those of partitions attached to their parents', and keys that are one. */
export const isKey = ({ line }: ContentEntry): boolean =>
  /^\d+; (1259 \d+ INDEX|2606 \d+ CONSTRAINT|\d+ \d+ INDEX ATTACH) /.test(line);

export const isRefresh = ({ line }: ContentEntry): boolean =>
  /^\d+; \d+ \d+ MATERIALIZED VIEW DATA /.test(line);

/** An index that stands for a key or an exclusion, added by a statement that locks the table against every other. */
export const isConstraint = ({ line }: ContentEntry): boolean => /^\d+; 2606 /.test(line);

/**
 * The indexes and keys of a table that can be built as soon as its own rows are in, in the archive's order. Not those that
 * need more than the table, a function above all, which may read other tables. An index of a partition needs its parent's
 * in the list only, to be attached to it later. None where the list does not tell which entry is the table's: a line
 * break in a name is printed as a blank, and names may have blanks.
 */
export function indexesOf(
  contents: readonly ContentEntry[],
  table: { readonly schema: string; readonly name: string },
): ContentEntry[] {
  const text = ` TABLE ${table.schema} ${table.name} `;
  const [entry, ...others] = contents.filter(({ line }) =>
    /^\d+; 1259 \d+(.*)/.exec(line)?.[1]?.startsWith(text),
  );
  if (entry === undefined || others.length > 0) return [];
  const indexes = contents.filter(isIndex);
  const ids = new Set(indexes.map(({ id }) => id));
  return indexes.filter(({ needs }) => {
    const others = needs.filter((id) => !ids.has(id));
    return others.length > 0 && others.every((id) => id === entry.id);
  });
}
