/** `restore --abandon RESTORE`: gives up a restore that cannot be completed, as long as no shard has been opened. */
import { systemClock } from '../../proto/clock.ts';
import { TidemarkError } from '../../proto/errors.ts';
import { decide, readRestoreIntent, type RestoreIntent } from '../../repository/restore-decision.ts';
import { abandonRestore } from '../../repository/restore-ending.ts';
import { displayLines, displayText } from '../../topology/display-text.ts';
import { askAgents, combineFailures } from '../agents.ts';
import type { ShardFailure } from '../agents.ts';
import { bad, table, type Cell } from '../output.ts';
import type { Outcome, Run } from '../run.ts';
import { askUntil } from './settle.ts';

/**
 * 1. Find the restore; the topology's cluster is the one it restores to.
 * 2. Record that it is undone. Refused when it has been opened: then every shard is restored.
 * 3. Ask every shard's agent until nothing of it is left there, for a bounded time.
 */
export async function abandon(run: Run, restore: string): Promise<Outcome> {
  const { topology, store } = run;
  const intent = await readRestoreIntent(store, topology.cluster, restore);
  if (intent === undefined) throw unknownRestore(topology.cluster, restore);
  await recordUndo(run, restore);
  run.progress.step(`undoing restore ${restore}`);
  const failures = await confirmUndone(run, intent);
  const rows = intent.shards.map(({ target }): Cell[] => {
    const failure = failures.find(({ shard }) => shard === target);
    return [target, failure === undefined ? 'undone' : { text: 'not confirmed', style: bad }];
  });
  const document = {
    restore,
    set: intent.set,
    abandoned: true,
    shards: intent.shards.map(({ target }) => ({
      shard: target,
      undone: !failures.some(({ shard }) => shard === target),
    })),
  };
  const causes = failures.map(({ error }) => displayLines(error.message));
  const columns = [{ title: 'shard' }, { title: 'state' }];
  const text = [`gave up restore ${displayText(restore)}`, table(columns, rows), ...causes].join('\n');
  return failures.length === 0 ? { document, text } : { document, text, failure: unconfirmed(failures) };
}

async function recordUndo({ topology, store }: Run, restore: string): Promise<void> {
  if ((await decide(store, topology.cluster, restore, 'undo')) === 'undo') return;
  if ((await abandonRestore(store, topology.cluster, restore)) === 'undo') return;
  throw new TidemarkError({
    code: 'operation-not-allowed',
    operation: 'give the restore up',
    subject: `${topology.cluster}: restore ${restore}`,
    cause: 'every shard has switched and been opened to applications',
    remedy: 'Nothing is left to give up. Drop the restored databases by hand if they are not wanted.',
  });
}

async function confirmUndone(run: Run, { restore, shards }: RestoreIntent): Promise<ShardFailure[]> {
  const { topology } = run;
  const names = new Set(shards.map(({ target }) => target));
  const asked = await askAgents(
    topology,
    topology.shards.filter(({ name }) => names.has(name)),
    run.signal,
  );
  const failures = [...asked.failures];
  try {
    await Promise.all(
      asked.agents.map(async (agent) => {
        const error = await askUntil({ run, target: topology, restore, clock: systemClock }, agent, 'undone');
        if (error !== undefined) failures.push({ shard: agent.shard, error });
      }),
    );
  } finally {
    asked.close();
  }
  const known = new Set(topology.shards.map(({ name }) => name));
  for (const name of names) if (!known.has(name)) failures.push({ shard: name, error: notInTopology(name) });
  return failures;
}

function unknownRestore(cluster: string, restore: string): TidemarkError {
  return new TidemarkError({
    code: 'restore-unknown',
    operation: 'give the restore up',
    subject: `${cluster}: restore ${restore}`,
    cause: 'the repository holds no such restore of this cluster',
  });
}

function notInTopology(shard: string): TidemarkError {
  return new TidemarkError({
    code: 'topology-changed',
    operation: 'ask whether it is undone',
    subject: shard,
    cause: 'the topology has no such shard',
    remedy: 'Name the topology that the restore went to with -t. Its agent undoes its part by itself.',
  });
}

function unconfirmed(failures: readonly ShardFailure[]): TidemarkError {
  const combined = combineFailures('undo', failures);
  return new TidemarkError({
    code: combined.code,
    operation: 'undo the restore on every shard',
    subject: failures.map(({ shard }) => shard).join(', '),
    cause: combined.reason,
    remedy:
      'Start the agents named: each undoes its part by itself. No shard can open this restore any more.',
  });
}
