/** The kinds of single values that both files are made of: names, words, numbers, units, addresses, paths, URLs. */

import { isIPv4, isIPv6 } from 'node:net';
import { isAbsolute, normalize, resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { nearest } from './nearest.ts';
import {
  byteUnitNames,
  durationUnitNames,
  formatBytes,
  formatDuration,
  parseBytes,
  parseDuration,
} from './units.ts';
import type { Read } from './yaml-file.ts';

/** Names become keys in the repository and words in messages, so they are kept to what is safe in both. */
const namePattern = /^[A-Za-z0-9][A-Za-z0-9_.-]{0,62}$/;

export const text: Read<string> = (value) => value.text();

/** A cluster's, shard's or invariant's name. */
export const name: Read<string> = (value) => {
  const written = value.text();
  if (written === undefined || namePattern.test(written)) return written;
  return value.wrong(
    `\`${written}\` is no name: 1 to 63 letters, digits, \`_\`, \`.\` or \`-\`, beginning with a letter or digit`,
  );
};

/** The name of an environment variable. */
export const variable: Read<string> = (value) => {
  const written = value.text();
  if (written === undefined || /^[A-Za-z_][A-Za-z0-9_]*$/.test(written)) return written;
  // Not repeated in the message: somebody may have written the password itself.
  return value.wrong(
    'is no name of an environment variable: letters, digits and `_`, not beginning with a digit',
  );
};

/** One of a few words. */
export function oneOf<Word extends string>(...words: readonly Word[]): Read<Word> {
  return (value) => {
    const written = value.scalar();
    const found = words.find((word) => word === written);
    if (found !== undefined) return found;
    const guess = typeof written === 'string' ? nearest(written, words) : undefined;
    const hint = guess === undefined ? '' : `; did you mean \`${guess}\`?`;
    return value.wrong(`must be ${words.join(' or ')}${hint}`);
  };
}

/** A whole number, both bounds included. */
export function whole(least: number, most: number): Read<number> {
  return (value) => {
    const written = value.scalar();
    if (typeof written !== 'number') return value.wrong(`must be a number, not ${value.kind()}`);
    if (Number.isInteger(written) && written >= least && written <= most) return written;
    return value.wrong(`must be a whole number from ${least} to ${most}, not ${written}`);
  };
}

/** A duration in milliseconds, both bounds included. */
export function duration(leastMs: number, mostMs: number): Read<number> {
  return quantity(
    parseDuration,
    formatDuration,
    leastMs,
    mostMs,
    `a duration such as 100ms or 30s (${durationUnitNames})`,
  );
}

/** One of a few words, or a duration in milliseconds, both bounds included. */
export function durationOr<Word extends string>(
  ...words: readonly Word[]
): (leastMs: number, mostMs: number) => Read<Word | number> {
  return (leastMs, mostMs) => (value) => {
    const written = value.scalar();
    const found = words.find((word) => word === written);
    if (found !== undefined) return found;
    const guess = typeof written === 'string' ? nearest(written, words) : undefined;
    if (guess !== undefined)
      return value.wrong(`must be ${words.join(', ')} or a duration; did you mean \`${guess}\`?`);
    const wanted = `${words.join(', ')} or a duration such as 10s (${durationUnitNames})`;
    return quantity(parseDuration, formatDuration, leastMs, mostMs, wanted)(value);
  };
}

/** A size in bytes, both bounds included. */
export function size(leastBytes: number, mostBytes: number): Read<number> {
  return quantity(parseBytes, formatBytes, leastBytes, mostBytes, `a size such as 32MiB (${byteUnitNames})`);
}

function quantity(
  parse: (text: string) => number | undefined,
  format: (value: number) => string,
  least: number,
  most: number,
  wanted: string,
): Read<number> {
  return (value) => {
    const written = value.scalar();
    if (typeof written === 'number') return value.wrong(`must be ${wanted}; ${written} has no unit`);
    const parsed = typeof written === 'string' ? parse(written) : undefined;
    if (parsed === undefined) {
      return value.wrong(
        `must be ${wanted}, not ${typeof written === 'string' ? `\`${written}\`` : value.kind()}`,
      );
    }
    if (parsed >= least && parsed <= most) return parsed;
    return value.wrong(`must be from ${format(least)} to ${format(most)}, not ${format(parsed)}`);
  };
}

/** `host:port`, where the host is a name, an IPv4 address or an IPv6 address in brackets. */
export function address(leastPort: 0 | 1): Read<string> {
  return (value) => {
    const written = value.text();
    if (written === undefined) return undefined;
    const match = /^(?:\[([^\]]*)\]|([^:[\]]*)):(\d{1,5})$/.exec(written);
    const port = Number(match?.[3]);
    if (match === null) return value.wrong(`\`${written}\` is not host:port`);
    if (!(port >= leastPort && port <= 65_535)) {
      return value.wrong(`\`${written}\`: the port must be from ${leastPort} to 65535`);
    }
    const known = match[1] === undefined ? isHost(match[2] ?? '') : isIPv6(match[1]);
    if (!known) return value.wrong(`\`${written}\`: \`${match[1] ?? match[2]}\` is no host name or address`);
    return written;
  };
}

/** Whether two addresses name the same place as far as the words themselves tell. */
export function sameAddress(a: string, b: string): boolean {
  const plain = (written: string): string => {
    const at = written.lastIndexOf(':');
    const host = written.slice(0, at).toLowerCase().replace(/\.$/, '');
    return `${host === 'localhost' ? '127.0.0.1' : host}:${Number(written.slice(at + 1))}`;
  };
  return plain(a) === plain(b);
}

/** A database server: a host name or address, or the absolute path of a socket. */
export const databaseHost: Read<string> = (value) => {
  const written = value.text();
  if (written === undefined || isAbsolute(written) || isIPv6(written) || isHost(written)) return written;
  return value.wrong(`\`${written}\` is no host name, address or absolute path of a socket`);
};

function isHost(written: string): boolean {
  // Four numbers are meant as an address; a name never ends in a number.
  if (/^[\d.]+$/.test(written)) return isIPv4(written);
  return (
    written.length <= 253 && /^(?:[A-Za-z0-9_](?:[A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?(?:\.|$))+$/.test(written)
  );
}

/** A path of this host; a relative one is meant from `folder`, the folder of the file that names it. */
export function path(folder: string): Read<string> {
  return (value) => {
    const written = value.text();
    return written === undefined ? undefined : resolve(folder, written);
  };
}

/** The URL of the repository, normalised, so that two files that mean the same place say the same. */
export const repositoryUrl: Read<string> = (value) => {
  const written = value.text();
  if (written === undefined) return undefined;
  const scheme = /^([A-Za-z][A-Za-z0-9+.-]*):\/\//.exec(written)?.[1]?.toLowerCase();
  if (scheme === undefined) return value.wrong(`\`${written}\` is no URL; write file:///absolute/path`);
  if (scheme !== 'file') return value.wrong(`${scheme}:// is not supported; only file:// is in this version`);
  if (!/^file:\/\/\//i.test(written)) {
    return value.wrong(`\`${written}\` must be file:///absolute/path, with three slashes`);
  }
  if (/[?#]/.test(written)) return value.wrong('must have no ? and no # (write %3F and %23)');
  let folder: string;
  try {
    folder = normalize(fileURLToPath(new URL(written)));
  } catch (error) {
    return value.wrong(
      `\`${written}\` is no path: ${error instanceof Error ? error.message : String(error)}`,
    );
  }
  if (folder.includes('\0')) return value.wrong('must not contain a NUL character');
  const trimmed = folder.replace(/\/+$/, '');
  if (trimmed === '') return value.wrong('must name a folder, not the root of the file system');
  return pathToFileURL(trimmed).href;
};
