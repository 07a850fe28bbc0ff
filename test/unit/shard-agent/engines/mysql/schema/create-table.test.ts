/** SHOW CREATE TABLE's text is taken apart at its own commas only. */
import { expect, test } from 'vitest';
import {
  parseCreateTable,
  renameQualifiers,
  replaceUnquoted,
  stageTable,
  withSignedZeros,
} from '../../../../../../shard-agent/engines/mysql/schema/create-table.ts';
import { unqualifiedTrigger } from '../../../../../../shard-agent/engines/mysql/schema/trigger-head.ts';

const sql = `CREATE TABLE \`we\`\`ird, (x)\` (
  \`id\` int NOT NULL AUTO_INCREMENT COMMENT 'a, ) b''s \\' "c',
  \`g\` int GENERATED ALWAYS AS (coalesce(\`id\`,0)) VIRTUAL,
  \`n\` bigint DEFAULT nextval(\`shop\`.\`seq\`) COMMENT '\`shop\`.\`seq\`',
  PRIMARY KEY (\`id\`),
  UNIQUE KEY \`u\` (\`g\`),
  KEY \`k\` (\`g\`,\`id\`),
  FULLTEXT KEY \`f\` (\`g\`),
  CONSTRAINT \`fk\` FOREIGN KEY (\`g\`) REFERENCES \`shop\`.\`other\` (\`id\`) ON DELETE CASCADE,
  CONSTRAINT \`c\` CHECK (\`g\` in (1,2))
) ENGINE=InnoDB COMMENT='(,)'`;
const names = new Map([['shop', 'tidemark_r_0']]);

test('definitions, name and tail', () => {
  const table = parseCreateTable(sql);
  expect(table?.name).toBe('we`ird, (x)');
  expect(table?.definitions).toHaveLength(9);
  expect(table?.definitions[0]).toMatch(/^`id` int/);
  expect(table?.tail).toBe(") ENGINE=InnoDB COMMENT='(,)'");
  expect(parseCreateTable('CREATE SEQUENCE `s` start with 1')).toBeUndefined();
});

test('keys that follow the data, and names of the staging outside of quotes', () => {
  const table = parseCreateTable(sql);
  if (table === undefined) throw new Error('not parsed');
  const staged = stageTable(table, names, true);
  expect(staged.keys).toEqual([
    ['ADD UNIQUE KEY `u` (`g`)', 'ADD KEY `k` (`g`,`id`)'],
    ['ADD FULLTEXT KEY `f` (`g`)'],
  ]);
  expect(staged.foreignKeys).toEqual([
    'ADD CONSTRAINT `fk` FOREIGN KEY (`g`) REFERENCES `tidemark_r_0`.`other` (`id`) ON DELETE CASCADE',
  ]);
  expect(staged.create).toContain("nextval(`tidemark_r_0`.`seq`) COMMENT '`shop`.`seq`'");
  expect(staged.create).not.toMatch(/ KEY `k`|FOREIGN/);
  expect(staged.restated).toEqual(["MODIFY `n` bigint DEFAULT nextval(`shop`.`seq`) COMMENT '`shop`.`seq`'"]);
  expect(stageTable(table, names, false).keys).toEqual([]);
});

test('an AUTO_INCREMENT column that only a secondary key leads keeps that key', () => {
  const table = parseCreateTable(
    'CREATE TABLE `t` (\n `a` int,\n `id` int AUTO_INCREMENT,\n PRIMARY KEY (`a`),\n KEY `k` (`id`)\n) ENGINE=InnoDB',
  );
  if (table === undefined) throw new Error('not parsed');
  expect(stageTable(table, names, true).keys).toEqual([]);
});

test('unique keys stay together where one cannot follow the data', () => {
  const table = parseCreateTable(
    'CREATE TABLE `t` (\n `a` int,\n `b` text,\n PRIMARY KEY (`a`),\n UNIQUE KEY `u` (`a`,`c`),\n' +
      ' UNIQUE KEY `h` (`b`) USING HASH,\n KEY `k` (`b`(9))\n) ENGINE=InnoDB',
  );
  if (table === undefined) throw new Error('not parsed');
  const staged = stageTable(table, names, true);
  expect(staged.keys).toEqual([['ADD KEY `k` (`b`(9))']]);
  expect(staged.create).toMatch(/UNIQUE KEY `u`[^]*UNIQUE KEY `h`/);
});

test('only a database in front of a dot is renamed', () => {
  expect(renameQualifiers('`shop` `shop`.`a` "`shop`.`b`" `x`.`shop`.`c`', names)).toBe(
    '`shop` `tidemark_r_0`.`a` "`shop`.`b`" `x`.`shop`.`c`',
  );
});

test('an event is disabled where it says ENABLE, not in its name, comment or body', () => {
  const event =
    "CREATE EVENT `PRESERVE ENABLE` ON COMPLETION NOT PRESERVE ENABLE COMMENT 'PRESERVE ENABLE' DO SELECT 'ENABLE'";
  expect(replaceUnquoted(event, /(?<=PRESERVE )ENABLE\b/, 'DISABLE')).toBe(
    "CREATE EVENT `PRESERVE ENABLE` ON COMPLETION NOT PRESERVE DISABLE COMMENT 'PRESERVE ENABLE' DO SELECT 'ENABLE'",
  );
});

test('a trigger is shown as it was typed: the database goes from its head, not from its body', () => {
  const head = 'CREATE DEFINER=`a`@`%` TRIGGER ';
  const body = ' FOR EACH ROW INSERT INTO db.t VALUES (1)';
  expect(unqualifiedTrigger(`${head}db.trg before insert on \`db\` . \`t\`${body}`)).toBe(
    `${head}trg before insert on \`t\`${body}`,
  );
  expect(unqualifiedTrigger(`${head}trg AFTER DELETE ON t${body}`)).toBe(
    `${head}trg AFTER DELETE ON t${body}`,
  );
});

test('a collation that a column has only from its table is left to the table', () => {
  const table = parseCreateTable(`CREATE TABLE \`t\` (
  \`implied\` varchar(9) COLLATE utf8mb4_unicode_ci NOT NULL DEFAULT 'x COLLATE utf8mb4_unicode_ci',
  \`given\` varchar(9) CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci,
  \`other\` enum('CHARACTER SET ') COLLATE utf8mb4_unicode_ci_2 COMMENT ' CHARACTER SET '
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci COMMENT=' COLLATE=latin1_bin'`);
  if (table === undefined) throw new Error('not parsed');
  expect(stageTable(table, names, true).create.split('\n').slice(1, 4)).toEqual([
    "  `implied` varchar(9) NOT NULL DEFAULT 'x COLLATE utf8mb4_unicode_ci',",
    '  `given` varchar(9) CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci,',
    "  `other` enum('CHARACTER SET ') COLLATE utf8mb4_unicode_ci_2 COMMENT ' CHARACTER SET '",
  ]);
});

test('a default of -0 stays one: the integer -0 is 0', () => {
  const shown =
    "CREATE TABLE `d` (\n  `a DEFAULT -0` double DEFAULT -0,\n  `b` double(9,2) NOT NULL DEFAULT -0.00 COMMENT ' DEFAULT -0',\n" +
    '  `c` double DEFAULT -0.5,\n  `e` double DEFAULT -0e0\n)';
  expect(withSignedZeros(shown)).toBe(
    "CREATE TABLE `d` (\n  `a DEFAULT -0` double DEFAULT -0e0,\n  `b` double(9,2) NOT NULL DEFAULT -0e0 COMMENT ' DEFAULT -0',\n" +
      '  `c` double DEFAULT -0.5,\n  `e` double DEFAULT -0e0\n)',
  );
});
