/** Under which role and search path what fails with an empty path is done again: those of the owner, as an application has them. */
import { quoteName, quoteText, type Session } from '../connection/connection.ts';
import { type DatabaseProperties, settingElements } from '../database/properties.ts';
import { evaluationSettings, expressionSettings, type EvaluationSetting } from './evaluation.ts';

export interface OwnerPath {
  readonly role: string;
  /** As the server keeps it: `"$user", public`. */
  readonly path: string;
  /** What else the role has in the database and expressions depend on. */
  readonly settings: readonly EvaluationSetting[];
}

/** What the server has where nobody has said anything. */
const builtIn = '"$user", public';

/**
 * The path that the role has in the database as it was backed up: for the role in this database, for the role, for the database,
 * for all, the server's own. What belongs to the database comes from the set, all else is the target's.
 */
export async function pathOf(
  session: Session,
  properties: Pick<DatabaseProperties, 'settings'>,
  role: string,
): Promise<OwnerPath> {
  const { settings: all } = properties;
  const settings = [
    ...expressionSettings(await settingsOfRole(session, role)),
    ...evaluationSettings(properties, role),
  ];
  const stored = (of: string | null): string | undefined =>
    all.find((one) => one.role === of && one.name.toLowerCase() === 'search_path')?.value;
  const rows = await session.rows(
    `SELECT r.rolname AS role, pg_catalog.substr(s.setting, pg_catalog.strpos(s.setting, '=') + 1) AS path
     FROM pg_catalog.pg_db_role_setting g LEFT JOIN pg_catalog.pg_roles r ON r.oid = g.setrole,
       pg_catalog.unnest(g.setconfig) s(setting)
     WHERE g.setdatabase = 0 AND (g.setrole = 0 OR r.rolname IN ($1, current_user::text)) AND s.setting LIKE 'search\\_path=%'`,
    [role],
  );
  const ofTarget = (of: string | null): string | undefined =>
    rows.find((row) => row['role'] === of)?.['path'] ?? undefined;
  const said = stored(role) ?? ofTarget(role) ?? stored(null) ?? ofTarget(null);
  if (said !== undefined) return { role, path: said, settings };
  const own = await session.row(
    `SELECT current_user::text AS name, reset_val FROM pg_catalog.pg_settings WHERE name = 'search_path'`,
  );
  // Where this session's role has a path of its own, the server's is not shown.
  const path = ofTarget(own['name'] ?? '') === undefined ? (own['reset_val'] ?? builtIn) : builtIn;
  return { role, path, settings };
}

/** What the role has on the target, in every database. */
async function settingsOfRole(session: Session, role: string): Promise<EvaluationSetting[]> {
  const rows = await session.rows(
    `SELECT pg_catalog.split_part(s.setting, '=', 1) AS name, pg_catalog.substr(s.setting, pg_catalog.strpos(s.setting, '=') + 1) AS value
     FROM pg_catalog.pg_db_role_setting g JOIN pg_catalog.pg_roles r ON r.oid = g.setrole, pg_catalog.unnest(g.setconfig) s(setting)
     WHERE g.setdatabase = 0 AND r.rolname = $1`,
    [role],
  );
  return rows.map((row) => ({ name: row['name'] ?? '', value: row['value'] ?? '' }));
}

/** The owner of a table in the staging, undefined when it is not there. `table`: as SQL names it. */
export async function ownerOf(session: Session, table: string): Promise<string | undefined> {
  const [row] = await session.rows(
    `SELECT pg_catalog.pg_get_userbyid(relowner) AS owner FROM pg_catalog.pg_class WHERE oid = pg_catalog.to_regclass($1)`,
    [table],
  );
  return row?.['owner'] ?? undefined;
}

/** To be run in a transaction. */
export function asOwner({ role }: OwnerPath): string {
  return `SET LOCAL ROLE ${quoteName(role)}`;
}

export function withPath(owner: OwnerPath): string {
  return [`SET LOCAL search_path TO ${pathValue(owner)}`, ...settingsStatements(owner)].join('; ');
}

/** The same without the path, which may be given to the functions instead. */
export function settingsStatements({ settings }: OwnerPath): string[] {
  return settings.map(({ name, value }) => `SET LOCAL ${quoteName(name)} TO ${quoteText(value)}`);
}

/** As SET takes it. */
export function pathValue({ path }: OwnerPath): string {
  const elements = settingElements('search_path', path).map(quoteText);
  return elements.length === 0 ? "''" : elements.join(', ');
}

/** For a message: both ways in which a thing was tried. */
export function bothCauses(plain: string, owner: OwnerPath | undefined, again: string | undefined): string {
  if (owner === undefined || again === undefined) return plain;
  if (plain === again) return `${plain}; the same as ${owner.role} with search_path ${owner.path}`;
  return `with an empty search_path: ${plain}; as ${owner.role} with search_path ${owner.path}: ${again}`;
}

/** What to do about an expression that cannot be evaluated in a restore. */
export const expressionRemedy =
  'On the source, let the functions find what they name whatever the search_path: ALTER FUNCTION … SET search_path = …; or write the ' +
  'schema before each name. Make sure that everything they name is in the set, and take another backup. Or give the owner the ' +
  'search_path it needs on the target: ALTER ROLE … SET search_path = …; and restore again.';
