import { pino } from 'pino';
import { expect, test } from 'vitest';
import { TidemarkError } from '../../../proto/errors.ts';
import { formatLogLine, logTimestamp, wordOfEnvironment, type LogFormat } from '../../../proto/log-lines.ts';

/** What a logger with a field of its own writes, and a child of it, when a line has the same field. */
function lines(format: LogFormat, say: (log: pino.Logger) => void): string {
  let written = '';
  const write = (line: string): void => void (written += formatLogLine(line, format));
  say(
    pino(
      { level: 'trace', base: { shard: 'shop-00', operation: 'daemon' }, timestamp: logTimestamp },
      { write },
    ),
  );
  return written;
}

function keysOf(json: string): string[] {
  return [...json.matchAll(/"(\w+)":/g)].map(([, key]) => key ?? '');
}

test('a key comes once, with the value of the line, also from a child', () => {
  const written = lines('json', (log) => {
    log.info({ operation: 'backup', shard: 'other' }, 'one');
    log.child({ operation: 'child' }).warn({ operation: 'restore' }, 'two');
  });
  const [one = '', two = ''] = written.trim().split('\n');
  for (const line of [one, two]) expect(new Set(keysOf(line)).size).toBe(keysOf(line).length);
  expect(JSON.parse(one)).toMatchObject({ operation: 'backup', shard: 'other', msg: 'one' });
  expect(JSON.parse(two)).toMatchObject({ operation: 'restore', shard: 'shop-00', level: 40 });
});

test('times are ISO 8601 with milliseconds, in UTC', () => {
  const { time } = JSON.parse(lines('json', (log) => log.info('now'))) as { time: string };
  expect(time).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
  expect(Math.abs(Date.parse(time) - Date.now())).toBeLessThan(60_000);
});

test('a line for a person: time, level, where, what, the rest, and what to do', () => {
  const error = new TidemarkError({
    code: 'agent-busy',
    operation: 'begin',
    subject: 's',
    cause: 'c',
    remedy: 'Wait.',
  });
  const written = lines('text', (log) =>
    log.warn(
      { operation: 'restore', set: '', count: 2, why: 'two words', error: error.toJSON() },
      error.message,
    ),
  );
  expect(written.replace(/^\S+Z/, 'TIME')).toBe(
    'TIME WARN  shop-00 restore: s: cannot begin: c (count=2 why="two words")\n  Wait. (agent-busy)\n',
  );
  expect(lines('text', (log) => log.error({ stack: 'Error: x\n    at y' }, 'a defect'))).toMatch(
    / ERROR shop-00 daemon: a defect\n {2}Error: x\n {2}at y\n$/,
  );
});

test('what a server or a peer says neither begins a line nor steers the terminal', () => {
  const written = lines('text', (log) =>
    log.info({ peer: '\u001b[2J\nx=1' }, 'refused\n2026 INFO forged \u001b[31m'),
  );
  expect(written.match(/\n/g)).toHaveLength(1);
  expect(written.slice(0, -1)).not.toMatch(/\p{Cc}/u);
});

test('a word of the environment that is not known is a usage error that lists the known ones', () => {
  const words = ['json', 'text'] as const;
  expect(wordOfEnvironment('F', words, 'json', {})).toBe('json');
  expect(wordOfEnvironment('F', words, 'json', { F: '' })).toBe('json');
  expect(wordOfEnvironment('F', words, 'json', { F: 'text' })).toBe('text');
  expect(() => wordOfEnvironment('F', words, 'json', { F: 'xml' })).toThrow(
    expect.objectContaining({ code: 'usage', subject: 'F', reason: '`xml` is not one of json, text' }),
  );
});
