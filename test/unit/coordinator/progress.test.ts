import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { displayWidth } from '../../../topology/display-text.ts';
import { openProgress, progressLines } from '../../../coordinator/progress.ts';

const mib = 2 ** 20;
const state = (bytes: number, totalBytes: number, endedMs?: number) => ({
  phase: endedMs === undefined ? 'data' : 'done',
  bytes,
  rows: bytes / 1024,
  totalBytes,
  sinceMs: 0,
  endedMs,
});

test('a line per shard and one for the whole: amount, rows, rate, time left', () => {
  const shards = new Map([
    ['shop-00', state(10 * mib, 40 * mib)],
    ['shop-01', state(20 * mib, 20 * mib, 1000)],
  ]);
  const [first, second, total] = progressLines(shards, 2000, 10).map((line) => line.replaceAll(/ +/g, ' '));
  expect(first).toBe('shop-00 data 10 MiB of 40 MiB 10 240 rows 5 MiB/s 6 s left');
  expect(second).toContain('shop-01 done 20 MiB');
  expect(second).toContain('20 MiB/s');
  expect(total).toContain('total 30 MiB of 60 MiB');
  expect(total).toContain('1 of 2 done');
});

test('of more shards than lines, those at work are shown', () => {
  const shards = new Map(
    Array.from({ length: 30 }, (_, n) => [`s${n}`, state(1, 2, n < 20 ? 1 : undefined)] as const),
  );
  const lines = progressLines(shards, 100, 5);
  expect(lines).toHaveLength(7);
  expect(lines[0]).toContain('s20');
  expect(lines[5]).toBe('… and 25 more');
});

let written = '';
const screen = (terminal: boolean, shown = true) => ({
  write: (text: string) => void (written += text),
  terminal,
  shown,
  columns: () => 80,
  rows: () => 24,
  nowMs: () => performance.now(),
});

beforeEach(() => {
  written = '';
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval', 'performance'] });
});
afterEach(() => {
  vi.useRealTimers();
});

test('on a terminal what was drawn is drawn over, and a log line goes above it', () => {
  const progress = openProgress(screen(true));
  progress.step('copying');
  progress.shard('a', { phase: 'data', bytes: 1, rows: 1, totalBytes: 2 });
  vi.advanceTimersByTime(200);
  expect(written.split('\n')).toHaveLength(4);
  written = '';
  progress.write('{"level":40}\n');
  expect(written.startsWith('\x1b[2F\x1b[0J{"level":40}\n')).toBe(true);
  written = '';
  progress.end();
  expect(written).toBe('\x1b[2F\x1b[0J');
  vi.advanceTimersByTime(10_000);
  expect(written).toBe('\x1b[2F\x1b[0J');
});

test('elsewhere plain lines every few seconds, and none when nothing changed', () => {
  const progress = openProgress(screen(false));
  progress.step('copying');
  progress.shard('a', { phase: 'data', bytes: 1, rows: 1, totalBytes: 2 });
  vi.advanceTimersByTime(3000);
  expect(written).toBe('copying\n');
  vi.advanceTimersByTime(2000);
  expect(written).not.toContain('\x1b');
  const once = written;
  expect(once.split('\n')).toHaveLength(4);
  vi.advanceTimersByTime(20_000);
  expect(written).toBe(once);
  progress.end();
});

test('with --json only logs are written', () => {
  const progress = openProgress(screen(true, false));
  progress.step('copying');
  progress.shard('a', { phase: 'data', bytes: 1, rows: 1, totalBytes: 2 });
  progress.note('hint');
  progress.step('checking');
  vi.advanceTimersByTime(10_000);
  expect(written).toBe('');
  progress.write('log\n');
  progress.end();
  expect(written).toBe('log\n');
});

test('names from elsewhere are shown cleaned, and a line that is too wide ends with a mark', () => {
  const narrow = { ...screen(true), columns: () => 30 };
  const progress = openProgress(narrow);
  progress.note('warning: \x1b[2J\u202ename\x1b[31m');
  expect(written).toBe('warning: \\u{1b}[2J\\u{202e}name\x1b[31m\n');
  written = '';
  progress.shard('长\n长', { phase: 'data', bytes: 1, rows: 1, totalBytes: 2 });
  vi.advanceTimersByTime(200);
  const lines = written.split('\n');
  expect(lines).toHaveLength(3);
  expect(lines[0]).toMatch(/^长 长 .*…$/);
  expect(displayWidth(lines[0] ?? '')).toBe(29);
  progress.end();
});
