/** Whatever is done to a stored object: verify names it, and restore touches no target. */
import { describe, expect, test } from 'vitest';
import { restore } from '../../../coordinator/restore.ts';
import type { BadObject } from '../../../coordinator/verify/objects.ts';
import { verify } from '../../../coordinator/verify.ts';
import { backUp, isUntouched, openCluster, runOf } from './agents-in-memory.ts';
import { damageObject, damages, keysOf, swapObjects } from './stored-cluster.ts';

describe('a stored object that is not what it was', async () => {
  const kinds: [string, RegExp][] = [
    ['seal', /seal\.json$/],
    ['intent', /sets.*intent\.json$/],
    ['cut', /cut\.json$/],
    ['manifest', /shop-01\/manifest/],
    ['packed schema', /shop-01\/schema\/.*\.zst$/],
    ['schema as it came', /shop-01\/schema\/.*\.dump$/],
    ['chunk', /shop-01\/data\/.*accounts/],
  ];
  const cases = kinds.flatMap(([kind, pattern]) =>
    damages.map(({ name, damage }) => ({ kind, pattern, name, damage })),
  );

  test.each(cases)(
    '$kind $name: verify names it, restore touches nothing',
    async ({ kind, pattern, name, damage }) => {
      const source = await openCluster({ filled: true, names: ['shop-00', 'shop-01'] });
      const set = await backUp(source);
      const target = await openCluster({ store: source.store, names: ['shop-00', 'shop-01'] });
      const key = (await keysOf(source.store)).find((stored) => pattern.test(stored));
      if (key === undefined) throw new Error(`no ${kind}`);
      await damageObject(source.store, key, damage);
      const restoring = (): Promise<unknown> =>
        restore(runOf(source), set, { target: target.topology, mappings: [], globals: false, dryRun: false });
      if (kind === 'seal' && name === 'removed') {
        await expect(verify(runOf(source), set, { decode: false })).rejects.toMatchObject({
          code: 'not-sealed',
        });
        await expect(restoring()).rejects.toMatchObject({ code: 'not-sealed', exitCode: 6 });
      } else {
        const { document, failure } = await verify(runOf(source), set, { decode: true });
        expect(failure?.exitCode).toBe(4);
        expect((document['bad'] as BadObject[]).map(({ object }) => object)).toEqual([key]);
        await expect(restoring).rejects.toMatchObject({ code: 'bad-bytes', exitCode: 4 });
        await expect(restoring).rejects.toThrow(key);
      }
      expect(target.servers.every(isUntouched)).toBe(true);
    },
  );

  test.each([
    ['manifests', /shop-00\/manifest/, /shop-01\/manifest/],
    ['chunks of a table', /shop-00\/data\/.*accounts\/0-/, /shop-00\/data\/.*accounts\/1-/],
    ['chunks of two shards', /shop-00\/data\/.*accounts/, /shop-01\/data\/.*accounts/],
    ['schema of two databases or shards', /shop-00\/schema/, /shop-00\/data\/.*accounts/],
  ])('swapped %s', async (_, one, other) => {
    const source = await openCluster({ filled: true, names: ['shop-00', 'shop-01'] });
    const set = await backUp(source);
    const target = await openCluster({ store: source.store, names: ['shop-00', 'shop-01'] });
    const keys = [one, other].map(
      (pattern) => async () => (await keysOf(source.store)).find((key) => pattern.test(key)) ?? '',
    );
    const [first = '', second = ''] = await Promise.all(keys.map((find) => find()));
    await swapObjects(source.store, first, second);
    const { document } = await verify(runOf(source), set, { decode: false });
    expect((document['bad'] as BadObject[]).map(({ object }) => object).toSorted()).toEqual(
      [first, second].toSorted(),
    );
    await expect(
      restore(runOf(source), set, { target: target.topology, mappings: [], globals: false, dryRun: false }),
    ).rejects.toMatchObject({ exitCode: 4 });
    expect(target.servers.every(isUntouched)).toBe(true);
  });
});
