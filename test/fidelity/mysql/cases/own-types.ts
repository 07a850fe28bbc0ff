/** Types that only one of the families has, and values a column makes by itself. */
import type { TestServer } from '../../../servers/server.ts';
import { type FidelityCase, majorOf } from '../../case.ts';

const group = 'types';
const mysql = (server: TestServer): boolean => server.family === 'mysql';
const mariadb = (server: TestServer): boolean => server.family === 'mariadb';

function vectorSetup(fromText: string, key: string): string[] {
  return [
    `CREATE TABLE v (n INT PRIMARY KEY, e VECTOR(3) NOT NULL${key}, o VECTOR(2))`,
    `INSERT INTO v VALUES (1, ${fromText}('[1, 2, 3]'), NULL), (2, ${fromText}('[0.1, -0.0, 16777216]'), x'010000000000803F'), (3, x'000009000A0000005C00FFBF', NULL)`,
  ];
}

export const ownTypeCases: readonly FidelityCase[] = [
  {
    group,
    item: 'UUID of MariaDB',
    database: 'own_uuid',
    exists: mariadb,
    setup: [
      'CREATE TABLE u (k UUID PRIMARY KEY DEFAULT UUID(), v UUID, KEY (v))',
      `INSERT INTO u VALUES ('00000000-0000-0000-0000-000000000000', NULL), ('ffffffff-ffff-ffff-ffff-ffffffffffff', '123e4567-e89b-12d3-a456-426655440000'),
       ('09000a00-5c00-1c00-8000-0d0000000000', '6ccd780c-baba-1026-9564-5b8c656024db'), ('41414141-4141-4141-4141-414141414141', '41424344-4546-4748-494a-4b4c4d4e4f50'); INSERT INTO u (v) VALUES (UUID())`,
    ],
    proof: ['SELECT COUNT(*) = 5 FROM u'],
  },
  {
    group,
    item: 'INET4 of MariaDB',
    database: 'own_inet4',
    exists: mariadb,
    setup: [
      "CREATE TABLE i (k INET4 PRIMARY KEY, v INET4 DEFAULT '127.0.0.1')",
      "INSERT INTO i VALUES ('0.0.0.0', NULL), ('255.255.255.255', '9.10.92.0'), ('10.0.0.1', '65.66.67.68'); INSERT INTO i (k) VALUES ('1.2.3.4')",
    ],
    proof: ['SELECT COUNT(*) = 4 FROM i'],
  },
  {
    group,
    item: 'INET6 of MariaDB',
    database: 'own_inet6',
    exists: mariadb,
    setup: [
      "CREATE TABLE i (k INET6 PRIMARY KEY, v INET6 DEFAULT '::1')",
      "INSERT INTO i VALUES ('::', NULL), ('ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff', '::ffff:1.2.3.4'), ('2001:db8::ff00:42:8329', '::1.2.3.4'), ('4141:4141:4141:4141:4141:4141:4141:4141', '900:a00:5c00::'); INSERT INTO i (k) VALUES ('fe80::1')",
    ],
    proof: ['SELECT COUNT(*) = 5 FROM i'],
  },
  {
    group,
    item: 'VECTOR of MySQL',
    database: 'own_vector',
    exists: (server) => mysql(server) && majorOf(server) >= 9,
    setup: vectorSetup('STRING_TO_VECTOR', ''),
    proof: ['SELECT VECTOR_DIM(e) = 3 FROM v WHERE n = 1'],
  },
  {
    group,
    item: 'VECTOR of MariaDB, with its index',
    database: 'own_vector_mariadb',
    exists: (server) => mariadb(server) && majorOf(server) >= 11,
    setup: vectorSetup('VEC_FromText', ', VECTOR INDEX (e)'),
    proof: ["SELECT VEC_ToText(e) = '[1,2,3]' FROM v WHERE n = 1"],
  },
  {
    group,
    item: 'compressed columns of MariaDB',
    database: 'own_compressed',
    exists: mariadb,
    setup: [
      `CREATE TABLE c (n INT PRIMARY KEY, a VARCHAR(1000) COMPRESSED, b TEXT COMPRESSED, c MEDIUMBLOB COMPRESSED, d VARBINARY(500) COMPRESSED DEFAULT 'x')`,
      "INSERT INTO c VALUES (1, REPEAT('a', 1000), REPEAT('b\\t', 9000), REPEAT(x'00FF', 100000), 'short'), (2, '', '', '', ''), (3, NULL, NULL, NULL, NULL), (4, 'short', 'short', 'short', REPEAT('d', 500))",
    ],
    proof: ['SELECT LENGTH(c) = 200000 FROM c WHERE n = 1'],
  },
  {
    group,
    item: 'columns with DEFAULT expressions',
    database: 'own_defaults',
    setup: [
      `CREATE TABLE d (n INT PRIMARY KEY, a INT DEFAULT (1 + 2 * 3), b VARCHAR(40) DEFAULT (CONCAT('it''s ', '\\\\', "q")), c TEXT DEFAULT ('long \\n text'), d VARCHAR(36) DEFAULT (UUID()),
       e DOUBLE DEFAULT (RAND()), f BLOB DEFAULT (x'00FF'), g INT DEFAULT (n + 1), h VARCHAR(20) DEFAULT 'back\\\\slash ''q''', j BIT(5) DEFAULT b'10101', k DECIMAL(9,3) DEFAULT -1.5,
       l VARCHAR(9) CHARACTER SET latin1 DEFAULT 'é', m VARCHAR(9) CHARACTER SET ucs2 DEFAULT '漢', o ENUM('x', 'y''z') DEFAULT 'y''z')`,
      'INSERT INTO d (n) VALUES (1), (2), (3)',
    ],
    proof: ["SELECT g = 3 AND b = 'it''s \\\\q' AND f = x'00ff' FROM d WHERE n = 2"],
  },
  {
    group,
    item: 'defaults of BINARY and VARBINARY columns',
    database: 'own_binary_defaults',
    setup: [
      "CREATE TABLE d (n INT PRIMARY KEY, a VARBINARY(4) DEFAULT x'005C27', b BINARY(3) DEFAULT 'a', c VARBINARY(9) DEFAULT 'it''s', d VARBINARY(9) DEFAULT x'ff00c3'); CREATE TABLE none (`odd ``'` VARBINARY(9) DEFAULT x'270a5c80')",
      'INSERT INTO d (n) VALUES (1)',
    ],
    proof: ["SELECT HEX(a) = '005C27' AND HEX(d) = 'FF00C3' FROM d"],
  },
];
