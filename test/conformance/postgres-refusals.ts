/** Servers and accounts with which the PostgreSQL engine will not begin, and the statements that change that. */
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openPostgres } from '../../shard-agent/engines/postgres/index.ts';
import type { Engine, Finding } from '../../shard-agent/engine.ts';
import { startPgbouncer } from '../servers/pgbouncer.ts';
import type { PostgresServer } from '../servers/postgres.ts';
import { startPostgresReplica } from '../servers/replicas.ts';
import { newFolder } from '../servers/run-folder.ts';
import { backupOrder as usualOrder } from './engine-conformance.ts';
import { takeShard } from './memory-shard.ts';
import { majorOf, type PostgresFixture } from './postgres-fixture.ts';
import { eventually } from './waiting.ts';

const never = new AbortController().signal;
/** As many lanes as `check` assumes, so that both count the same connections. */
const backupOrder = { ...usualOrder, lanes: 4 };

export function testPostgresRefusals(fixture: PostgresFixture): void {
  describe(`${fixture.name}: refusals`, () => {
    let server: PostgresServer;

    function openAs(user: string, at: { host: string; port: number } = server): Engine {
      return openPostgres({
        database: {
          engine: 'postgres',
          host: at.host,
          port: at.port,
          user,
          password: { kind: 'none' },
          databases: ['bank'],
        },
        password: user === 'postgres' ? server.password : 'secret',
        tools: fixture.tools,
      });
    }

    async function stopping(engine: Engine): Promise<Finding[]> {
      return (await engine.check()).filter((finding) => !finding.warning);
    }

    /** Whatever a remedy says in SQL, in the database it speaks of. */
    async function obey(finding: Finding): Promise<void> {
      const sql = finding.remedy.slice(0, finding.remedy.lastIndexOf(';') + 1);
      expect(sql).toMatch(/^(GRANT|ALTER) /);
      await server.run(sql, 'bank');
    }

    beforeAll(async () => {
      server = await fixture.start({ settings: { wal_level: 'replica', max_wal_senders: '4' } });
      await server.run('CREATE DATABASE bank');
      await server.run(
        `CREATE SCHEMA ledger; CREATE TABLE ledger.accounts (id serial PRIMARY KEY, balance bigint);
         INSERT INTO ledger.accounts (balance) SELECT 100 FROM generate_series(1, 100);
         CREATE TABLE ledger.moves (at date NOT NULL, n int) PARTITION BY RANGE (at);
         CREATE TABLE ledger.moves_all PARTITION OF ledger.moves DEFAULT;
         INSERT INTO ledger.moves VALUES ('2026-01-01', 1);
         SELECT lo_from_bytea(7, 'seven');
         REVOKE CONNECT ON DATABASE bank FROM PUBLIC`,
        'bank',
      );
    });

    afterAll(async () => {
      await server?.stop();
    });

    describe('an account with less than it needs', () => {
      test('every statement that check prints, executed, takes its finding away, until a backup works', async () => {
        await server.run(`CREATE ROLE tidemark LOGIN PASSWORD 'secret'`);
        const engine = openAs('tidemark');
        const seen: string[] = [];
        for (let round = 0; round < 6; round += 1) {
          const findings = await stopping(engine);
          if (findings.length === 0) break;
          await expect(engine.prepareBackup(backupOrder)).rejects.toMatchObject({ code: findings[0]?.code });
          for (const finding of findings) {
            seen.push(finding.remedy);
            await obey(finding);
          }
          const left = await stopping(engine);
          expect(
            left.filter((finding) => findings.some((before) => before.remedy === finding.remedy)),
          ).toEqual([]);
        }
        expect(await stopping(engine)).toEqual([]);
        expect(seen).toEqual(
          expect.arrayContaining([
            'GRANT CONNECT ON DATABASE "bank" TO "tidemark";',
            'GRANT USAGE ON SCHEMA "ledger" TO "tidemark";',
            'GRANT SELECT ON TABLE "ledger"."accounts" TO "tidemark";',
            `GRANT ${lockPrivilege()} ON TABLE "ledger"."accounts" TO "tidemark";`,
            'GRANT SELECT ON SEQUENCE "ledger"."accounts_id_seq" TO "tidemark";',
            `GRANT ${lockPrivilege()} ON TABLE "ledger"."moves" TO "tidemark";`,
            'GRANT SELECT ON TABLE "ledger"."moves_all" TO "tidemark";',
            'GRANT SELECT ON LARGE OBJECT 7 TO "tidemark";',
            'GRANT pg_read_all_stats TO "tidemark";',
          ]),
        );
        const set = await takeShard(engine);
        expect(set.chunks.reduce((rows, chunk) => rows + chunk.line.rows, 0)).toBe(101);
        expect(set.stored.schema.map((line) => line.name)).toEqual(['archive', 'large-objects']);
      });

      const revocations = [
        'REVOKE CONNECT ON DATABASE bank FROM tidemark',
        'REVOKE USAGE ON SCHEMA ledger FROM tidemark',
        'REVOKE SELECT ON ledger.accounts FROM tidemark',
        'REVOKE LOCKING ON ledger.accounts FROM tidemark',
        'REVOKE SELECT ON ledger.moves FROM tidemark',
        'REVOKE LOCKING ON ledger.moves FROM tidemark',
        'REVOKE SELECT ON ledger.moves_all FROM tidemark',
        'REVOKE LOCKING ON ledger.moves_all FROM tidemark',
        'REVOKE SELECT ON SEQUENCE ledger.accounts_id_seq FROM tidemark',
        'REVOKE SELECT ON LARGE OBJECT 7 FROM tidemark',
        'REVOKE pg_read_all_stats FROM tidemark',
        'ALTER TABLE ledger.accounts ENABLE ROW LEVEL SECURITY',
        'ALTER ROLE tidemark CONNECTION LIMIT 2',
      ];
      for (const revocation of revocations) {
        test(`after ${revocation}: one finding, and its statement mends it`, async () => {
          const engine = openAs('tidemark');
          expect(await stopping(engine)).toEqual([]);
          await server.run(revocation.replace('LOCKING', lockPrivilege()), 'bank');
          const findings = await stopping(engine);
          expect(findings).toHaveLength(1);
          const [finding] = findings as [Finding];
          await expect(engine.prepareBackup(backupOrder)).rejects.toMatchObject({
            code: finding.code,
            remedy: finding.remedy,
          });
          await obey(finding);
          expect(await stopping(engine)).toEqual([]);
          await takeShard(engine);
          await server.run('ALTER TABLE ledger.accounts DISABLE ROW LEVEL SECURITY', 'bank');
        });
      }

      test('deadlock_timeout and pg_largeobject are warned of', async () => {
        const warnings = (await openAs('tidemark').check()).filter((finding) => finding.warning);
        expect(warnings.map((warning) => warning.remedy)).toEqual([
          'GRANT SET ON PARAMETER deadlock_timeout TO "tidemark";',
          'ALTER ROLE "tidemark" SUPERUSER;',
        ]);
      });

      test('a pg_dump older than the server is refused', async () => {
        const folder = newFolder('tool', undefined);
        const old = path.join(folder, 'pg_dump');
        await writeFile(old, '#!/bin/sh\necho "pg_dump (PostgreSQL) 13.9"\n', { mode: 0o755 });
        const engine = openPostgres({
          database: {
            engine: 'postgres',
            host: server.host,
            port: server.port,
            user: 'postgres',
            password: { kind: 'none' },
            databases: ['bank'],
          },
          password: server.password,
          tools: { pgDump: old },
        });
        expect(await stopping(engine)).toEqual([
          expect.objectContaining({ code: 'tool-missing', cause: expect.stringMatching(/version 13/) }),
        ]);
      });
    });

    describe('what could not be restored', () => {
      test('a function whose body the server itself shows wrong is named until its parameter is', async () => {
        const make = (parameter: string, value: string): Promise<unknown> =>
          server.run(
            `CREATE OR REPLACE FUNCTION ledger.richer(${parameter} bigint) RETURNS TABLE (account int) LANGUAGE sql
             BEGIN ATOMIC SELECT id FROM ledger.accounts WHERE balance > ${value}; END`,
            'bank',
          );
        await make('', '$1');
        expect(await stopping(openAs('postgres'))).toEqual([
          expect.objectContaining({
            code: 'not-supported',
            subject: expect.stringContaining('ledger.richer(bigint)'),
          }),
        ]);
        await make('than', 'than');
        expect(await stopping(openAs('postgres'))).toEqual([]);
        await server.run('DROP FUNCTION ledger.richer', 'bank');
      });
    });

    describe('a server that is not the sole writable primary, reached directly', () => {
      test('a read-only server', async () => {
        await setReadOnly('on');
        try {
          await expect(openAs('postgres').prepareBackup(backupOrder)).rejects.toMatchObject({
            code: 'shard-refused',
            reason: expect.stringMatching(/read-only/),
          });
        } finally {
          await setReadOnly('off');
        }
      });

      test('a streaming replica', async () => {
        const replica = await startPostgresReplica(server);
        try {
          const engine = fixture.open(replica);
          await expect(engine.prepareBackup(backupOrder)).rejects.toMatchObject({
            code: 'shard-refused',
            reason: expect.stringMatching(/recovery/),
          });
          expect(await engine.describe()).toMatchObject({
            identity: (await fixture.open(server).describe()).identity,
          });
          expect(await engine.fit((await takeShard(openAs('postgres'))).stored)).toContainEqual(
            expect.objectContaining({ code: 'shard-refused' }),
          );
        } finally {
          await replica.stop();
        }
      });

      test('a primary that becomes another while the copy runs', async () => {
        const session = await openAs('postgres').prepareBackup(backupOrder);
        try {
          await session.lock(500, never);
          await session.cut();
          await session.confirmServer();
          await setReadOnly('on');
          await expect(session.confirmServer()).rejects.toMatchObject({ code: 'shard-refused' });
        } finally {
          await session.close();
          await setReadOnly('off');
        }
      });

      for (const mode of ['session', 'transaction'] as const) {
        test(`a pooler in ${mode} mode`, async () => {
          const pooler = await startPgbouncer(server, { user: server.user, password: server.password }, mode);
          try {
            await expect(openAs('postgres', pooler).prepareBackup(backupOrder)).rejects.toMatchObject({
              code: 'shard-refused',
              reason: expect.stringMatching(/pooler/),
            });
          } finally {
            await pooler.stop();
          }
        });
      }
    });

    /** The least that allows to lock a table: PostgreSQL 17 has a privilege that gives no right to write. */
    const lockPrivilege = (): string => (majorOf(server) >= 17 ? 'MAINTAIN' : 'UPDATE');

    /** For new sessions, as soon as the server has reloaded its settings. */
    async function setReadOnly(value: 'on' | 'off'): Promise<void> {
      await server.run(`ALTER SYSTEM SET default_transaction_read_only = ${value}`);
      await server.run('SELECT pg_reload_conf()');
      const asked = async (): Promise<unknown> =>
        (await server.run('SHOW default_transaction_read_only'))[0]?.['default_transaction_read_only'];
      expect(await eventually(asked, value)).toBe(value);
    }
  });
}
