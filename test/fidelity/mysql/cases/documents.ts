/** JSON: as MySQL stores it, with types of its own inside, and as MariaDB does, as text. */
import type { TestServer } from '../../../servers/server.ts';
import type { FidelityCase } from '../../case.ts';

const group = 'types';
const mysql = (server: TestServer): boolean => server.family === 'mysql';
const mariadb = (server: TestServer): boolean => server.family === 'mariadb';

export const documentCases: readonly FidelityCase[] = [
  {
    group,
    item: 'JSON: nesting, escapes, all kinds of scalars',
    database: 'j_plain',
    setup: [
      'CREATE TABLE j (n INT PRIMARY KEY AUTO_INCREMENT, v JSON, w JSON)',
      `INSERT INTO j (v, w) VALUES ('null', NULL), ('true', 'false'), ('""', '"\\\\u0000\\\\t\\\\n\\\\\\\\ \\\\" / \\\\ud83d\\\\ude00 é漢😀"'), ('[]', '{}'),
       ('{"b": 1, "a": [1, 2.5, null, true, {"": {"x y": "\\\\u001f"}}], "ключ": "\\\\\\\\N"}', '[[[[[[[[]]]]]]]]'), ('"0"', '0')`,
      "INSERT INTO j (v) VALUES (CONCAT('[', REPEAT('\"0123456789 é\",', 20000), '1]')), (CONCAT(REPEAT('[', 30), REPEAT(']', 30)))",
    ],
    proof: ['SELECT COUNT(*) = 8 FROM j', 'SELECT JSON_LENGTH(v) = 20001 FROM j WHERE n = 7'],
  },
  {
    group,
    item: 'JSON: integers, doubles, the largest and smallest numbers',
    database: 'j_numbers',
    setup: [
      'CREATE TABLE j (n INT PRIMARY KEY AUTO_INCREMENT, v JSON)',
      `INSERT INTO j (v) VALUES ('1'), ('1.0'), ('1e0'), ('-0'), ('-0.0'), ('9223372036854775807'), ('9223372036854775808'), ('18446744073709551615'), ('18446744073709551616'),
       ('-9223372036854775808'), ('-9223372036854775809'), ('0.1'), ('0.30000000000000004'), ('1.7976931348623157e308'), ('5e-324'), ('1e-7'), ('123456789012345678901234567890.5'), ('[1, 1.0, 1.5, 100000000000000000000]')`,
    ],
    proof: ['SELECT COUNT(*) = 18 FROM j'],
  },
  {
    group,
    item: 'JSON of MySQL: indexed through generated columns and as an array',
    database: 'j_indexed',
    exists: mysql,
    setup: [
      `CREATE TABLE j (n INT PRIMARY KEY, v JSON DEFAULT (JSON_OBJECT('a', 1)), g VARCHAR(20) AS (v->>'$.name') STORED, KEY (g), KEY m ((CAST(v->'$.tags' AS CHAR(20) ARRAY))))`,
      `INSERT INTO j (n, v) VALUES (1, '{"name": "x", "tags": ["a", "b"]}'), (2, '{"tags": []}'); INSERT INTO j (n) VALUES (3)`,
    ],
    proof: ["SELECT COUNT(*) = 1 FROM j WHERE 'b' MEMBER OF (v->'$.tags')"],
  },
  {
    group,
    item: 'JSON of MariaDB: text kept byte by byte, with its check',
    database: 'j_text',
    exists: mariadb,
    setup: [
      "CREATE TABLE j (n INT PRIMARY KEY AUTO_INCREMENT, v JSON, w LONGTEXT CHECK (JSON_VALID(w)), d JSON DEFAULT (JSON_OBJECT('a', 1)))",
      `INSERT INTO j (v, w) VALUES ('{"b":1,  "a" : 2, "a":3}', ' [1,\\n\\t2]'), ('1.50000', '1e2'), ('{"k":"\\\\u00e9"}', '"é"')`,
      // What the check would refuse, from before there was one.
      "SET SESSION check_constraint_checks = 0; INSERT INTO j (v) VALUES ('no json at all')",
    ],
    proof: [
      'SELECT v = \'{"b":1,  "a" : 2, "a":3}\' FROM j WHERE n = 1',
      "SELECT COUNT(*) = 1 FROM j WHERE v = 'no json at all'",
    ],
  },
];
