/** Accounts as the servers show them, changed where they must be. */
import { expect, test } from 'vitest';
import {
  mariadbPasswords,
  mysqlPasswords,
  withoutPassword,
} from '../../../../../../shard-agent/engines/mysql/accounts/account-passwords.ts';
import {
  lockedAccount,
  plainGrant,
  withoutDefaultRoles,
} from '../../../../../../shard-agent/engines/mysql/accounts/account-sql.ts';

const mysqlUser =
  "CREATE USER `a``b`@`%` IDENTIFIED WITH 'caching_sha2_password' AS 0x2441 DEFAULT ROLE `r 1`@`%`,`r`@`x` REQUIRE NONE PASSWORD EXPIRE DEFAULT ACCOUNT UNLOCK PASSWORD HISTORY DEFAULT ATTRIBUTE '{\"comment\": \"ACCOUNT LOCK it\\'s\"}'";

test.each<[string, string, string, string, boolean]>([
  [
    'MySQL',
    withoutDefaultRoles(mysqlUser).sql,
    "CREATE USER `a``b`@`%` IDENTIFIED WITH 'caching_sha2_password' AS 0x2441 REQUIRE NONE WITH MAX_CONNECTIONS_PER_HOUR 17 ACCOUNT LOCK PASSWORD EXPIRE DEFAULT PASSWORD HISTORY DEFAULT ATTRIBUTE '{\"comment\": \"ACCOUNT LOCK it\\'s\"}'",
    '0',
    false,
  ],
  [
    'MySQL, with limits',
    "CREATE USER `u`@`%` IDENTIFIED WITH 'x' REQUIRE NONE WITH MAX_QUERIES_PER_HOUR 5 MAX_CONNECTIONS_PER_HOUR 7 PASSWORD EXPIRE ACCOUNT LOCK PASSWORD HISTORY 1",
    "CREATE USER `u`@`%` IDENTIFIED WITH 'x' REQUIRE NONE WITH MAX_QUERIES_PER_HOUR 5 MAX_CONNECTIONS_PER_HOUR 17 ACCOUNT LOCK PASSWORD EXPIRE PASSWORD HISTORY 1",
    '7',
    true,
  ],
  [
    'only the limit that is ours',
    'CREATE USER `u`@`%` WITH MAX_CONNECTIONS_PER_HOUR 7',
    'CREATE USER `u`@`%` WITH MAX_CONNECTIONS_PER_HOUR 17 ACCOUNT LOCK',
    '7',
    false,
  ],
  [
    'MariaDB',
    "CREATE USER `u`@`%` IDENTIFIED BY PASSWORD '*A' REQUIRE SSL ACCOUNT LOCK PASSWORD EXPIRE",
    "CREATE USER `u`@`%` IDENTIFIED BY PASSWORD '*A' REQUIRE SSL WITH MAX_CONNECTIONS_PER_HOUR 17 ACCOUNT LOCK PASSWORD EXPIRE",
    '0',
    true,
  ],
])('%s: an account is made locked, with the token', (_, sql, create, connectionsPerHour, locked) => {
  expect(lockedAccount(sql, 17)).toEqual({ create, connectionsPerHour, locked });
});

test('default roles leave the statement', () => {
  expect(withoutDefaultRoles(mysqlUser).roles).toEqual(['`r 1`@`%`', '`r`@`x`']);
  expect(withoutDefaultRoles('CREATE USER `DEFAULT ROLE`@`%`')).toEqual({
    sql: 'CREATE USER `DEFAULT ROLE`@`%`',
    roles: [],
  });
});

test.each([
  [
    "GRANT USAGE ON *.* TO `u`@`%` IDENTIFIED BY PASSWORD '*A' REQUIRE SSL WITH GRANT OPTION MAX_STATEMENT_TIME 3.5",
    'GRANT USAGE ON *.* TO `u`@`%` WITH GRANT OPTION',
  ],
  ['GRANT `TO` TO `u`@`%` WITH ADMIN OPTION', 'GRANT `TO` TO `u`@`%` WITH ADMIN OPTION'],
  ['GRANT SELECT (`TO`) ON `a.b`.`t` TO PUBLIC', 'GRANT SELECT (`TO`) ON `a.b`.`t` TO PUBLIC'],
  [
    "GRANT PROXY ON ''@'%' TO 'it''s'@'h' WITH GRANT OPTION",
    "GRANT PROXY ON ''@'%' TO 'it''s'@'h' WITH GRANT OPTION",
  ],
])('%s', (sql, plain) => {
  expect(plainGrant(sql)).toBe(plain);
});

test.each([
  [
    "CREATE USER `u`@`%` IDENTIFIED BY PASSWORD '*SECRET' PASSWORD EXPIRE",
    "CREATE USER `u`@`%` IDENTIFIED VIA mysql_native_password USING 'invalid' ACCOUNT LOCK PASSWORD EXPIRE",
  ],
  [
    "CREATE USER `u`@`%` IDENTIFIED VIA unix_socket OR ed25519 USING 'SECRET' OR mysql_native_password USING '*SECRET'",
    "CREATE USER `u`@`%` IDENTIFIED VIA unix_socket OR mysql_native_password USING 'invalid' OR mysql_native_password USING 'invalid' ACCOUNT LOCK",
  ],
  [
    'CREATE USER `u`@`%` REQUIRE SSL',
    "CREATE USER `u`@`%` IDENTIFIED VIA mysql_native_password USING 'invalid' REQUIRE SSL ACCOUNT LOCK",
  ],
  [
    "CREATE USER `u`@`%` IDENTIFIED VIA pam USING 'service'",
    "CREATE USER `u`@`%` IDENTIFIED VIA pam USING 'service' ACCOUNT LOCK",
  ],
])('MariaDB without passwords: %s', (sql, expected) => {
  expect(withoutPassword(sql, mariadbPasswords)).toBe(expected);
});

test('MySQL without passwords: a hash of nobody, of the form its plugin wants', () => {
  const of = (plugin: string, as = " AS 'SECRET'"): string =>
    withoutPassword(
      `CREATE USER \`u\`@\`%\` IDENTIFIED WITH '${plugin}'${as} REQUIRE NONE ACCOUNT UNLOCK`,
      mysqlPasswords,
    );
  const drawn = (sql: string): string =>
    Buffer.from(/ AS 0x([0-9A-F]+) REQUIRE NONE ACCOUNT LOCK$/.exec(sql)?.[1] ?? '', 'hex').toString(
      'latin1',
    );
  expect(drawn(of('caching_sha2_password'))).toMatch(/^\$A\$005\$[./0-9A-Za-z]{63}$/);
  expect(drawn(of('caching_sha2_password', ''))).toMatch(/^\$A\$005\$/);
  expect(drawn(of('sha256_password'))).toMatch(/^\$5\$[./0-9A-Za-z]{20}\$[./0-9A-Za-z]{43}$/);
  expect(drawn(of('mysql_native_password'))).toMatch(/^\*[0-9A-F]{40}$/);
  expect(of('caching_sha2_password')).not.toBe(of('caching_sha2_password'));
  expect(of('authentication_ldap_simple')).toContain("AS 'SECRET' REQUIRE NONE ACCOUNT LOCK");
  expect(of('some_plugin')).toBe(
    "CREATE USER `u`@`%` IDENTIFIED WITH 'some_plugin' REQUIRE NONE ACCOUNT LOCK",
  );
});
