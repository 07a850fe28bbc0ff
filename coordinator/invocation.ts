/** One invocation of the command: what it is given, how it is interrupted, what it prints, and its exit code. */
import { pino } from 'pino';
import { TidemarkError, asTidemarkError } from '../proto/errors.ts';
import { formatLogLine, logTimestamp, type LogFormat } from '../proto/log-lines.ts';
import { whenNpmEnds } from '../proto/npm-parent.ts';
import { requireTemporaryFolder } from '../proto/temporary-folder.ts';
import { openRepository } from '../repository/repository.ts';
import { readTopology } from '../topology/parse.ts';
import { displayLines, escapeJson, jsonText, screenText } from '../topology/display-text.ts';
import { openProgress } from './progress.ts';
import type { Progress } from './progress.ts';
import type { Outcome, Run } from './run.ts';
import { Warnings, type Warning } from './warnings.ts';

/** The same words as the agent's: both read TIDEMARK_LOG_LEVEL. */
export const logLevels = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const;

/** SIGHUP: the terminal has gone. */
const interruptions = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

export interface InvocationOptions {
  /** Path of the topology file. */
  readonly topology: string;
  /** One JSON document on stdout, and nothing else there. */
  readonly json: boolean;
  readonly logLevel: (typeof logLevels)[number];
  /** Undefined: text on a terminal, else JSON. */
  readonly logFormat?: LogFormat | undefined;
}

/**
 * Runs one command to its end and returns the exit code. Never throws: failures are printed, as `{"error": …}` on
 * stdout with `json`, else on stderr. SIGINT, SIGTERM and SIGHUP abort the run, which cleans up; a second one, or one after
 * the run has ended, does not wait. Nobody
 * listening on stderr, or any more on stdout, ends no run.
 */
export async function invoke(
  options: InvocationOptions,
  operation: string,
  command: (run: Run) => Promise<Outcome>,
): Promise<number> {
  const progress = openScreen(options.json);
  const warnings = new Warnings();
  const format = options.logFormat ?? (process.stderr.isTTY ? 'text' : 'json');
  const log = pino(
    { level: options.logLevel, timestamp: logTimestamp, base: null, mixin: () => ({ operation }) },
    {
      write: (line) => {
        warnings.addLogged(line);
        const text = formatLogLine(line, format);
        progress.write(format === 'json' ? escapeJson(text) : screenText(text));
      },
    },
  );
  const interruption = new AbortController();
  let over = false;
  const interrupt = (name: NodeJS.Signals): void => {
    // Nothing is left to clean up: only a slow reader of stdout is being waited for.
    if (over || interruption.signal.aborted) process.exit(130);
    progress.note(`${name}: cleaning up (press Ctrl-C again to quit immediately)`);
    interruption.abort(
      new TidemarkError({ code: 'interrupted', operation, subject: 'tidemark', cause: name }),
    );
  };
  for (const name of interruptions) process.on(name, interrupt);
  whenNpmEnds(() => {
    if (!interruption.signal.aborted) interrupt('SIGTERM');
  });
  try {
    requireTemporaryFolder();
    const topology = await readTopology(options.topology);
    const store = openRepository(topology.repository.url);
    const outcome = await command({
      topology,
      store,
      progress,
      log,
      signal: interruption.signal,
      now: () => new Date(),
      warned: (warning) => warnings.add(warning),
    });
    over = true;
    progress.end();
    return await printOutcome(
      { ...outcome, document: { ...outcome.document, warnings: warnings.list() } },
      options.json,
    );
  } catch (thrown) {
    over = true;
    progress.end();
    const error = endingError(thrown, operation, interruption.signal);
    // A defect needs more than its message to be found.
    if (error.code === 'internal') log.error({ err: thrown }, error.message);
    await printError(error, options.json, warnings.list());
    return error.exitCode;
  } finally {
    for (const name of interruptions) process.off(name, interrupt);
  }
}

/** Prints a failure in the form asked for. Also for failures before there was a command. */
export async function printError(
  error: TidemarkError,
  json: boolean,
  warnings: readonly Warning[] = [],
): Promise<void> {
  const document = warnings.length === 0 ? { error } : { error, warnings };
  const unheard = json ? await write(process.stdout, `${jsonText(document, 2)}\n`) : 'not asked for';
  if (unheard !== undefined) await write(process.stderr, `${errorText(error)}\n`);
}

/** What failed, on what, why, and what to do. */
function errorText(error: TidemarkError): string {
  return `error: ${displayLines(error.message)}\n${displayLines(error.remedy)} (${error.code})`;
}

function failureText({ subject, operation, remedy, code }: TidemarkError): string {
  return `error: ${displayLines(`${subject}: cannot ${operation}`)}\n${displayLines(remedy)} (${code})`;
}

/**
 * Prints the outcome and returns the exit code. What a command found out stays its exit code although it could not be written;
 * only an outcome without a failure becomes one by that. It is said on stderr in any case.
 */
async function printOutcome({ document, text, failure }: Outcome, json: boolean): Promise<number> {
  const whole = failure === undefined ? document : { ...document, error: failure };
  const lost = await write(process.stdout, json ? `${jsonText(whole, 2)}\n` : `${screenText(text)}\n`);
  // The text has named every cause; stderr says once more that it ended badly, and what to do.
  if (failure !== undefined && (!json || lost !== undefined))
    await write(process.stderr, `${failureText(failure)}\n`);
  return sayWhatIsLost(() => lost, failure?.exitCode ?? 0);
}

/**
 * For what stdout did not take: says so on stderr, and makes a success a failure. Who closes a pipe wants to read no more, and
 * has lost nothing.
 */
export async function sayWhatIsLost(lost: () => Error | undefined, exitCode: number): Promise<number> {
  // Whatever was written before has failed by then.
  await write(process.stderr, '');
  const error = lost();
  if (error === undefined || ('code' in error && error.code === 'EPIPE')) return exitCode;
  const unwritten = notWritten(error);
  await write(process.stderr, `${errorText(unwritten)}\n`);
  return exitCode === 0 ? unwritten.exitCode : exitCode;
}

/** An interruption comes before everything else; what went wrong while cleaning up is not lost. */
function endingError(thrown: unknown, operation: string, signal: AbortSignal): TidemarkError {
  const error = asTidemarkError(thrown, { code: 'internal', operation, subject: 'tidemark' });
  if (!signal.aborted || error.code === 'interrupted') return error;
  const interrupted = asTidemarkError(signal.reason, { code: 'interrupted', operation, subject: 'tidemark' });
  const cause = `${interrupted.reason}; ${error.message}`;
  return new TidemarkError({ code: 'interrupted', operation, subject: 'tidemark', cause }, { cause: error });
}

function openScreen(json: boolean): Progress {
  const { stderr } = process;
  return openProgress({
    write: (text) => void stderr.write(text),
    terminal: stderr.isTTY === true,
    shown: !json,
    // A terminal that was never told its size says 0.
    columns: () => stderr.columns || 80,
    rows: () => stderr.rows || 24,
    nowMs: () => performance.now(),
  });
}

function notWritten(lost: Error): TidemarkError {
  return new TidemarkError(
    {
      code: 'not-ready',
      operation: 'write the outcome',
      subject: 'stdout',
      cause: lost.message,
      remedy:
        'Make sure that stdout can be written to. The command itself has ended; `tidemark list` shows the sets.',
    },
    { cause: lost },
  );
}

/** Resolves when the text has left the process (a pipe may take it late), or with what kept it from leaving. */
function write(stream: NodeJS.WriteStream, text: string): Promise<Error | undefined> {
  return new Promise((resolve) => stream.write(text, (error) => resolve(error ?? undefined)));
}
