import type { TestServer } from '../../servers/server.ts';
import { benchDatabase, prose, reportColumns, reportDefinitions, type ShopSize } from './shop.ts';

/** Numbers from 0 in a database of its own, which no backup of the bench reads: MySQL has no function that makes rows. */
const numbers = 'bench_numbers';
const batchRows = 50_000;

/** 8 KiB that do not pack. */
function image(): string {
  const pieces = Array.from({ length: 128 }, (_, k) => `UNHEX(SHA2(i * 128 + ${k}, 512))`);
  return `CONCAT(${pieces.join(', ')})`;
}

/** 32 hexadecimal digits; newer servers have no MD5 any more. */
function hex(expression: string): string {
  return `LEFT(SHA2(${expression}, 256), 32)`;
}

interface Filling {
  readonly table: string;
  readonly columns: string;
  readonly rows: number;
  /** Of row `i`, from 1. */
  readonly values: string;
  readonly keys?: string;
  /** Once every table has its rows. */
  readonly foreignKey?: string;
  readonly batch?: number;
}

function fillings(size: ShopSize): Filling[] {
  const values = Array.from(
    { length: reportColumns },
    (_, n) =>
      [
        `(i * ${n + 7}) % 100003`,
        `(i * ${n + 31} % 10000000) / 100`,
        `DATE_ADD('2020-01-01', INTERVAL (i * ${n + 3}) % 3000 DAY)`,
        `CONCAT('r', (i * ${n + 11}) % 9973)`,
      ][n % 4],
  );
  const few = Math.max(1, Math.floor(size.customers / 100));
  return [
    {
      table: 'customers',
      columns:
        'id INT PRIMARY KEY, name TEXT NOT NULL, email VARCHAR(80) NOT NULL, born DATE, profile JSON NOT NULL',
      rows: size.customers,
      values: `i, CONCAT('Customer ', ${hex('i')}), CONCAT('c', i, '@example.com'), DATE_ADD('1950-01-01', INTERVAL (i * 37) % 20000 DAY),
        JSON_OBJECT('tier', i % 4, 'tags', JSON_ARRAY(CONCAT('a', i % 7), CONCAT('b', i % 11)), 'since', 2000 + i % 25, 'note', ${hex('i * 3')})`,
      keys: 'ADD UNIQUE KEY (email)',
    },
    {
      table: 'events',
      columns:
        'id BIGINT PRIMARY KEY, customer INT NOT NULL, kind SMALLINT NOT NULL, at DATETIME NOT NULL, amount DECIMAL(12,2), note TEXT',
      rows: size.events,
      // Half of the events are those of a hundredth of the customers, and keys have gaps.
      values: `i * 3 + i % 2, IF(i % 2 = 0, 1 + (i * 7919) % ${few}, 1 + (i * 104729) % ${Math.max(1, size.customers)}),
        i % 12, DATE_ADD('2020-01-01', INTERVAL i * 7 SECOND), (i * 31 % 1000000) / 100, CONCAT(${hex('i')}, ${hex('i * 3')}, ${prose}, i)`,
      keys: 'ADD KEY (customer, at), ADD KEY (kind)',
      foreignKey: 'ADD FOREIGN KEY (customer) REFERENCES customers (id)',
    },
    {
      table: 'documents',
      columns: 'id INT PRIMARY KEY, title VARCHAR(80) NOT NULL, body JSON NOT NULL',
      rows: size.documents,
      values: `i, CONCAT('Document ', i), JSON_OBJECT('author', ${hex('i % 997')}, 'rank', i % 100, 'price', i % 10000,
        'paragraphs', JSON_ARRAY(CONCAT(${hex('i')}, ' of the house and its garden, where the paths meet'), CONCAT(${hex('i * 5')}, ' to the sea'), ${hex('i * 7')}, CONCAT(${hex('i * 11')}, ' under the trees')),
        'links', JSON_ARRAY(CONCAT('https://example.com/', ${hex('i * 13')}), CONCAT('https://example.com/', ${hex('i * 17')})), 'open', i % 3 = 0,
        'history', JSON_ARRAY(JSON_OBJECT('by', i % 1000, 'note', ${hex('i * 19')}), JSON_OBJECT('by', i % 777, 'note', ${hex('i * 23')})))`,
      keys: 'ADD KEY (title)',
    },
    {
      table: 'reports',
      columns: `id INT PRIMARY KEY, ${reportDefinitions}`,
      rows: size.reports,
      values: `i, ${values.join(', ')}`,
    },
    {
      table: 'ledger',
      columns:
        'id BIGINT PRIMARY KEY, account INT NOT NULL, day DATE NOT NULL, debit BIGINT NOT NULL, credit BIGINT NOT NULL, batch SMALLINT',
      rows: size.ledger,
      values: `i, (i * 7919) % 50021, DATE_ADD('2015-01-01', INTERVAL i % 4000 DAY), (i * 2654435761) % 1000000000, (i * 40503) % 1000000000, i % 1000`,
      keys: 'ADD KEY (account, day)',
    },
    {
      table: 'images',
      columns: 'id INT PRIMARY KEY, kind VARCHAR(20) NOT NULL, content MEDIUMBLOB NOT NULL',
      rows: size.images,
      values: `i, 'image/png', ${image()}`,
      batch: 2000,
    },
  ];
}

export async function fillMysql(server: TestServer, size: ShopSize): Promise<void> {
  await makeNumbers(server);
  if (size.customers > 0) {
    const all = fillings(size);
    const events = all.filter(({ table }) => table === 'events');
    const others = all.filter(({ table }) => table !== 'events');
    await Promise.all([makeAll(server, events), makeAll(server, others)]);
    for (const { table, foreignKey } of all)
      if (foreignKey !== undefined) await server.run(`ALTER TABLE ${table} ${foreignKey}`, benchDatabase);
  }
  await makeSmallTables(server, size);
  await server.run(`DROP DATABASE ${numbers}`);
}

async function makeAll(server: TestServer, fillings: readonly Filling[]): Promise<void> {
  for (const filling of fillings) await fill(server, filling);
}

async function makeNumbers(server: TestServer): Promise<void> {
  const digits = Array.from({ length: 10 }, (_, digit) => `SELECT ${digit} AS d`).join(' UNION ALL ');
  await server.run(
    `CREATE DATABASE ${numbers}; CREATE TABLE ${numbers}.n (n INT PRIMARY KEY);
     INSERT INTO ${numbers}.n SELECT a.d + 10 * b.d + 100 * c.d + 1000 * e.d + 10000 * f.d
     FROM (${digits}) a, (${digits}) b, (${digits}) c, (${digits}) e, (SELECT 0 AS d UNION SELECT 1 UNION SELECT 2 UNION SELECT 3 UNION SELECT 4) f`,
  );
}

async function fill(server: TestServer, filling: Filling): Promise<void> {
  const { table, columns, rows, values, keys, batch = batchRows } = filling;
  await server.run(`CREATE TABLE ${table} (${columns}) ENGINE=InnoDB`, benchDatabase);
  for (let from = 1; from <= rows; from += batch) {
    const count = Math.min(batch, rows - from + 1);
    await server.run(
      `SET SESSION sql_log_bin = 0; INSERT INTO ${table} SELECT ${values} FROM (SELECT CAST(n + ${from} AS SIGNED) AS i FROM ${numbers}.n WHERE n < ${count}) AS made ORDER BY i`,
      benchDatabase,
    );
  }
  if (keys !== undefined) await server.run(`ALTER TABLE ${table} ${keys}`, benchDatabase);
}

async function makeSmallTables(server: TestServer, size: ShopSize): Promise<void> {
  const statements = Array.from({ length: size.smallTables }, (_, n) => [
    `CREATE TABLE small_${n} (id INT PRIMARY KEY, name TEXT NOT NULL, at DATETIME NOT NULL, n INT) ENGINE=InnoDB`,
    `INSERT INTO small_${n} SELECT n + 1, CONCAT('entry ', n + 1, ' of ${n}'), DATE_ADD('2024-01-01', INTERVAL n + 1 HOUR), (n + 1) * ${n}
     FROM ${numbers}.n WHERE n < ${size.rowsInSmallTable}`,
  ]).flat();
  for (let from = 0; from < statements.length; from += 200)
    await server.run(statements.slice(from, from + 200).join('; '), benchDatabase);
}
