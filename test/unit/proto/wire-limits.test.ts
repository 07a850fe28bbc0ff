/** Whatever servers and people make of names, messages and lists: it arrives, cut with a mark, and no message outgrows its limit. */
import { expect, onTestFinished, test } from 'vitest';
import { connectAgent, serveAgent, type AgentImplementation } from '../../../proto/channel.ts';
import { TidemarkError } from '../../../proto/errors.ts';
import { cutText } from '../../../proto/wire-limits.ts';
import { toServiceError } from '../../../proto/wire-error.ts';

async function open(implementation: Partial<AgentImplementation>) {
  const plain = { kind: 'default' } as const;
  const server = await serveAgent('127.0.0.1:0', plain, implementation as AgentImplementation);
  const client = connectAgent(server.address, plain);
  onTestFinished(async () => {
    client.close();
    await server.close(0);
  });
  return client;
}

const mebibyte = 1024 * 1024;
/** Each a kind of text that grows differently on its way: in UTF-8, in JSON, in base64, as a percent-encoded status. */
const texts: [string, string][] = [
  ['letters', 'x'],
  ['Chinese', '长'],
  ['emoji', '🌊'],
  ['control characters', '\u0001'],
  ['quotes', '"\\'],
  ['percent signs', '%'],
  ['halves of surrogate pairs', '\ud83c'],
  ['line ends', '\n'],
];

test.each(texts)('an error with 1 MiB of %s in every field arrives, cut, with its code', async (_, text) => {
  const long = text.repeat(mebibyte / text.length);
  const sent = { operation: long, subject: long, cause: long, remedy: long };
  const client = await open({
    describe: () => Promise.reject(new TidemarkError({ code: 'database-failed', ...sent })),
  });
  const failure = await client.describe({}).catch((error: unknown) => error);
  if (!(failure instanceof TidemarkError)) throw new Error(`not an error of ours: ${String(failure)}`);
  expect(failure.code).toBe('database-failed');
  const fields = [failure.operation, failure.subject, failure.reason, failure.remedy];
  for (const field of fields) {
    expect(field).toMatch(/… \(cut, \d+ bytes in all\)$/);
    expect(field.isWellFormed()).toBe(true);
    expect(field).not.toBe('');
  }
});

test.each(texts)('what travels of an error of 1 MiB of %s fits into 8 KiB of headers', (_, text) => {
  const long = text.repeat(mebibyte / text.length);
  const fields = { operation: long, subject: long, cause: long, remedy: long };
  const { details, metadata } = toServiceError(new TidemarkError({ code: 'internal', ...fields }));
  const [trailer] = metadata.get('tidemark-error-bin');
  const encoded = Buffer.byteLength(Buffer.from(trailer as Buffer).toString('base64'));
  expect(encoded + encodeURIComponent(details).length).toBeLessThan(8 * 1024 - 256);
});

test('a long cause takes what the other fields leave free', async () => {
  const cause = 'x'.repeat(4500);
  const client = await open({
    describe: () =>
      Promise.reject(
        new TidemarkError({ code: 'database-failed', operation: 'ask', subject: 's', cause, remedy: 'r' }),
      ),
  });
  await expect(client.describe({})).rejects.toMatchObject({ reason: cause, remedy: 'r' });
});

test.each([
  ['abc', 3],
  ['长长长', 9],
  ['🌊🌊', 8],
])('%s fits into exactly its %i bytes', (text, bytes) => {
  expect(cutText(text.repeat(20), bytes * 20)).toBe(text.repeat(20));
  expect(cutText(text.repeat(20), bytes * 20 - 1)).toMatch(/^(.*)… \(cut, \d+ bytes in all\)$/u);
});

test('no cut ends within a character, and none is longer than allowed', () => {
  const text = 'a长🌊é'.repeat(100);
  for (let limit = 40; limit < 200; limit++) {
    const cut = cutText(text, limit);
    expect(cut.isWellFormed()).toBe(true);
    expect(Buffer.byteLength(cut)).toBeLessThanOrEqual(limit);
    expect(text.startsWith(cut.slice(0, cut.indexOf('… (cut')))).toBe(true);
  }
});

const long = '长'.repeat(100_000);
const finding = { code: 'not-ready', subject: long, cause: long, remedy: long };

test('100,000 findings arrive as a bounded reply that counts the rest, what stops a backup first', async () => {
  const findings = Array.from({ length: 100_000 }, (_, n) => ({
    ...finding,
    subject: `${n} ${n % 1000 === 999 ? 'stops' : 'warns'} ${n < 300 ? long : ''}`,
    warning: n % 1000 !== 999,
  }));
  const client = await open({
    check: () => Promise.resolve({ server: null, findings }),
    fit: () => Promise.resolve({ server: null, findings, databases: [] }),
  });
  for (const reply of [await client.check({}), await client.fit({})]) {
    expect(reply.findings).toHaveLength(201);
    expect(reply.findings.slice(0, 100).every(({ warning }) => !warning)).toBe(true);
    expect(reply.findings[0]?.subject).toMatch(/^999 stops/);
    expect(reply.findings.at(-1)).toMatchObject({
      subject: 'and 99800 more',
      code: 'not-ready',
      warning: true,
    });
  }
});

test('when findings that stop a backup are left out, the last line stops it too', async () => {
  const findings = Array.from({ length: 1000 }, () => ({ ...finding, warning: false }));
  const client = await open({ check: () => Promise.resolve({ server: null, findings }) });
  const last = (await client.check({})).findings.at(-1);
  expect(last).toMatchObject({ subject: 'and 800 more', warning: false });
  expect(last?.cause).toMatch(/0 of them warnings/);
});

test('as many findings as fit stay in their order, with no line about others', async () => {
  const findings = Array.from({ length: 200 }, (_, n) => ({
    ...finding,
    subject: `${n}`,
    warning: n % 2 === 0,
  }));
  const client = await open({ check: () => Promise.resolve({ server: null, findings }) });
  const reply = await client.check({});
  expect(reply.findings.map(({ subject }) => subject)).toEqual(findings.map(({ subject }) => subject));
});

test('100,000 blockers, and warnings of a preparation, arrive in bounded replies', async () => {
  const blocker = { kind: 'writer', user: long, statement: long, application: long, transaction: long };
  const blockers = Array.from({ length: 100_000 }, (_, n) => ({ ...blocker, processId: `${n}` }));
  const warnings = Array.from({ length: 100_000 }, () => ({ ...finding, warning: true }));
  const client = await open({
    barrier: (call) => {
      call.send({ prepared: { warnings, invariants: [{ name: 'a', answer: long }, { name: 'none' }] } });
      call.send({ probed: { blockers } });
      call.send({ blocked: { attempt: 1, reason: long, blockers } });
      call.send({ cutTaken: { attempt: 1, cancelledAutovacuums: blockers.map(() => long) } });
      return Promise.resolve();
    },
  });
  const replies = await Array.fromAsync(client.barrier());
  expect(replies.map(({ reply }) => reply)).toEqual(['prepared', 'probed', 'blocked', 'cutTaken']);
  expect(replies[0]?.prepared?.warnings).toHaveLength(201);
  expect(replies[0]?.prepared?.invariants.map(({ name, answer }) => [name, answer])).toEqual([
    ['a', expect.stringMatching(/\(cut, 300000 bytes in all\)$/)],
    ['none', undefined],
  ]);
  for (const said of [replies[1]?.probed, replies[2]?.blocked]) {
    expect(said?.blockers).toHaveLength(200);
    expect(said?.blockers[0]?.statement).toMatch(/^长+… \(cut, 300000 bytes in all\)$/);
    expect(said?.more).toBe(99_800);
  }
  expect(replies[2]?.blocked?.reason).toMatch(/\(cut, /);
  expect(replies[3]?.cutTaken?.cancelledAutovacuums.at(-1)).toMatch(/^… and \d+ more$/);
});

test('invariants that were not asked are cut, and those of a plan counted', async () => {
  const notAsked = Array.from({ length: 500 }, (_, n) => ({ name: `invariant ${n}`, reason: long }));
  const client = await open({
    fit: () => Promise.resolve({ notAsked }),
    restore: (call) => {
      call.send({ loaded: { notAsked } });
      return Promise.resolve();
    },
  });
  const { notAsked: planned } = await client.fit({});
  expect(planned[0]?.reason).toMatch(/\(cut, 300000 bytes in all\)$/);
  expect(planned.at(-1)).toEqual({ name: 'and 300 more', reason: 'left out of this answer' });
  const [reply] = await Array.fromAsync(client.restore());
  const loaded = reply?.loaded?.notAsked ?? [];
  expect(loaded.map(({ name }) => name)).toEqual(notAsked.map(({ name }) => name));
  expect(loaded[0]?.reason).toMatch(/\(cut, 300000 bytes in all\)$/);
});

test('a finding of a verification, and the names of very many databases, are cut too', async () => {
  const databases = Array.from({ length: 200_000 }, (_, n) => `database ${n} ${'长'.repeat(20)}`);
  const server = { family: 'mysql', version: '8', identity: 'i', databases };
  const client = await open({
    describe: () => Promise.resolve({ server }),
    check: () => Promise.resolve({ server, findings: [] }),
    verify: (_, replies) => {
      replies.send({ finding: { ...finding, code: 'bad-bytes' } });
      return Promise.resolve();
    },
  });
  for (const reply of [await client.describe({}), await client.check({})]) {
    const names = reply.server?.databases ?? [];
    expect(names[0]).toBe(databases[0]);
    expect(names.at(-1)).toBe(`… and ${databases.length - names.length + 1} more`);
  }
  const [reply] = await Array.fromAsync(client.verify({}));
  expect(reply?.finding?.subject).toMatch(/\(cut, 300000 bytes in all\)$/);
});
