/** What is around a random schema: settings that a server or a database has, and others have not. */
import fc from 'fast-check';
import type { TestServer } from '../../servers/server.ts';
import type { Allowances } from './allowances.ts';

/** One setting, and the values that are drawn for it. */
export interface Setting {
  readonly name: string;
  readonly values: readonly string[];
}

export interface DrawnSetting {
  readonly name: string;
  readonly value: string;
}

/** Applied after a schema was made, and undone before anything is compared: both in one session, opened beforehand. */
export interface Change {
  readonly apply: string;
  readonly undo: string;
}

export interface Surroundings {
  /** Where the schema is taken from. */
  readonly source: readonly Change[];
  /** Where it is restored. */
  readonly target: readonly Change[];
  readonly allowances: Allowances;
}

/** Up to so many of these settings, each with one of its values; none first. */
export function drawnSettings(settings: readonly Setting[], most = 4): fc.Arbitrary<DrawnSetting[]> {
  const one = fc
    .constantFrom(...settings)
    .chain(({ name, values }) => fc.record({ name: fc.constant(name), value: fc.constantFrom(...values) }));
  const some = fc.uniqueArray(one, { maxLength: most, selector: ({ name }) => name });
  return fc.oneof({ arbitrary: fc.constant<DrawnSetting[]>([]), weight: 1 }, { arbitrary: some, weight: 3 });
}

interface Session {
  query(sql: string): Promise<unknown>;
  end(): Promise<void>;
}

/** Runs `work` while the server has the changes. They are undone however it ends. */
export async function within<T>(
  server: TestServer,
  changes: readonly Change[],
  work: () => Promise<T>,
): Promise<T> {
  if (changes.length === 0) return work();
  const session = await (server as TestServer & { connect(): Promise<Session> }).connect();
  const undo: string[] = [];
  try {
    for (const change of changes) {
      await session.query(change.apply);
      undo.unshift(change.undo);
    }
    return await work();
  } finally {
    for (const sql of undo) await session.query(sql);
    await session.end();
  }
}
