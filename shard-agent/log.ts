/** The agent's log: JSON lines on stderr, with shard, set and operation on each. */
import { pino, type Logger } from 'pino';
import type { TidemarkError } from '../proto/errors.ts';
import { escapeJson } from '../topology/display-text.ts';
import type { OperationContext } from './messages.ts';
import type { OperationLog } from './service.ts';

export type AgentLog = Logger;

export function openLog(shard: string): AgentLog {
  const level = process.env['TIDEMARK_LOG_LEVEL'] ?? 'info';
  // Synchronous: the last lines before an end are the ones that matter.
  return pino(
    {
      level,
      base: { pid: process.pid, shard },
      // Every line has both; a line's own fields take their place.
      mixin: () => ({ set: '', operation: '' }),
      // A log is read on a terminal, and what servers say is in it.
      hooks: { streamWrite: escapeJson },
    },
    pino.destination({ fd: 2, sync: true }),
  );
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
