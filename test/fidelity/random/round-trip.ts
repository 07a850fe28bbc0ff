/** One random schema from a source server to a target and compared there: by the real engine, with the set in memory. */
import type { Engine, Finding } from '../../../shard-agent/engine.ts';
import { type MemoryShard, restoreShard, takeShard } from '../../conformance/memory-shard.ts';
import type { TestServer } from '../../servers/server.ts';
import { type Comparer, differences } from '../fact.ts';
import { mayRefuse, withoutNamed } from './allowances.ts';
import { type Surroundings, within } from './surroundings.ts';

export interface Rendered {
  readonly createDatabase: string;
  /** Run in this order in one session. */
  readonly statements: readonly string[];
  readonly tables: number;
  readonly rows: number;
  readonly chunkBytes: number;
  readonly lanes: number;
  readonly surroundings: Surroundings;
}

export interface RandomEngine<Model> {
  /** Drops the database if it is there. */
  readonly dropDatabase: string;
  readonly open: (server: TestServer, databases?: readonly string[]) => Engine;
  readonly compare: Comparer;
  readonly render: (model: Model) => Rendered;
}

export const database = 'random';

interface Session {
  query(sql: string): Promise<unknown>;
  end(): Promise<void>;
}

/** `refused`: by name, at the backup or by the plan, before anything was stored or touched. */
export type Outcome = 'came back' | 'refused';

/**
 * Throws when a server refuses a statement of the generator, the engine fails, or anything is not as it was. A schema in
 * usual surroundings must come back. In others it may be refused, or differ, by what these surroundings allow and by nothing else; what is
 * found out while restoring is a failure in any.
 */
export async function roundTrip<Model>(
  engine: RandomEngine<Model>,
  [source, target]: readonly [TestServer, TestServer],
  rendered: Rendered,
): Promise<Outcome> {
  const { surroundings } = rendered;
  const { allowances } = surroundings;
  const restoring = engine.open(target);
  // What a failed restore has left.
  for (const staged of await restoring.staged()) {
    const session = await staged.reopen();
    await session.discard();
    await session.close();
  }
  for (const server of [source, target]) await server.run(engine.dropDatabase);
  await makeSchema(source, rendered);
  const taken = await within(source, surroundings.source, () => take(engine, source, rendered));
  if (taken === 'refused') return 'refused';
  const { shard, warnings } = taken;
  const planned = await within(target, surroundings.target, async () => {
    const findings = await restoring.fit(shard.stored, false, rendered.lanes);
    const refusing = findings.filter(({ warning }) => !warning);
    if (refusing.length > 0) {
      if (mayRefuse(refusing, allowances.target)) return 'refused';
      throw new Error(`the set does not fit: ${JSON.stringify(refusing)}`);
    }
    await restoreShard(restoring, shard, 'random', { lanes: rendered.lanes });
    return findings;
  });
  if (planned === 'refused') return 'refused';
  const [before, after] = await Promise.all([
    engine.compare(source, database),
    engine.compare(target, database),
  ]);
  const named = [...warnings, ...planned];
  const found = differences(
    withoutNamed(before, named, allowances.differences),
    withoutNamed(after, named, allowances.differences),
  );
  if (found.length > 0) throw new Error(`${found.length} differences:\n\n${found.slice(0, 10).join('\n\n')}`);
  return 'came back';
}

/** One backup as the engine takes it, and what a check says of it beforehand where the surroundings are not the usual. */
async function take<Model>(
  engine: RandomEngine<Model>,
  source: TestServer,
  rendered: Rendered,
): Promise<'refused' | { shard: MemoryShard; warnings: readonly Finding[] }> {
  const { source: changes, allowances } = rendered.surroundings;
  const backing = engine.open(source, [database]);
  const findings = changes.length === 0 ? [] : await backing.check({ lanes: rendered.lanes });
  const refusing = findings.filter(({ warning }) => !warning);
  if (refusing.length > 0) {
    if (mayRefuse(refusing, allowances.source)) return 'refused';
    throw new Error(`the check of the backup fails: ${JSON.stringify(refusing)}`);
  }
  // What the check does not refuse must be backed up.
  return { shard: await takeShard(backing, rendered), warnings: findings };
}

async function makeSchema(server: TestServer, { createDatabase, statements }: Rendered): Promise<void> {
  await server.run(createDatabase);
  const session = await (server as TestServer & { connect(name: string): Promise<Session> }).connect(
    database,
  );
  try {
    for (const sql of statements) {
      await session.query(sql).catch((error: unknown) => {
        throw new Error(
          `the server refused a statement of the generator: ${String(error)}\n${sql.slice(0, 4_000)}`,
        );
      });
    }
  } finally {
    await session.end();
  }
}
