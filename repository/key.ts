/**
 * What a key may look like. layout.ts makes the keys; every store checks them once more before it touches anything, so
 * that no name from a database, a manifest or a command line can reach outside the repository.
 */
import { TidemarkError } from '../proto/errors.ts';

/** Longest key in bytes: the limit of S3, the smallest of the stores to come. */
export const keyBytesLimit = 1024;

const componentBytesLimit = 255;
const component = /^[A-Za-z0-9_%~-][A-Za-z0-9_%~.-]*$/;

/** True for a name that may stand between two slashes of a key. One that begins with a dot never may. */
export function isKeyComponent(name: string): boolean {
  return name.length <= componentBytesLimit && component.test(name);
}

/** Throws `internal` unless `key` is one that a store may be asked for; `store` names the repository in the message. */
export function assertKey(key: string, store: string): void {
  if (key.length > keyBytesLimit || !key.split('/').every(isKeyComponent))
    refuse(key, store, 'not a valid key');
}

/** As `assertKey`, for what `list` takes: empty, or a key followed by a slash. */
export function assertPrefix(prefix: string, store: string): void {
  if (prefix === '') return;
  if (!prefix.endsWith('/')) refuse(prefix, store, 'a prefix must end in /');
  assertKey(prefix.slice(0, -1), store);
}

function refuse(key: string, store: string, why: string): never {
  throw new TidemarkError({
    code: 'internal',
    operation: 'address an object',
    subject: store,
    cause: `${JSON.stringify(key.slice(0, 200))} is ${why}`,
  });
}
