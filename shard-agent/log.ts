/** The agent's log on stderr, with shard, set and operation on each line: JSON, or text for a person. */
import { pino, type Logger } from 'pino';
import type { TidemarkError } from '../proto/errors.ts';
import { escapeJson, screenText } from '../topology/display-text.ts';
import {
  formatLogLine,
  logFormats,
  logTimestamp,
  wordOfEnvironment,
  type LogFormat,
} from '../proto/log-lines.ts';
import type { OperationContext } from './messages.ts';
import { LogStream } from './log-stream.ts';
import type { OperationLog } from './service.ts';

export type AgentLog = Logger;

const logLevels = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const;

export interface LogSettings {
  readonly level: (typeof logLevels)[number];
  readonly format: LogFormat;
}

/** TIDEMARK_LOG_LEVEL (default info) and TIDEMARK_LOG_FORMAT (default text on a terminal, else json). Throws `usage`. */
export function readLogSettings(): LogSettings {
  return {
    level: wordOfEnvironment('TIDEMARK_LOG_LEVEL', logLevels, 'info'),
    format: wordOfEnvironment('TIDEMARK_LOG_FORMAT', logFormats, process.stderr.isTTY ? 'text' : 'json'),
  };
}

export interface OpenLog {
  readonly log: AgentLog;
  /** Before the process ends: waits, at most a second, until the last lines have left it. */
  readonly drain: () => Promise<void>;
}

export function openLog(shard: string, { level, format }: LogSettings): OpenLog {
  const options = {
    level,
    timestamp: logTimestamp,
    // Every line has these; a line's own fields take their place. Not as `base`, which would repeat them.
    base: null,
    mixin: () => ({ pid: process.pid, shard, set: '', operation: '' }),
  };
  const stream = new LogStream(process.stderr, (lines, cause) => {
    let told = '';
    const teller = pino(options, { write: (line) => (told += readable(line, format)) });
    teller.warn({ operation: 'log', lines }, `${lines} log lines were lost: ${cause}`);
    return told;
  });
  const log = pino(options, { write: (line) => stream.write(readable(line, format)) });
  return { log, drain: () => stream.drain() };
}

/** A log is read on a terminal, and what servers say is in it. */
function readable(line: string, format: LogFormat): string {
  const text = formatLogLine(line, format);
  return format === 'json' ? escapeJson(text) : screenText(text);
}

/** What the service tells, as log lines. */
export function operationLog(log: AgentLog): OperationLog {
  const fields = (operation: string, { cluster, set, leaseNumber }: OperationContext) => ({
    operation,
    cluster,
    set,
    leaseNumber,
  });
  return {
    began: (operation, context) => log.info(fields(operation, context), 'began'),
    ended: (operation, context, durationMs) =>
      log.info({ ...fields(operation, context), durationMs: Math.round(durationMs) }, 'ended'),
    failed: (operation, context, error) =>
      log.error({ ...fields(operation, context), error: error.toJSON(), ...stackOf(error) }, error.message),
  };
}

/** A defect is found by its stack; any other error is found by its words. */
function stackOf(error: TidemarkError): { stack?: string } {
  if (error.code !== 'internal') return {};
  const origin = error.cause instanceof Error ? error.cause : error;
  return { stack: origin.stack ?? '' };
}
