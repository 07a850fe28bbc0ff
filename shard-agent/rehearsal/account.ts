/** Unprivileged accounts of this host, for a scratch server of an agent that runs as root. */
import { readFile } from 'node:fs/promises';
import { TidemarkError } from '../../proto/errors.ts';

export interface Account {
  readonly uid: number;
  readonly gid: number;
}

/** The account of the first of these names that is there. Throws `not-ready` when there is none. */
export async function accountNamed(...names: readonly string[]): Promise<Account> {
  const lines = (await readFile('/etc/passwd', 'utf8')).split('\n').map((line) => line.split(':'));
  for (const name of names) {
    const [, , uid, gid] = lines.find(([known]) => known === name) ?? [];
    if (uid !== undefined && gid !== undefined && uid !== '0') return { uid: Number(uid), gid: Number(gid) };
  }
  throw new TidemarkError({
    code: 'not-ready',
    operation: 'start a scratch server',
    subject: 'the rehearsal',
    cause: `the agent runs as root, and a server does not; this host has no account ${names.join(' or ')}`,
    remedy: 'Run the agent under an account of its own, or rehearse on a target with --to.',
  });
}
