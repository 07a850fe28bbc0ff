/** pg_dump, pg_dumpall and pg_restore: which of those on this host fits a server, and running them without leaving one behind. */
import { execFile, spawn, type ChildProcess, type ChildProcessByStdio } from 'node:child_process';
import { readdir } from 'node:fs/promises';
import path from 'node:path';
import type { Readable, Writable } from 'node:stream';
import { promisify } from 'node:util';
import { TidemarkError } from '../../../../proto/errors.ts';
import { StallWatch } from '../../../stall-watch.ts';
import { bytesOfDatabase, databaseUri } from './database-bytes.ts';
import { sightServer, type PostgresConfig } from './connection.ts';

const execute = promisify(execFile);

export interface Tool {
  readonly path: string;
  readonly major: number;
}

const binFolders = [
  '/usr/lib/postgresql/*/bin',
  '/usr/pgsql-*/bin',
  '/usr/local/pgsql/bin',
  '/opt/homebrew/opt/postgresql@*/bin',
];

const settingOf = { pg_dump: 'pgDump', pg_dumpall: 'pgDumpall', pg_restore: 'pgRestore' } as const;

type ToolName = keyof typeof settingOf;

/**
 * The tool of the lowest major version that is at least `major`, among the one configured, or else those in the usual
 * folders and on PATH. Throws `tool-missing`.
 */
export async function findTool(name: ToolName, configured: string | undefined, major: number): Promise<Tool> {
  const candidates = configured === undefined ? await programsNamed(name) : [configured];
  const tools = (await Promise.all(candidates.map(inspect))).filter((tool) => tool !== undefined);
  const fitting = tools.filter((tool) => tool.major >= major).sort((a, b) => a.major - b.major);
  const [best] = fitting;
  if (best !== undefined) return best;
  const seen = tools.map((tool) => `${tool.path} (version ${tool.major})`).join(', ');
  const setting = settingOf[name];
  throw new TidemarkError({
    code: 'tool-missing',
    operation: `find ${name}`,
    subject: configured ?? name,
    cause: `version ${major} or later is needed; found ${seen === '' ? 'none that runs' : seen}`,
    remedy: `apt-get install postgresql-client-${major}, or name its path in the agent's file: tools: {${setting}: /usr/lib/postgresql/${major}/bin/${name}}`,
  });
}

/** Paths at which a program of PostgreSQL may lie on this host. */
export async function programsNamed(name: string): Promise<string[]> {
  // First the programs themselves: Debian's on PATH are a script that looks for them, a tenth of a second each time.
  const folders: string[] = [];
  for (const pattern of binFolders) {
    const [before = '', after] = pattern.split('*');
    if (after === undefined) {
      folders.push(pattern);
      continue;
    }
    const parent = path.dirname(`${before}x`);
    const names = await readdir(parent).catch(() => []);
    const prefix = before.slice(parent.length + 1);
    folders.push(
      ...names.filter((entry) => entry.startsWith(prefix)).map((entry) => path.join(parent, entry, after)),
    );
  }
  folders.push(...(process.env['PATH'] ?? '').split(path.delimiter).filter((folder) => folder !== ''));
  return [...new Set(folders.map((folder) => path.join(folder, name)))];
}

/** Undefined for what is no program of PostgreSQL. */
export async function inspect(program: string): Promise<Tool | undefined> {
  try {
    const { stdout } = await execute(program, ['--version'], { timeout: 10_000 });
    const match = /\(PostgreSQL\)\D*(\d+)/.exec(stdout);
    return match === null ? undefined : { path: program, major: Number(match[1]) };
  } catch {
    return undefined;
  }
}

/** Arguments and environment that name a database. The password never stands in the arguments. */
export function connectionArguments(config: PostgresConfig, database: string): string[] {
  const { host, port, user } = config.database;
  const bytes = bytesOfDatabase(config, database);
  const name =
    bytes === undefined
      ? `dbname='${database.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`
      : databaseUri(bytes);
  return ['--no-password', '--host', host, '--port', String(port), '--username', user, '--dbname', name];
}

/**
 * On these depends what the text of a constant means, and the tools do not set them: a role or database may have set
 * others. Under `array_nulls = off` even a dump of PostgreSQL's own cannot be restored.
 */
const meaning = [
  // Where a database or role has one, every session begins as that role.
  'role=none',
  'array_nulls=on',
  'lc_monetary=C',
  'transform_null_equals=off',
  'default_transaction_isolation=read committed',
  'default_transaction_deferrable=off',
];

function environment(config: PostgresConfig, settings: readonly string[]): NodeJS.ProcessEnv {
  const { PATH, HOME, PGPASSFILE } = process.env;
  return {
    ...(PATH === undefined ? {} : { PATH }),
    ...(HOME === undefined ? {} : { HOME }),
    ...(PGPASSFILE === undefined ? {} : { PGPASSFILE }),
    ...(config.password === undefined ? {} : { PGPASSWORD: config.password }),
    LC_ALL: 'C',
    PGAPPNAME: 'tidemark tool',
    PGCONNECT_TIMEOUT: '10',
    // From the first message on: the role may have set one that the database's cannot be converted to.
    PGCLIENTENCODING: 'UTF8',
    // Any blank would end the setting and begin an option of its own.
    PGOPTIONS: [...meaning, ...(config.eventTriggersOff === true ? ['event_triggers=off'] : []), ...settings]
      .map((one) => `-c ${one.replaceAll(/[\\\s]/g, '\\$&')}`)
      .join(' '),
  };
}

type ToolProcess = ChildProcessByStdio<Writable, Readable, Readable>;

interface ToolWatch {
  readonly stalled: () => TidemarkError | undefined;
  readonly end: () => void;
}

/** The last of what a tool says on stderr is kept. */
const keptWordsBytes = 8_192;

/** The children of one session: none outlives `close`. */
export class ToolRuns {
  readonly #config: PostgresConfig;
  readonly #running = new Set<ChildProcess>();

  constructor(config: PostgresConfig) {
    this.#config = config;
  }

  /** What the tool writes to stdout. Throws when it does not end with 0; a reader that stops early ends the tool. */
  async *read(tool: Tool, args: readonly string[], subject: string): AsyncIterable<Buffer> {
    const run = this.#start(tool, args, [], subject);
    run.child.stdin.end();
    // While its reader takes a piece, the tool waits for us.
    let awaited = true;
    const watch = this.#watch(run.child, path.basename(tool.path), subject, () => awaited);
    try {
      for await (const piece of run.child.stdout) {
        awaited = false;
        yield piece as Buffer;
        awaited = true;
      }
      await run.ended;
    } catch (error) {
      throw watch.stalled() ?? error;
    } finally {
      watch.end();
      run.child.kill('SIGKILL');
      run.ended.catch(() => undefined);
    }
  }

  /** Runs the tool with `input` on stdin and resolves when it has ended with 0. `settings` are the server's, as name=value. */
  async run(
    tool: Tool,
    args: readonly string[],
    options: {
      subject: string;
      input?: AsyncIterable<Uint8Array>;
      settings?: readonly string[];
      /** Hears all that the tool says on stderr; only the last of it is in the error. */
      heard?: (words: string) => void;
      signal: AbortSignal;
    },
  ): Promise<void> {
    const run = this.#start(tool, args, options.settings ?? [], options.subject);
    const { heard } = options;
    if (heard !== undefined) run.child.stderr.setEncoding('utf8').on('data', heard);
    const kill = (): void => void run.child.kill('SIGKILL');
    options.signal.addEventListener('abort', kill, { once: true });
    if (options.signal.aborted) kill();
    run.child.stdout.resume();
    // A tool that has ended does not read on: its own words are the error, not the broken pipe.
    run.child.stdin.on('error', () => undefined);
    let failure: { error: unknown } | undefined;
    // While the input is read, the tool waits for us.
    let awaited = false;
    const watch = this.#watch(run.child, path.basename(tool.path), options.subject, () => awaited);
    try {
      for await (const piece of options.input ?? []) {
        if (run.child.exitCode !== null || run.child.stdin.destroyed) break;
        if (run.child.stdin.write(piece)) continue;
        awaited = true;
        await Promise.race([drained(run.child), run.ended.catch(() => undefined)]);
        awaited = false;
      }
    } catch (error) {
      failure = { error };
      kill();
    }
    run.child.stdin.end();
    awaited = true;
    try {
      await run.ended;
    } catch (error) {
      throw watch.stalled() ?? (failure === undefined ? error : failure.error);
    } finally {
      watch.end();
      options.signal.removeEventListener('abort', kill);
    }
    if (failure !== undefined) throw failure.error;
  }

  /** Ends every child. Never throws. */
  async close(): Promise<void> {
    await Promise.all(
      [...this.#running].map(
        (child) =>
          new Promise<void>((resolve) => {
            child.on('close', () => resolve());
            child.kill('SIGKILL');
          }),
      ),
    );
  }

  /**
   * Ends a tool whose server does not answer any more; `stalled` is then why. One whose server answers may be silent as long as it
   * likes: it may be building an index.
   */
  #watch(child: ToolProcess, name: string, subject: string, awaited: () => boolean): ToolWatch {
    const { host, port } = this.#config.database;
    let stalled: TidemarkError | undefined;
    let heardBytes = 0;
    for (const stream of [child.stdout, child.stderr])
      stream.on('data', (piece: Buffer) => (heardBytes += piece.length));
    const watch = new StallWatch(this.#config.database.stallLimitMs, {
      subject: `${host}:${port}: ${subject}`,
      progress: () => heardBytes - child.stdin.writableLength,
      awaited: () => (awaited() ? { doing: name, flowing: false } : undefined),
      probe: (signal) => sightServer(this.#config, undefined, signal),
      stalled: (error) => {
        stalled = error;
        child.kill('SIGKILL');
      },
    });
    return { stalled: () => stalled, end: () => watch.end() };
  }

  #start(tool: Tool, args: readonly string[], settings: readonly string[], subject: string) {
    const child = spawn(tool.path, args, {
      env: environment(this.#config, settings),
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    this.#running.add(child);
    let words = '';
    child.stderr.on('data', (data: Buffer) => {
      words = (words + data.toString()).slice(-keptWordsBytes);
    });
    const name = path.basename(tool.path);
    const ended = new Promise<void>((resolve, reject) => {
      const fail = (cause: string): void => reject(toolError(name, subject, cause));
      child.on('error', (error) => {
        this.#running.delete(child);
        fail(error.message);
      });
      child.on('close', (code, signal) => {
        this.#running.delete(child);
        if (code === 0) resolve();
        else fail(words.trim() === '' ? `it ended with ${signal ?? code}` : words.trim());
      });
    });
    // Whoever reads stdout first learns of the failure afterwards.
    ended.catch(() => undefined);
    return { child, ended };
  }
}

function drained(child: ChildProcess): Promise<void> {
  return new Promise((resolve) => child.stdin?.once('drain', resolve));
}

/** A statement with what somebody connects elsewhere by, passwords too: pg_restore quotes it whole when it is refused. */
const withSecrets =
  /(Command was: (?:CREATE|ALTER) (?:USER MAPPING|SUBSCRIPTION|SERVER) [^]*?) (?:OPTIONS \(|CONNECTION )[^]*/;

function toolError(name: string, subject: string, words: string): TidemarkError {
  const cause = words.replace(withSecrets, '$1 …');
  const locked =
    /lock.{0,40}timeout|could not obtain lock|canceling statement due to (statement|lock) timeout/i.test(
      cause,
    );
  return new TidemarkError({
    code: locked ? 'table-locked' : 'database-failed',
    operation: `run ${name}`,
    subject,
    cause,
  });
}
