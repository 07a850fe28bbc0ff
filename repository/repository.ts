/** From the URL in a topology or agent file to the store it names. */
import { fileURLToPath } from 'node:url';
import { TidemarkError } from '../proto/errors.ts';
import type { ObjectStore } from './object-store.ts';
import { FilesystemStore } from './stores/filesystem.ts';

/**
 * Opens the repository at `url` (`file:///absolute/path`). Throws `file-invalid` for a URL that names no store we have,
 * `repository-failed` when the folder does not exist: it is never created, since a path on which nothing is
 * mounted yet must not be written to.
 */
export function openRepository(url: string): ObjectStore {
  let parsed: URL;
  try {
    parsed = new URL(url);
  } catch (error) {
    throw invalid(url, 'it is not a URL', error);
  }
  if (parsed.protocol !== 'file:') throw invalid(url, `no store speaks ${parsed.protocol}//`);
  if (!url.startsWith('file:///') || parsed.search !== '' || parsed.hash !== '') {
    throw invalid(url, 'a local folder is an absolute path without ? and #');
  }
  let root: string;
  try {
    root = fileURLToPath(parsed);
  } catch (error) {
    throw invalid(url, 'it names no local folder', error);
  }
  return FilesystemStore.open(root);
}

function invalid(url: string, cause: string, error?: unknown): TidemarkError {
  return new TidemarkError(
    {
      code: 'file-invalid',
      operation: 'open the repository',
      subject: url,
      cause,
      remedy: 'Write the repository as file:///absolute/path.',
    },
    { cause: error },
  );
}
