/** One random schema from a source server to a target and compared there: by the real engine, with the set in memory. */
import type { Engine } from '../../../shard-agent/engine.ts';
import { restoreShard, takeShard } from '../../conformance/memory-shard.ts';
import type { TestServer } from '../../servers/server.ts';
import { type Comparer, differences } from '../fact.ts';

export interface Rendered {
  readonly createDatabase: string;
  /** Run in this order in one session. */
  readonly statements: readonly string[];
  readonly tables: number;
  readonly rows: number;
  readonly chunkBytes: number;
  readonly lanes: number;
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

/** Throws when a server refuses a statement, the engine fails, or anything is not as it was. */
export async function roundTrip<Model>(
  engine: RandomEngine<Model>,
  [source, target]: readonly [TestServer, TestServer],
  rendered: Rendered,
): Promise<void> {
  const restoring = engine.open(target);
  // What a failed restore has left.
  for (const staged of await restoring.staged()) {
    const session = await staged.reopen();
    await session.discard();
    await session.close();
  }
  for (const server of [source, target]) await server.run(engine.dropDatabase);
  await makeSchema(source, rendered);
  const shard = await takeShard(engine.open(source, [database]), rendered);
  const refusals = (await restoring.fit(shard.stored)).filter(({ warning }) => !warning);
  if (refusals.length > 0) throw new Error(`the set does not fit: ${JSON.stringify(refusals)}`);
  await restoreShard(restoring, shard, 'random', { lanes: rendered.lanes });
  const [before, after] = await Promise.all([
    engine.compare(source, database),
    engine.compare(target, database),
  ]);
  const found = differences(before, after);
  if (found.length > 0) throw new Error(`${found.length} differences:\n\n${found.slice(0, 10).join('\n\n')}`);
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
