/** Accounts that objects of the set run as, and that this server does not have. */
import type { Finding } from '../../../engine.ts';
import { finding } from '../../../findings.ts';
import { isServerError } from '../connection/failure.ts';
import { quoteAccount } from '../connection/quoting.ts';
import type { Wire } from '../connection/wire.ts';

/** `definers`: `user@host`; a role of MariaDB has no host. */
export async function definerFindings(wire: Wire, definers: readonly string[]): Promise<Finding[]> {
  if (definers.length === 0) return [];
  let accounts: ReadonlySet<string>;
  try {
    const rows = await wire.query("SELECT CONCAT(User, '@', Host) AS a FROM mysql.user");
    accounts = new Set(rows.map(({ a }) => (a ?? '').toLowerCase()));
  } catch (error) {
    if (!isServerError(error)) throw error;
    const cause = `whether the accounts exist that objects run as (${definers.join(', ')}) cannot be seen`;
    return [finding('does-not-fit', 'accounts', cause, 'Make them where they are missing.', true)];
  }
  return definers.flatMap((definer) => {
    if (definer.includes('@')) return accounts.has(definer.toLowerCase()) ? [] : [missingUser(definer)];
    return accounts.has(`${definer}@`.toLowerCase()) ? [] : [missingRole(definer)];
  });
}

function missingUser(definer: string): Finding {
  const cause = 'objects run as this account, which does not exist here';
  const remedy = `CREATE USER ${quoteAccount(definer)} with what it needs.`;
  return finding('does-not-fit', definer, cause, remedy, true);
}

/** Not a warning: what comes back would run as somebody else. */
function missingRole(definer: string): Finding {
  const role = quoteAccount(definer);
  const user = quoteAccount(`${definer}@%`);
  const cause = `objects run as this role, which does not exist here: the server would take it for the user ${user}`;
  const remedy = `CREATE ROLE ${role}; with what it needs, or restore a set with its accounts by --globals.`;
  return finding('does-not-fit', definer, cause, remedy);
}
