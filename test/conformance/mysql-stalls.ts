/** When a server of MySQL's family falls silent, and when it is only at work. */
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, onTestFinished, test } from 'vitest';
import type { RawSink } from '../../shard-agent/engine.ts';
import { TsvRows } from '../../shard-agent/engines/mysql/backup/tsv.ts';
import { openSession } from '../../shard-agent/engines/mysql/connection/connection.ts';
import type { Wire } from '../../shard-agent/engines/mysql/connection/wire.ts';
import { isStall } from '../../shard-agent/stall-watch.ts';
import { stopProcesses } from '../servers/stopped-server.ts';
import type { TestServer } from '../servers/server.ts';
import type { EngineFixture } from './engine-fixture.ts';
import { within } from './waiting.ts';

const stallLimitMs = 1_000;
/** One limit, the look at the server, and what a loaded machine adds. */
const noticedWithinMs = 8 * stallLimitMs;

export function testMysqlStalls(fixture: EngineFixture, server: () => TestServer): void {
  describe(`${fixture.name}: silence`, () => {
    const open = async (): Promise<Wire> => {
      const { host, port, user, password } = server();
      const endpoint = { host, port, user, password, stallLimitMs };
      const { wire } = await openSession(endpoint, { name: 'stalls', localFiles: true });
      onTestFinished(() => wire.close());
      return wire;
    };
    /** Until the end of the test at the latest. */
    const stop = (): void => onTestFinished(stopProcesses(server().pid));
    const expectStall = async (work: Promise<unknown>, words: RegExp): Promise<void> => {
      const error = await within(
        noticedWithinMs,
        'the notice',
        work.catch((thrown: unknown) => thrown),
      );
      expect(isStall(error), String(error)).toBe(true);
      expect(error).toMatchObject({ code: 'database-unreachable', reason: expect.stringMatching(words) });
      expect(String(error)).toContain(`:${server().port}: `);
    };

    test('a statement that takes many times the limit is none', async () => {
      const wire = await open();
      expect(await wire.value(`SELECT SLEEP(${(5 * stallLimitMs) / 1000})`)).toBe('0');
    });

    test('a wait for a lock is none, whoever holds it and however long', async () => {
      const [holder, waiter] = [await open(), await open()];
      await holder.value("SELECT GET_LOCK('stalls', 1)");
      const waiting = waiter.value("SELECT GET_LOCK('stalls', 60)");
      await expect(within(4 * stallLimitMs, 'the lock', waiting)).rejects.toThrow(/took longer/);
      await holder.value("SELECT RELEASE_LOCK('stalls')");
      expect(await waiting).toBe('1');
    });

    test('a server that does not run is noticed in the middle of a statement', async () => {
      const wire = await open();
      const asked = wire.value('SELECT SLEEP(600)');
      stop();
      await expectStall(asked, /in the middle of: SELECT SLEEP\(600\); a second connection/);
    });

    test('a server that does not run is noticed in the middle of rows', async () => {
      const wire = await open();
      let bytes = 0;
      const sink: RawSink = {
        full: false,
        append: (_, start, end) => {
          if (bytes === 0) stop();
          bytes += end - start;
          return undefined;
        },
        endChunk: () => Promise.resolve(),
      };
      const sql = `SELECT REPEAT('x', 1000) FROM ${Array.from({ length: 6 }, (_, n) => `${sixteen} t${n}`).join(', ')}`;
      await expectStall(wire.stream(sql, new TsvRows(sink)), /in the middle of: SELECT REPEAT/);
      expect(bytes).toBeGreaterThan(0);
    });

    test('a server that stops while it takes rows is noticed, and a source that is slow is not', async () => {
      const wire = await open();
      await wire.run('CREATE DATABASE stalls');
      const maker = await open();
      onTestFinished(async () => void (await maker.run('DROP DATABASE stalls')));
      await wire.run('CREATE TABLE stalls.sink (filler text)');
      const load = "LOAD DATA LOCAL INFILE 'x' INTO TABLE stalls.sink";
      async function* slow(): AsyncGenerator<Buffer> {
        yield Buffer.from('a\n');
        await sleep(4 * stallLimitMs);
        yield Buffer.from('b\n');
      }
      expect((await wire.loadLocal(load, slow())).affectedRows).toBe(2);
      let run = (): void => undefined;
      onTestFinished(() => run());
      async function* many(): AsyncGenerator<Buffer> {
        const piece = Buffer.from(`${'x'.repeat(1000)}\n`.repeat(1000));
        yield piece;
        run = stopProcesses(server().pid);
        for (let n = 0; n < 1_000; n += 1) yield piece;
      }
      await expectStall(wire.loadLocal(load, many()), /in the middle of: LOAD DATA LOCAL INFILE/);
      run();
    });
  });
}

/** A table of sixteen rows. */
const sixteen = `(${Array.from({ length: 16 }, (_, n) => `SELECT ${n}`).join(' UNION ')})`;
