/**
 * The simulation of restores must be able to fail. Every rule of decision and settling is taken out of a copy of the project in
 * turn, and the scenarios that pass with the real code must find it out.
 */
import { execFile } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Kind } from './scenarios.ts';

interface Mutation {
  readonly rule: string;
  readonly file: string;
  /** As it is in the file, exactly once. */
  readonly source: string;
  readonly instead: string;
  readonly kind: Kind;
}

const course = 'shard-agent/restore-course.ts';
const ending = 'repository/restore-ending.ts';
const settle = 'coordinator/restore/settle.ts';

const mutations: readonly Mutation[] = [
  {
    rule: 'nobody records `open` before every shard has switched',
    file: ending,
    source: '  if (waitingFor.length > 0) return { ending: undefined, waitingFor };\n',
    instead: '',
    kind: 'aimed',
  },
  {
    rule: 'a shard that has switched stays closed until the ending says `open`',
    file: course,
    source: '    const heard = this.#orders?.heard();\n',
    instead: "    const heard = this.#orders?.heard();\n    if (heard === undefined) return 'open';\n",
    kind: 'aimed',
  },
  {
    rule: 'an agent without a coordinator asks the record of the decision',
    file: course,
    source: "() => decide(store, cluster, restore, 'undo')",
    instead: "() => Promise.resolve('switch' as const)",
    kind: 'accidents',
  },
  {
    rule: 'whoever creates the decision decides, for everybody',
    file: 'repository/restore-decision.ts',
    source: '    () => readDecision(store, cluster, restore),\n',
    instead: '    () => Promise.resolve(decision),\n',
    kind: 'aimed',
  },
  {
    rule: 'whoever creates the ending decides, for everybody',
    file: ending,
    source: '    () => readEnding(store, cluster, restore),\n',
    instead: '    () => Promise.resolve(ending),\n',
    kind: 'given-up',
  },
  {
    rule: 'the coordinator heeds an agent that has decided to undo',
    file: 'coordinator/restore/course.ts',
    source:
      "if ((await decide(run.store, target.cluster, restore, 'switch')) === 'undo') throw undoneByAgent(restore);",
    instead: "await decide(run.store, target.cluster, restore, 'switch');",
    kind: 'aimed',
  },
  {
    rule: 'targets are closed, and empty, before the decision',
    file: 'coordinator/restore/course.ts',
    source: "    await onAll(shards, 'close the target', run.signal, close, clock);\n",
    instead: '    void close;\n',
    kind: 'stranger',
  },
  {
    rule: 'what was loaded is undone when the restore fails before the decision',
    file: course,
    source: '      await this.#patiently(failure, () => this.#undo());\n',
    instead: '',
    kind: 'accidents',
  },
  {
    rule: 'that a shard has switched is recorded after it has',
    file: course,
    source: "    const abandoned = await this.#step('switching'",
    instead:
      "    await recordShardStep(store, cluster, restore, shard, 'switched').catch(() => undefined);\n    const abandoned = await this.#step('switching'",
    kind: 'aimed',
  },
  {
    rule: 'a switch that is refused again and again can be given up',
    file: course,
    source: "      if ((await readEnding(store, cluster, restore)) === 'undo') return true;\n",
    instead: '      void readEnding;\n',
    kind: 'stuck',
  },
  {
    rule: 'that a shard is open is recorded before the marks on its server are removed',
    file: course,
    source: "recordShardStep(store, cluster, restore, shard, 'opened')",
    instead: 'Promise.resolve()',
    kind: 'aimed',
  },
  {
    rule: 'an idempotent step that fails is tried again',
    file: 'shard-agent/persistence.ts',
    source: '        if (this.#leave.aborted) throw known;\n',
    instead: '        throw known;\n',
    kind: 'shaky',
  },
  {
    rule: 'an agent that waits closed leaves when it is told to',
    file: course,
    source: '      this.#stop.throwIfAborted();\n    }\n  }\n',
    instead: '    }\n  }\n',
    kind: 'stuck',
  },
  {
    rule: 'an agent begins nothing before what was left behind is settled',
    file: 'shard-agent/session.ts',
    source: '      if (!this.#settled) throw this.#unsettled();\n',
    instead: '      if (this.#current?.context.cluster === "") this.#current = undefined;\n',
    kind: 'aimed',
  },
  {
    rule: 'a shard is restored only when its agent says so of this restore',
    file: settle,
    source: "      return state === 'finished';\n",
    instead: '      return true;\n',
    kind: 'aimed',
  },
  {
    rule: 'a shard has switched only when its agent says so of this restore',
    file: settle,
    source: '      return switchedStates.includes(state);\n',
    instead: '      return true;\n',
    kind: 'stuck',
  },
  {
    rule: 'a shard is undone only when its agent has nothing of this restore',
    file: settle,
    source: "      return state === 'none';\n",
    instead: '      return true;\n',
    kind: 'accidents',
  },
];

const root = path.join(import.meta.dirname, '..', '..', '..');
let copy = '';

beforeAll(() => {
  copy = mkdtempSync(path.join(tmpdir(), 'tidemark-mutations-'));
  for (const part of ['proto', 'topology', 'repository', 'shard-agent', 'coordinator', 'package.json'])
    cpSync(path.join(root, part), path.join(copy, part), { recursive: true });
  for (const part of ['simulation', 'seeded-numbers.ts'])
    cpSync(path.join(root, 'test', part), path.join(copy, 'test', part), { recursive: true });
  symlinkSync(path.join(root, 'node_modules'), path.join(copy, 'node_modules'));
});

afterAll(() => rmSync(copy, { recursive: true, force: true }));

async function violationsOf(kind: Kind): Promise<string> {
  const script = path.join(copy, 'test', 'simulation', 'restore', 'run.ts');
  const { stdout } = await promisify(execFile)(process.execPath, [script, kind, '1', '250']);
  return stdout;
}

test.each(mutations)('without it the simulation fails: $rule', async ({ file, source, instead, kind }) => {
  const target = path.join(copy, file);
  const whole = readFileSync(target, 'utf8');
  const pieces = whole.split(source);
  expect(pieces, 'the rule is in the source exactly once; the test must follow it').toHaveLength(2);
  writeFileSync(target, pieces.join(instead));
  try {
    // A rejection that nobody handles ends the process: that is noticed too.
    const found = await violationsOf(kind).catch((error: unknown) => String(error));
    expect(found).not.toBe('');
  } finally {
    writeFileSync(target, whole);
  }
});

test('with all rules in place the copy passes', async () => {
  for (const kind of ['aimed', 'accidents', 'given-up', 'stuck', 'stranger', 'shaky'] as const)
    expect(await violationsOf(kind)).toBe('');
});
