/** Deterministic data for the benchmarks: order-like rows that compress about 2:1, and one very large value. */
import type { PostgresServer } from '../servers/postgres.ts';
import type { TestServer } from '../servers/server.ts';

const rowBytes = 330;

/** Makes database `bench` with tables `orders` (about `bytes` raw bytes) and `orders_small` (a twentieth of it). */
export async function fillOrders(server: TestServer, bytes: number): Promise<void> {
  const rows = Math.ceil(bytes / rowBytes);
  const tables: [string, number][] = [
    ['orders', rows],
    ['orders_small', Math.ceil(rows / 20)],
  ];
  await server.run('CREATE DATABASE bench');
  for (const [name, count] of tables) {
    if (server.engine === 'postgres') await fillPostgres(server, name, count);
    else await fillMysql(server, name, count);
  }
}

async function fillPostgres(server: TestServer, name: string, rows: number): Promise<void> {
  await server.run(
    `CREATE TABLE ${name} (id bigint PRIMARY KEY, customer int, placed timestamptz, total numeric(12,2), state text, note text);
     INSERT INTO ${name}
     SELECT i, (i::bigint * 7919) % 100003, timestamptz '2026-01-01Z' + i * interval '7 seconds', (i::bigint * 31 % 1000000) / 100.0,
            (ARRAY['open','paid','sent','done'])[1 + i % 4],
            md5(i::text) || md5((i::bigint * 3)::text) || md5((i::bigint * 5)::text) || ' delivered to the door of the customer, '
            || 'signed for by a neighbour who was at home at that time of the day, order number ' || i
     FROM generate_series(1, ${rows}) AS i;
     CREATE INDEX ON ${name} (customer); ANALYZE ${name}`,
    'bench',
  );
}

async function fillMysql(server: TestServer, name: string, rows: number): Promise<void> {
  await server.run(
    `CREATE TABLE ${name} (id BIGINT PRIMARY KEY, customer INT, placed DATETIME, total DECIMAL(12,2), state VARCHAR(8), note TEXT) ENGINE=InnoDB`,
    'bench',
  );
  const batch = 200_000;
  for (let from = 1; from <= rows; from += batch) {
    const to = Math.min(rows, from + batch - 1);
    await server.run(
      `INSERT INTO ${name}
       SELECT seq, (seq * 7919) % 100003, TIMESTAMPADD(SECOND, seq * 7, '2020-01-01'), (seq * 31 % 1000000) / 100,
              ELT(1 + seq % 4, 'open', 'paid', 'sent', 'done'),
              CONCAT(MD5(seq), MD5(seq * 3), MD5(seq * 5), ' delivered to the door of the customer, ',
                     'signed for by a neighbour who was at home at that time of the day, order number ', seq)
       FROM seq_${from}_to_${to}`,
      'bench',
    );
  }
  await server.run(`ALTER TABLE ${name} ADD INDEX (customer)`, 'bench');
}

/** Makes database `bench` with one row whose value has `bytes` bytes. */
export async function fillLargeValue(server: TestServer, bytes: number): Promise<void> {
  await server.run('CREATE DATABASE bench');
  const column = server.engine === 'postgres' ? 'text' : 'LONGTEXT';
  await server.run(
    `CREATE TABLE large (id INT PRIMARY KEY, body ${column}); INSERT INTO large VALUES (1, repeat('0123456789abcde\n', ${Math.ceil(bytes / 16)}))`,
    'bench',
  );
}

/** Rows and a digest computed by the server itself over whole tables, to compare source and restored. */
export async function contentOf(server: TestServer | PostgresServer, table: string): Promise<string> {
  const digest =
    server.engine === 'postgres'
      ? `SELECT count(*) AS n, sum(hashtextextended(t::text, 0)::numeric)::text AS digest FROM ${table} t`
      : table === 'large'
        ? `SELECT COUNT(*) AS n, MAX(MD5(body)) AS digest FROM ${table}`
        : `SELECT COUNT(*) AS n, SUM(CRC32(CONCAT_WS('|', id, customer, placed, total, state, note))) AS digest FROM ${table}`;
  return JSON.stringify(await server.run(digest, 'bench'));
}
