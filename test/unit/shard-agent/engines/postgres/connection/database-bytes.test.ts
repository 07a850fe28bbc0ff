import { expect, test } from 'vitest';
import {
  databaseUri,
  startupMessage,
} from '../../../../../../shard-agent/engines/postgres/connection/database-bytes.ts';

test('the first message of a connection names the database by its own bytes', () => {
  const message = startupMessage({ user: 'ü', database: 'x' }, Buffer.from([0x67, 0xf6]));
  expect(message.readInt32BE(0)).toBe(message.length);
  expect(message.readInt32BE(4)).toBe(196_608);
  expect(message.subarray(8).toString('latin1')).toBe(
    'user\0\xc3\xbc\0database\0g\xf6\0client_encoding\0UTF8\0\0',
  );
});

test('a tool is told of any bytes', () => {
  expect(databaseUri(Buffer.from([0x67, 0xf6]))).toBe('postgresql:///%67%f6');
});
