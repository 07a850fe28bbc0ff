/** What an independent comparer learns from a server, and how two servers differ in it. */
import type { TestServer } from '../servers/server.ts';

/** One thing a server says of one of its objects, or of the rows in it. */
export interface Fact {
  /** PostgreSQL: the schema it belongs to; '' for what belongs to the whole database, and on MySQL and MariaDB. */
  readonly schema: string;
  /** Kind and name, once per database and schema: `TABLE "odd name"`, `rows of "odd name"`. */
  readonly subject: string;
  /** The server's own words, or a hash it computed. Compared byte by byte. */
  readonly says: string;
}

/** Everything about one database, rows included, by the server's own tools, catalogues and hash functions. */
export type Comparer = (server: TestServer, database: string) => Promise<Fact[]>;

/**
 * One readable text for each fact that only one side has or that the sides tell differently; empty when they are the
 * same. Throws when a side names a subject twice: one of the two would hide the other.
 */
export function differences(source: readonly Fact[], restored: readonly Fact[]): string[] {
  const before = bySubject(source);
  const after = bySubject(restored);
  const found: string[] = [];
  for (const [key, fact] of before) {
    const other = after.get(key);
    if (other === undefined) found.push(`${nameOf(fact)} did not come back; it was:\n${fact.says}`);
    else if (other.says !== fact.says) {
      found.push(`${nameOf(fact)} came back changed; it was:\n${fact.says}\nand is:\n${other.says}`);
    }
  }
  for (const [key, fact] of after) {
    if (!before.has(key)) found.push(`${nameOf(fact)} was not there before; it is:\n${fact.says}`);
  }
  return found;
}

function bySubject(facts: readonly Fact[]): Map<string, Fact> {
  const map = new Map<string, Fact>();
  for (const fact of facts) {
    const key = JSON.stringify([fact.schema, fact.subject]);
    if (map.has(key)) throw new Error(`the comparer names ${nameOf(fact)} twice`);
    map.set(key, fact);
  }
  return map;
}

function nameOf({ schema, subject }: Fact): string {
  return schema === '' ? subject : `${subject} in schema ${schema}`;
}
