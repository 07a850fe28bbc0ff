/** Both drivers over the real channel: gRPC on loopback, the engine's session replaced by one that only keeps a record. */
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, expect, test } from 'vitest';
import { openBarrier, reachCut, type BarrierMember } from '../../../coordinator/barrier.ts';
import { connectAgent, serveAgent, type AgentImplementation } from '../../../proto/channel.ts';
import { TidemarkError, type ErrorCode } from '../../../proto/errors.ts';
import { runBarrierCall, type BarrierCall } from '../../../shard-agent/barrier-call.ts';
import type { Cut, LockOutcome } from '../../../shard-agent/engine.ts';
import { displayWidth } from '../../../topology/display-text.ts';
import type { BarrierConfig } from '../../../topology/topology.ts';

const config: BarrierConfig = {
  consistency: 'atomic',
  holdLimitMs: 1_000,
  deadlineMs: 5_000,
  maxHoldPerMinuteMs: 6_000,
  onDeadline: 'fail',
};
const plaintext = { kind: 'plaintext' } as const;
const stepPoint = Symbol.for('tidemark.stepPoint');

/** What one agent did, in order. */
class Recorder implements Record<keyof BarrierCall['session'], unknown> {
  readonly did: string[] = [];
  locked: () => Promise<LockOutcome> = async () => ({ outcome: 'locked', lockMs: 1 });

  async inTheWay(): Promise<[]> {
    return [];
  }

  async lock(): Promise<LockOutcome> {
    this.did.push('lock');
    return this.locked();
  }

  async cut(): Promise<Cut> {
    this.did.push('cut');
    return { holdMs: 3, position: { kind: 'binlog', file: 'b.7', offset: 4, gtidSet: '', serverUuid: 'u' } };
  }

  async cutWithoutLocks(): Promise<Cut> {
    return this.cut();
  }

  async unlock(): Promise<void> {
    this.did.push('unlock');
  }

  async close(): Promise<void> {
    this.did.push('close');
  }
}

interface Shard {
  readonly recorder: Recorder;
  readonly member: () => BarrierMember;
  readonly die: () => Promise<void>;
  readonly stop: AbortController;
}

const cleanUps: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  delete (globalThis as Record<symbol, unknown>)[stepPoint];
  for (const cleanUp of cleanUps.splice(0).reverse()) await cleanUp();
});

async function startShard(name: string, refuse?: TidemarkError): Promise<Shard> {
  const recorder = new Recorder();
  const stop = new AbortController();
  const barrier: AgentImplementation['barrier'] = async (call) => {
    const requests = call[Symbol.asyncIterator]();
    await requests.next();
    if (refuse !== undefined) throw refuse;
    call.send({ prepared: { uncontendedLockMs: 1 } });
    const terms = { shard: name, holdLimitMs: config.holdLimitMs, locks: true };
    const ended = await runBarrierCall({ stream: call, session: recorder, terms, signal: stop.signal });
    recorder.did.push(ended === undefined ? 'ended without a cut' : 'handed over');
  };
  const server = await serveAgent('127.0.0.1:0', plaintext, { barrier } as AgentImplementation);
  const client = connectAgent(server.address, plaintext);
  cleanUps.push(() => server.close(0));
  cleanUps.push(() => client.close());
  return {
    recorder,
    stop,
    member: () => ({ shard: name, stream: client.barrier(), prepare: {} }),
    die: () => server.close(0),
  };
}

function never(): AbortSignal {
  return new AbortController().signal;
}

async function until(happened: () => boolean): Promise<void> {
  for (let ms = 0; !happened(); ms += 5) {
    if (ms > 5_000) throw new Error('it did not happen within 5 s');
    await sleep(5);
  }
}

function whenAllFrozen(hook: () => Promise<void> | void): void {
  (globalThis as Record<symbol, unknown>)[stepPoint] = (point: string) =>
    point === 'coordinator.frozen' ? hook() : undefined;
}

async function codeOf(failing: Promise<unknown>): Promise<ErrorCode | undefined> {
  const error = await failing.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  return error instanceof TidemarkError ? error.code : undefined;
}

test('all shards are cut and handed over before reachCut resolves', async () => {
  const shards = [await startShard('one'), await startShard('two')];
  const open = await openBarrier(
    shards.map((shard) => shard.member()),
    never(),
  );
  expect(open.shards.map(({ shard }) => shard)).toEqual(['one', 'two']);
  const evidence = await reachCut(open, config, { signal: never() });
  expect(evidence).toMatchObject({ attempts: 1, consistency: 'atomic', longestHoldMs: 3 });
  expect(evidence.shards[1]).toMatchObject({
    name: 'two',
    holdMs: 3,
    position: { kind: 'binlog', file: 'b.7', offset: 4, gtidSet: '', serverUuid: 'u' },
  });
  for (const { recorder } of shards) expect(recorder.did).toEqual(['lock', 'cut', 'handed over']);
});

test("an agent that refuses to prepare: its own words, and the others' calls are broken", async () => {
  const refusal = {
    code: 'shard-refused',
    operation: 'prepare',
    subject: 'two',
    cause: 'it is a replica',
  } as const;
  const one = await startShard('one');
  const two = await startShard('two', new TidemarkError(refusal));
  await expect(openBarrier([one.member(), two.member()], never())).rejects.toMatchObject({
    code: 'shard-refused',
    reason: expect.stringContaining('it is a replica') as string,
  });
  expect(one.recorder.did).not.toContain('lock');
});

test('an agent that dies while all are frozen: unreachable, and the other one thaws', async () => {
  const [one, two] = [await startShard('one'), await startShard('two')];
  const open = await openBarrier([one.member(), two.member()], never());
  whenAllFrozen(() => two.die());
  expect(await codeOf(reachCut(open, config, { signal: never() }))).toBe('agent-unreachable');
  await until(() => one.recorder.did.includes('ended without a cut'));
  expect(one.recorder.did).not.toContain('handed over');
  expect(one.recorder.did).toContain('close');
});

test('an interruption while all are frozen: everybody thaws, and the CUT that was held up is not sent', async () => {
  const shards = [await startShard('one'), await startShard('two')];
  const open = await openBarrier(
    shards.map((shard) => shard.member()),
    never(),
  );
  const interrupt = new AbortController();
  const held = Promise.withResolvers<void>();
  whenAllFrozen(() => {
    interrupt.abort(
      new TidemarkError({ code: 'interrupted', operation: 'back up', subject: 'shop', cause: 'Ctrl-C' }),
    );
    return held.promise;
  });
  expect(await codeOf(reachCut(open, config, { signal: interrupt.signal }))).toBe('interrupted');
  held.resolve();
  await until(() => shards.every(({ recorder }) => recorder.did.includes('ended without a cut')));
  for (const { recorder } of shards)
    expect(recorder.did).toEqual(['lock', 'unlock', 'close', 'ended without a cut']);
});

test('an agent that is told to stop between its cut and the end of the call does not pass for one that handed over', async () => {
  const [one, two] = [await startShard('one'), await startShard('two')];
  const open = await openBarrier([one.member(), two.member()], never());
  let cuts = 0;
  (globalThis as Record<symbol, unknown>)[stepPoint] = (point: string) => {
    // Both agents live in this process: stop the second when both have cut, before the coordinator can know it.
    if (point === 'agent.thawed' && (cuts += 1) === 2) setImmediate(() => two.stop.abort());
  };
  const code = await codeOf(reachCut(open, config, { signal: never() }));
  expect(two.recorder.did).not.toContain('handed over');
  expect(code).toBe('agent-unreachable');
});

test('a shard that never drains: exit code 3 at the deadline, nobody left frozen', async () => {
  const [one, two] = [await startShard('one'), await startShard('two')];
  two.recorder.locked = async () => ({
    outcome: 'blocked',
    reason: 'not drained in time',
    blockers: [],
    holdMs: 5,
  });
  const open = await openBarrier([one.member(), two.member()], never());
  const short = { ...config, deadlineMs: 150 };
  await expect(reachCut(open, short, { signal: never() })).rejects.toMatchObject({
    code: 'barrier-not-reached',
    exitCode: 3,
    reason: expect.stringMatching(/^ {2}two .*not drained in time$/m) as string,
  });
  await until(() => one.recorder.did.includes('ended without a cut'));
  const { did } = one.recorder;
  expect(did.filter((what) => what === 'unlock').length).toBe(did.filter((what) => what === 'lock').length);
});

test('of very many that are in the way some are named, and the rest is counted', async () => {
  const shard = await startShard('one');
  const blockers = Array.from({ length: 5_000 }, (_, n) => ({
    kind: 'writer' as const,
    processId: `p${n}`,
    user: 'app',
    database: 'shop',
    application: 'transfers',
    client: '',
    state: 'active',
    ageMs: 1,
    statement: 'UPDATE accounts',
    transaction: `t${n}`,
  }));
  shard.recorder.locked = async () => ({ outcome: 'blocked', reason: 'not drained', blockers, holdMs: 5 });
  const open = await openBarrier([shard.member()], never());
  const failure = await reachCut(open, { ...config, deadlineMs: 150 }, { signal: never() }).catch(String);
  expect(failure).toMatch(/p19 .*UPDATE accounts\n {2}one .*and 4980 more/);
  expect(failure).not.toContain('p20');
});

test('a statement of several lines and a hostile name stay in their line of the message', async () => {
  const shard = await startShard('one');
  const blocker = {
    kind: 'writer' as const,
    processId: '4711',
    user: '长\u202eresu',
    database: 'shop',
    application: '\x1b[2Japp',
    client: '',
    state: 'active',
    ageMs: 1,
    statement: 'UPDATE accounts\r\n\tSET balance = 0\n',
    transaction: 't',
  };
  const blockers = [blocker, { ...blocker, processId: '4712', user: 'app', application: 'transfers' }];
  shard.recorder.locked = async () => ({ outcome: 'blocked', reason: 'not drained', blockers, holdMs: 5 });
  const open = await openBarrier([shard.member()], never());
  const failure = await reachCut(open, { ...config, deadlineMs: 150 }, { signal: never() }).catch(
    (error: unknown) => error as TidemarkError,
  );
  if (!(failure instanceof TidemarkError)) throw new Error('the barrier was reached');
  const lines = failure.reason.split('\n').slice(1);
  expect(lines).toHaveLength(3);
  expect(lines[1]).toContain('长\\u{202e}resu');
  expect(lines[1]).toMatch(/UPDATE accounts SET balance = 0$/);
  const columnsOf = lines.map((line) => displayWidth(line.slice(0, line.search(/statement|UPDATE/))));
  expect(new Set(columnsOf).size).toBe(1);
});
