/** The claim on a server's restores: one holder at most, free at once when it dies. */
import { spawn, type ChildProcess } from 'node:child_process';
import path from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import type { ClaimOutcome, Engine, RestoreClaim } from '../../shard-agent/engine.ts';
import type { TestServer } from '../servers/server.ts';
import type { EngineFixture } from './engine-fixture.ts';
import { eventually, within } from './waiting.ts';

const never = new AbortController().signal;

export function testClaim(fixture: EngineFixture, server: () => TestServer): void {
  const open: RestoreClaim[] = [];
  const ask = async (engine: Engine = fixture.open(server())): Promise<ClaimOutcome> => {
    const outcome = await engine.claimRestores(never);
    if (outcome.outcome === 'claimed') open.push(outcome.claim);
    return outcome;
  };
  const take = async (engine?: Engine): Promise<RestoreClaim> => {
    const outcome = await ask(engine);
    if (outcome.outcome === 'held') throw new Error(`held by ${outcome.holder}`);
    return outcome.claim;
  };

  describe(`${fixture.name}: the claim on its restores`, () => {
    afterEach(async () => {
      for (const claim of open.splice(0)) await claim.release();
    });

    test('a second claim is refused, with the first named, until the first is given back', async () => {
      const first = await take();
      await first.confirm();
      const second = await ask();
      expect(second).toMatchObject({
        outcome: 'held',
        holder: expect.stringMatching(new RegExp(`\\d+ on the server.*${server().user}`)),
      });
      await first.release();
      await first.release();
      await (await take()).confirm();
    });

    test('agents that may connect to different databases of one server exclude each other too', async () => {
      const names = ['postgres', 'bank'];
      const holder = await take(fixture.open(server(), names));
      expect(await ask(fixture.open(server(), ['audit']))).toMatchObject({ outcome: 'held' });
      await holder.release();
      await take(fixture.open(server(), ['audit']));
      expect(await ask(fixture.open(server(), names))).toMatchObject({ outcome: 'held' });
    });

    test('of many that ask at once at most one gets it, and afterwards it is free', async () => {
      for (let round = 0; round < 5; round += 1) {
        const outcomes = await Promise.all(
          Array.from({ length: 6 }, (_, index) =>
            ask(fixture.open(server(), index % 2 === 0 ? ['postgres', 'bank'] : ['audit'])),
          ),
        );
        expect(outcomes.filter(({ outcome }) => outcome === 'claimed').length).toBeLessThanOrEqual(1);
        for (const claim of open.splice(0)) await claim.release();
        await (await take()).release();
      }
    });

    test('after kill -9 of its holder it is free at once', async () => {
      const holder = await startHolder(fixture, server());
      try {
        expect(await ask()).toMatchObject({ outcome: 'held' });
        holder.process.kill('SIGKILL');
        await holder.ended;
        expect(await eventually(async () => (await ask()).outcome, 'claimed', 1_000)).toBe('claimed');
      } finally {
        holder.process.kill('SIGKILL');
        await holder.ended;
      }
    });

    test('a holder whose session the server ended knows it', async () => {
      const claim = await take();
      const lost = new Promise<void>((resolve) =>
        claim.lost.addEventListener('abort', () => resolve(), { once: true }),
      );
      await endClaimSessions(fixture, server());
      await within(2_000, 'the news of the loss', lost);
      expect(claim.lost.reason).toMatchObject({ code: 'database-unreachable' });
      await expect(claim.confirm()).rejects.toMatchObject({ code: 'database-unreachable' });
      await (await take()).confirm();
    });

    test('a claim given back is not a lost one, and leaves no session', async () => {
      const before = await fixture.countSessions(server());
      const claim = await take();
      await claim.release();
      await ask();
      for (const each of open.splice(0)) await each.release();
      expect(await eventually(() => fixture.countSessions(server()), before)).toBe(before);
      expect(claim.lost.aborted).toBe(false);
    });

    test('a caller that was told to stop gets no claim, and leaves none', async () => {
      const reason = new Error('told to stop');
      await expect(fixture.open(server()).claimRestores(AbortSignal.abort(reason))).rejects.toBe(reason);
      const stop = new AbortController();
      const asked = fixture.open(server()).claimRestores(stop.signal);
      stop.abort(reason);
      await expect(asked).rejects.toBe(reason);
      await take();
    });
  });
}

async function endClaimSessions(fixture: EngineFixture, server: TestServer): Promise<void> {
  if (fixture.engine === 'postgres') {
    await server.run(
      "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'tidemark restore claim'",
    );
    return;
  }
  const [row] = await server.run("SELECT IS_USED_LOCK('tidemark.restores') AS id");
  await server.run(`KILL CONNECTION ${Number(row?.['id'])}`);
}

async function startHolder(
  fixture: EngineFixture,
  server: TestServer,
): Promise<{ process: ChildProcess; ended: Promise<void> }> {
  const order = {
    database: {
      engine: fixture.engine,
      host: server.host,
      port: server.port,
      user: server.user,
      password: { kind: 'none' },
      databases: undefined,
    },
    password: server.password,
    tools: fixture.tools,
  };
  const child = spawn(
    process.execPath,
    [path.join(import.meta.dirname, 'claim-holder-process.ts'), JSON.stringify(order)],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  );
  const ended = new Promise<void>((resolve) => child.on('close', () => resolve()));
  await new Promise<void>((resolve, reject) => {
    child.stdout.once('data', (said: Buffer) => {
      if (said.toString() === 'claimed\n') resolve();
      else reject(new Error(`the holder said ${said.toString()}`));
    });
    child.on('close', () => reject(new Error('the holder ended')));
  });
  return { process: child, ended };
}
