import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { TidemarkError } from '../../../proto/errors.ts';
import { readTopology } from '../../../topology/parse.ts';

const folder = mkdtempSync(join(tmpdir(), 'tidemark-topology-'));
const file = join(folder, 'topology.yaml');
afterAll(() => rmSync(folder, { recursive: true }));

function read(text: string | Uint8Array) {
  writeFileSync(file, text);
  return readTopology(file);
}

async function failure(text: string | Uint8Array): Promise<TidemarkError> {
  const error = await read(text).then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(TidemarkError);
  return error as TidemarkError;
}

/** The mistakes without the file's name: `line:column: path: what is wrong`. */
async function mistakes(text: string | Uint8Array): Promise<string[]> {
  const error = await failure(text);
  expect(error).toMatchObject({
    code: 'file-invalid',
    exitCode: 2,
    subject: file,
    operation: 'read the topology',
  });
  return error.reason.split('\n').map((line) => {
    expect(line.startsWith(`${file}:`)).toBe(true);
    return line.slice(file.length + 1);
  });
}

const whole = `cluster: shop
repository: {url: "file:///srv/tidemark"}
barrier: {consistency: atomic, holdLimit: 100ms, deadline: 30s, maxHoldPerMinute: 6s, onDeadline: fail, cancelAutovacuum: 10s}   # all optional
copy: {lanes: 4, shards: 8, chunk: 32MiB, compression: 1}     # lanes per shard; shards at once; raw bytes; zstd level
invariants: [{name: money, across: sum}]
shards:
  - {name: shop-00, agent: "db00.internal:7420"}
  - {name: shop-01, agent: "db01.internal:7420"}
`;

const least = `cluster: shop
repository: {url: "file:///srv/tidemark"}
shards: [{name: shop-00, agent: "127.0.0.1:7420"}]
`;

describe('what is read', () => {
  const expected = {
    path: file,
    cluster: 'shop',
    repository: { url: 'file:///srv/tidemark' },
    transport: { kind: 'default' },
    barrier: {
      consistency: 'atomic',
      holdLimitMs: 100,
      deadlineMs: 30_000,
      maxHoldPerMinuteMs: 6_000,
      onDeadline: 'fail',
      cancelAutovacuumMs: 10_000,
    },
    copy: { lanes: 4, shards: 8, chunkBytes: 33_554_432, compressionLevel: 1, limitMs: 86_400_000 },
  };

  test('a file with everything', async () => {
    expect(await read(whole)).toEqual({
      ...expected,
      invariants: [{ name: 'money', across: 'sum' }],
      shards: [
        { name: 'shop-00', agent: 'db00.internal:7420' },
        { name: 'shop-01', agent: 'db01.internal:7420' },
      ],
    });
  });

  test('a file with the least has the documented defaults', async () => {
    expect(await read(least)).toEqual({
      ...expected,
      invariants: [],
      shards: [{ name: 'shop-00', agent: '127.0.0.1:7420' }],
    });
  });

  test('other values than the defaults', async () => {
    const text = `${least}barrier: {consistency: simultaneous, holdLimit: 0.25s, deadline: 2m, maxHoldPerMinute: 1s, onDeadline: simultaneous}
copy: {lanes: 2, shards: 3, chunk: 1MiB, compression: 19, limit: 2h}
`;
    expect(await read(text)).toMatchObject({
      barrier: {
        consistency: 'simultaneous',
        holdLimitMs: 250,
        deadlineMs: 120_000,
        maxHoldPerMinuteMs: 1000,
        onDeadline: 'simultaneous',
      },
      copy: { lanes: 2, shards: 3, chunkBytes: 1_048_576, compressionLevel: 19, limitMs: 7_200_000 },
    });
  });

  test.each<[string, number | undefined]>([
    ['cancelAutovacuum: never', undefined],
    ['cancelAutovacuum: immediately', 0],
    ['cancelAutovacuum: 2s', 2_000],
    ['deadline: 3m', 10_000],
    ['deadline: 6s', 2_000],
    ['deadline: 5m, cancelAutovacuum: 4m', 240_000],
  ])('when an autovacuum is cancelled: {%s}', async (text, expected) => {
    const { barrier } = await read(`${least}barrier: {${text}}\n`);
    expect(barrier.cancelAutovacuumMs).toBe(expected);
  });

  test('plain text transport', async () => {
    expect((await read(`${least}transport: plaintext\n`)).transport).toEqual({ kind: 'plaintext' });
  });

  test('TLS files, the relative ones from the folder of the file', async () => {
    const { transport } = await read(
      `${least}tls: {ca: ca.pem, cert: ../certs/me.pem, key: /etc/tidemark/key.pem}\n`,
    );
    expect(transport).toEqual({
      kind: 'tls',
      caPath: join(folder, 'ca.pem'),
      certPath: join(folder, '../certs/me.pem'),
      keyPath: '/etc/tidemark/key.pem',
    });
  });

  test.each([
    ['file:///srv/tidemark/', 'file:///srv/tidemark'],
    ['file:///srv//a/../tidemark', 'file:///srv/tidemark'],
    ['FILE:///srv/two%20words', 'file:///srv/two%20words'],
    ['file:///srv/two words', 'file:///srv/two%20words'],
  ])('the repository %s is %s', async (written, url) => {
    expect((await read(least.replace('file:///srv/tidemark', written))).repository.url).toBe(url);
  });

  test('an alias stands for its anchor', async () => {
    const text = `cluster: &it shop
repository: {url: "file:///srv/tidemark"}
shards: [{name: *it, agent: "[::1]:7420"}]
`;
    expect((await read(text)).shards).toEqual([{ name: 'shop', agent: '[::1]:7420' }]);
  });
});

describe('what is wrong', () => {
  test('a file that is not there', async () => {
    await expect(readTopology(join(folder, 'absent.yaml'))).rejects.toMatchObject({
      code: 'file-unreadable',
      exitCode: 2,
      subject: join(folder, 'absent.yaml'),
    });
  });

  test('every mistake of a file is said in one go, in the order of the file', async () => {
    const text = `cluster: shop!
repository: {url: "s3://bucket/x"}
barrier: {consistency: atomix, hold_limit: 5s, holdLimit: 100, deadline: 3 weeks}
copy: {lanes: 0, chunk: 32MB/s, shards: 1.5, compression: "1"}
transport: plain
invariants:
  - {name: money, across: product}
  - {name: money, across: sum}
shards:
  - {name: a, agent: "localhost:7420"}
  - {name: A, agent: "127.0.0.1:7420"}
  - {nam: 3, agent: 7420}
  -
cluster: again
`;
    expect(await mistakes(text)).toEqual([
      '1:10: cluster: `shop!` is no name: 1 to 63 letters, digits, `_`, `.` or `-`, beginning with a letter or digit',
      '2:19: repository.url: s3:// is not supported; only file:// is in this version',
      '3:24: barrier.consistency: must be atomic or simultaneous; did you mean `atomic`?',
      '3:32: barrier.hold_limit: unknown key; did you mean `holdLimit`?',
      '3:59: barrier.holdLimit: must be a duration such as 100ms or 30s (ms, s, m, h, d); 100 has no unit',
      '3:74: barrier.deadline: must be a duration such as 100ms or 30s (ms, s, m, h, d), not `3 weeks`',
      '4:15: copy.lanes: must be a whole number from 1 to 64, not 0',
      '4:25: copy.chunk: must be a size such as 32MiB (B, kB, MB, GB, TB, KiB, MiB, GiB, TiB), not `32MB/s`',
      '4:41: copy.shards: must be a whole number from 1 to 4096, not 1.5',
      '4:59: copy.compression: must be a number, not a string',
      '5:12: transport: must be plaintext',
      '7:27: invariants[0].across: must be sum or equal or each',
      '8:12: invariants[1].name: another invariant has the name `money` (invariants[0].name)',
      '11:12: shards[1].name: another shard has the name `a` and differs only in case (shards[0].name)',
      '11:22: shards[1].agent: `127.0.0.1:7420` is also the agent of shards[0]; every shard has its own',
      '12:5: shards[2].name: is missing',
      '12:6: shards[2].nam: unknown key; did you mean `name`?',
      '12:21: shards[2].agent: must be text; put it in quotes: "7420"',
      '13:4: shards[3]: must be a mapping of keys to values, not nothing',
      '14:1: cluster: stands here twice; first in line 1',
    ]);
  });

  test.each<[what: string, text: string, expected: string[]]>([
    ['an empty file', '', ['1:1: file: is empty']],
    ['a file of comments', '# later\n', ['1:1: file: is empty']],
    ['a list', '- cluster\n', ['1:1: file: must be a mapping of keys to values, not a list']],
    [
      'a second document',
      `${least}---\ncluster: b\n`,
      ['4:1: YAML: a second document begins here; a file is one'],
    ],
    ['an open quote', `${least}transport: "plaintext\n`, ['5:1: YAML: Missing closing "quote']],
    [
      'a key far from any',
      `${least}colour: red\n`,
      [
        '4:1: colour: unknown key; known here: cluster, repository, transport, tls, barrier, copy, invariants, shards',
      ],
    ],
    [
      'a section without a value',
      `${least}barrier:\n`,
      ['4:9: barrier: must be a mapping of keys to values, not nothing'],
    ],
    [
      'a key twice in a section',
      `${least}copy: {lanes: 1, lanes: 2}\n`,
      ['4:18: copy.lanes: stands here twice; first in line 4'],
    ],
    ['no shard', least.replace(/shards: .*/, 'shards: []'), ['3:9: shards: must have at least one shard']],
    [
      'shards that are no list',
      least.replace(/shards: .*/, 'shards: {a: b}'),
      ['3:9: shards: must be a list, not a mapping'],
    ],
    [
      'a true name',
      least.replace('shop\n', 'true\n'),
      ['1:10: cluster: must be text; put it in quotes: "true"'],
    ],
    ['an empty name', least.replace('shop\n', '""\n'), ['1:10: cluster: must not be empty']],
    [
      'an alias of nothing',
      least.replace('shop\n', '*it\n'),
      ['1:10: cluster: must be text, not an alias without its anchor'],
    ],
    [
      'both ways of transport',
      `${least}transport: plaintext\ntls: {ca: a, cert: b, key: c}\n`,
      ['5:6: tls: cannot stand beside `transport: plaintext`; leave one out'],
    ],
    [
      'half of TLS',
      `${least}tls: {ca: a, crt: b}\n`,
      [
        '4:6: tls.cert: is missing',
        '4:6: tls.key: is missing',
        '4:14: tls.crt: unknown key; did you mean `cert`?',
      ],
    ],
    [
      'a hold over the deadline',
      `${least}barrier: {holdLimit: 2s, deadline: 1s}\n`,
      [
        '4:22: barrier.holdLimit: holdLimit is more than deadline: one attempt may hold for 2 s but the barrier ends after 1 s',
      ],
    ],
    [
      'a deadline under the default hold',
      `${least}barrier: {deadline: 50ms}\n`,
      [
        '4:21: barrier.deadline: holdLimit is more than deadline: one attempt may hold for 100 ms but the barrier ends after 50 ms',
      ],
    ],
    [
      'a hold over the budget',
      `${least}barrier: {holdLimit: 2s, maxHoldPerMinute: 1s}\n`,
      [
        '4:22: barrier.holdLimit: holdLimit is more than maxHoldPerMinute: one attempt may hold for 2 s but all attempts of a minute only for 1 s',
      ],
    ],
    [
      'a hold out of bounds',
      `${least}barrier: {holdLimit: 0ms}\n`,
      ['4:22: barrier.holdLimit: must be from 1 ms to 1 m, not 0 ms'],
    ],
    [
      'an autovacuum to be cancelled at no time that is known',
      `${least}barrier: {cancelAutovacuum: imediately}\n`,
      [
        '4:29: barrier.cancelAutovacuum: must be never, immediately or a duration; did you mean `immediately`?',
      ],
    ],
    [
      'a wait for an autovacuum without a unit',
      `${least}barrier: {cancelAutovacuum: 10}\n`,
      [
        '4:29: barrier.cancelAutovacuum: must be never, immediately or a duration such as 10s (ms, s, m, h, d); 10 has no unit',
      ],
    ],
    [
      'a wait for an autovacuum that ends with the barrier',
      `${least}barrier:\n  deadline: 30s\n  cancelAutovacuum: 30s\n`,
      [
        '6:21: barrier.cancelAutovacuum: must be less than deadline: the barrier ends after 30 s, before it would cancel anything; write `never` if that is meant',
      ],
    ],
    [
      'a chunk out of bounds',
      `${least}copy: {chunk: 1kB}\n`,
      ['4:15: copy.chunk: must be from 8 KiB to 4 GiB, not 1000 B'],
    ],
  ])('%s', async (_, text, expected) => {
    expect(await mistakes(text)).toEqual(expected);
  });

  test('a broken file is not said to lack what may only be misplaced', async () => {
    expect(
      (await mistakes('cluster: shop\n\trepository: {}\n')).filter((line) => line.includes('missing')),
    ).toEqual([]);
  });

  test('bytes that are no text', async () => {
    expect(await mistakes(Buffer.from([0x63, 0xff, 0xfe]))).toEqual(['1:1: file: is not UTF-8 text']);
  });

  test('a file larger than any topology', async () => {
    expect(await mistakes(Buffer.alloc(16 * 2 ** 20 + 1, '#'))).toEqual([
      '1:1: file: has 16777217 bytes; at most 16777216 are read',
    ]);
  });

  test.each([
    ['file://srv/tidemark', 'must be file:///absolute/path, with three slashes'],
    ['file:/srv', 'is no URL; write file:///absolute/path'],
    ['/srv/tidemark', 'is no URL; write file:///absolute/path'],
    ['azblob://c/x', 'azblob:// is not supported; only file:// is in this version'],
    ['file:///', 'must name a folder, not the root of the file system'],
    ['file:///a/..', 'must name a folder, not the root of the file system'],
    ['file:///a%00b', 'must not contain a NUL character'],
    ['file:///a%2Fb', 'is no path'],
    ['file:///a?b', 'must have no ? and no #'],
    ['file:///a#b', 'must have no ? and no #'],
  ])('the repository %s', async (url, text) => {
    const [line, ...more] = await mistakes(least.replace('file:///srv/tidemark', url));
    expect(line).toContain('2:19: repository.url: ');
    expect(line).toContain(text);
    expect(more).toEqual([]);
  });

  test.each([
    'db00',
    'db00:',
    'db00:0',
    'db00:65536',
    ':7420',
    '[::1:7420',
    '::1:7420',
    '[db00]:1',
    'a b:1',
    '1.2.3:1',
    '256.1.1.1:1',
    '-a:1',
    'a..b:1',
    'db00:7420/x',
  ])('the agent address %s', async (address) => {
    const [line, ...more] = await mistakes(least.replace('127.0.0.1:7420', address));
    expect(line).toContain(`3:33: shards[0].agent: \`${address}\``);
    expect(more).toEqual([]);
  });

  test.each([
    'db00:1',
    'DB00.Internal:65535',
    'a_b-c.d:7420',
    '10.0.0.1:7420',
    '[2001:db8::1]:7420',
    'db00.internal.:7420',
  ])('the agent address %s is fine', async (address) => {
    expect((await read(least.replace('127.0.0.1:7420', address))).shards[0]?.agent).toBe(address);
  });

  test.each(['../x', '.x', '-x', 'a/b', 'a b', 'ä', 'x'.repeat(64), 'a%2fb', 'a\\nb'])(
    'the name %s',
    async (name) => {
      const [line, ...more] = await mistakes(least.replace('shop\n', `"${name}"\n`));
      expect(line).toContain('1:10: cluster: ');
      expect(line).toContain(`\`${name}\` is no name`);
      expect(more).toEqual([]);
    },
  );
});
