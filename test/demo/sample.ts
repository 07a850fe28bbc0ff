/** The demo's second database: the books of a shop on every shard, compared after the restore by code that imports nothing of Tidemark. */
import { agentUser } from '../cluster/database-user.ts';
import type { Cluster } from '../cluster/cluster.ts';
import { differences, type Fact } from '../fidelity/fact.ts';
import { compareMysql } from '../fidelity/mysql/comparer.ts';
import { comparePostgres } from '../fidelity/postgres/comparer.ts';
import { differingAnswers, sampleAnswers } from '../sample/answers.ts';
import { createSampleRoles, grantSampleTo, loadSample } from '../sample/sample.ts';
import type { TestServer } from '../servers/server.ts';

const database = 'saltmarsh';
/** A quarter is enough to show, and loads in seconds. */
const scale = 0.25;

export const besideTheBank = {
  database,
  async layOut(source: Cluster, target: Cluster | undefined): Promise<void> {
    const servers = (cluster: Cluster | undefined): TestServer[] =>
      (cluster?.shards ?? []).map(({ server }) => server);
    await Promise.all([...servers(source), ...servers(target)].map(createSampleRoles));
    await Promise.all(
      servers(source).map(async (server) => {
        await loadSample(server, { database, scale });
        await grantSampleTo(server, agentUser);
      }),
    );
  },
};

export interface SampleVerdict {
  readonly objects: number;
  readonly tables: number;
  readonly rows: number;
  readonly questions: number;
  /** Of definitions, rows and answers; empty when all came back as it was. */
  readonly differences: readonly string[];
}

/** Compares every shard with what was restored of it: definitions, rows by hashes of the servers, and answers. */
export async function compareSamples(source: Cluster, target: Cluster): Promise<SampleVerdict> {
  const verdicts = await Promise.all(
    source.shards.map(async ({ name, server }) => compareOne(name, server, target.shard(name).server)),
  );
  const sum = (count: (verdict: SampleVerdict) => number): number =>
    verdicts.reduce((total, verdict) => total + count(verdict), 0);
  return {
    objects: sum(({ objects }) => objects),
    tables: sum(({ tables }) => tables),
    rows: sum(({ rows }) => rows),
    questions: sum(({ questions }) => questions),
    differences: verdicts.flatMap((verdict) => verdict.differences),
  };
}

async function compareOne(shard: string, source: TestServer, restored: TestServer): Promise<SampleVerdict> {
  const compare = source.engine === 'postgres' ? comparePostgres : compareMysql;
  const [before, after] = await Promise.all([compare(source, database), compare(restored, database)]);
  const [asked, answered] = await Promise.all([
    sampleAnswers(source, database),
    sampleAnswers(restored, database),
  ]);
  const counts = after.flatMap(rowsOf);
  return {
    objects: after.length - counts.length,
    tables: counts.length,
    rows: counts.reduce((total, rows) => total + rows, 0),
    questions: answered.length,
    differences: [...differences(before, after), ...differingAnswers(asked, answered)].map(
      (difference) => `${shard}: ${difference}`,
    ),
  };
}

/** How many rows a fact about a table's rows speaks of. */
function rowsOf({ subject, says }: Fact): number[] {
  const count = subject.startsWith('rows of ') ? /^(\d+) rows, /.exec(says)?.[1] : undefined;
  return count === undefined ? [] : [Number(count)];
}
