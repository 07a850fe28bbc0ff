/** Sizes and durations as people write them. Inside the program they are numbers with the unit in the name. */

const byteUnits: Readonly<Record<string, number>> = {
  B: 1,
  kB: 1e3,
  MB: 1e6,
  GB: 1e9,
  TB: 1e12,
  KiB: 2 ** 10,
  MiB: 2 ** 20,
  GiB: 2 ** 30,
  TiB: 2 ** 40,
};

const durationUnits: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
};

/** The units parseBytes knows, for messages. */
export const byteUnitNames = Object.keys(byteUnits).join(', ');
/** The units parseDuration knows, for messages. */
export const durationUnitNames = Object.keys(durationUnits).join(', ');

/**
 * `32MiB`, `1.5 GiB`, `100kB` in bytes; undefined when the text is no size: no unit, an unknown one, a fraction of
 * a byte, a negative number, more than a number can hold exactly. Units are case-sensitive, as in the standards.
 */
export function parseBytes(text: string): number | undefined {
  return parseQuantity(text, byteUnits);
}

/** `100ms`, `1.5s`, `30m` in milliseconds; undefined when the text is no duration, or not a whole number of them. */
export function parseDuration(text: string): number | undefined {
  return parseQuantity(text, durationUnits);
}

function parseQuantity(text: string, units: Readonly<Record<string, number>>): number | undefined {
  const match = /^(\d{1,15})(?:\.(\d{1,9}))? ?([A-Za-z]+)$/.exec(text);
  const unitName = match?.[3];
  if (match === null || unitName === undefined || !Object.hasOwn(units, unitName)) return undefined;
  const unit = units[unitName] ?? 0;
  const fraction = match[2] ?? '';
  // In whole steps of the last decimal, because 1.001 * 1000 is not 1001 in floating point.
  const scaled = BigInt(`${match[1]}${fraction}`) * BigInt(unit);
  const scale = 10n ** BigInt(fraction.length);
  if (scaled % scale !== 0n) return undefined;
  const value = Number(scaled / scale);
  return Number.isSafeInteger(value) ? value : undefined;
}

/** Bytes for a person: `512 B`, `1.5 MiB`, `32 MiB`. Rounded to three digits; not meant to be parsed again. */
export function formatBytes(bytes: number): string {
  const names = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB'];
  let value = bytes;
  let at = 0;
  // 1023.95 would print as `1024 KiB`.
  while (Math.abs(value) >= 1023.5 && at < names.length - 1) {
    value /= 1024;
    at += 1;
  }
  return `${short(value)} ${names[at]}`;
}

/** Milliseconds for a person: `8 ms`, `1.5 s`, `2 m 5 s`, `3 h 20 m`, `2 d 4 h`. Rounded; not meant to be parsed again. */
export function formatDuration(ms: number): string {
  if (Math.abs(ms) < 999.5) return `${short(ms)} ms`;
  if (Math.abs(ms) < 59_950) return `${short(ms / 1000)} s`;
  const seconds = Math.round(ms / 1000);
  if (seconds < 3600) return pair(Math.floor(seconds / 60), 'm', seconds % 60, 's');
  const minutes = Math.round(seconds / 60);
  if (minutes < 1440) return pair(Math.floor(minutes / 60), 'h', minutes % 60, 'm');
  const hours = Math.round(minutes / 60);
  return pair(Math.floor(hours / 24), 'd', hours % 24, 'h');
}

function pair(large: number, largeUnit: string, small: number, smallUnit: string): string {
  return small === 0 ? `${large} ${largeUnit}` : `${large} ${largeUnit} ${small} ${smallUnit}`;
}

function short(value: number): string {
  const digits = Math.abs(value) >= 99.95 ? 0 : Math.abs(value) >= 9.995 ? 1 : 2;
  return String(Number(value.toFixed(digits)));
}
