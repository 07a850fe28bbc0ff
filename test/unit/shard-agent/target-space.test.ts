import { tmpdir } from 'node:os';
import { expect, test } from 'vitest';
import { spaceFindings } from '../../../shard-agent/target-space.ts';

const folder = tmpdir();

test('room enough on a disk that the agent sees is worth no word', async () => {
  for (const host of ['127.0.0.1', 'localhost', '/run/postgresql'])
    expect(await spaceFindings({ host, folder, neededBytes: 1 })).toEqual([]);
});

test('too little stops a restore, with both figures and the folder', async () => {
  expect(await spaceFindings({ host: 'localhost', folder, neededBytes: 2 ** 50 })).toMatchObject([
    {
      code: 'does-not-fit',
      cause: expect.stringMatching(/took 1 PiB on their source, .* are free/),
      remedy: expect.stringContaining(folder),
      warning: false,
    },
  ]);
});

test.each([
  ['on another host', { host: 'db.example', folder }, /runs on db\.example/],
  ['in a folder that is not told', { host: 'localhost', folder: undefined }, /does not tell/],
  ['in a folder that is not seen', { host: 'localhost', folder: `${folder}/none` }, /ENOENT/],
])('a disk %s is said to be unknown, with what is needed', async (_, place, why) => {
  const [found, ...more] = await spaceFindings({ ...place, neededBytes: 5 * 2 ** 30 });
  expect(more).toEqual([]);
  expect(found).toMatchObject({ warning: true, cause: expect.stringMatching(why) });
  expect(found?.cause).toContain('5 GiB');
});
