/**
 * A round trip by the real commands: every case is made on a source server, all are backed up as one set and restored onto
 * an empty server, and an independent comparer says for each case whether it is still the same.
 */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Cluster } from '../cluster/cluster.ts';
import { describeResult } from '../cluster/command.ts';
import type { TestServer } from '../servers/server.ts';
import type { FidelityCase } from './case.ts';
import { type Comparer, differences, type Fact } from './fact.ts';
import { type ItemResult, type Outcome, report } from './item-table.ts';

export interface FidelitySuite {
  /** The servers' name; their versions follow it in the table of items. */
  readonly title: string;
  /** What else sets this run apart, in the table of items. */
  readonly note?: string;
  readonly startSource: () => Promise<TestServer>;
  readonly startTarget: () => Promise<TestServer>;
  /** Programs for the agents, see ClusterOptions. */
  readonly tools?: () => Promise<Readonly<Record<string, string>>>;
  /** What an operator has on both servers beforehand: roles, accounts, tablespaces. */
  readonly prepare?: (server: TestServer, purpose: 'source' | 'target') => Promise<void>;
  /** What the agent needs beyond its usual privileges; once every case stands on the source. */
  readonly grant?: (source: TestServer, databases: readonly string[]) => Promise<void>;
  readonly compare: Comparer;
  readonly cases: readonly FidelityCase[];
}

/** Making everything, and one round trip of it: values of 200 MiB among them, on machines that do other things too. */
const roundTripMs = 1_200_000;

/** A part of the items' names: only these are tried. */
const wanted = process.env['TIDEMARK_TEST_ITEM'] ?? '';

export function testFidelity(suite: FidelitySuite): void {
  const cases = suite.cases.filter(({ group, item }) => `${group}: ${item}`.includes(wanted));
  if (cases.length === 0 && wanted !== '') return;
  const databases = [
    ...new Set(cases.flatMap(({ database, moreDatabases = [] }) => [database, ...moreDatabases])),
  ];
  const outcomes = new Map<FidelityCase, Outcome>();
  const failures = new Map<FidelityCase, unknown>();
  let source: Cluster;
  let target: Cluster;
  const servers = (): TestServer[] => [source, target].map((cluster) => serverOf(cluster));
  const compare = remembering(suite.compare);

  describe(suite.note === undefined ? suite.title : `${suite.title}, ${suite.note}`, () => {
    beforeAll(async () => {
      const tools = await suite.tools?.();
      const start = (purpose: 'source' | 'target', repository?: string): Promise<Cluster> =>
        Cluster.start({
          name: 'fidelity',
          servers: [purpose === 'source' ? suite.startSource : suite.startTarget],
          purpose,
          ...(repository === undefined ? {} : { repository }),
          ...(tools === undefined ? {} : { tools }),
          databases,
          // Nobody writes here, and many databases on a busy machine take longer than a usual hold.
          barrier: { holdLimit: '2s', maxHoldPerMinute: '30s' },
          copy: { lanes: 2, chunk: '1MiB' },
        });
      source = await start('source');
      target = await start('target', source.repository);
      await suite.prepare?.(serverOf(source), 'source');
      await suite.prepare?.(serverOf(target), 'target');
      await setUp(serverOf(source), cases, failures);
      await suite.grant?.(serverOf(source), databases);
    }, roundTripMs);

    afterAll(async () => {
      if (target !== undefined) {
        const column = columnOf(suite, serverOf(source), serverOf(target));
        report(cases.map((entry) => resultOf(entry, column, outcomes)));
      }
      await source?.stop();
      await target?.stop();
    });

    test('one set holds them all, and is restored', { timeout: roundTripMs }, async () => {
      const backup = await source.tidemark('backup', '--json');
      expect(backup.exitCode, describeResult(backup)).toBe(0);
      const restore = await source.tidemark('restore', 'latest', '--to', target.topologyPath, '--json');
      expect(restore.exitCode, describeResult(restore)).toBe(0);
    });

    test.each(cases.map((entry) => [`${entry.group}: ${entry.item}`, entry] as const))(
      '%s',
      async (_, entry) => {
        if (entry.exists?.(serverOf(source)) === false) {
          outcomes.set(entry, '–');
          return;
        }
        outcomes.set(entry, 'DIFFERS');
        if (failures.has(entry)) throw failures.get(entry);
        await prove(serverOf(source), entry);
        const [before, after] = await Promise.all(servers().map((server) => factsOf(server, entry, compare)));
        expect(before?.length, 'facts about the case').toBeGreaterThan(0);
        expect(differences(before ?? [], after ?? []).join('\n\n')).toBe('');
        await prove(serverOf(target), entry);
        outcomes.set(entry, 'same');
      },
    );

    // What no case calls its own, in databases that cases share.
    const shared = [
      ...new Set(cases.filter(({ schemas }) => schemas !== undefined).map(({ database }) => database)),
    ];
    if (shared.length > 0)
      test('nothing beside the items differs', async () => {
        for (const database of shared) {
          const owned = new Set(
            cases.flatMap((entry) => (entry.database === database ? (entry.schemas ?? []) : [])),
          );
          const sides = servers().map(async (server) =>
            (await compare(server, database)).filter(({ schema }) => !owned.has(schema)),
          );
          const [before, after] = await Promise.all(sides);
          expect(differences(before ?? [], after ?? []).join('\n\n')).toBe('');
        }
      });
  });
}

function serverOf(cluster: Cluster): TestServer {
  return cluster.shard('shard-0').server;
}

function columnOf({ title, note }: FidelitySuite, source: TestServer, target: TestServer): string {
  const versions = [...new Set([source.version, target.version])].join(' to ');
  return `${title} ${versions}${note === undefined ? '' : `, ${note}`}`;
}

function resultOf(
  entry: FidelityCase,
  server: string,
  outcomes: ReadonlyMap<FidelityCase, Outcome>,
): ItemResult {
  return { group: entry.group, item: entry.item, server, outcome: outcomes.get(entry) ?? 'DIFFERS' };
}

/** Makes databases and objects on the source. A case that cannot be made fails alone, in its own test. */
async function setUp(
  server: TestServer,
  cases: readonly FidelityCase[],
  failures: Map<FidelityCase, unknown>,
): Promise<void> {
  const quote = server.engine === 'postgres' ? quotedName : backquotedName;
  const made = new Set<string>();
  for (const entry of cases) {
    if (!made.has(entry.database)) {
      const create = entry.exists?.(server) === false ? undefined : entry.createDatabase;
      await server.run(create ?? `CREATE DATABASE ${quote(entry.database)}`);
      made.add(entry.database);
    }
    // Databases a server lacks the case for stay empty; the agent's file names them all the same.
    if (entry.exists?.(server) === false) {
      for (const name of entry.moreDatabases ?? []) await server.run(`CREATE DATABASE ${quote(name)}`);
      continue;
    }
    try {
      await runAll(server, entry);
    } catch (error) {
      failures.set(entry, error);
    }
  }
}

async function runAll(server: TestServer, entry: FidelityCase): Promise<void> {
  const session = await openSession(server, entry.database, entry.clientCharset);
  try {
    for (const batch of entry.setup) await session.query(batch);
  } finally {
    await session.end();
  }
}

interface Session {
  query(sql: string): Promise<unknown>;
  end(): Promise<void>;
}

function openSession(server: TestServer, database: string, charset?: string): Promise<Session> {
  type Connecting = TestServer & { connect(name: string, charset?: string): Promise<Session> };
  return (server as Connecting).connect(database, charset);
}

async function prove(server: TestServer, entry: FidelityCase): Promise<void> {
  expect(entry.proof.length, 'a case without proof that it is there').toBeGreaterThan(0);
  for (const query of entry.proof) {
    // What a server's configuration makes of a literal must not change what is asked.
    const plain =
      server.engine === 'mysql'
        ? `SET SESSION sql_mode = '', sql_select_limit = 18446744073709551615; ${query}`
        : query;
    const rows = await server.run(plain, entry.database);
    const answer = Object.values(rows[0] ?? {})[0];
    expect([true, 1, '1'], `${query} answers ${JSON.stringify(answer)} on ${server.version}`).toContain(
      answer,
    );
  }
}

async function factsOf(server: TestServer, entry: FidelityCase, compare: Comparer): Promise<Fact[]> {
  const own = (await compare(server, entry.database)).filter(
    ({ schema }) => entry.schemas === undefined || entry.schemas.includes(schema),
  );
  const more = await Promise.all(
    (entry.moreDatabases ?? []).map(async (database) =>
      (await compare(server, database)).map((fact) => ({ ...fact, subject: `${database}: ${fact.subject}` })),
    ),
  );
  return [...own, ...more.flat()];
}

/** Cases that share a database are compared by one look at it. */
function remembering(compare: Comparer): Comparer {
  const seen = new Map<TestServer, Map<string, Promise<Fact[]>>>();
  return (server, database) => {
    const known = seen.get(server) ?? new Map<string, Promise<Fact[]>>();
    seen.set(server, known);
    const facts = known.get(database) ?? compare(server, database);
    known.set(database, facts);
    return facts;
  };
}

function quotedName(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

function backquotedName(name: string): string {
  return `\`${name.replaceAll('`', '``')}\``;
}
