/** Does the target judge passwords in a way in which it refuses the accounts of a set? */
import type { Finding } from '../../../engine.ts';
import { finding } from '../../../findings.ts';
import { variable } from '../server.ts';
import type { Wire } from '../connection/wire.ts';
import type { AccountStatement } from './account-plan.ts';

const namedAccounts = 50;

/** A stored password, which nobody can judge. */
const hashed = /\b(?:BY PASSWORD|USING|AS) (?:'[^']|0x)/i;
/** Nothing that needs a password, or an empty one. */
const unlocked = (sql: string): boolean =>
  !/ IDENTIFIED /i.test(sql) || /\b(?:BY PASSWORD|USING|AS) ''/i.test(sql);
/** Accounts that log in by a password of their own. */
const byPassword =
  /IDENTIFIED WITH '?(?:caching_sha2_password|sha256_password|mysql_native_password)'?(?! AS)/i;

export async function validationFindings(
  wire: Wire,
  statements: readonly AccountStatement[],
): Promise<Finding[]> {
  const judges = await activeJudges(wire);
  if (judges.length === 0) return [];
  const made = statements.filter(({ kind }) => kind === 'create-user');
  const findings: Finding[] = [];
  const refuse = (accounts: readonly AccountStatement[], cause: string, remedy: string): void => {
    if (accounts.length === 0) return;
    const names = accounts.slice(0, namedAccounts).map(({ account }) => account);
    findings.push(finding('does-not-fit', `accounts ${names.join(', ')}`, cause, remedy));
  };
  const [judge = ''] = judges;
  if ((await variable(wire, 'strict_password_validation')) === 'ON') {
    refuse(
      made.filter(({ sql }) => hashed.test(sql)),
      `${judge} cannot judge passwords that are stored already, so the server refuses them (strict_password_validation)`,
      'SET GLOBAL strict_password_validation = OFF; until the restore is done.',
    );
  }
  refuse(
    made.filter(({ sql }) => !hashed.test(sql) && (unlocked(sql) || byPassword.test(sql))),
    `${judge} refuses accounts without a password`,
    `Take ${judge} off the server until the restore is done, or give these accounts a password on the source.`,
  );
  return findings;
}

/** MariaDB's plugins, MySQL's plugin and its component, which shows only by its settings. */
async function activeJudges(wire: Wire): Promise<string[]> {
  const rows = await wire.query(
    "SELECT PLUGIN_NAME AS n FROM information_schema.PLUGINS WHERE PLUGIN_STATUS = 'ACTIVE' " +
      "AND PLUGIN_TYPE IN ('PASSWORD VALIDATION', 'VALIDATE PASSWORD') ORDER BY 1",
  );
  const component =
    (await variable(wire, 'validate_password.policy')) === undefined ? [] : ['validate_password'];
  return [...rows.map((row) => row['n'] ?? ''), ...component];
}
