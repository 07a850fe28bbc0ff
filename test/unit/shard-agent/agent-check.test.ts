import { expect, test } from 'vitest';
import { TidemarkError } from '../../../proto/errors.ts';
import { MemoryStore } from '../../../repository/stores/memory.ts';
import { checkAgent, printReport } from '../../../shard-agent/agent-check.ts';
import type { AgentFile } from '../../../topology/agent-file.ts';
import { FakeEngine } from './fake-engine.ts';
import { FakeServer } from './fake-server.ts';

const file: AgentFile = {
  path: 'agent.yaml',
  shard: 'shop-00',
  listen: '127.0.0.1:0',
  repository: { url: 'memory:' },
  transport: { kind: 'default' },
  database: {
    engine: 'postgres',
    host: '127.0.0.1',
    port: 1,
    user: 'tidemark',
    password: { kind: 'none' },
    databases: undefined,
  },
  invariants: [],
  tools: {},
  allow: ['backup'],
};

const grant = {
  code: 'privilege-missing' as const,
  subject: 'shop.accounts',
  cause: 'tidemark may not lock it',
  remedy: 'GRANT UPDATE ON accounts TO tidemark;',
  warning: false,
};

test('ready when nothing is missing, as often as it is asked, and nothing piles up in the repository', async () => {
  const store = new MemoryStore('memory:');
  for (let n = 0; n < 3; n += 1) {
    const report = await checkAgent(file, new FakeEngine(new FakeServer('a')), () => store);
    expect(report).toMatchObject({ ready: true, findings: [], server: { identity: 'a' } });
  }
  const keys: string[] = [];
  for await (const { key } of store.list('')) keys.push(key);
  expect(keys).toHaveLength(1);
});

test('every finding comes at once: repository, transport, privileges', async () => {
  const engine = new FakeEngine(new FakeServer('a'));
  engine.findings = [grant];
  const missing = (): never => {
    throw new TidemarkError({
      code: 'repository-failed',
      operation: 'open',
      subject: 'file:///mnt',
      cause: 'no folder',
    });
  };
  const report = await checkAgent({ ...file, listen: '0.0.0.0:7420' }, engine, missing);
  expect(report.ready).toBe(false);
  expect(report.findings.map(({ code }) => code)).toEqual([
    'file-invalid',
    'repository-failed',
    'privilege-missing',
  ]);
  expect(printReport(report)).toContain('    GRANT UPDATE ON accounts TO tidemark;');
});

test('what the server says is printed without anything that a terminal obeys', async () => {
  const engine = new FakeEngine(new FakeServer('a'));
  const hostile = 'acc\nounts\x1b[2J\u202e';
  engine.findings = [{ ...grant, subject: hostile, cause: hostile, remedy: `GRANT a;\n${hostile}` }];
  const report = await checkAgent(file, engine, () => new MemoryStore('memory:'));
  const shown = 'acc ounts\\u{1b}[2J\\u{202e}';
  expect(printReport(report)).toContain(
    `missing  ${shown}: ${shown} (privilege-missing)\n    GRANT a;\n    acc\n`,
  );
  expect(report.findings[0]?.subject).toBe(hostile);
});

test('a repository that gives back other bytes is found', async () => {
  class Forgetful extends MemoryStore {
    override readSmall() {
      return Promise.resolve(Buffer.from('something else'));
    }
  }
  const report = await checkAgent(file, new FakeEngine(new FakeServer('a')), () => new Forgetful('memory:'));
  expect(report.findings).toMatchObject([
    { code: 'repository-failed', cause: expect.stringContaining('other bytes') },
  ]);
});

test('a warning does not stop a backup, and a server that does not answer is told once', async () => {
  const engine = new FakeEngine(new FakeServer('a'));
  engine.findings = [{ ...grant, warning: true }];
  expect((await checkAgent(file, engine, () => new MemoryStore('memory:'))).ready).toBe(true);
  const down = () =>
    Promise.reject(
      new TidemarkError({
        code: 'database-unreachable',
        operation: 'connect',
        subject: 'db',
        cause: 'refused',
      }),
    );
  engine.describe = down;
  engine.check = down;
  const report = await checkAgent(file, engine, () => new MemoryStore('memory:'));
  expect(report.findings.map(({ code }) => code)).toEqual(['database-unreachable']);
});

test('an agent that only restores is asked for what a restore needs, and for nothing else', async () => {
  const engine = new FakeEngine(new FakeServer('a'));
  engine.findings = [grant];
  const open = () => new MemoryStore('memory:');
  const ready = await checkAgent({ ...file, allow: ['restore'] }, engine, open);
  expect(ready).toMatchObject({ ready: true, findings: [] });
  expect(printReport(ready)).toContain('ready for restores');
  const createdb = {
    ...grant,
    cause: 'it may not create databases',
    remedy: 'ALTER ROLE tidemark CREATEDB;',
  };
  engine.restoreFindings = [createdb];
  const lacking = await checkAgent({ ...file, allow: ['restore'] }, engine, open);
  expect(lacking).toMatchObject({ ready: false, findings: [createdb] });
  expect(printReport(lacking)).toContain('1 problem to fix before a restore can run');
  const both = await checkAgent({ ...file, allow: ['backup', 'restore'] }, engine, open);
  expect(both.findings).toEqual([grant]);
});

test('an invariant that fails is found on the host itself', async () => {
  const engine = new FakeEngine(new FakeServer('a'));
  engine.failingInvariants.add('money');
  const invariants = [{ name: 'money', database: 'shop', sql: 'sum accounts' }];
  const report = await checkAgent({ ...file, invariants }, engine, () => new MemoryStore('memory:'));
  expect(report).toMatchObject({ ready: false, findings: [{ subject: 'database shop: invariant money' }] });
});
