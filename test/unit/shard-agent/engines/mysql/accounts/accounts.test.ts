/** What becomes of a server's refusal while its accounts are read. */
import { expect, test } from 'vitest';
import { readAccounts } from '../../../../../../shard-agent/engines/mysql/accounts/accounts.ts';
import { dialectOf } from '../../../../../../shard-agent/engines/mysql/dialect.ts';
import {
  ConnectionLost,
  ServerError,
} from '../../../../../../shard-agent/engines/mysql/connection/failure.ts';
import type { Wire } from '../../../../../../shard-agent/engines/mysql/connection/wire.ts';

test.each([
  [new ServerError(1142, '42000', 'SELECT command denied'), 'privilege-missing'],
  [new ServerError(1317, '70100', 'Query execution was interrupted'), 'database-failed'],
  [new ConnectionLost('the server closed the connection'), 'database-unreachable'],
])('%s is told as %s', async (error, code) => {
  const wire = {
    query: () => Promise.reject(error),
    value: () => Promise.resolve('keeper@%'),
  } as unknown as Wire;
  await expect(readAccounts(wire, dialectOf('10.11.14-MariaDB'), 'with-passwords')).rejects.toMatchObject({
    name: 'TidemarkError',
    code,
    operation: 'read the accounts of the server',
  });
});
