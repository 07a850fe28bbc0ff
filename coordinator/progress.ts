/**
 * Progress on stderr: on a terminal a line per shard and one for the whole, redrawn in place; elsewhere plain lines
 * every few seconds; with `--json` nothing. What is logged meanwhile goes through `write`, which keeps both apart.
 */
import { cutToWidth, displayText, displayWidth, padToWidth, screenText } from '../topology/display-text.ts';
import { formatBytes, formatDuration } from '../topology/units.ts';
import { formatCount } from './output.ts';

/** What one shard reports; counts are raw bytes and rows so far in this phase's operation. */
export interface ShardProgress {
  readonly phase: string;
  readonly bytes: number;
  readonly rows: number;
  /** 0 when not known. */
  readonly totalBytes: number;
}

export interface Progress {
  /** A step of the command begins. Shards seen before are forgotten. */
  step(text: string): void;
  /** A shard's newest report. */
  shard(name: string, progress: ShardProgress): void;
  /** A shard has ended this step. */
  done(name: string): void;
  /** A line for a person, above what is redrawn. */
  note(text: string): void;
  /** For a logger: writes whole lines without tearing what is drawn. */
  write(lines: string): void;
  /** Clears what is drawn and stops all timers. Idempotent. */
  end(): void;
}

export interface ProgressScreen {
  readonly write: (text: string) => void;
  readonly terminal: boolean;
  /** False: nothing but `write` shows (`--json`). */
  readonly shown: boolean;
  readonly columns: () => number;
  readonly rows: () => number;
  readonly nowMs: () => number;
}

export interface ShardState extends ShardProgress {
  readonly sinceMs: number;
  readonly endedMs: number | undefined;
}

const redrawMs = 125;
const plainMs = 4_000;

/** Begins to report on `screen`. The caller must call `end`. */
export function openProgress(screen: ProgressScreen): Progress {
  let shards = new Map<string, ShardState>();
  let drawnLines = 0;
  let changed = false;

  const clear = (): string => {
    const text = drawnLines === 0 ? '' : `\x1b[${drawnLines}F\x1b[0J`;
    drawnLines = 0;
    return text;
  };
  const region = (): string => {
    if (shards.size === 0) return '';
    const lines = progressLines(shards, screen.nowMs(), Math.max(1, screen.rows() - 3));
    drawnLines = lines.length;
    const columns = Math.max(20, screen.columns() - 1);
    return lines.map((line) => `${cutToWidth(line, columns)}\n`).join('');
  };
  const tick = (): void => {
    if (!changed) return;
    changed = false;
    if (screen.terminal) screen.write(clear() + region());
    else
      screen.write(
        progressLines(shards, screen.nowMs(), 8)
          .map((line) => `${line}\n`)
          .join(''),
      );
  };
  const timer = screen.shown ? setInterval(tick, screen.terminal ? redrawMs : plainMs) : undefined;
  timer?.unref();
  /** A line for a person, in which the terminal finds nothing to obey but our colours. */
  const said = (text: string): string => `${screenText(text)}\n`;
  const above = (text: string): void => {
    screen.write(screen.shown && screen.terminal ? clear() + text + region() : text);
  };

  return {
    step(text) {
      if (screen.shown) tick();
      drawnLines = 0;
      shards = new Map();
      changed = false;
      if (screen.shown) screen.write(said(text));
    },
    shard(name, progress) {
      const before = shards.get(name);
      shards.set(name, { ...progress, sinceMs: before?.sinceMs ?? screen.nowMs(), endedMs: undefined });
      changed = true;
    },
    done(name) {
      const before = shards.get(name) ?? {
        phase: '',
        bytes: 0,
        rows: 0,
        totalBytes: 0,
        sinceMs: screen.nowMs(),
      };
      shards.set(name, { ...before, phase: 'done', totalBytes: before.bytes, endedMs: screen.nowMs() });
      changed = true;
    },
    note(text) {
      if (screen.shown) above(said(text));
    },
    write: above,
    end() {
      clearInterval(timer);
      if (screen.shown && screen.terminal) screen.write(clear());
      shards = new Map();
      changed = false;
    },
  };
}

/** A line per shard, at most `limit` of them (those still at work first), and one for the whole. Pure. */
export function progressLines(
  shards: ReadonlyMap<string, ShardState>,
  nowMs: number,
  limit: number,
): string[] {
  const states = [...shards].sort(([one], [other]) => (one < other ? -1 : 1));
  const working = states.filter(([, state]) => state.endedMs === undefined);
  const shown = states.length <= limit ? states : working.slice(0, limit);
  const names = shown.map(([name]) => displayText(name));
  const widest = Math.max(5, ...names.map(displayWidth));
  const lines = shown.map(([, state], at) => line(padToWidth(names[at] ?? '', widest), state, nowMs));
  if (shown.length < states.length) lines.push(`… and ${states.length - shown.length} more`);
  const all = states.map(([, state]) => state);
  const total = {
    phase: '',
    bytes: all.reduce((sum, state) => sum + state.bytes, 0),
    rows: all.reduce((sum, state) => sum + state.rows, 0),
    totalBytes: all.every((state) => state.totalBytes > 0 || state.endedMs !== undefined)
      ? all.reduce((sum, state) => sum + Math.max(state.totalBytes, state.bytes), 0)
      : 0,
    sinceMs: Math.min(nowMs, ...all.map((state) => state.sinceMs)),
    endedMs: undefined,
  };
  lines.push(
    `${line('total'.padEnd(widest), total, nowMs)}  ${states.length - working.length} of ${states.length} done`,
  );
  return lines;
}

function line(name: string, state: ShardState, nowMs: number): string {
  const elapsedMs = Math.max(1, (state.endedMs ?? nowMs) - state.sinceMs);
  const bytesPerMs = state.bytes / elapsedMs;
  const parts = [
    name,
    padToWidth(displayText(state.phase), 8),
    amount(state).padStart(21),
    `${formatCount(state.rows)} rows`.padStart(16),
  ];
  if (elapsedMs >= 500) parts.push(`${formatBytes(Math.round(bytesPerMs * 1000))}/s`.padStart(12));
  const left = state.totalBytes - state.bytes;
  if (state.endedMs === undefined && left > 0 && bytesPerMs > 0 && elapsedMs >= 500) {
    parts.push(`${formatDuration(Math.ceil(left / bytesPerMs / 1000) * 1000)} left`);
  }
  return parts.join('  ');
}

function amount(state: ShardProgress): string {
  if (state.totalBytes <= state.bytes) return formatBytes(state.bytes);
  return `${formatBytes(state.bytes)} of ${formatBytes(state.totalBytes)}`;
}
