/** A command that has said its last word ends: whatever agent does not answer, and however slowly its output is read. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { openRepository } from '../../../repository/repository.ts';
import { cluster, shardNames, writeSet } from './stored-cluster.ts';

const cli = join(import.meta.dirname, '..', '..', '..', 'coordinator', 'cli.ts');
const pem = (name: string): string => fileURLToPath(new URL(`../proto/tls/${name}`, import.meta.url));
/** What a command may take until it gives an agent up, on a machine that is busy with other tests. */
const givesUpWithinMs = 25_000;
/** From Ctrl-C to the end, when there is nothing to clean up. */
const promptMs = 3_000;

type Kind = 'plain' | 'tls';

let folder = '';

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'tidemark-last-word-'));
  mkdirSync(join(folder, 'repository'));
  await writeSet(openRepository(`file://${folder}/repository`));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

let topologies = 0;

/** A topology with these agents for the shards of the set that is stored. */
function topologyOf(addresses: readonly string[], kind: Kind): string {
  topologies += 1;
  const file = join(folder, `topology-${topologies}.yaml`);
  const shards = shardNames.map((name, n) => `  - {name: ${name}, agent: "${addresses[n]}"}\n`).join('');
  const tls = `tls: {ca: "${pem('authority.crt')}", cert: "${pem('coordinator.crt')}", key: "${pem('coordinator.key')}"}\n`;
  writeFileSync(
    file,
    `cluster: ${cluster}\nrepository: {url: "file://${folder}/repository"}\n${kind === 'tls' ? tls : ''}shards:\n${shards}`,
  );
  return file;
}

interface Command {
  readonly child: ChildProcess;
  readonly stdout: Promise<string>;
  readonly stderr: Promise<string>;
  /** Exit code and signal. */
  readonly ended: Promise<[number | null, NodeJS.Signals | null]>;
}

/** It does not outlive the test. */
function tidemark(topology: string, args: readonly string[], unread = false): Command {
  const child = spawn(process.execPath, [cli, '-t', topology, '--json', ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  return {
    child,
    stdout: unread ? Promise.resolve('') : text(child.stdout),
    stderr: text(child.stderr).then(withoutNodeWarnings),
    ended: once(child, 'exit') as Command['ended'],
  };
}

/** Node warns of TLS with an IP address in the place of a host's name; grpc-js makes it so. */
function withoutNodeWarnings(said: string): string {
  return said.replace(/^\(node:\d+\) \[DEP0123\].*\n\(Use `node --trace-deprecation.*\n/m, '');
}

/** Something that can be waited for: so many of what happens there. */
class Counter {
  #count = 0;
  readonly #waiting = new Set<() => void>();

  add(): void {
    this.#count += 1;
    for (const look of this.#waiting) look();
  }

  async reaches(count: number): Promise<void> {
    if (this.#count >= count) return;
    await new Promise<void>((resolve) => {
      this.#waiting.add(() => {
        if (this.#count >= count) resolve();
      });
    });
  }
}

interface Peer {
  readonly address: string;
  /** Connections to a silent port; questions that a mute agent has not answered. */
  readonly asked: Counter;
  readonly child?: ChildProcess;
}

/** A port that takes connections and never says a word. */
async function silentPort(): Promise<Peer> {
  const asked = new Counter();
  const server = createServer((socket) => {
    socket.on('error', () => undefined);
    asked.add();
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  return { address: `127.0.0.1:${(server.address() as AddressInfo).port}`, asked };
}

async function closedPort(): Promise<string> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return `127.0.0.1:${port}`;
}

async function muteAgent(shard: string, kind: Kind): Promise<Peer> {
  const program = join(import.meta.dirname, 'mute-agent-process.ts');
  const child = spawn(process.execPath, [program, shard, `file://${folder}/repository`, kind], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  const lines = createInterface(child.stdout);
  const [address] = (await once(lines, 'line')) as [string];
  const asked = new Counter();
  lines.on('line', () => asked.add());
  return { address, asked, child };
}

const muteAgents = (kind: Kind): Promise<Peer[]> =>
  Promise.all(shardNames.map((shard) => muteAgent(shard, kind)));

const silentPorts = (): Promise<Peer[]> => Promise.all(shardNames.map(silentPort));

function stop(agents: readonly Peer[]): void {
  for (const { child } of agents) child?.kill('SIGSTOP');
}

/** Resolves when every one of `commands` has asked every peer. */
async function allAsked(peers: readonly Peer[]): Promise<void> {
  await Promise.all(peers.map(({ asked }) => asked.reaches(commands.length)));
}

async function expectEnd(
  { ended, stdout, stderr }: Command,
  code: number,
  withinMs: number,
): Promise<string> {
  const began = performance.now();
  const end = await Promise.race([ended, sleep(withinMs, 'it has not ended')]);
  const said = Array.isArray(end) ? await stderr : '';
  expect([end, said, performance.now() - began]).toEqual([[code, null], '', expect.any(Number)]);
  const document = JSON.parse(await stdout) as { error?: { code: string }; findings?: { code: string }[] };
  return document.error?.code ?? '';
}

const commands: readonly string[][] = [
  ['check'],
  ['backup'],
  ['restore', 'latest'],
  ['verify', 'latest', '--decode'],
];

/** All commands at once: each waits most of the time. */
async function expectAllEnd(
  topology: string,
  code: number,
  withinMs: number,
  meanwhile?: (running: readonly Command[]) => Promise<void>,
): Promise<void> {
  const running = commands.map((args) => tidemark(topology, args));
  await meanwhile?.(running);
  const said = await Promise.all(running.map((command) => expectEnd(command, code, withinMs)));
  const expected = code === 130 ? 'interrupted' : 'agent-unreachable';
  expect(said).toEqual(commands.map(() => expected));
}

function interruptAll(running: readonly Command[]): void {
  for (const { child } of running) child.kill('SIGINT');
}

describe.each<Kind>(['plain', 'tls'])('check, backup, restore and verify --decode end (%s)', (kind) => {
  const topologyFor = (peers: readonly Peer[]): string =>
    topologyOf(
      peers.map(({ address }) => address),
      kind,
    );

  test('when a port takes connections and never answers', async () => {
    await expectAllEnd(topologyFor(await silentPorts()), 7, givesUpWithinMs);
  });

  test('when no agent runs', async () => {
    await expectAllEnd(topologyOf(await Promise.all(shardNames.map(closedPort)), kind), 7, givesUpWithinMs);
  });

  test('when agents were stopped before they were asked', async () => {
    const agents = await muteAgents(kind);
    stop(agents);
    await expectAllEnd(topologyFor(agents), 7, givesUpWithinMs);
  });

  test('when agents are stopped while they are asked', async () => {
    const agents = await muteAgents(kind);
    await expectAllEnd(topologyFor(agents), 7, givesUpWithinMs, async () => {
      await allAsked(agents);
      stop(agents);
    });
  });

  test('at once when they are interrupted while a port does not answer', async () => {
    const ports = await silentPorts();
    await expectAllEnd(topologyFor(ports), 130, promptMs, async (running) => {
      await allAsked(ports);
      interruptAll(running);
    });
  });

  test('when they are interrupted, and agents that have been stopped are to be told', async () => {
    const agents = await muteAgents(kind);
    await expectAllEnd(topologyFor(agents), 130, givesUpWithinMs, async (running) => {
      await allAsked(agents);
      stop(agents);
      interruptAll(running);
    });
  });

  test('at once at the second Ctrl-C, though agents are still to be told', async () => {
    const agents = await muteAgents(kind);
    const { child, ended, stderr } = tidemark(topologyFor(agents), ['backup']);
    await Promise.all(agents.map(({ asked }) => asked.reaches(1)));
    stop(agents);
    child.kill('SIGINT');
    await sleep(500);
    expect([child.exitCode, child.signalCode]).toEqual([null, null]);
    const began = performance.now();
    child.kill('SIGINT');
    expect(await ended).toEqual([130, null]);
    expect(performance.now() - began).toBeLessThan(promptMs);
    expect(await stderr).toBe('');
  });
});

/** `check` of so many shards without an agent that what it finds is larger than what a pipe takes at once. */
function checkMany(): ReturnType<typeof tidemark> {
  const own = mkdtempSync(join(folder, 'many-'));
  const shards = Array.from(
    { length: manyShards },
    (_, n) => `  - {name: shard-${n}, agent: "127.1.${n >> 8}.${n & 255}:1"}\n`,
  );
  mkdirSync(join(own, 'repository'));
  const file = join(own, 'topology.yaml');
  writeFileSync(
    file,
    `cluster: wide\nrepository: {url: "file://${own}/repository"}\nshards:\n${shards.join('')}`,
  );
  return tidemark(file, ['check'], true);
}

const manyShards = 1_000;

test('a large document is complete, however slowly it is read', async () => {
  const { child, ended } = checkMany();
  const stdout = child.stdout as Readable;
  // Nothing is read at first: the pipe is full, and the command has to wait for its reader.
  await once(stdout, 'readable');
  await sleep(1_000);
  expect(child.exitCode).toBe(null);
  let read = '';
  for await (const piece of stdout.setEncoding('utf8')) {
    read += String(piece);
    await sleep(5);
  }
  expect(await ended).toEqual([7, null]);
  expect(read.length).toBeGreaterThan(300_000);
  expect((JSON.parse(read) as { findings: unknown[] }).findings).toHaveLength(manyShards);
});

test('whoever interrupts a command that only waits for its reader does not wait', async () => {
  const { child, ended } = checkMany();
  await once(child.stdout as Readable, 'readable');
  await sleep(500);
  expect(child.exitCode).toBe(null);
  child.kill('SIGINT');
  expect(await ended).toEqual([130, null]);
});
