import { expect, test } from 'vitest';
import type { Clock } from '../../../proto/clock.ts';
import { TidemarkError } from '../../../proto/errors.ts';
import type { BarrierReply } from '../../../proto/gen/tidemark/v1/BarrierReply.ts';
import type { BarrierRequest__Output } from '../../../proto/gen/tidemark/v1/BarrierRequest.ts';
import { MessageQueue } from '../../../proto/message-queue.ts';
import { runBarrierCall } from '../../../shard-agent/barrier-call.ts';
import type { Cut, LockOutcome } from '../../../shard-agent/engine.ts';

const position = { kind: 'wal', lsn: '0/1', timeline: 1, systemIdentifier: 's' } as const;
const refusal = new TidemarkError({
  code: 'database-failed',
  operation: 'lock',
  subject: 'one',
  cause: 'no',
});

/** A call whose requests, timers and engine the test moves by hand. */
class Stage {
  readonly replies: BarrierReply[] = [];
  readonly did: string[] = [];
  readonly requests = new MessageQueue<BarrierRequest__Output>({
    pause: () => undefined,
    resume: () => undefined,
  });
  readonly broken = new AbortController();
  readonly stop = new AbortController();
  readonly timers: { ms: number; fire: () => void }[] = [];
  nowMs = 0;
  lock: () => Promise<LockOutcome> = async () => ({ outcome: 'locked', lockMs: 1 });
  cut: () => Promise<Cut> = async () => ({ holdMs: 5, position });

  readonly clock: Clock = {
    now: () => this.nowMs,
    setTimer: (ms, fire) => {
      const timer = { ms, fire };
      this.timers.push(timer);
      return () => this.timers.splice(this.timers.indexOf(timer), 1);
    },
  };

  run(): ReturnType<typeof runBarrierCall> {
    const noted = (name: string): Promise<void> => {
      this.did.push(name);
      return Promise.resolve();
    };
    return runBarrierCall({
      stream: Object.assign(this.requests, {
        send: (reply: BarrierReply) => void this.replies.push(reply),
        broken: this.broken.signal,
      }),
      session: {
        inTheWay: async () => [],
        lock: () => noted('lock').then(() => this.lock()),
        cut: () => noted('cut').then(() => this.cut()),
        cutWithoutLocks: () => noted('cut without locks').then(() => this.cut()),
        unlock: () => noted('unlock'),
        close: () => noted('close'),
      },
      terms: { shard: 'one', holdLimitMs: 100, locks: true },
      clock: this.clock,
      signal: this.stop.signal,
    });
  }

  ask(request: BarrierRequest__Output): void {
    this.requests.push(request);
  }

  async answered(count: number): Promise<void> {
    for (let turns = 0; this.replies.length < count; turns += 1) {
      if (turns > 1000) throw new Error(`${this.replies.length} replies, not ${count}`);
      await new Promise((resolve) => setImmediate(resolve));
    }
  }
}

const freeze = { freeze: { attempt: 1, drainMs: 8 } };
const cut = { cut: { attempt: 1, withoutLocks: false } };

test('after its cut and a half-close the session is handed over, open', async () => {
  const stage = new Stage();
  const run = stage.run();
  stage.ask(freeze);
  await stage.answered(1);
  stage.ask(cut);
  await stage.answered(2);
  stage.requests.end();
  expect(await run).toEqual({ cut: { holdMs: 5, position } });
  expect(stage.did).toEqual(['lock', 'cut']);
  expect(stage.replies).toMatchObject([{ frozen: { attempt: 1 } }, { cutTaken: { attempt: 1, holdMs: 5 } }]);
  expect(stage.timers).toEqual([]);
});

test('the dead man thaws at the hold limit, whether or not the call lives', async () => {
  const stage = new Stage();
  const run = stage.run();
  stage.ask(freeze);
  await stage.answered(1);
  expect(stage.timers.map(({ ms }) => ms)).toEqual([100]);
  stage.nowMs = 100;
  stage.timers[0]?.fire();
  await stage.answered(2);
  expect(stage.replies[1]).toEqual({ thawed: { attempt: 1, holdMs: 100, releaseMs: 0 } });
  stage.requests.end();
  expect(await run).toBeUndefined();
  expect(stage.did).toEqual(['lock', 'unlock', 'close']);
});

test('a call that breaks while the engine waits for its locks: unlocked at once, closed, no error', async () => {
  const stage = new Stage();
  stage.lock = () => new Promise(() => undefined);
  const run = stage.run();
  stage.ask(freeze);
  await new Promise((resolve) => setImmediate(resolve));
  stage.broken.abort();
  expect(await run).toBeUndefined();
  expect(stage.did).toEqual(['lock', 'unlock', 'close']);
});

test('a lock call that throws ends the call with its error, after the unlock', async () => {
  const stage = new Stage();
  stage.lock = () => Promise.reject(refusal);
  const run = stage.run();
  stage.ask(freeze);
  await expect(run).rejects.toBe(refusal);
  expect(stage.did).toEqual(['lock', 'unlock', 'close']);
});

test('a cut that throws is a failed attempt, and the next one may follow', async () => {
  const stage = new Stage();
  stage.cut = () => Promise.reject(refusal);
  const run = stage.run();
  stage.ask(freeze);
  await stage.answered(1);
  stage.ask(cut);
  await stage.answered(2);
  expect(stage.replies[1]).toMatchObject({ blocked: { attempt: 1, reason: refusal.message } });
  stage.ask({ freeze: { attempt: 2, drainMs: 8 } });
  await stage.answered(3);
  expect(stage.replies[2]).toMatchObject({ frozen: { attempt: 2 } });
  stage.requests.fail(new Error('gone'));
  expect(await run).toBeUndefined();
});

test('told to stop: thawed, closed, and the caller learns why', async () => {
  const stage = new Stage();
  const run = stage.run();
  stage.ask(freeze);
  await stage.answered(1);
  const reason = new TidemarkError({
    code: 'interrupted',
    operation: 'serve',
    subject: 'one',
    cause: 'SIGTERM',
  });
  stage.stop.abort(reason);
  await expect(run).rejects.toBe(reason);
  expect(stage.did).toEqual(['lock', 'unlock', 'close']);
});

test('a request that is none ends the call', async () => {
  const stage = new Stage();
  const run = stage.run();
  stage.ask({});
  await expect(run).rejects.toMatchObject({ code: 'internal' });
  expect(stage.did).toEqual(['close']);
});
