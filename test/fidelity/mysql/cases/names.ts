/** Names that break careless quoting: of the database and of everything in it. */
import type { FidelityCase } from '../../case.ts';

const group = 'names';

const names: readonly (readonly [string, string])[] = [
  ['a backtick', 'back`tick``s'],
  ['spaces', ' a b  c'],
  ['dots', 'a.b..c'],
  ['quotes', `it's "quoted"`],
  ['a backslash', 'back\\slash\\'],
  ['Unicode', 'Größe_表_Я_é'],
  ['@', 'a@b@@c@0020'],
  ['#', '#sql-like#'],
  ['%', '100%_a_%41'],
  ['/', '/a/b/../c'],
  ['a line break and a tab', 'two\nlines\tand tab'],
  ['leading digits', '1_e5'],
  ['only digits', '2026'],
  ['64 characters', 'n'.repeat(64)],
  ['accented letters', 'é'.repeat(30)],
  ['a reserved word', 'select'],
  ['a function', 'current_timestamp'],
  ['the ending of a partition', 't#p#p0#sp#s'],
  ['capitals', 'MiXed CaSe'],
  ['brackets and commas', 'a(b,c)) ENGINE=x;'],
  ['a comment', '/*! x */ -- y # z'],
  ['a placeholder', '? :a $1 ${b} {c}'],
  ['a dash', '-rf --help'],
  ['an emoji as text', 'u1F600 \\u{1F600}'],
  ['control characters', '\u0001\u001b[31m\u007f'],
  ['invisible characters', '\u200b\u00a0\ufeff'],
];

function quoted(text: string): string {
  return `\`${text.replaceAll('`', '``')}\``;
}

function text(value: string): string {
  return `'${value.replaceAll('\\', '\\\\').replaceAll("'", "''")}'`;
}

function nameCase([item, name]: readonly [string, string]): FidelityCase {
  const n = quoted(name);
  // Another object of the same namespace cannot have the same name.
  const other = quoted(`${name.slice(0, 62)}2`);
  return {
    group,
    item,
    database: name,
    setup: [
      `CREATE TABLE ${n} (${n} INT PRIMARY KEY, ${other} VARCHAR(20) AS (CONCAT('v', ${n})) STORED, c ENUM(${text(name)}) COMMENT ${text(name)},
       KEY ${n} (${other}), CONSTRAINT ${n} CHECK (${n} < 1000)) COMMENT ${text(name)} PARTITION BY RANGE (${n}) (PARTITION ${n} VALUES LESS THAN (10) COMMENT ${text(name)}, PARTITION rest VALUES LESS THAN MAXVALUE)`,
      `CREATE TABLE ${quoted(`r${name.slice(0, 60)}`)} (${n} INT PRIMARY KEY, CONSTRAINT ${quoted(`f${name.slice(0, 60)}`)} FOREIGN KEY (${n}) REFERENCES ${quoted(`p${name.slice(0, 60)}`)} (${n}))`.replace(
        /^/,
        `CREATE TABLE ${quoted(`p${name.slice(0, 60)}`)} (${n} INT PRIMARY KEY) ROW_FORMAT=DYNAMIC; `,
      ),
      `INSERT INTO ${n} (${n}, c) VALUES (1, 1), (100, NULL); INSERT INTO ${quoted(`p${name.slice(0, 60)}`)} VALUES (1); INSERT INTO ${quoted(`r${name.slice(0, 60)}`)} VALUES (1)`,
      `CREATE VIEW ${quoted(`v${name.slice(0, 60)}`)} AS SELECT ${n} AS ${other} FROM ${n}`,
      `CREATE TRIGGER ${n} BEFORE INSERT ON ${quoted(`p${name.slice(0, 60)}`)} FOR EACH ROW SET NEW.${n} = NEW.${n} + 1`,
      `CREATE PROCEDURE ${n}(${n} INT) COMMENT ${text(name)} SELECT ${n}`,
      `CREATE FUNCTION ${n}(${n} INT) RETURNS INT DETERMINISTIC RETURN ${n} + 1`,
      `CREATE EVENT ${n} ON SCHEDULE EVERY 1 DAY STARTS '2037-01-01 00:00:00' COMMENT ${text(name)} DO SELECT 1`,
    ],
    proof: [
      `SELECT COUNT(*) = 4 FROM information_schema.TABLES WHERE TABLE_SCHEMA = ${text(name)}`,
      `SELECT COUNT(*) = 2 FROM ${n}`,
      `SELECT COUNT(*) = 2 FROM information_schema.ROUTINES WHERE ROUTINE_SCHEMA = ${text(name)}`,
    ],
  };
}

/** Names that a server itself cannot give to everything. */
const tableNames: FidelityCase = {
  group,
  item: '64 characters of two bytes; a number with an exponent',
  database: 'names_of_tables',
  setup: ['é'.repeat(64), '1e5', '0x1F'].map(
    (name) =>
      `CREATE TABLE \`${name}\` (\`${name}\` INT PRIMARY KEY, KEY \`${name}\` (\`${name}\`)); INSERT INTO \`${name}\` VALUES (1)`,
  ),
  proof: [`SELECT COUNT(*) = 1 FROM \`${'é'.repeat(64)}\``, 'SELECT `1e5` = 1 FROM `1e5`'],
};

export const nameCases: readonly FidelityCase[] = [...names.map((entry) => nameCase(entry)), tableNames];

/** For servers that fold names: written with capitals, kept without, on both sides. */
export const foldedNameCases: readonly FidelityCase[] = [
  {
    group,
    item: 'mixed case, folded by lower_case_table_names = 1',
    database: 'folded_names',
    setup: [
      'CREATE TABLE Folded_Names.Customer (Id INT PRIMARY KEY, FullName VARCHAR(20)); CREATE TABLE ORDERS (Id INT PRIMARY KEY, Customer INT, CONSTRAINT FK_Customer FOREIGN KEY (Customer) REFERENCES CUSTOMER (Id))',
      "INSERT INTO CUSTOMER VALUES (1, 'A'); INSERT INTO orders VALUES (1, 1)",
      'CREATE VIEW BigView AS SELECT C.FullName, O.Id FROM Customer C JOIN Orders O ON O.Customer = C.Id',
      'CREATE TRIGGER Tr_Orders BEFORE INSERT ON Orders FOR EACH ROW SET NEW.Customer = (SELECT MIN(Id) FROM CUSTOMER)',
      'CREATE PROCEDURE GetOrders() SELECT * FROM Orders',
    ],
    proof: [
      "SELECT COUNT(*) = 1 FROM information_schema.TABLES WHERE TABLE_SCHEMA = 'folded_names' AND BINARY TABLE_NAME = 'customer'",
      "SELECT FullName = 'A' FROM BIGVIEW",
    ],
  },
];
