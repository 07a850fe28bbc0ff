/** Step 2 of a backup: shards that do not get ready. */
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, test, vi } from 'vitest';
import { openAgents } from '../../../../coordinator/agents.ts';
import { prepareShards } from '../../../../coordinator/backup/prepare-shards.ts';
import { takeLease } from '../../../../repository/lease.ts';
import { openCluster, runOf } from '../agents-in-memory.ts';
import { keysOf, set } from '../stored-cluster.ts';

test('a shard that does not get ready is named after the limit, and the others let go', async () => {
  const source = await openCluster({ filled: true });
  const slow = source.fixtures[1]?.engine;
  if (slow === undefined) throw new Error('no agent');
  slow.prepareBackup = ({ signal }) =>
    new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason as Error)));
  const run = runOf(source);
  const lease = await takeLease(run.store, 'shop', { operation: 'backup', set });
  const { agents, close } = await openAgents(run.topology, run.topology.shards, run.signal);
  const preparing = prepareShards(
    { ...run, globals: undefined, set, startedAt: new Date(), startedMs: 0, lease },
    agents,
    300,
  );
  await expect(preparing).rejects.toMatchObject({
    code: 'agent-unreachable',
    subject: 'shards shop-01',
    reason: 'not prepared within 300 ms',
  });
  await vi.waitFor(() => expect(source.servers.map(({ openSessions }) => openSessions)).toEqual([0, 0, 0]));
  expect((await keysOf(run.store)).filter((key) => key.includes('/nonce/'))).toEqual([]);
  close();
  await lease.release();
});

test('a repository that takes nothing fails the preparation, and no timer keeps the process alive after that', async () => {
  const script = fileURLToPath(new URL('refused-preparation-process.ts', import.meta.url));
  // Killed when it does not end by itself: then this rejects.
  const { stdout } = await promisify(execFile)(process.execPath, [script], { timeout: 20_000 });
  expect(stdout).toBe('repository-failed');
}, 30_000);
