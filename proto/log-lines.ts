/** How a log line looks: one JSON object for machines, or one line for a person. Times are ISO 8601 in UTC. */
import { TidemarkError } from './errors.ts';

export const logFormats = ['json', 'text'] as const;
export type LogFormat = (typeof logFormats)[number];

/** What pino needs so that its lines have the time as this module writes it: milliseconds and `Z`. */
export const logTimestamp = (): string => `,"time":"${new Date().toISOString()}"`;

/** pino's numbers. */
const levelNames: Readonly<Record<number, string>> = {
  10: 'TRACE',
  20: 'DEBUG',
  30: 'INFO',
  40: 'WARN',
  50: 'ERROR',
  60: 'FATAL',
};

/** Told in the head of a line, or by nobody. */
const headFields: readonly string[] = ['level', 'time', 'msg', 'pid', 'shard', 'operation', 'stack', 'error'];

/**
 * One line of pino's as it is to be written. A key that pino wrote twice (a logger's own field, and the same one on the line)
 * comes once, with the line's own value.
 */
export function formatLogLine(line: string, format: LogFormat): string {
  const fields = JSON.parse(line) as Record<string, unknown>;
  return format === 'json' ? `${JSON.stringify(fields)}\n` : textLine(fields);
}

/** `2026-11-20T08:30:12.123Z WARN  shop-00 restore: cannot yet … (set=…)`, and a stack or remedy on lines of their own. */
function textLine(fields: Record<string, unknown>): string {
  const { time, level, shard, operation, msg, error, stack } = fields;
  const name = levelNames[Number(level)] ?? String(level);
  const where = [shard, operation].filter((each) => typeof each === 'string' && each !== '').join(' ');
  const head = `${String(time)} ${name.padEnd(5)} ${where === '' ? '' : `${oneLine(where)}: `}${oneLine(typeof msg === 'string' ? msg : '')}`;
  const rest = Object.entries(fields)
    .filter(([key, value]) => !headFields.includes(key) && value !== '' && value !== null)
    .map(([key, value]) => `${key}=${word(value)}`);
  const lines = [rest.length === 0 ? head : `${head} (${rest.join(' ')})`];
  if (typeof error === 'object' && error !== null) {
    const { code, remedy } = error as { code?: unknown; remedy?: unknown };
    if (typeof remedy === 'string') lines.push(`  ${oneLine(remedy)} (${String(code)})`);
  }
  if (typeof stack === 'string')
    lines.push(...stack.split('\n').flatMap((each) => (each === '' ? [] : [`  ${oneLine(each)}`])));
  return `${lines.join('\n')}\n`;
}

function word(value: unknown): string {
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  return /^[^\s"=()]+$/.test(text) ? oneLine(text) : JSON.stringify(text);
}

/** Texts of servers and peers must neither begin a line of their own nor steer a terminal. */
function oneLine(text: string): string {
  return text.replace(/\p{Cc}+/gu, ' ').trim();
}

/** One of the words allowed, `otherwise` when the variable is not set or empty. Throws `usage` for any other. */
export function wordOfEnvironment<Word extends string>(
  name: string,
  allowed: readonly Word[],
  otherwise: Word,
  environment: NodeJS.ProcessEnv = process.env,
): Word {
  const value = environment[name];
  if (value === undefined || value === '') return otherwise;
  const found = allowed.find((each) => each === value);
  if (found !== undefined) return found;
  throw new TidemarkError({
    code: 'usage',
    operation: 'read the environment',
    subject: name,
    cause: `\`${oneLine(value)}\` is not one of ${allowed.join(', ')}`,
    remedy: `Set ${name} to one of these, or unset it.`,
  });
}
