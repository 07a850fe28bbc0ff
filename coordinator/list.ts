/** `list`: the sets of the cluster, newest last. */
import { listSets, type StoredSet } from '../repository/backup-set.ts';
import { displayText } from '../topology/display-text.ts';
import { formatBytes, formatDuration } from '../topology/units.ts';
import { holdText } from './hold.ts';
import { bad, type Cell, good, table, warn as yellow } from './output.ts';
import type { Outcome, Run } from './run.ts';
import { futureSetWarning, setAge } from './set-age.ts';
import { warn } from './warnings.ts';

type SetState = StoredSet['state'];

/** Shows every set there is, also those that are no backup. A seal that is damaged or of a newer format is a state here, not a failure. */
export async function list(run: Run): Promise<Outcome> {
  const rows: Cell[][] = [];
  const sets: Record<string, unknown>[] = [];
  for await (const found of listSets(run.store, run.topology.cluster)) {
    const seal = found.state === 'sealed' ? found.seal : undefined;
    const { ageMs, aheadMs } = setAge(found.id, seal, run.now());
    if (aheadMs > 0) warn(run, futureSetWarning(run.topology.cluster, found.id));
    const type = found.id.slice(found.id.lastIndexOf('-') + 1);
    sets.push({
      id: found.id,
      type,
      state: found.state,
      ageMs,
      consistency: seal?.consistency,
      longestHoldMs: seal?.barrier.longestHoldMs,
      shards: seal?.shards.length,
      ...seal?.sums,
      error: 'error' in found ? found.error : undefined,
    });
    rows.push([
      found.id,
      type,
      { text: found.state, style: stateStyle(found.state) },
      aheadMs > 0
        ? { text: 'in the future', style: yellow }
        : formatDuration(Math.round(ageMs / 1000) * 1000),
      seal === undefined ? '' : String(seal.shards.length),
      seal === undefined ? '' : formatBytes(seal.sums.rawBytes),
      seal === undefined ? '' : formatBytes(seal.sums.storedBytes),
      seal?.consistency ?? '',
      seal === undefined ? '' : holdText(seal.barrier.longestHoldMs),
    ]);
  }
  const document = { cluster: run.topology.cluster, sets };
  if (rows.length === 0)
    return {
      document,
      text: `No sets of ${displayText(run.topology.cluster)} yet in ${displayText(run.store.url)}.`,
    };
  const columns = [
    { title: 'set' },
    { title: 'type' },
    { title: 'state' },
    { title: 'age', align: 'right' },
    { title: 'shards', align: 'right' },
    { title: 'raw', align: 'right' },
    { title: 'stored', align: 'right' },
    { title: 'consistency' },
    { title: 'longest hold', align: 'right' },
  ] as const;
  return { document, text: table(columns, rows) };
}

function stateStyle(state: SetState): (text: string) => string {
  switch (state) {
    case 'sealed':
      return good;
    case 'unsealed':
    case 'abandoned':
    case 'newer-format':
      return yellow;
    case 'damaged':
      return bad;
  }
}
