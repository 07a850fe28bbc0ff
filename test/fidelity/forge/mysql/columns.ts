/** What each kind of column is on MySQL and MariaDB, and its value in row `n`. */
import { type ApplicationColumn, type ApplicationTable, referredRow, targets } from '../application.ts';
import { apart } from '../areas.ts';

export interface MysqlKind {
  readonly type: string;
  /** Where MariaDB has a type of its own for it. */
  readonly mariadb?: string;
  readonly fallback?: string;
  readonly value: (n: number, column: string, table: ApplicationTable) => string;
  /** What a key of such a column names. */
  readonly key?: (column: string) => string;
}

const text = (value: string): string => `'${value.replaceAll('\\', '\\\\').replaceAll("'", "''")}'`;
const two = (n: number): string => String(n).padStart(2, '0');
const words = ['naïve', 'crème', 'déjà', 'quick', "it's", 'back\\slash', '漢字', '😀', '100%', 'tab\there'];
const word = (n: number): string => words[n % words.length] as string;
const digest = (n: number, salt: string): string => `LEFT(UNHEX(SHA2('${salt}${n}', 256)), 20)`;

export const mysqlKinds: Readonly<Record<ApplicationColumn['kind'], MysqlKind>> = {
  big: { type: 'bigint unsigned', value: (n) => String(n * 4_294_967_296) },
  color: {
    type: 'char(7) CHARACTER SET utf8mb4',
    fallback: `DEFAULT '#1068bf'`,
    value: (n) => `'#0${two(n)}abc'`,
  },
  count: { type: 'int unsigned', fallback: 'DEFAULT 0', value: (n) => String(n) },
  date: { type: 'date', value: (n) => `'2025-${two(n)}-28'` },
  duration: { type: 'time(3)', value: (n) => `'-${n}:00:00.5'` },
  email: {
    type: 'varchar(191) CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci',
    value: (n) => `'User${n}@Example.org'`,
    key: (column) => `${column}(40)`,
  },
  flag: { type: 'tinyint(1)', fallback: "DEFAULT '0'", value: (n) => String(n % 2) },
  html: { type: 'mediumtext', value: (n) => text(`<p data-n="${n}">${word(n)}</p>`) },
  ip: { type: 'varbinary(16)', mariadb: 'inet6', value: (n) => `INET6_ATON('2001:db8::${n}')` },
  json: {
    type: 'json',
    value: (n) => text(JSON.stringify({ n: n + 0.5, words: [word(n + 3), null], on: true })),
  },
  lang: {
    type: 'char(5) CHARACTER SET latin1',
    fallback: `DEFAULT 'en'`,
    value: (n) => (n % 2 === 0 ? `'de-AT'` : `'en'`),
  },
  money: { type: 'decimal(14,2)', value: (n) => `${n * 1000}.${two(n)}` },
  name: { type: 'varchar(255)', value: (n, column) => text(`${column} ${n} ${word(n)}`) },
  number: { type: 'double', value: (n) => `${n} / 7e0` },
  place: { type: 'point', value: (n) => `ST_GeomFromText('POINT(${n * 10}.25 -${n})')` },
  position: { type: 'decimal(20,6)', value: (n) => `${n}.000${n}`, key: (column) => `${column} DESC` },
  route: {
    type: 'varchar(512) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin',
    value: (n) => text(`group/${n}/${word(n)}`),
    key: (column) => `${column}(100)`,
  },
  sha: { type: 'binary(20)', value: (n, column) => digest(n, column) },
  slug: { type: 'varchar(120)', value: (n) => `'slug-${n}'` },
  small: { type: 'smallint', fallback: 'DEFAULT 0', value: (n) => String(n * 10) },
  span: { type: 'year', value: (n) => `'20${two(n)}'` },
  state: {
    type: `enum('opened','closed','on hold','it''s locked')`,
    fallback: `DEFAULT 'opened'`,
    value: (n) => String(1 + (n % 4)),
    key: (column) => column,
  },
  tags: { type: `set('docker','linux','é','x y')`, value: (n) => String(n % 16) },
  text: {
    type: 'longtext',
    value: (n) => `CONCAT(${text(`${word(n)} ${word(n * 3)}`)}, REPEAT('line ${n} ', ${n * 40}))`,
  },
  time: {
    type: 'datetime(6)',
    value: (n) => `'2025-${two(n)}-01 12:00:00.12345${n % 10}'`,
    key: (column) => `${column} DESC`,
  },
  title: {
    type: 'varchar(255)',
    value: (n, column, { name }) => text(`${column} ${n} of ${name}, ${word(n)}`),
    key: (column) => `${column}(50)`,
  },
  token: { type: 'varbinary(64)', value: (n, column) => digest(n, `token ${column}`) },
  url: { type: 'varchar(2048)', value: (n) => `'https://example.org/${n}?q=%20'` },
  uuid: {
    type: 'char(36) CHARACTER SET ascii',
    mariadb: 'uuid',
    value: (n) => `'00000000-0000-4000-8000-${String(n).padStart(12, '0')}'`,
  },
  vector: { type: 'varchar(120)', value: () => '', key: (column) => column },
  reference: { type: 'bigint', value: (n, column) => String(referredRow(n, column.length)) },
  'target kind': {
    type: `enum(${targets.map((name) => `'${name}'`).join(',')})`,
    value: (n) => String(1 + (n % targets.length)),
  },
  'target id': { type: 'bigint', value: (n) => String(referredRow(n, 1)) },
};

export function quoted(name: string): string {
  return `\`${name}\``;
}

export const databases = { main: 'forge', apart: 'forge_ci' } as const;

function databaseOf({ area }: ApplicationTable): string {
  return apart.includes(area) ? databases.apart : databases.main;
}

/** The table in its database. */
export function placeOf(table: ApplicationTable): string {
  return `${databaseOf(table)}.${quoted(table.name)}`;
}

export type Family = 'mysql' | 'mariadb';

export function definitionOf(column: ApplicationColumn, table: ApplicationTable, family: Family): string {
  const { type, mariadb, fallback } = mysqlKinds[column.kind];
  const name = quoted(column.name);
  if (column.kind === 'vector')
    return `${name} ${type} GENERATED ALWAYS AS (LOWER(LEFT(${quoted('title')}, 100))) STORED`;
  const own = family === 'mariadb' ? (mariadb ?? type) : type;
  const comment = column.kind === 'token' ? ` COMMENT 'It''s sealed; "100%"\\n'` : '';
  return `${name} ${own}${column.nullable ? ' NULL' : ` NOT NULL ${fallback ?? ''}`}${comment}`;
}

/** The type that takes a value may be MariaDB's own. */
export function valueOf(
  column: ApplicationColumn,
  n: number,
  table: ApplicationTable,
  family: Family,
): string {
  const value = mysqlKinds[column.kind].value(n, column.name, table);
  return family === 'mariadb' && column.kind === 'ip' ? value.replace('INET6_ATON', '') : value;
}
