/** When a PostgreSQL server, or one of its processes, falls silent, and when it is only at work. */
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import type { RawSink } from '../../shard-agent/engine.ts';
import { copyOut } from '../../shard-agent/engines/postgres/backup/copy-out.ts';
import { Session } from '../../shard-agent/engines/postgres/connection/connection.ts';
import type { Wire } from '../../shard-agent/engines/postgres/connection/wire.ts';
import { copyIn } from '../../shard-agent/engines/postgres/restore/copy-in.ts';
import { isStall } from '../../shard-agent/stall-watch.ts';
import { stopProcesses } from '../servers/stopped-server.ts';
import type { TestServer } from '../servers/server.ts';
import type { PostgresFixture } from './postgres-fixture.ts';
import { within } from './waiting.ts';

const stallLimitMs = 1_000;
/** One limit, the look at the server, and what a loaded machine adds. */
const noticedWithinMs = 8 * stallLimitMs;
const never = new AbortController().signal;

export function testPostgresStalls(fixture: PostgresFixture): void {
  describe(`${fixture.name}: silence`, () => {
    let server: TestServer;

    beforeAll(async () => {
      server = await fixture.start();
      await server.run('CREATE TABLE public.sink (n bigint, filler text)');
    });
    afterAll(() => server?.stop());

    const open = async (): Promise<Session & { wire: Wire }> => {
      const { host, port, user, password } = server;
      const database = { engine: 'postgres', host, port, user, password: { kind: 'none' } } as const;
      const config = { database: { ...database, databases: undefined, stallLimitMs }, password, tools: {} };
      const session = await Session.open(config, 'postgres', 'stalls', { copy: true });
      onTestFinished(() => session.close());
      return session as Session & { wire: Wire };
    };
    /** Until the end of the test at the latest. */
    const stop = (pid: number): void => onTestFinished(stopProcesses(pid));
    const expectStall = async (work: Promise<unknown>, words: RegExp): Promise<void> => {
      const error = await within(
        noticedWithinMs,
        'the notice',
        work.catch((thrown: unknown) => thrown),
      );
      expect(isStall(error), String(error)).toBe(true);
      expect(error).toMatchObject({ code: 'database-unreachable', reason: expect.stringMatching(words) });
      expect(String(error)).toContain(`:${server.port}: database postgres`);
    };

    test('a statement that takes many times the limit is none', async () => {
      const session = await open();
      await session.script(`SELECT pg_catalog.pg_sleep(${(5 * stallLimitMs) / 1000})`);
    });

    test('a wait for a lock is none, whoever holds it and however long', async () => {
      const [holder, waiter] = [await open(), await open()];
      await holder.script('BEGIN; LOCK TABLE public.sink IN ACCESS EXCLUSIVE MODE');
      const waiting = waiter.script('BEGIN; LOCK TABLE public.sink IN ACCESS SHARE MODE; COMMIT');
      await expect(within(4 * stallLimitMs, 'the lock', waiting)).rejects.toThrow(/took longer/);
      await holder.script('COMMIT');
      expect((await waiting).at(-1)?.command).toBe('COMMIT');
    });

    test('a server whose processes do not run is noticed in the middle of a statement', async () => {
      const session = await open();
      const asked = session.script('SELECT pg_catalog.pg_sleep(600)');
      stop(server.pid);
      await expectStall(asked, /in the middle of: SELECT pg_catalog.pg_sleep\(600\); a second connection/);
    });

    test('a server process that never takes the question is noticed, though the server answers', async () => {
      const session = await open();
      stop(session.greetedPid);
      await expectStall(session.script('SELECT 1'), /second connection; of process \d+ it says: idle/);
    });

    test('a server process that stops in the middle of rows is noticed, though the server answers', async () => {
      const session = await open();
      let bytes = 0;
      const sink: RawSink = {
        full: false,
        append: (_, start, end) => {
          if (bytes === 0) stop(session.greetedPid);
          bytes += end - start;
          return undefined;
        },
        endChunk: () => Promise.resolve(),
      };
      const sql = "COPY (SELECT generate_series(1, 10000000), repeat('x', 1000)) TO STDOUT";
      const copy = { sql, binary: false, doing: 'COPY of public.t' };
      await expectStall(
        copyOut(session.wire, copy, sink, never),
        /in the middle of: COPY of public\.t; the server answers/,
      );
      expect(bytes).toBeGreaterThan(0);
      session.destroy();
    });

    test('a server process that stops while it takes rows is noticed, though the server answers', async () => {
      const session = await open();
      async function* rows(): AsyncGenerator<Buffer> {
        const piece = Buffer.from(`1\t${'x'.repeat(1000)}\n`.repeat(1000));
        yield piece;
        stop(session.greetedPid);
        for (let n = 0; n < 1_000; n += 1) yield piece;
      }
      const copy = { sql: 'COPY public.sink FROM STDIN', doing: 'COPY into public.sink' };
      await expectStall(
        copyIn(session.wire, copy, rows(), never),
        /in the middle of: COPY into public\.sink; the server answers/,
      );
      session.destroy();
    });

    test('rows that the server is slow to take are none, as long as it takes some', async () => {
      const session = await open();
      await session.script(`CREATE FUNCTION public.slowly(bigint) RETURNS boolean LANGUAGE plpgsql
          AS 'BEGIN PERFORM pg_catalog.pg_sleep(0.2); RETURN true; END';
        CREATE TABLE public.slow (n bigint CHECK (public.slowly(n)), pad text)`);
      // 18 counts rows batch by batch, and a batch is full at 64 KiB.
      const row = `1\t${'x'.repeat(70_000)}\n`;
      async function* rows(): AsyncGenerator<Buffer> {
        for (let n = 0; n < (5 * stallLimitMs) / 200; n += 1) yield Buffer.from(row);
      }
      const copy = { sql: 'COPY public.slow FROM STDIN', doing: 'COPY' };
      expect(await copyIn(session.wire, copy, rows(), never)).toBe((5 * stallLimitMs) / 200);
    });

    test('rows that we are slow to take or to give are none', async () => {
      const session = await open();
      let waits = 0;
      const sink: RawSink = {
        full: false,
        append: () => {
          waits += 1;
          if (waits !== 1) return undefined;
          return new Promise((resolve) => {
            setTimeout(resolve, 4 * stallLimitMs);
          });
        },
        endChunk: () => Promise.resolve(),
      };
      const sql = "COPY (SELECT repeat('x', 1000) FROM generate_series(1, 20000) n) TO STDOUT";
      expect(await copyOut(session.wire, { sql, binary: false }, sink, never)).toBe(20_000);
      async function* rows(): AsyncGenerator<Buffer> {
        yield Buffer.from('1\ta\n');
        await new Promise((resolve) => {
          setTimeout(resolve, 4 * stallLimitMs);
        });
        yield Buffer.from('2\tb\n');
      }
      const copy = { sql: 'COPY public.sink FROM STDIN', doing: 'COPY' };
      expect(await copyIn(session.wire, copy, rows(), never)).toBe(2);
    });
  });
}
