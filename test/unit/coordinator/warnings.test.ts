import { pino } from 'pino';
import { expect, test } from 'vitest';
import { backup } from '../../../coordinator/backup.ts';
import { restore } from '../../../coordinator/restore.ts';
import { Warnings, warningText, type Warning } from '../../../coordinator/warnings.ts';
import { backUp, openCluster, runOf } from './agents-in-memory.ts';

const finding = {
  code: 'not-ready' as const,
  subject: 'shop.accounts',
  cause: 'it has no key',
  remedy: 'Add one.',
  warning: true,
};

test('what is logged at the level warn is a warning; what is said more or less loudly is not', () => {
  const warnings = new Warnings();
  const log = pino({ level: 'trace' }, { write: (line) => warnings.addLogged(line) });
  log.info('nothing');
  log.warn({ shard: 'shop-00', operation: 'backup', cause: 'the call broke' }, 'attaching again');
  log.error('a failure');
  expect(warnings.list()).toEqual([
    {
      shard: 'shop-00',
      code: 'logged',
      subject: 'backup',
      cause: 'attaching again: the call broke',
      remedy: '',
    },
  ]);
});

test('a flood of warnings is counted', () => {
  const warnings = new Warnings();
  for (let n = 0; n < 1_500; n += 1) warnings.add({ ...finding, cause: String(n) });
  expect(warnings.list()).toHaveLength(1_001);
  expect(warnings.list().at(-1)?.cause).toBe('500 more warnings are left out here');
});

test('the warnings of a backup: on the screen and in the document', async () => {
  const shop = await openCluster({ filled: true });
  const engine = shop.fixtures[1]?.engine;
  if (engine === undefined) throw new Error('no agent');
  const prepare = engine.prepareBackup.bind(engine);
  engine.prepareBackup = async (order) => Object.assign(await prepare(order), { warnings: [finding] });
  const seen: Warning[] = [];
  const notes: string[] = [];
  const run = runOf(shop);
  const progress = { ...run.progress, note: (text: string) => void notes.push(text) };
  await backup({ ...run, progress, warned: (warning) => void seen.push(warning) });
  expect(seen).toEqual([
    {
      shard: 'shop-01',
      code: 'not-ready',
      subject: 'shop.accounts',
      cause: 'it has no key',
      remedy: 'Add one.',
    },
  ]);
  expect(notes).toContain(`warning: ${warningText(seen[0] as Warning)}`);
  expect(warningText(seen[0] as Warning)).toBe('shop-01: shop.accounts: it has no key. Add one.');
});

test('the warnings of a restore, whether it is carried out or only planned', async () => {
  const source = await openCluster({ filled: true });
  const id = await backUp(source);
  for (const dryRun of [true, false]) {
    const target = await openCluster({ store: source.store });
    for (const { engine } of target.fixtures) engine.findings = [finding];
    const seen: Warning[] = [];
    const { failure } = await restore(runOf(source, { warned: (warning) => void seen.push(warning) }), id, {
      target: target.topology,
      mappings: [],
      globals: false,
      dryRun,
    });
    expect(failure).toBeUndefined();
    expect(seen.map(({ shard, cause }) => `${shard} ${cause}`).sort()).toEqual(
      ['shop-00', 'shop-01', 'shop-02'].map((shard) => `${shard} it has no key`),
    );
  }
});
