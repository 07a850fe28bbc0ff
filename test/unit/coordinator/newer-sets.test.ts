/** A set that a newer Tidemark has taken stops no command for the others, and nobody is given an older one unawares. */
import { expect, test } from 'vitest';
import { check } from '../../../coordinator/check.ts';
import { list } from '../../../coordinator/list.ts';
import { restore } from '../../../coordinator/restore.ts';
import { show } from '../../../coordinator/show.ts';
import { verify } from '../../../coordinator/verify.ts';
import { sealKey } from '../../../repository/layout.ts';
import { backUp, openCluster, runOf, statesOf, type MemoryCluster } from './agents-in-memory.ts';
import { damageObject } from './stored-cluster.ts';

const newerFormat = { code: 'newer-format', exitCode: 6 };

/** Takes two sets; the second one's seal becomes one of a newer format. */
async function olderAndNewer(): Promise<{ source: MemoryCluster; older: string; newer: string }> {
  const source = await openCluster({ filled: true, names: ['shop-00', 'shop-01'] });
  const older = await backUp(source);
  const newer = await backUp(source);
  await damageObject(source.store, sealKey('shop', newer), (bytes) =>
    Buffer.from(String(bytes).replace('tidemark-seal-1', 'tidemark-seal-2')),
  );
  return { source, older, newer };
}

test('list shows it, and check and backup go on', async () => {
  const { source, newer } = await olderAndNewer();
  const listed = await list(runOf(source));
  expect(listed.failure).toBeUndefined();
  expect(listed.text).toMatch(new RegExp(`${newer} +full +newer-format`));
  expect(listed.document['sets']).toMatchObject([
    { state: 'sealed' },
    { id: newer, state: 'newer-format', error: { code: 'newer-format' } },
  ]);
  expect((await check(runOf(source))).failure).toBeUndefined();
  await backUp(source);
  expect(await statesOf(source)).toEqual(['sealed', 'newer-format', 'sealed']);
});

test('latest is the newest that can be read; stderr, stdout and the document say what was passed over', async () => {
  const { source, older, newer } = await olderAndNewer();
  const target = await openCluster({ store: source.store, names: ['shop-00', 'shop-01'] });
  const notes: string[] = [];
  const run = runOf(source);
  const noting = { ...run, progress: { ...run.progress, note: (text: string) => notes.push(text) } };
  const options = { target: target.topology, mappings: [], globals: false };
  const commands = [
    () => show(noting, 'latest', { tables: false }),
    () => verify(noting, 'latest', { decode: false }),
    () => restore(noting, 'latest', { ...options, dryRun: true }),
    () => restore(noting, 'latest', { ...options, dryRun: false }),
  ];
  for (const command of commands) {
    notes.length = 0;
    const { document, text, failure } = await command();
    expect(failure).toBeUndefined();
    expect(document['newerSets']).toEqual([newer]);
    for (const told of [text.split('\n')[0] ?? '', notes[0] ?? '']) {
      expect(told).toContain('warning');
      expect(told).toContain(older);
      expect(told).toContain(`${newer} is newer and was written by a newer Tidemark`);
    }
  }
  notes.length = 0;
  expect((await show(noting, older, { tables: false })).document).not.toHaveProperty('newerSets');
  expect(notes).toEqual([]);
});

test('named, or when there is no other, it is refused as newer, not as damaged', async () => {
  const { source, older, newer } = await olderAndNewer();
  const options = { target: source.topology, mappings: [], globals: false, dryRun: true };
  for (const reference of [newer, 'latest']) {
    await expect(show(runOf(source), reference, { tables: true })).rejects.toMatchObject(newerFormat);
    await expect(verify(runOf(source), reference, { decode: false })).rejects.toMatchObject(newerFormat);
    await expect(restore(runOf(source), reference, options)).rejects.toMatchObject(newerFormat);
    await source.store.delete(sealKey('shop', older));
  }
});
