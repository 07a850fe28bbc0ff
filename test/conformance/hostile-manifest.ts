/**
 * A set whose manifest somebody has rewritten who can write to the repository: with SQL in every field that a restore takes
 * from it, one after the other, under digests and a seal that are right. None of it may run on the target.
 */
import { pino } from 'pino';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { backup } from '../../coordinator/backup.ts';
import { restore } from '../../coordinator/restore.ts';
import { manifestKey, sealKey } from '../../repository/layout.ts';
import type { EndLine, ManifestLine } from '../../repository/manifest-entries.ts';
import { ManifestWriter, readManifest } from '../../repository/manifest.ts';
import { readSeal, sealSet, type SealBody } from '../../repository/seal.ts';
import { MemoryStore } from '../../repository/stores/memory.ts';
import { startAgent, type RunningAgent } from '../../shard-agent/agent.ts';
import type { InvariantQuery } from '../../topology/agent-file.ts';
import type { Topology } from '../../topology/topology.ts';
import type { TestServer } from '../servers/server.ts';
import { runOver, topology as basis } from '../unit/coordinator/stored-cluster.ts';
import type { EngineFixture } from './engine-fixture.ts';
import { within } from './waiting.ts';

type Written = Exclude<ManifestLine, EndLine>;
type Path = readonly (string | number)[];

export interface Hostility {
  /** Makes the database `trusted` on the source, whose manifest has every field that there is. */
  readonly setup: readonly string[];
  /** SQL that makes the marker, behind what ends a quoted text, a quoted name, or a number. */
  readonly text: string;
  readonly name: string;
  readonly number: string;
  /** And behind what ends other places in a statement. */
  readonly others: readonly string[];
  /** Fields that are quoted as texts; what is neither that nor refused is a name. */
  readonly texts: readonly string[];
  /** Fields that are refused whatever the text: none of them is a name or a text of its own. */
  readonly refused: readonly string[];
  /** Rows when the marker was made on the target. */
  readonly marker: string;
}

const cluster = 'trusted';
const restoreMs = 60_000;

export function testHostileManifest(
  fixture: EngineFixture,
  source: () => TestServer,
  hostility: Hostility,
): void {
  const qualified = fixture.engine === 'postgres' ? 'public.' : '';
  const declared: InvariantQuery = {
    name: 'money',
    database: 'trusted',
    sql: `SELECT SUM(balance) FROM ${qualified}accounts`,
  };
  const all = [hostility.text, hostility.name, hostility.number, ...hostility.others];
  const store = new MemoryStore('memory:');
  const agents: RunningAgent[] = [];
  let target: TestServer;
  let topology: Topology;
  let sound: { readonly body: SealBody; readonly lines: readonly Written[] };

  const agentOf = async (server: TestServer): Promise<string> => {
    const agent = await startAgent({
      file: {
        shard: 'a',
        listen: '127.0.0.1:0',
        transport: { kind: 'default' },
        repository: { url: store.url },
        invariants: [declared],
        allow: ['backup', 'restore'],
      },
      engine: fixture.open(server, ['trusted']),
      store,
      log: pino({ level: 'silent' }),
    });
    agents.push(agent);
    return agent.address;
  };
  const clusterOf = (agent: string): Topology => ({
    ...basis,
    cluster,
    invariants: [],
    shards: [{ name: 'a', agent }],
  });

  /** The set with these lines instead, under a seal that says so. */
  const rewrite = async (lines: readonly Written[]): Promise<void> => {
    const { body } = sound;
    await store.delete(sealKey(cluster, body.set));
    await store.delete(manifestKey(cluster, body.set, 'a'));
    const writer = ManifestWriter.open(store, manifestKey(cluster, body.set, 'a'));
    for (const line of lines) await writer.write(line);
    const { ref, sums } = await writer.finish();
    const shards = body.shards.map((shard) => ({ ...shard, manifest: ref, sums }));
    await sealSet(store, { ...body, shards, sums });
  };
  const tryRestore = async (): Promise<unknown> => {
    const run = runOver(store, { topology, now: () => new Date() });
    const options = { target: topology, mappings: [], globals: false, dryRun: false };
    // SQL that did run may have left it without its end.
    return within(restoreMs, 'a restore', restore(run, 'latest', options)).then(
      ({ failure }) => failure,
      (error: unknown) => error,
    );
  };
  /** Nothing that the texts would have made is there, and nothing of the restore where it was refused. */
  const expectUntouched = async (): Promise<void> => {
    expect(await target.run(hostility.marker)).toEqual([]);
    expect(await fixture.listDatabases(target)).toEqual([]);
  };

  beforeAll(async () => {
    target = await fixture.startServer();
    await fixture.createDatabase(source(), 'trusted');
    const maker = await fixture.session(source(), 'trusted');
    for (const sql of hostility.setup) await maker.query(sql);
    await maker.close();
    const from = clusterOf(await agentOf(source()));
    const { failure } = await backup(runOver(store, { topology: from, now: () => new Date() }));
    if (failure !== undefined) throw failure;
    topology = clusterOf(await agentOf(target));
    const [id = ''] = (await keysOf(store)).flatMap(
      (key) => /^trusted\/sets\/([^/]+)\/seal/.exec(key)?.[1] ?? [],
    );
    const seal = await readSeal(store, cluster, id);
    if (seal?.state !== 'sealed') throw new Error('no set');
    const lines: Written[] = [];
    for (const shard of seal.body.shards)
      for await (const line of readManifest(store, shard.manifest)) if (line.kind !== 'end') lines.push(line);
    sound = { body: seal.body, lines };
  });

  afterAll(async () => {
    for (const agent of agents.splice(0)) await agent.leave();
    await target?.stop();
    if (source() !== undefined) await fixture.dropDatabase(source(), 'trusted');
  });

  describe(`${fixture.name}: a manifest that was rewritten with right digests`, () => {
    test('and as it was is restored', async () => {
      await rewrite(sound.lines);
      expect(await tryRestore()).toBeUndefined();
      expect(await fixture.listDatabases(target)).toEqual(['trusted']);
      await fixture.dropDatabase(target, 'trusted');
    });

    test('with SQL in one of its fields runs none of it', { timeout: 600_000 }, async () => {
      const outcomes = new Map<string, string[]>();
      for (const [number, line] of sound.lines.entries()) {
        for (const path of placesIn(line)) {
          const place = [line.kind, ...path.map((part) => (typeof part === 'number' ? '*' : part))].join('.');
          // One of each kind: the second sequence says nothing that the first does not.
          if (outcomes.has(place)) continue;
          const codes: string[] = [];
          outcomes.set(place, codes);
          // A text or a name is in quotes: one that leaves them, and one that does where there are none.
          const own = hostility.texts.includes(place) ? hostility.text : hostility.name;
          const tried = hostility.refused.includes(place) ? all : [own, hostility.number];
          for (const payload of tried) {
            await rewrite(sound.lines.with(number, changed(line, path, payload) as Written));
            const failure = (await tryRestore()) as { code?: string; subject?: string } | undefined;
            codes.push(failure?.code ?? 'restored');
            if (failure?.code === 'bad-bytes')
              expect(failure.subject).toContain(manifestKey(cluster, sound.body.set, 'a'));
            if (failure === undefined) await fixture.dropDatabase(target, 'trusted');
            await expectUntouched();
          }
        }
      }
      // What is neither a name nor a text is refused by its shape, before anything is made, whatever the text.
      const always = [...outcomes].filter(([, codes]) => codes.every((code) => code === 'bad-bytes'));
      expect(always.map(([place]) => place).toSorted()).toEqual(
        // Some are only in sets of one of the families.
        hostility.refused.filter((place) => outcomes.has(place)).toSorted(),
      );
      expect([...outcomes].filter(([, codes]) => codes.includes('internal'))).toEqual([]);
    });

    test('with SQL instead of an invariant asks what the target agent’s file declares', async () => {
      for (const payload of all) {
        await rewrite(
          sound.lines.map((line) => (line.kind === 'invariant' ? { ...line, sql: payload } : line)),
        );
        expect(await tryRestore()).toBeUndefined();
        await fixture.dropDatabase(target, 'trusted');
        await expectUntouched();
      }
    });

    test('with another answer of an invariant is not restored', async () => {
      await rewrite(sound.lines.map((line) => (line.kind === 'invariant' ? { ...line, answer: '1' } : line)));
      expect(await tryRestore()).toMatchObject({ code: 'invariant-differs', exitCode: 4 });
      await expectUntouched();
    });
  });
}

async function keysOf(store: MemoryStore): Promise<string[]> {
  const keys: string[] = [];
  for await (const { key } of store.list('')) keys.push(key);
  return keys;
}

/** Where in a line a restore finds what may become SQL. What binds the manifest together stays as it is. */
function placesIn(line: Written): Path[] {
  switch (line.kind) {
    case 'shard':
      return [['version'], ...leavesOf(line.engine, ['engine'])];
    case 'database':
      return leavesOf(line.engine, ['engine']);
    case 'table':
      return [
        ['schema'],
        ['name'],
        ...leavesOf(line.columns, ['columns']),
        ...leavesOf(line.engine, ['engine']),
      ];
    case 'invariant':
      return [['name']];
    case 'schema':
    case 'chunk':
      // A range is for a later backup, and a restore loads what is there.
      return [];
  }
}

function leavesOf(value: unknown, path: Path): Path[] {
  if (typeof value !== 'object' || value === null) return [path];
  return Object.entries(value).flatMap(([key, item]) =>
    leavesOf(item, [...path, Array.isArray(value) ? Number(key) : key]),
  );
}

function changed(value: unknown, [first, ...rest]: Path, to: string): unknown {
  if (first === undefined) return to;
  if (Array.isArray(value)) return value.map((item, at) => (at === first ? changed(item, rest, to) : item));
  return { ...(value as object), [first]: changed((value as Record<string, unknown>)[first], rest, to) };
}
