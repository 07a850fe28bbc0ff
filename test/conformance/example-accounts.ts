/** The accounts of examples/accounts: what they may do is enough, on the server they are for. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openEngine } from '../../shard-agent/open-engine.ts';
import type { Engine } from '../../shard-agent/engine.ts';
import type { ToolPaths } from '../../topology/agent-file.ts';
import type { TestServer } from '../servers/server.ts';
import { restoreShard, takeShard, type MemoryShard } from './memory-shard.ts';

const folder = path.join(import.meta.dirname, '..', '..', 'examples', 'accounts');

/** The statements of one file, with another password and another name where there are two accounts on a server. */
function statements(file: string): string[] {
  return readFileSync(path.join(folder, file), 'utf8')
    .replace(/^--.*$/gm, '')
    .split(';')
    .map((statement) => statement.trim())
    .filter((statement) => statement !== '');
}

/** One server for the account of a backup, and one for that of a restore. */
export function testExampleAccounts(
  name: string,
  start: () => Promise<TestServer>,
  files: { readonly backup: string; readonly restore: string },
  tools: ToolPaths = {},
): void {
  let source: TestServer;
  let target: TestServer;
  let shard: MemoryShard;

  const open = (server: TestServer): Promise<Engine> => {
    const { engine, host, port } = server;
    const database = {
      engine,
      host,
      port,
      user: 'tidemark',
      password: { kind: 'none' },
      databases: ['shop'],
    } as const;
    return openEngine(database, 'change-me', tools);
  };

  describe(`${name}: the accounts of the examples`, () => {
    beforeAll(async () => {
      source = await start();
      target = await start();
      if (source.engine === 'postgres') {
        for (const server of [source, target]) await server.run('CREATE ROLE shop_owner');
        await source.run('CREATE DATABASE shop OWNER shop_owner');
        await source.run(
          'SET ROLE shop_owner; CREATE SCHEMA books; CREATE TABLE books.accounts (id int PRIMARY KEY)',
          'shop',
        );
      } else {
        await source.run('CREATE DATABASE shop');
        await source.run('CREATE TABLE shop.accounts (id int PRIMARY KEY)');
      }
      for (const statement of statements(files.backup)) await source.run(statement);
      for (const statement of statements(files.restore)) await target.run(statement);
    });

    afterAll(async () => {
      await source?.stop();
      await target?.stop();
    });

    test('may take a backup, of tables that are made after it too', async () => {
      if (source.engine === 'postgres') {
        await source.run(
          'SET ROLE shop_owner; CREATE TABLE books.later (id int PRIMARY KEY); INSERT INTO books.later VALUES (1)',
          'shop',
        );
      } else {
        await source.run('CREATE TABLE shop.later (id int PRIMARY KEY)');
        await source.run('INSERT INTO shop.later VALUES (1)');
      }
      const engine = await open(source);
      expect((await engine.check()).filter(({ warning }) => !warning)).toEqual([]);
      shard = await takeShard(engine);
      expect(shard.stored.tables.map((table) => table.name).sort()).toEqual(['accounts', 'later']);
    });

    test('may restore', async () => {
      const engine = await open(target);
      expect((await engine.fit(shard.stored)).filter(({ warning }) => !warning)).toEqual([]);
      await restoreShard(engine, shard, 'r1');
      const rows = await target.run(
        `SELECT id FROM ${target.engine === 'postgres' ? 'books' : 'shop'}.later`,
        'shop',
      );
      expect(rows).toEqual([{ id: 1 }]);
    });
  });
}
