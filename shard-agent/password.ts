/** The database password, from where the agent's file says. */
import { readFile } from 'node:fs/promises';
import { TidemarkError } from '../proto/errors.ts';
import type { PasswordSource } from '../topology/agent-file.ts';

/** Throws `file-invalid` for a variable that is not set, `file-unreadable` for a file that cannot be read. */
export async function readPassword(source: PasswordSource): Promise<string | undefined> {
  switch (source.kind) {
    case 'none':
      return undefined;
    case 'env': {
      const value = process.env[source.name];
      if (value !== undefined) return value;
      throw new TidemarkError({
        code: 'file-invalid',
        operation: 'read the database password',
        subject: `database.password.env: ${source.name}`,
        cause: 'the environment variable is not set',
        remedy: `Start tidemark-agent with ${source.name} set, or name another source under database.password.`,
      });
    }
    case 'file':
      try {
        // Editors end a file with a newline; no password ends with one.
        return (await readFile(source.path, 'utf8')).replace(/\r?\n$/, '');
      } catch (error) {
        throw new TidemarkError(
          {
            code: 'file-unreadable',
            operation: 'read the database password',
            subject: source.path,
            cause: error instanceof Error ? error.message : String(error),
          },
          { cause: error },
        );
      }
  }
}
