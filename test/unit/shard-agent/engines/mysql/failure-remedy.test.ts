/** What the server says when it refuses, in the words of MariaDB 10.11 and MySQL 9, and the statement that is shown for it. */
import { expect, test } from 'vitest';
import { failure, ServerError } from '../../../../../shard-agent/engines/mysql/connection/failure.ts';

test.each([
  [
    1142,
    "DELETE command denied to user 'r'@'127.0.0.1' for table `tidemark_x_0`.`tidemark-mark`",
    "GRANT DELETE ON *.* TO the agent's account (user r, connected from 127.0.0.1);",
  ],
  [
    1142,
    "SELECT, LOCK TABLES command denied to user 'b'@'%' for table 'orders'",
    "GRANT SELECT, LOCK TABLES ON *.* TO the agent's account (user b, connected from %);",
  ],
  [
    1143,
    "SELECT command denied to user 'b'@'h' for column 'User' in table 'user'",
    "GRANT SELECT ON *.* TO the agent's account (user b, connected from h);",
  ],
  [
    1370,
    "alter routine command denied to user 'b'@'h' for routine 'shop.p'",
    "GRANT ALTER ROUTINE ON `shop`.* TO the agent's account (user b, connected from h);",
  ],
  [
    1227,
    'Access denied; you need (at least one of) the SUPER, BINLOG MONITOR privilege(s) for this operation',
    "GRANT SUPER ON *.* TO the account in the agent's file;",
  ],
])('%i: %s', (errno, message, remedy) => {
  expect(failure(new ServerError(errno, '42000', message), 'try', 'it')).toMatchObject({
    code: 'privilege-missing',
    remedy,
  });
});

test.each([
  [1040, 'Too many connections', /max_connections/],
  [1203, "User b already has more than 'max_user_connections' active connections", /MAX_USER_CONNECTIONS/],
  [
    1044,
    "Access denied for user 'b'@'h' to database 'shop'",
    /GRANT what .* ON `shop`\.\* TO the agent's account/,
  ],
])('%i says what to do, and not to look at host and password', (errno, message, remedy) => {
  const error = failure(new ServerError(errno, '08004', message), 'connect', 'db');
  expect(error.remedy).toMatch(remedy);
  expect(error.remedy).not.toMatch(/password/);
});
