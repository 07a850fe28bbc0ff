/** What of the stored accounts a server gets that has some of them. */
import { expect, test } from 'vitest';
import {
  planAccounts,
  readStatement,
} from '../../../../../../shard-agent/engines/mysql/accounts/account-plan.ts';

const script = [
  "CREATE USER `root`@`localhost` IDENTIFIED WITH 'x' AS 0x00",
  "CREATE USER `app`@`%` IDENTIFIED WITH 'x' AS 0x00",
  'CREATE ROLE `r`',
  'ALTER USER `app`@`%` PASSWORD EXPIRE INTERVAL 20 DAY',
  'GRANT SELECT ON *.* TO `root`@`localhost`',
  'GRANT SELECT, BACKUP_ADMIN, GONE_ADMIN ON *.* TO `app`@`%` WITH GRANT OPTION',
  'GRANT GONE_ADMIN ON *.* TO `app`@`%`',
  'REVOKE SELECT ON `mysql`.* FROM `app`@`%`',
  "GRANT PROXY ON ''@'%' TO 'app'@'%'",
  'GRANT `r` TO `app`@`%` WITH ADMIN OPTION',
  'GRANT `r` TO `root`@`localhost`',
  'SET DEFAULT ROLE `r` FOR `app`@`%`',
  'GRANT SELECT (`TO`, `b`), UPDATE ON `shop`.`t` TO `app`@`%`',
  'GRANT EXECUTE ON PROCEDURE `shop`.`p` TO `r`',
  'GRANT SELECT ON `shop`.`t` TO PUBLIC',
];
const stored = script.map(readStatement);
const plan = (accounts: string[], privileges?: string[]) =>
  planAccounts(stored, { accounts: new Set(accounts), privileges: privileges && new Set(privileges) });
const root = '`root`@`localhost`';

test('each statement is known by what it is about', () => {
  expect(stored.map(({ kind, account }) => `${kind} ${account}`)).toEqual([
    'create-user `root`@`localhost`',
    'create-user `app`@`%`',
    'create-role `r`',
    'alter-user `app`@`%`',
    'grant `root`@`localhost`',
    'grant `app`@`%`',
    'grant `app`@`%`',
    'grant `app`@`%`',
    'proxy `app`@`%`',
    'role `app`@`%`',
    'role `root`@`localhost`',
    'default-role `app`@`%`',
    'object `app`@`%`',
    'object `r`',
    'object PUBLIC',
  ]);
  expect(stored[12]).toMatchObject({
    on: { kind: 'TABLE', database: 'shop', name: 't', columns: ['TO', 'b'] },
  });
  expect(stored[13]).toMatchObject({ on: { kind: 'PROCEDURE', database: 'shop', name: 'p', columns: [] } });
});

test('a server with its own root gets the others, and root is given nothing', () => {
  const found = plan([root]);
  expect(found).toMatchObject({ users: ['`app`@`%`'], roles: ['`r`'], standing: [root] });
  expect(found.withheld).toEqual(['GRANT `r` TO `root`@`localhost`']);
  expect(found.statements.map(({ sql }) => sql)).toEqual(
    script.filter((sql) => !sql.includes('`root`@`localhost`')),
  );
});

test('what everybody has been given stays as it is', () => {
  const found = plan([root, 'PUBLIC', '`app`@`%`', '`r`']);
  expect(found.statements).toEqual([]);
  expect(found.withheld).toEqual(['GRANT SELECT ON `shop`.`t` TO PUBLIC']);
});

test('privileges that the server does not know leave their statement, and are named', () => {
  const found = plan([root], ['BACKUP_ADMIN']);
  const sql = found.statements.map((one) => one.sql);
  expect(sql).toContain('GRANT SELECT, BACKUP_ADMIN ON *.* TO `app`@`%` WITH GRANT OPTION');
  expect(sql.join()).not.toContain('GONE_ADMIN');
  expect(found.withheld).toContain('GONE_ADMIN for `app`@`%`');
});

test('what is none of these is refused', () => {
  for (const sql of ['DROP USER `app`@`%`', 'GRANT SELECT ON *.*', "SET PASSWORD = 'x'"])
    expect(() => readStatement(sql)).toThrow(expect.objectContaining({ code: 'not-supported' }));
});
