/** Tables that are altered or dropped while a backup begins: the same words as later. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Barrier } from '../../shard-agent/engines/postgres/barrier/barrier.ts';
import { DatabaseBarrier } from '../../shard-agent/engines/postgres/barrier/database-barrier.ts';
import { readCatalogue } from '../../shard-agent/engines/postgres/catalogue.ts';
import { Session, type PostgresConfig } from '../../shard-agent/engines/postgres/connection/connection.ts';
import type { PostgresServer } from '../servers/postgres.ts';
import { takeShard } from './memory-shard.ts';
import { openServer, type PostgresFixture } from './postgres-fixture.ts';

export function testPostgresDdl(fixture: PostgresFixture): void {
  describe(`${fixture.name}: DDL while a backup begins`, () => {
    let server: PostgresServer;

    beforeAll(async () => {
      server = await fixture.start();
      await server.run('CREATE DATABASE shop');
      await server.run('CREATE TABLE t (a int); CREATE TABLE scratch (a int)', 'shop');
    });

    afterAll(() => server?.stop());

    test('a table that is gone when it is to be locked has the catalogue read again', async () => {
      const { host, port, user, password } = server;
      const config: PostgresConfig = {
        database: { engine: 'postgres', host, port, user, password: { kind: 'none' }, databases: undefined },
        password,
        tools: {},
      };
      const monitor = await Session.open(config, 'postgres', 'monitor');
      const reader = await Session.open(config, 'shop', 'catalogue');
      const catalogue = await readCatalogue(reader);
      const database = new DatabaseBarrier({ config, catalogue, copyLimitMs: 60_000, locks: true });
      try {
        await server.run('DROP TABLE scratch', 'shop');
        await database.open();
        const barrier = new Barrier({
          databases: [database],
          monitor,
          holdLimitMs: 1_000,
          systemIdentifier: '',
          cancelAutovacuumMs: undefined,
        });
        // Once more would be needed, and nobody waits for it any more.
        await expect(barrier.rehearse(AbortSignal.abort())).rejects.toMatchObject({ code: 'schema-changed' });
        expect(await barrier.rehearse()).toBeGreaterThan(0);
        expect(database.catalogue.tables.map(({ name }) => name)).toEqual(['t']);
      } finally {
        await Promise.all([database.close(), reader.close(), monitor.close()]);
      }
    });

    test('a table that is being altered is named by check and backup, and who alters it', async () => {
      const engine = openServer(server, { databases: ['shop'], tools: fixture.tools });
      const client = await fixture.session(server, 'shop');
      try {
        await client.query('BEGIN; LOCK TABLE t IN ACCESS EXCLUSIVE MODE; SELECT pg_sleep(1.1)');
        const named = {
          code: 'table-locked',
          subject: 'database shop: table public.t',
          cause: expect.stringMatching(
            new RegExp(`^process ${client.processId} of postgres: BEGIN; LOCK TABLE t`),
          ),
        };
        expect(await engine.check()).toContainEqual(expect.objectContaining({ ...named, warning: false }));
        await expect(takeShard(engine)).rejects.toMatchObject({ code: 'table-locked' });
        const { host, port, user, password } = server;
        const reader = await Session.open(
          {
            database: {
              engine: 'postgres',
              host,
              port,
              user,
              password: { kind: 'none' },
              databases: undefined,
            },
            password,
            tools: {},
          },
          'shop',
          'catalogue',
        );
        try {
          await expect(readCatalogue(reader)).rejects.toMatchObject({
            code: 'table-locked',
            subject: 'database shop: public.t',
          });
        } finally {
          await reader.close();
        }
        await client.query('ROLLBACK');
        await takeShard(engine);
      } finally {
        await client.close();
      }
    });
  });
}
