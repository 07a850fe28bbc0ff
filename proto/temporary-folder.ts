/** The folder for what lives no longer than a process. */
import { mkdtempSync, rmdirSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { TidemarkError } from './errors.ts';

/**
 * Makes sure that the folder that TMPDIR names, or the system's own, can be used, before work depends on it. Throws `usage`
 * and says what is wrong with it.
 */
export function requireTemporaryFolder(): void {
  const folder = tmpdir();
  const named = ['TMPDIR', 'TMP', 'TEMP'].find((name) => (process.env[name] ?? '') !== '');
  const cause = whyUnusable(folder);
  if (cause === undefined) return;
  throw new TidemarkError({
    code: 'usage',
    operation: 'use the folder for temporary files',
    subject: named === undefined ? folder : `${named}=${folder}`,
    cause,
    remedy: `Set TMPDIR to a folder that exists and that this user may write to${named === undefined ? '' : `, or unset ${named}`}.`,
  });
}

/** By using it: what may be written, and whether there is room, is not only a question of its mode. */
function whyUnusable(folder: string): string | undefined {
  try {
    if (!statSync(folder).isDirectory()) return 'it is not a folder';
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    return code === 'ENOENT' ? 'it does not exist' : message;
  }
  try {
    rmdirSync(mkdtempSync(join(folder, 'tidemark-')));
    return undefined;
  } catch (error) {
    return `it is not writable for this user (${(error as NodeJS.ErrnoException).code})`;
  }
}
