/** Would the accounts of a set fit on this server? Changes nothing. */
import { TidemarkError } from '../../../../proto/errors.ts';
import type { Finding, StoredShard } from '../../../engine.ts';
import { finding } from '../../../findings.ts';
import { madeAccounts, readPlan } from './account-maker.ts';
import type { AccountPlan, AccountStatement } from './account-plan.ts';
import { accountTokens } from './account-sql.ts';
import type { Dialect } from '../dialect.ts';
import { isServerError } from '../connection/failure.ts';
import { isThere } from './granted-object.ts';
import { Grants } from '../check/grants.ts';
import { variable } from '../server.ts';
import { validationFindings } from './password-validation.ts';
import type { SourceFacts } from '../source-facts.ts';
import type { Wire } from '../connection/wire.ts';

const namedAccounts = 50;

export interface FittingAccounts {
  readonly findings: readonly Finding[];
  /** Users and roles that the restore makes, as SQL takes them. */
  readonly coming: readonly string[];
}

export const noAccounts: FittingAccounts = { findings: [], coming: [] };

export async function fitAccounts(
  wire: Wire,
  dialect: Dialect,
  stored: StoredShard,
  facts: SourceFacts,
): Promise<FittingAccounts> {
  const grants = await Grants.read(wire, dialect);
  let plan: AccountPlan;
  try {
    plan = await readPlan(wire, dialect, stored);
  } catch (error) {
    if (error instanceof TidemarkError || !isServerError(error)) throw error;
    const cause = `which accounts there are cannot be seen: ${error.message}`;
    const remedy = `GRANT SELECT ON \`mysql\`.* TO ${grants.account};`;
    return { findings: [finding('privilege-missing', 'accounts', cause, remedy)], coming: [] };
  }
  const coming = [...plan.users, ...plan.roles];
  if (coming.length === 0) return { findings: leftAlone(plan), coming };
  const findings = [
    ...leftAlone(plan),
    ...privilegeFindings(grants),
    ...(await pluginFindings(wire, plan.statements)),
    ...(await validationFindings(wire, plan.statements)),
    ...(await patternFindings(wire, dialect, plan.statements, facts)),
    ...(await roleFindings(wire, dialect, plan, grants)),
    ...(await objectFindings(wire, plan.statements, stored)),
  ];
  return { findings, coming };
}

/** What the restore does not touch, though the set holds it. */
function leftAlone({ standing, withheld }: AccountPlan): Finding[] {
  const findings: Finding[] = [];
  if (standing.length > 0) {
    const more = standing.length - namedAccounts;
    const names = standing.slice(0, namedAccounts).join(', ') + (more > 0 ? ` and ${more} more` : '');
    const cause = 'they exist here and stay exactly as they are';
    findings.push(
      finding(
        'does-not-fit',
        `accounts ${names}`,
        cause,
        'ALTER USER or GRANT where the set has other settings.',
        true,
      ),
    );
  }
  for (const text of withheld) {
    const cause = `it would give something to an account that exists, or is not known here, and is not made: ${text}`;
    findings.push(finding('does-not-fit', 'a grant', cause, `${text}; if it is wanted.`, true));
  }
  return findings;
}

function privilegeFindings(grants: Grants): Finding[] {
  const findings: Finding[] = [];
  if (!grants.onServer(['CREATE USER'])) {
    const remedy = `GRANT CREATE USER ON *.* TO ${grants.account};`;
    findings.push(
      finding('privilege-missing', 'CREATE USER', 'without it a restore cannot make accounts', remedy),
    );
  }
  if (!grants.mayGrant) {
    const cause = 'without it a restore cannot give the accounts their privileges, which it must have itself';
    const remedy = `GRANT ALL PRIVILEGES ON *.* TO ${grants.account} WITH GRANT OPTION;`;
    findings.push(finding('privilege-missing', 'GRANT OPTION', cause, remedy));
  }
  return findings;
}

/** How accounts log in must be known here. */
async function pluginFindings(wire: Wire, statements: readonly AccountStatement[]): Promise<Finding[]> {
  const rows = await wire.query(
    "SELECT LOWER(PLUGIN_NAME) AS p FROM information_schema.PLUGINS WHERE PLUGIN_TYPE = 'AUTHENTICATION' AND PLUGIN_STATUS = 'ACTIVE'",
  );
  const active = new Set(rows.map((row) => row['p'] ?? ''));
  const missing = new Map<string, string[]>();
  for (const { kind, sql, account } of statements) {
    if (kind !== 'create-user') continue;
    for (const plugin of pluginsOf(sql))
      if (!active.has(plugin)) missing.set(plugin, [...(missing.get(plugin) ?? []), account]);
  }
  return [...missing].map(([plugin, accounts]) =>
    finding(
      'does-not-fit',
      `accounts ${accounts.slice(0, namedAccounts).join(', ')}`,
      `they log in by ${plugin}, which is not active here`,
      `Install the plugin ${plugin}, or restore without --globals and make the accounts by hand (docs/restore-by-hand.md).`,
    ),
  );
}

function pluginsOf(sql: string): string[] {
  const tokens = accountTokens(sql);
  let stated = false;
  return tokens.flatMap(({ kind, value }, at) => {
    if (kind !== 'word' || (value !== 'IDENTIFIED' && !(stated && value === 'OR'))) return [];
    stated = true;
    const named = value === 'OR' ? tokens[at + 1] : tokens[at + 2];
    if (tokens[at + 1]?.value === 'BY') return [];
    return [(named?.value ?? '').replaceAll("'", '').toLowerCase()];
  });
}

/** With partial revokes, `%` and `_` in the name of a database are themselves. */
async function patternFindings(
  wire: Wire,
  dialect: Dialect,
  statements: readonly AccountStatement[],
  facts: SourceFacts,
): Promise<Finding[]> {
  if (dialect.family !== 'mysql') return [];
  const here = (await variable(wire, 'partial_revokes')) === 'ON';
  if (here === facts.partialRevokes) return [];
  const tied = statements.find(
    (one) => one.kind === 'grant' && (one.revokes || /ON `(?:[^`\\]|``|\\.)*[%_]/.test(one.sql)),
  );
  if (tied === undefined) return [];
  const cause = `it is ${here ? 'ON' : 'OFF'} here and was not on the source, where it decides what this means: ${tied.sql}`;
  return [
    finding(
      'does-not-fit',
      'partial_revokes',
      cause,
      `SET PERSIST partial_revokes = ${here ? 'OFF' : 'ON'};`,
    ),
  ];
}

/** Where roles have administrators: of those that stand, and of those that are made. */
async function roleFindings(
  wire: Wire,
  dialect: Dialect,
  plan: AccountPlan,
  grants: Grants,
): Promise<Finding[]> {
  if (!dialect.rolesHaveAdmins) return [];
  const kept = madeAccounts(plan).roles.filter(({ keepAdmin }) => keepAdmin);
  const given = new Set(plan.statements.flatMap((one) => (one.kind === 'role' ? [one.role] : [])));
  const rows = await wire.query(
    "SELECT Role AS r FROM mysql.roles_mapping WHERE CONCAT(User, '@', Host) = CURRENT_USER() AND Admin_option = 'Y'",
  );
  const ours = new Set(rows.map((row) => `\`${(row['r'] ?? '').replaceAll('`', '``')}\``));
  const administered = kept.map(({ name }) =>
    finding(
      'does-not-fit',
      `role ${name}`,
      `none of its administrators is made here, so ${grants.account} becomes one`,
      `GRANT ${name} TO … WITH ADMIN OPTION; REVOKE ${name} FROM ${grants.account};`,
      true,
    ),
  );
  const foreign = [...given]
    .filter((role) => !plan.roles.includes(role) && !ours.has(role))
    .map((role) =>
      finding(
        'privilege-missing',
        `role ${role}`,
        'it exists here, and only its administrators may grant it to the accounts of the set',
        `GRANT ${role} TO ${grants.account} WITH ADMIN OPTION;`,
      ),
    );
  return [...administered, ...foreign];
}

/** Grants on what neither the set brings nor the server has: the restore leaves them out. */
async function objectFindings(
  wire: Wire,
  statements: readonly AccountStatement[],
  stored: StoredShard,
): Promise<Finding[]> {
  const brought = new Set(stored.databases.map(({ name }) => name));
  const findings: Finding[] = [];
  for (const one of statements) {
    if (one.kind !== 'object' || brought.has(one.on.database) || (await isThere(wire, one.on))) continue;
    const cause = `its object is in no database of the set and not here, so that it is not made: ${one.sql}`;
    findings.push(finding('does-not-fit', 'a grant', cause, `${one.sql}; when the object stands.`, true));
  }
  return findings;
}
