/**
 * What a restorer that is not a superuser needs beyond databases and membership in every owner: all that the server would refuse to it
 * while a set is loaded, named beforehand.
 */
import type { Finding, StoredShard } from '../../../engine.ts';
import { finding } from '../../../findings.ts';
import { during, quoteName, type PostgresConfig, type Session } from '../connection/connection.ts';
import type { DatabaseProperties } from '../database/properties.ts';
import { propertiesOf } from '../database/stored-properties.ts';
import { targetOf } from '../database/extensions.ts';
import { subjectOf } from '../server.ts';

interface Asked {
  readonly session: Session;
  /** As SQL names it. */
  readonly user: string;
  readonly subject: string;
  readonly database: string;
  readonly properties: DatabaseProperties;
  /** Roles that the restore makes: they are its own. */
  readonly coming: ReadonlySet<string>;
}

/** Not for a superuser, who may do all of it. */
export async function plainRestorerFindings(
  session: Session,
  config: PostgresConfig,
  stored: StoredShard,
  coming: ReadonlySet<string>,
): Promise<Finding[]> {
  const findings: Finding[] = [];
  for (const line of stored.databases) {
    const asked: Asked = {
      session,
      user: quoteName(config.database.user),
      subject: `${subjectOf(config)}: database ${line.name}`,
      database: line.name,
      properties: propertiesOf(line),
      coming,
    };
    await during('look at the privileges', asked.subject, async () => {
      findings.push(
        ...superuserFindings(asked),
        ...(await extensionFindings(asked)),
        ...(await grantFindings(asked)),
        ...(await tablespaceFindings(asked)),
        ...(await settingFindings(asked)),
        ...(await roleSettingFindings(asked)),
        ...(await standingFindings(asked)),
      );
    });
  }
  return findings;
}

function missing({ subject }: Asked, cause: string, remedy: string): Finding {
  return finding('privilege-missing', subject, cause, remedy);
}

/** As many are named as a person reads. */
const named = 10;

function superuserFindings(asked: Asked): Finding[] {
  const objects = asked.properties.superuserObjects ?? [];
  if (objects.length === 0) return [];
  const more = objects.length > named ? `, and ${objects.length - named} more` : '';
  const cause = `only a superuser can make: ${objects.slice(0, named).join(', ')}${more}`;
  return [missing(asked, cause, `While the restore runs: ALTER ROLE ${asked.user} SUPERUSER;`)];
}

async function extensionFindings(asked: Asked): Promise<Finding[]> {
  const { session, properties, user } = asked;
  const findings: Finding[] = [];
  for (const extension of properties.extensions) {
    const target = await targetOf(session, extension, properties.serverMajor);
    if (target.byOwner || target.usual === undefined) continue;
    const row = await session.row(
      `SELECT EXISTS (SELECT FROM pg_catalog.pg_available_extension_versions
         WHERE name = $1 AND version = $2 AND superuser AND NOT trusted) AS guarded`,
      [extension.name, target.version ?? target.usual],
    );
    if (row['guarded'] !== 't') continue;
    const cause = `only a superuser can make the extension ${extension.name}`;
    findings.push(missing(asked, cause, `While the restore runs: ALTER ROLE ${user} SUPERUSER;`));
  }
  return findings;
}

/** Whoever makes a trusted extension, its objects belong to the server's first superuser. */
async function grantFindings(asked: Asked): Promise<Finding[]> {
  const { session, properties, user } = asked;
  const rows = await session.rows(
    `SELECT DISTINCT name FROM pg_catalog.pg_available_extension_versions
     WHERE name = ANY ($1) AND superuser AND trusted ORDER BY 1`,
    [properties.grantedExtensions ?? []],
  );
  return rows.map(({ name }) => {
    const cause = `only a superuser can grant on objects of the extension ${name}`;
    return missing(asked, cause, `While the restore runs: ALTER ROLE ${user} SUPERUSER;`);
  });
}

async function tablespaceFindings(asked: Asked): Promise<Finding[]> {
  const { session, properties, user } = asked;
  const rows = await session.rows(
    `SELECT spcname FROM pg_catalog.pg_tablespace WHERE spcname = ANY ($1) AND spcname <> 'pg_default'
       AND NOT pg_catalog.has_tablespace_privilege(oid, 'CREATE') ORDER BY 1`,
    [[...properties.tablespaces, properties.tablespace]],
  );
  return rows.map((row) => {
    const name = row['spcname'] ?? '';
    const remedy = `GRANT CREATE ON TABLESPACE ${quoteName(name)} TO ${user};`;
    return missing(asked, `nothing can be made in tablespace ${name}`, remedy);
  });
}

/** One that the server does not show to this role is one for superusers. A name with a dot belongs to an extension. */
async function settingFindings(asked: Asked): Promise<Finding[]> {
  const { session, properties, user } = asked;
  const may = session.majorVersion >= 15 ? "pg_catalog.has_parameter_privilege(w.name, 'SET')" : 'false';
  const rows = await session.rows(
    `SELECT DISTINCT w.name FROM pg_catalog.unnest($1::text[]) w(name)
       LEFT JOIN pg_catalog.pg_settings s ON pg_catalog.lower(s.name) = pg_catalog.lower(w.name)
     WHERE (s.context IN ('superuser', 'superuser-backend') OR s.name IS NULL AND pg_catalog.strpos(w.name, '.') = 0)
       AND NOT ${may} ORDER BY 1`,
    [properties.settings.map(({ name }) => name)],
  );
  return rows.map((row) => {
    const name = row['name'] ?? '';
    const remedy =
      session.majorVersion >= 15
        ? `GRANT SET ON PARAMETER ${name} TO ${user};`
        : `While the restore runs: ALTER ROLE ${user} SUPERUSER;`;
    return missing(asked, `the database sets ${name}, which this role may not`, remedy);
  });
}

/** ALTER ROLE … IN DATABASE … SET, for roles other than itself. */
async function roleSettingFindings(asked: Asked): Promise<Finding[]> {
  const { session, properties, user, coming } = asked;
  const names = properties.settings.flatMap(({ role }) => (role === null || coming.has(role) ? [] : [role]));
  const administers =
    session.majorVersion >= 16
      ? `own.rolcreaterole AND pg_catalog.pg_has_role(current_user, r.oid, 'MEMBER WITH ADMIN OPTION')`
      : 'own.rolcreaterole';
  const rows = await session.rows(
    `SELECT r.rolname, r.rolsuper FROM pg_catalog.pg_roles r JOIN pg_catalog.pg_roles own ON own.rolname = current_user
     WHERE r.rolname = ANY ($1) AND r.oid <> own.oid AND (r.rolsuper OR NOT (${administers})) ORDER BY 1`,
    [names],
  );
  return rows.map((row) => {
    const name = row['rolname'] ?? '';
    const admin = session.majorVersion >= 16 ? ` GRANT ${quoteName(name)} TO ${user} WITH ADMIN OPTION;` : '';
    const remedy =
      row['rolsuper'] === 't'
        ? `While the restore runs: ALTER ROLE ${user} SUPERUSER;`
        : `ALTER ROLE ${user} CREATEROLE;${admin}`;
    return missing(asked, `settings of role ${name} in this database cannot be made`, remedy);
  });
}

/** An empty database of that name is renamed away, and its sessions are ended. */
async function standingFindings(asked: Asked): Promise<Finding[]> {
  const { session, user, database } = asked;
  const [row] = await session.rows(
    `SELECT pg_catalog.pg_has_role(current_user, datdba, 'USAGE') AS owned,
       pg_catalog.pg_has_role(current_user, 'pg_signal_backend', 'USAGE') AS ends
     FROM pg_catalog.pg_database WHERE datname = $1`,
    [database],
  );
  if (row === undefined) return [];
  const findings: Finding[] = [];
  if (row['owned'] !== 't') {
    const remedy = `DROP DATABASE ${quoteName(database)}; or ALTER DATABASE ${quoteName(database)} OWNER TO ${user};`;
    findings.push(missing(asked, 'the empty database of that name belongs to somebody else', remedy));
  }
  if (row['ends'] !== 't') {
    const cause = 'sessions that others have in the empty database of that name could not be ended';
    findings.push({ ...missing(asked, cause, `GRANT pg_signal_backend TO ${user};`), warning: true });
  }
  return findings;
}
