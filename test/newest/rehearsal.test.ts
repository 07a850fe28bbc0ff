/** What a newer server does not take is told by a rehearsal on it: a dry run, and `check --rehearse --to`. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { MemoryStore } from '../../repository/stores/memory.ts';
import type { Finding } from '../../shard-agent/engine.ts';
import { Progress } from '../../shard-agent/progress.ts';
import { Refusals } from '../../shard-agent/rehearsal/refusals.ts';
import { rehearseInStaging, takeSample } from '../../shard-agent/rehearsal/rehearsal.ts';
import { openServer } from '../conformance/postgres-fixture.ts';
import { newestPostgresTools, startNewestPostgres } from '../servers/newest.ts';
import { type PostgresServer, startPostgres } from '../servers/postgres.ts';

let source: PostgresServer;
let target: PostgresServer;

beforeAll(async () => {
  [source, target] = await Promise.all([startPostgres(), startNewestPostgres()]);
  await source.run('CREATE DATABASE shop');
  await source.run(
    `CREATE UNLOGGED TABLE p (a int) PARTITION BY RANGE (a); CREATE TABLE sound (a int PRIMARY KEY); INSERT INTO sound VALUES (1);
     CREATE TABLE t (a int NOT NULL); ALTER TABLE t ADD CONSTRAINT t_a_not_null CHECK (a IS NOT NULL) NOT VALID;
     CREATE VIEW background AS SELECT buffers_backend FROM pg_stat_bgwriter; CREATE VIEW above AS SELECT * FROM background`,
    'shop',
  );
});

afterAll(async () => {
  await source?.stop();
  await target?.stop();
});

test.each([0, 100])('each is named, with %i rows a table, and nothing is left there', async (rows) => {
  const store = new MemoryStore('memory:');
  const { signal } = new AbortController();
  const common = { shard: 'shop-00', lanes: 2, progress: new Progress('schema'), signal };
  const engine = openServer(source);
  const { set, manifest } = await takeSample({ ...common, engine, cluster: 'shop', rows }, store);
  const findings: Finding[] = [];
  const { server } = await rehearseInStaging(
    {
      ...common,
      engine: openServer(target, { tools: await newestPostgresTools() }),
      restore: 'r1',
      globals: false,
      persist: (work) => work(),
    },
    { store, manifest, set, shard: 'shop-00' },
    rows > 0,
    new Refusals('shop-00', (finding) => findings.push(finding)),
  );
  expect(server.version).toBe(target.version);
  expect(findings.map(({ subject }) => subject).toSorted()).toEqual([
    'database shop: CHECK CONSTRAINT public t t_a_not_null',
    'database shop: TABLE public p',
    'database shop: VIEW public background',
  ]);
  expect(findings.every(({ code, warning }) => code === 'database-failed' && !warning)).toBe(true);
  const left = await target.run(`SELECT datname FROM pg_database WHERE datname LIKE 'tidemark%'`);
  expect(left).toEqual([]);
});
