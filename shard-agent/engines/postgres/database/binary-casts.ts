/**
 * Casts without a function. Other casts, checks and defaults may need them, and PostgreSQL does not record it: pg_dump may
 * put such a cast after what needs it. It needs nothing but its two types itself.
 */
import type { ContentEntry } from '../restore/contents.ts';

/** Object ids, as the archive's list of contents names them. */
export const binaryCastsQuery = `
  SELECT COALESCE(pg_catalog.json_agg(c.oid::int8 ORDER BY c.oid), '[]') FROM pg_catalog.pg_cast c
  WHERE c.oid >= 16384 AND c.castmethod = 'b' AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend d
    WHERE d.classid = 'pg_catalog.pg_cast'::pg_catalog.regclass AND d.objid = c.oid AND d.deptype = 'e')`;

/** The same entries, each of these casts directly behind the last that it needs; behind none, it is the first. */
export function withEarlyCasts(entries: readonly ContentEntry[], casts: readonly number[]): ContentEntry[] {
  if (casts.length === 0) return [...entries];
  const oids = new Set(casts);
  const isEarly = ({ line }: ContentEntry): boolean => {
    const oid = /^\d+; 2605 (\d+) CAST /.exec(line)?.[1];
    return oid !== undefined && oids.has(Number(oid));
  };
  const others = entries.filter((entry) => !isEarly(entry));
  const places = new Map(others.map(({ id }, place) => [id, place]));
  const behind = Map.groupBy(entries.filter(isEarly), ({ needs }) =>
    Math.max(-1, ...needs.map((id) => places.get(id) ?? -1)),
  );
  return [
    ...(behind.get(-1) ?? []),
    ...others.flatMap((entry, place) => [entry, ...(behind.get(place) ?? [])]),
  ];
}
