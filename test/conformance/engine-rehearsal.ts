/** What every engine's rehearsal leaves behind: nothing, whoever is killed. */
import { type ChildProcess, type ChildProcessByStdio, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync, readlinkSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Readable } from 'node:stream';
import { describe, expect, onTestFinished, test } from 'vitest';
import { childFile, isRunning, type KeptChild } from '../../shard-agent/rehearsal/kept-child.ts';
import { rehearsalFolders as folders } from '../../shard-agent/rehearsal/rehearsal-folder.ts';
import type { TestServer } from '../servers/server.ts';
import type { EngineFixture } from './engine-fixture.ts';
import { rehearse } from './rehearse.ts';
import { eventually } from './waiting.ts';

/** Folders of rehearsals of this process: other tests run beside. */
export function rehearsalFolders(pid = process.pid): string[] {
  return readdirSync(tmpdir()).filter((name) => name.startsWith(`tidemark-rehearsal-${pid}-`));
}

interface StartedScratch {
  readonly child: ChildProcess;
  readonly folder: string;
  readonly server: KeptChild;
}

function spawnScratch(fixture: EngineFixture, server: TestServer): ChildProcessByStdio<null, Readable, null> {
  const { host, port, user, password } = server;
  const config = { engine: fixture.engine, host, port, user, password: { kind: 'none' } };
  const order = { config, password, tools: fixture.tools };
  const child = spawn(
    process.execPath,
    [path.join(import.meta.dirname, 'rehearsal-process.ts'), JSON.stringify(order)],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  );
  onTestFinished(() => void child.kill('SIGKILL'));
  return child;
}

async function startScratch(fixture: EngineFixture, server: TestServer): Promise<StartedScratch> {
  const child = spawnScratch(fixture, server);
  const [said] = (await once(child.stdout, 'data')) as [Buffer];
  const folder = said.toString().trim();
  return {
    child,
    folder,
    server: JSON.parse(readFileSync(path.join(folder, childFile), 'utf8')) as KeptChild,
  };
}

async function kill(child: ChildProcess): Promise<void> {
  const gone = once(child, 'exit');
  child.kill('SIGKILL');
  await gone;
}

/** The parent of a process. */
function keeperOf({ pid }: KeptChild): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'latin1')
    .replace(/^.*\) /s, '')
    .split(' ');
  return Number(fields[1]);
}

/** An agent whose scratch server's data folder is being made, by the process that `maker` names. */
async function startMaking(
  fixture: EngineFixture,
  server: TestServer,
): Promise<Omit<StartedScratch, 'server'> & { readonly maker: KeptChild }> {
  const child = spawnScratch(fixture, server);
  const own = (): string | undefined => rehearsalFolders(child.pid)[0];
  const begun = (): Promise<boolean> =>
    Promise.resolve(existsSync(path.join(tmpdir(), own() ?? 'none', childFile)));
  expect(await eventually(begun, true, 20_000)).toBe(true);
  const folder = path.join(tmpdir(), own() ?? '');
  return {
    child,
    folder,
    maker: JSON.parse(readFileSync(path.join(folder, childFile), 'utf8')) as KeptChild,
  };
}

/** Processes of the group that this one leads, itself among them. */
function groupOf({ pid }: KeptChild): number {
  return readdirSync('/proc').filter((name) => {
    if (!/^\d+$/.test(name)) return false;
    try {
      const [state, , group] = readFileSync(`/proc/${name}/stat`, 'latin1')
        .replace(/^.*\) /s, '')
        .split(' ');
      return state !== 'Z' && Number(group) === pid;
    } catch {
      return false; // Ended meanwhile.
    }
  }).length;
}

/** Whether the process listens on TCP. */
function listening({ pid }: KeptChild): boolean {
  const own = new Set(
    readdirSync(`/proc/${pid}/fd`).map((fd) => {
      try {
        return /^socket:\[(\d+)\]$/.exec(readlinkSync(`/proc/${pid}/fd/${fd}`))?.[1];
      } catch {
        return undefined; // Closed meanwhile.
      }
    }),
  );
  const lines = ['tcp', 'tcp6'].flatMap((kind) => readFileSync(`/proc/net/${kind}`, 'latin1').split('\n'));
  return lines.some((line) => {
    const fields = line.trim().split(/\s+/);
    return fields[3] === '0A' && own.has(fields[9]);
  });
}

const isThere = (folder: string) => () => Promise.resolve(existsSync(folder));

export function testRehearsalEnds(fixture: EngineFixture, source: () => TestServer): void {
  describe('what a rehearsal leaves behind', () => {
    test('nothing when the agent is killed: the keeper ends the server, which only this account reaches, and removes the folder', async () => {
      const { child, folder, server } = await startScratch(fixture, source());
      expect(statSync(folder).mode & 0o777).toBe(0o700);
      expect(isRunning(server)).toBe(true);
      expect(listening(server)).toBe(false);
      await kill(child);
      expect(await eventually(isThere(folder), false, 20_000)).toBe(false);
      expect(groupOf(server)).toBe(0);
    });

    test('nothing once an agent starts again, when agent and keeper are killed', async () => {
      const { child, folder, server } = await startScratch(fixture, source());
      process.kill(keeperOf(server), 'SIGKILL');
      await kill(child);
      expect(existsSync(folder)).toBe(true);
      await folders.sweep();
      expect(existsSync(folder)).toBe(false);
      expect(groupOf(server)).toBe(0);
    });

    test('nothing when the agent is killed while the data folder is made', async () => {
      const { child, folder, maker } = await startMaking(fixture, source());
      await kill(child);
      expect(await eventually(isThere(folder), false, 20_000)).toBe(false);
      expect(groupOf(maker)).toBe(0);
    });

    test('nothing once an agent starts again, when both are killed while the data folder is made', async () => {
      const { child, folder, maker } = await startMaking(fixture, source());
      // MySQL's server makes it by itself, and others by what they start.
      const busy = (): Promise<boolean> =>
        Promise.resolve(groupOf(maker) >= (fixture.family === 'mysql' ? 1 : 2));
      expect(await eventually(busy, true, 20_000)).toBe(true);
      process.kill(keeperOf(maker), 'SIGKILL');
      await kill(child);
      expect(existsSync(folder)).toBe(true);
      await folders.sweep();
      expect(existsSync(folder)).toBe(false);
      expect(groupOf(maker)).toBe(0);
    });

    test('nothing when it is told to stop', async () => {
      const stop = new AbortController();
      const running = rehearse(fixture.open(source()), 100, stop.signal);
      stop.abort(new Error('told to stop'));
      await expect(running).rejects.toThrow('told to stop');
      expect(rehearsalFolders()).toEqual([]);
      expect(await eventually(() => fixture.countSessions(source()), 0)).toBe(0);
    });
  });
}
