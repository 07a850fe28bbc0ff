import { Metadata, status } from '@grpc/grpc-js';
import { expect, test } from 'vitest';
import { fromServiceError } from '../../../proto/wire-error.ts';

function codeOf(code: status, details: string): string {
  return fromServiceError({ code, details, metadata: new Metadata() }, 'copy', '127.0.0.1:7420').code;
}

test('only our own cancellation is an interruption; a call that an agent ends is an agent out of reach', () => {
  expect(codeOf(status.CANCELLED, 'Cancelled on client')).toBe('interrupted');
  expect(codeOf(status.CANCELLED, 'Call cancelled')).toBe('agent-unreachable');
  expect(codeOf(status.CANCELLED, 'Received RST_STREAM with code 8 (Call cancelled)')).toBe(
    'agent-unreachable',
  );
});

test('an empty note on name resolution is not passed on', () => {
  const error = fromServiceError(
    {
      code: status.UNAVAILABLE,
      details: 'No connection established. Resolution note: ',
      metadata: new Metadata(),
    },
    'describe',
    'db00:7420',
  );
  expect(error).toMatchObject({ code: 'agent-unreachable', reason: 'No connection established.' });
});
