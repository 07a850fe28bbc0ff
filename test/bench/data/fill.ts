/** Fills a server with the data of a benchmark. */
import type { TestServer } from '../../servers/server.ts';
import { fillMysql } from './mysql-shop.ts';
import { fillPostgres } from './postgres-shop.ts';
import { benchDatabase, type ShopSize } from './shop.ts';

/** Makes the database with its tables, rows, indexes and keys. */
export async function fillShop(server: TestServer, size: ShopSize): Promise<void> {
  await server.run(`CREATE DATABASE ${benchDatabase}`);
  await (server.engine === 'postgres' ? fillPostgres(server, size) : fillMysql(server, size));
}

/** Makes the database with one row whose value has `bytes` bytes. */
export async function fillLargeValue(server: TestServer, bytes: number): Promise<void> {
  await server.run(`CREATE DATABASE ${benchDatabase}`);
  const column = server.engine === 'postgres' ? 'text' : 'LONGTEXT';
  await server.run(
    `CREATE TABLE large (id INT PRIMARY KEY, body ${column}); INSERT INTO large VALUES (1, repeat('0123456789abcde\n', ${Math.ceil(bytes / 16)}))`,
    benchDatabase,
  );
}
