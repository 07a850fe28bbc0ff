/** Would the roles of a set fit on this server? Tried for good, in a transaction that is rolled back. */
import type { Finding, StoredShard } from '../../../engine.ts';
import { finding } from '../../../findings.ts';
import { during, quoteName, type PostgresConfig, type Row, type Session } from '../connection/connection.ts';
import type { GlobalsPlan } from './globals-plan.ts';
import { planRoles, type RefusedStatement, tryRoles } from './roles.ts';
import { subjectOf } from '../server.ts';

export interface FittingRoles {
  readonly findings: readonly Finding[];
  /** Roles that the restore makes. */
  readonly coming: ReadonlySet<string>;
}

export const noRoles: FittingRoles = { findings: [], coming: new Set() };

/** Names in one finding. */
const namedRoles = 50;

/** `restorer`: what the role of this session may do. */
export async function fitRoles(
  session: Session,
  config: PostgresConfig,
  stored: StoredShard,
  restorer: Row,
): Promise<FittingRoles> {
  const { user } = config.database;
  const superuser = restorer['rolsuper'] === 't';
  return during('see whether the roles fit', subjectOf(config), async () => {
    const plan = await planRoles(session, stored);
    const coming = new Set(plan.make);
    const findings = leftAlone(config, plan);
    if (plan.make.length === 0) return { findings, coming };
    if (!superuser && restorer['rolcreaterole'] !== 't') {
      const cause = 'it may not make the roles of the set';
      const remedy = `ALTER ROLE ${quoteName(user)} CREATEROLE;`;
      return {
        findings: [...findings, finding('privilege-missing', `role ${user}`, cause, remedy)],
        coming,
      };
    }
    await session.script('SET default_transaction_read_only = off');
    const refused = await tryRoles(session, plan);
    return { findings: [...findings, ...refused.map((one) => asFinding(one, user, superuser))], coming };
  });
}

/** What the restore does not touch, though the set holds it. */
function leftAlone(config: PostgresConfig, plan: GlobalsPlan): Finding[] {
  const findings: Finding[] = [];
  const tell = (subject: string, cause: string, remedy: string): void => {
    findings.push(finding('does-not-fit', `${subjectOf(config)}: ${subject}`, cause, remedy, true));
  };
  if (plan.standing.length > 0) {
    const cause = 'they exist here and stay exactly as they are';
    tell(`roles ${listed(plan.standing)}`, cause, 'ALTER them where the set has other settings.');
  }
  for (const sql of plan.withheld) {
    tell(
      'a grant',
      `it would change what existing roles may do, and is not made: ${sql}`,
      `${sql}; if it is wanted.`,
    );
  }
  for (const sql of plan.settings) {
    tell(
      'a setting of all roles',
      `it would change what existing roles do, and is not made: ${sql}`,
      `${sql}; if it is wanted.`,
    );
  }
  if (plan.tablespaces.length > 0) {
    const cause =
      "tablespaces, their owners and their grants are not restored: their folders are the host's own";
    tell(
      `tablespaces ${listed(plan.tablespaces)}`,
      cause,
      'CREATE TABLESPACE … LOCATION …; where they are wanted.',
    );
  }
  return findings;
}

function listed(names: readonly string[]): string {
  const more = names.length - namedRoles;
  return names.slice(0, namedRoles).join(', ') + (more > 0 ? ` and ${more} more` : '');
}

function asFinding(
  { role, cause, state, fatal }: RefusedStatement,
  user: string,
  superuser: boolean,
): Finding {
  const subject = `role ${role}`;
  if (!fatal) return finding('does-not-fit', subject, cause, 'GRANT … GRANTED BY … where it matters.', true);
  // 42501, insufficient_privilege.
  if (state === '42501' && !superuser) {
    const remedy = `ALTER ROLE ${quoteName(user)} SUPERUSER; or restore without --globals.`;
    return finding('privilege-missing', subject, cause, remedy);
  }
  const remedy =
    'Provide what is missing, or restore without --globals and make the roles by hand (docs/restore-by-hand.md).';
  return finding('does-not-fit', subject, cause, remedy);
}
