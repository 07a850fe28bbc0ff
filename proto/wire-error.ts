/** How a TidemarkError crosses the wire: a gRPC status, and the whole error as JSON in a trailer. */
import { Metadata, status, type ServiceError } from '@grpc/grpc-js';
import { asTidemarkError, errorTable, TidemarkError, type ErrorCode } from './errors.ts';
import { boundedError, cutText } from './wire-limits.ts';

const trailer = 'tidemark-error-bin';
/** The status text is for tools that do not know the trailer. */
const detailsBytes = 400;

/** What a handler gives to grpc-js. Anything but a TidemarkError travels as `internal`. Long fields are cut, and say so. */
export function toServiceError(
  error: unknown,
): Pick<ServiceError, 'code' | 'details' | 'metadata' | 'message' | 'name'> {
  const known = asTidemarkError(error, { code: 'internal', operation: 'answer', subject: 'agent' });
  const metadata = new Metadata();
  metadata.set(trailer, Buffer.from(JSON.stringify(boundedError(known.toJSON()))));
  return {
    name: 'ServiceError',
    message: cutText(known.message, detailsBytes),
    code: statusOf(known),
    details: cutText(known.message, detailsBytes).replace(/[^\x20-\x7e]/g, ' '),
    metadata,
  };
}

/**
 * The agent's own error where the trailer came through. Otherwise UNAVAILABLE and DEADLINE_EXCEEDED are
 * `agent-unreachable`, an unknown method is `agent-mismatch`, our own cancellation is `interrupted`.
 */
export function fromServiceError(error: unknown, operation: string, address: string): TidemarkError {
  if (error instanceof TidemarkError) return error;
  const service = error as Partial<ServiceError>;
  const carried = service.metadata?.get(trailer)[0];
  if (Buffer.isBuffer(carried)) {
    const whole = parse(carried);
    if (whole !== undefined) return whole;
  }
  const cause =
    service.details !== undefined && service.details !== ''
      ? // grpc-js appends what name resolution said, also when it said nothing.
        service.details.replace(/ Resolution note: *$/, '')
      : String(service.message ?? error);
  return new TidemarkError(
    { code: codeOf(service.code, cause), operation, subject: `agent ${address}`, cause },
    { cause: error },
  );
}

/** True when the call failed because no connection came about at all; one that broke, or a refusal, is none. */
export function neverConnected(error: unknown): boolean {
  const { code, details } = error as Partial<ServiceError>;
  return code === status.UNAVAILABLE && details?.startsWith('No connection established') === true;
}

/** What grpc-js says of a call that this side has cancelled; an agent that goes away cancels calls too, in other words. */
const ownCancellation = 'Cancelled on client';

function codeOf(code: status | undefined, cause: string): ErrorCode {
  if (code === status.UNAVAILABLE || code === status.DEADLINE_EXCEEDED) return 'agent-unreachable';
  if (code === status.UNIMPLEMENTED) return 'agent-mismatch';
  if (code === status.CANCELLED) return cause === ownCancellation ? 'interrupted' : 'agent-unreachable';
  return 'internal';
}

function parse(carried: Buffer): TidemarkError | undefined {
  let fields: unknown;
  try {
    fields = JSON.parse(carried.toString('utf8'));
  } catch {
    // A trailer from something that is no Tidemark agent: the status alone has to do.
    return undefined;
  }
  if (typeof fields !== 'object' || fields === null) return undefined;
  const { code, operation, subject, cause, remedy } = fields as Record<string, unknown>;
  if (typeof operation !== 'string' || typeof subject !== 'string' || typeof cause !== 'string')
    return undefined;
  // A newer agent may know codes that we do not.
  const known =
    typeof code === 'string' && Object.hasOwn(errorTable, code) ? (code as ErrorCode) : 'internal';
  return new TidemarkError({
    code: known,
    operation,
    subject,
    cause,
    remedy: typeof remedy === 'string' ? remedy : undefined,
  });
}

function statusOf(error: TidemarkError): status {
  switch (error.exitCode) {
    case 2:
      return status.INVALID_ARGUMENT;
    case 4:
      return status.DATA_LOSS;
    case 5:
      return status.ABORTED;
    case 6:
    case 7:
      return status.FAILED_PRECONDITION;
    case 130:
      return status.CANCELLED;
    default:
      return error.code === 'internal' ? status.INTERNAL : status.UNKNOWN;
  }
}
