/** Every exit code that a command of this version can end with, from a real command on a real cluster. */
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import type mysql from 'mysql2/promise';
import type pg from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { MysqlServer } from '../servers/mysql-family.ts';
import type { PostgresServer } from '../servers/postgres.ts';
import { Cluster } from './cluster.ts';
import { type CommandResult, describeResult } from './command.ts';
import { createBankRoles, layOutQuietBank } from './quiet-bank.ts';
import { Step } from './steps.ts';

let source: Cluster;
let target: Cluster;

beforeAll(async () => {
  source = await Cluster.start({ postgres: 1, mariadb: 1, purpose: 'source', copy: { lanes: 2 } });
  target = await Cluster.start({ postgres: 1, mariadb: 1, purpose: 'target', repository: source.repository });
  await layOutQuietBank(source);
  await createBankRoles(target);
});

afterAll(async () => {
  await source.expectNothingLeft();
  await target.expectNothingLeft();
  await source.stop();
  await target.stop();
});

interface CommandError {
  readonly code: string;
  readonly operation: string;
  readonly subject: string;
  readonly cause: string;
  readonly remedy: string;
}

function expectError(result: CommandResult, exitCode: number, code: string): CommandError {
  expect(result.exitCode, describeResult(result)).toBe(exitCode);
  const error = result.json?.['error'] as CommandError | undefined;
  expect(error?.code, describeResult(result)).toBe(code);
  for (const field of ['operation', 'subject', 'cause', 'remedy'] as const)
    expect(error?.[field]).toBeTruthy();
  return error as CommandError;
}

describe('0', () => {
  test('backup, list, show, verify, restore --dry-run', async () => {
    const backup = await source.tidemark('backup', '--json');
    expect(backup.exitCode, describeResult(backup)).toBe(0);
    expect(backup.json).toMatchObject({ type: 'full', cluster: 'bank', consistency: 'atomic' });
    const id = String(backup.json?.['id']);
    expect(id).toMatch(/^\d{8}T\d{6}Z-full$/);
    const commands = [
      ['check'],
      ['list'],
      ['show', id],
      ['verify', id],
      ['verify', 'latest', '--decode'],
      ['restore', 'latest', '--to', target.topologyPath, '--dry-run'],
    ];
    for (const command of commands) {
      const result = await source.tidemark(...command, '--json');
      expect(result.exitCode, `${command.join(' ')}: ${describeResult(result)}`).toBe(0);
      expect(result.json, command.join(' ')).toBeDefined();
    }
    expect(await target.databases()).toEqual([]);
  });
});

describe('1', () => {
  test('check finds a missing privilege and prints the statement that grants it', async () => {
    const { server } = source.shard('shard-0');
    await server.run('REVOKE pg_write_all_data, pg_read_all_data FROM tidemark');
    try {
      const result = await source.tidemark('check', '--json');
      expect(result.exitCode, describeResult(result)).toBe(1);
      expect(result.stdout).toContain('privilege-missing');
      expect(result.stdout).toContain('GRANT');
    } finally {
      await server.run('GRANT pg_write_all_data, pg_read_all_data TO tidemark');
    }
  });
});

describe('2', () => {
  test('an unknown option, an unknown command, no command', async () => {
    expectError(await source.tidemark('backup', '--json', '--no-such-option'), 2, 'usage');
    expectError(await source.tidemark('bakcup', '--json'), 2, 'usage');
    expect((await source.tidemark()).exitCode).toBe(2);
  });

  test('a topology with mistakes, each with its place; a topology that is not there', async () => {
    const file = path.join(source.folder, 'wrong.yaml');
    writeFileSync(
      file,
      'cluster: bank\nrepositry: {url: "file:///srv"}\nshards:\n  - {name: a, agent: nowhere}\n',
    );
    const error = expectError(await source.tidemark('-t', file, 'backup', '--json'), 2, 'file-invalid');
    expect(error.cause).toContain(`${file}:2:1`);
    expect(error.cause).toContain('repository');
    expect(error.cause.split('\n').length).toBeGreaterThan(1);
    const missing = path.join(source.folder, 'missing.yaml');
    expectError(await source.tidemark('-t', missing, 'list', '--json'), 2, 'file-unreadable');
  });

  test('a set that is not there', async () => {
    expectError(await source.tidemark('show', '20200101T000000Z-full', '--json'), 2, 'set-unknown');
  });
});

describe('3', () => {
  test.each([
    { shard: 'shard-0', server: 'PostgreSQL' },
    { shard: 'shard-1', server: 'MariaDB' },
  ])(
    'a writer on $server that does not end is named: process id, user, age, statement',
    async ({ shard }) => {
      source.writeTopology({ deadline: '3s', holdLimit: '50ms' });
      const writer = await openWriter(shard);
      try {
        const result = await source.tidemark('backup', '--json');
        const error = expectError(result, 3, 'barrier-not-reached');
        expect(error.cause).toContain(shard);
        expect(error.cause).toMatch(new RegExp(`\\b${writer.processId}\\b`));
        expect(error.cause).toContain(writer.user);
        expect(error.cause).toMatch(/\d+(\.\d+)? ?(ms|s)/);
        expect(error.cause).toMatch(/owner = 'in the way'|in the way/);
      } finally {
        await writer.end();
        source.writeTopology();
      }
      expect((await source.tidemark('backup', '--json')).exitCode).toBe(0);
    },
  );

  test('a prepared transaction that nobody ends is named by its id', async () => {
    source.writeTopology({ deadline: '2s', holdLimit: '50ms' });
    const { server } = source.shard('shard-0');
    await server.run(
      `BEGIN; UPDATE accounts SET owner = 'x' WHERE id = 1; PREPARE TRANSACTION 'forgotten'`,
      'bank',
    );
    try {
      const error = expectError(await source.tidemark('backup', '--json'), 3, 'barrier-not-reached');
      expect(error.cause).toContain('forgotten');
    } finally {
      await server.run(`ROLLBACK PREPARED 'forgotten'`, 'bank');
      source.writeTopology();
    }
  });
});

describe('5 and 130', () => {
  test('a second backup while one runs; the first one, interrupted, leaves no lease behind', async () => {
    const step = new Step('coordinator.prepared', 'wait', source.folder);
    const first = source.begin(['backup', '--json'], step.environment);
    await step.reached(first.result);
    const error = expectError(await source.tidemark('backup', '--json'), 5, 'lease-held');
    expect(error.cause).toContain(String(first.pid));
    first.kill('SIGINT');
    expectError(await first.result, 130, 'interrupted');
    const next = await source.tidemark('backup', '--json');
    expect(next.exitCode, describeResult(next)).toBe(0);
  });
});

describe('6', () => {
  test('a set without a seal', async () => {
    const step = new Step('coordinator.before-seal', 'kill', source.folder);
    const killed = source.begin(['backup', '--json'], step.environment);
    expect((await killed.result).signal).toBe('SIGKILL');
    const list = await source.tidemark('list', '--json');
    const sets = list.json?.['sets'] as { id: string; state: string }[];
    const unsealed = sets.at(-1);
    expect(unsealed?.state).not.toBe('sealed');
    const id = String(unsealed?.id);
    expectError(await source.tidemark('verify', id, '--json'), 6, 'not-sealed');
    expectError(await source.tidemark('restore', id, '--to', target.topologyPath, '--json'), 6, 'not-sealed');
    expect(await target.databases()).toEqual([]);
    const next = await source.tidemark('backup', '--json');
    expect(next.exitCode, describeResult(next)).toBe(0);
  });

  test.each(['shard-0', 'shard-1'])(
    'a target that is not empty (%s) is left as it is, and so is the other',
    async (name) => {
      const { server } = target.shard(name);
      await server.run('CREATE DATABASE bank');
      await server.run('CREATE TABLE precious (id int PRIMARY KEY)', 'bank');
      await server.run('INSERT INTO precious VALUES (7)', 'bank');
      try {
        const restore = ['restore', 'latest', '--to', target.topologyPath, '--json'];
        const refused = await source.tidemark(...restore);
        expect(refused.exitCode, describeResult(refused)).toBe(6);
        expect(refused.stdout).toContain('target-not-empty');
        expect((await source.tidemark(...restore, '--dry-run')).exitCode).toBe(6);
        expect(await server.run('SELECT id FROM precious', 'bank')).toEqual([{ id: 7 }]);
        expect(await target.databases()).toEqual([`${name}: bank`]);
      } finally {
        await target.dropDatabases();
      }
    },
  );

  test('an agent whose file does not allow it', async () => {
    const result = await source.tidemark('restore', 'latest', '--json');
    expect(result.exitCode, describeResult(result)).toBe(6);
  });
});

describe('7', () => {
  test('an agent that is down: no backup, and the other shard is left alone', async () => {
    const { agent } = source.shard('shard-1');
    await agent.stop();
    try {
      const error = expectError(await source.tidemark('backup', '--json'), 7, 'agent-unreachable');
      expect(error.subject).toContain('shard-1');
    } finally {
      await agent.start(source.agentRun());
    }
    await source.expectNothingLeft();
  });
});

interface OpenWriter {
  readonly processId: string;
  readonly user: string;
  end(): Promise<void>;
}

/** A session that has written and then says nothing more. */
async function openWriter(shard: string): Promise<OpenWriter> {
  const { server } = source.shard(shard);
  const update = "UPDATE accounts SET owner = 'in the way'";
  if (server.engine === 'postgres') {
    const client: pg.Client = await (server as PostgresServer).connect('bank');
    await client.query('BEGIN');
    await client.query(update);
    const id = (await client.query<{ id: number }>('SELECT pg_backend_pid() AS id')).rows[0]?.id;
    // What the server shows is the last statement; the writer's own has to be it.
    await client.query(update);
    return { processId: String(id), user: server.user, end: () => client.end() };
  }
  const connection: mysql.Connection = await (server as MysqlServer).connect('bank');
  await connection.query('BEGIN');
  await connection.query(update);
  return { processId: String(connection.threadId), user: server.user, end: () => connection.end() };
}
