/** Would this shard's part of a set fit on this server? */
import { TidemarkError } from '../../../../proto/errors.ts';
import type { Finding, StoredShard } from '../../../engine.ts';
import { finding } from '../../../findings.ts';
import { spaceFindings } from '../../../target-space.ts';
import { openAny } from '../check/check.ts';
import { restoreConnectionFindings } from '../check/connections.ts';
import {
  during,
  quoteName,
  sqlState,
  type PostgresConfig,
  type Row,
  type Session,
} from '../connection/connection.ts';
import { occupiedFindings } from './emptiness.ts';
import type { DatabaseProperties } from '../database/properties.ts';
import { fitRoles, noRoles } from '../globals/fit-roles.ts';
import { hostFindings } from './host-fit.ts';
import { extensionsToMake } from '../database/extensions.ts';
import { plainRestorerFindings } from './restorer.ts';
import { roleFindings, subjectOf } from '../server.ts';
import { propertiesOf } from '../database/stored-properties.ts';
import { missingTablespaces } from '../database/tablespaces.ts';
import { findTool } from '../connection/tools.ts';
import { requireShapes } from './stored-manifest.ts';

/** All findings at once. Throws when the server cannot be reached, and `bad-bytes` for a manifest that no backup has written so. */
export async function fitShard(
  config: PostgresConfig,
  stored: StoredShard,
  globals: boolean,
  lanes: number,
): Promise<Finding[]> {
  if (stored.shard.family !== 'postgresql') {
    return [
      misfit(
        subjectOf(config),
        `the set was taken from ${stored.shard.family}, this is PostgreSQL`,
        'Map the shard to a server of its own engine with --map old=new.',
      ),
    ];
  }
  requireShapes(stored);
  const session = await openAny(config, 'fit');
  try {
    const findings = [...(await roleFindings(session, config)), ...versionFindings(session, config, stored)];
    const restorer = await readRestorer(session, config);
    findings.push(...restorerFindings(config, restorer));
    findings.push(...(await toolFindings(config, dumpMajorOf(stored))));
    if (lanes > 0) findings.push(...(await restoreConnectionFindings(session, config, lanes)));
    findings.push(
      ...(await spaceFindings({
        host: config.database.host,
        folder: await during('look for room', subjectOf(config), () => dataFolder(session)),
        neededBytes: stored.databases.reduce((sum, line) => sum + line.sourceBytes, 0),
      })),
    );
    const roles = globals ? await fitRoles(session, config, stored, restorer) : noRoles;
    findings.push(...roles.findings);
    if (restorer['rolsuper'] !== 't')
      findings.push(...(await plainRestorerFindings(session, config, stored, roles.coming)));
    const names = stored.databases.map(({ name }) => name);
    findings.push(...(await occupiedFindings(session, config, names)));
    for (const line of stored.databases) {
      findings.push(
        ...(await propertyFindings(
          session,
          config,
          line.name,
          propertiesOf(line),
          restorer['rolsuper'] === 't',
          roles.coming,
        )),
        ...(await hostFindings(
          session,
          config,
          `${subjectOf(config)}: database ${line.name}`,
          propertiesOf(line),
        )),
      );
    }
    return distinct(findings);
  } finally {
    await session.close();
  }
}

/** What a restore of any set needs of server and account. Throws only when the server cannot be reached. */
export async function checkRestorer(config: PostgresConfig): Promise<Finding[]> {
  const session = await openAny(config, 'fit');
  try {
    return [
      ...(await roleFindings(session, config)),
      ...restorerFindings(config, await readRestorer(session, config)),
      ...(await toolFindings(config, 0)),
    ];
  } finally {
    await session.close();
  }
}

function readRestorer(session: Session, config: PostgresConfig): Promise<Row> {
  return during('read the privileges', subjectOf(config), () =>
    session.row(
      'SELECT rolsuper, rolcreatedb, rolcreaterole FROM pg_catalog.pg_roles WHERE rolname = current_user',
    ),
  );
}

function restorerFindings(config: PostgresConfig, restorer: Row): Finding[] {
  if (restorer['rolsuper'] === 't' || restorer['rolcreatedb'] === 't') return [];
  return [
    finding(
      'privilege-missing',
      `role ${config.database.user}`,
      'it may not create databases',
      `ALTER ROLE ${quoteName(config.database.user)} CREATEDB;`,
    ),
  ];
}

const misfit = (subject: string, cause: string, remedy: string): Finding =>
  finding('does-not-fit', subject, cause, remedy);

function distinct(findings: readonly Finding[]): Finding[] {
  return [...new Map(findings.map((finding) => [JSON.stringify(finding), finding])).values()];
}

function versionFindings(session: Session, config: PostgresConfig, stored: StoredShard): Finding[] {
  const source = Number.parseInt(stored.shard.version, 10);
  if (session.majorVersion >= source) return [];
  return [
    misfit(
      subjectOf(config),
      `the set was taken from PostgreSQL ${stored.shard.version}, this is version ${session.majorVersion}`,
      `Restore onto PostgreSQL ${source} or later.`,
    ),
  ];
}

function dumpMajorOf(stored: StoredShard): number {
  return Math.max(0, ...stored.databases.map((line) => propertiesOf(line).dumpMajor));
}

async function toolFindings(config: PostgresConfig, needed: number): Promise<Finding[]> {
  try {
    await findTool('pg_restore', config.tools.pgRestore, needed);
    return [];
  } catch (error) {
    if (!(error instanceof TidemarkError)) throw error;
    return [
      { code: error.code, subject: error.subject, cause: error.reason, remedy: error.remedy, warning: false },
    ];
  }
}

async function dataFolder(session: Session): Promise<string | undefined> {
  try {
    return (await session.row('SHOW data_directory'))['data_directory'] ?? undefined;
  } catch (error) {
    // Shown to members of pg_read_all_settings only.
    if (sqlState(error) === '42501') return undefined;
    throw error;
  }
}

async function propertyFindings(
  session: Session,
  config: PostgresConfig,
  database: string,
  properties: DatabaseProperties,
  superuser: boolean,
  coming: ReadonlySet<string>,
): Promise<Finding[]> {
  const subject = `${subjectOf(config)}: database ${database}`;
  const major = session.majorVersion;
  const missing = async (names: readonly string[], sql: string): Promise<string[]> => {
    const rows = await during('look for what the set needs', subject, () => session.rows(sql, [names]));
    return rows.map((row) => row['name'] ?? '');
  };
  const without = (from: string): string =>
    `SELECT name FROM pg_catalog.unnest($1::text[]) name WHERE name NOT IN (${from})`;
  const { roles, extensions } = properties;
  const names = extensions.map((extension) => extension.name);
  const findings = [
    ...(
      await missing(
        [...new Set([...roles, ...(properties.rolesInValues ?? [])])],
        without('SELECT rolname FROM pg_catalog.pg_roles'),
      )
    )
      .filter((name) => !coming.has(name))
      .map((name) => misfit(subject, `role ${name} does not exist`, `CREATE ROLE ${quoteName(name)};`)),
    ...(await missing(names, without('SELECT name FROM pg_catalog.pg_available_extensions'))).map((name) =>
      misfit(
        subject,
        `extension ${name} is not available`,
        `Install the package that provides the extension ${name} on the target's host.`,
      ),
    ),
    ...(await missingTablespaces(session, properties)).map((name) =>
      finding(
        'does-not-fit',
        subject,
        `tablespace ${name} does not exist: what lies in it comes to the default tablespace`,
        `To have it as it was: CREATE TABLESPACE ${quoteName(name)} LOCATION '/a/folder/of/the/server';`,
        true,
      ),
    ),
    ...(await extensionFindings(session, config, subject, properties, coming)),
    ...(await localeFindings(session, subject, properties)),
  ];
  if (superuser) return findings;
  const foreign = await missing(
    roles,
    `SELECT name FROM pg_catalog.unnest($1::text[]) name JOIN pg_catalog.pg_roles ON rolname = name
     WHERE NOT pg_catalog.pg_has_role(current_user, oid, 'USAGE')
       ${major >= 16 ? "OR NOT pg_catalog.pg_has_role(current_user, oid, 'SET')" : ''}`,
  );
  const user = quoteName(config.database.user);
  return [
    ...findings,
    ...foreign.map(
      (name): Finding => ({
        code: 'privilege-missing',
        subject,
        cause: `objects cannot be given to role ${name}`,
        remedy:
          major >= 16
            ? `GRANT ${quoteName(name)} TO ${user} WITH INHERIT TRUE, SET TRUE;`
            : `GRANT ${quoteName(name)} TO ${user}; ALTER ROLE ${user} INHERIT;`,
        warning: false,
      }),
    ),
  ];
}

/** Extensions that are there, but will not be as they were. */
async function extensionFindings(
  session: Session,
  config: PostgresConfig,
  subject: string,
  properties: DatabaseProperties,
  coming: ReadonlySet<string>,
): Promise<Finding[]> {
  const findings: Finding[] = [];
  for (const { extension, target, neededBy } of await extensionsToMake(session, properties)) {
    const { name, version, schema, owner } = extension;
    if (neededBy !== undefined) {
      findings.push(
        neededFinding(subject, { name, schema, neededBy, available: target.usual !== undefined }),
      );
      continue;
    }
    if (version === undefined || target.usual === undefined) continue;
    if (target.version === undefined && target.usual !== version) {
      const cause = `extension ${name} was of version ${version} and will be of version ${target.usual}`;
      findings.push(finding('does-not-fit', subject, cause, `Look for what changed in ${name}.`, true));
    }
    const { user } = config.database;
    if (owner !== undefined && !target.byOwner && owner !== user && !coming.has(owner)) {
      const why = target.ownerIsSuperuser ? 'for whom this role may not act' : 'who may not make it here';
      const cause = `extension ${name} belonged to ${owner}, ${why}, and will belong to ${user}`;
      const remedy = target.ownerIsSuperuser
        ? `To have it as it was: GRANT ${quoteName(owner)} TO ${quoteName(user)}; while the restore runs.`
        : `To have it as it was: ALTER ROLE ${quoteName(owner)} SUPERUSER; while the restore runs.`;
      findings.push(finding('does-not-fit', subject, cause, remedy, true));
    }
  }
  return findings;
}

/** An extension that the set does not hold, and that one of the set cannot be without on this server. */
function neededFinding(
  subject: string,
  one: { name: string; schema: string; neededBy: string; available: boolean },
): Finding {
  const { name, schema, neededBy, available } = one;
  const needs = `extension ${neededBy} needs the extension ${name} here, which the set does not hold`;
  if (!available)
    return misfit(
      subject,
      `${needs}, and it is not available`,
      `Install the package that provides the extension ${name} on the target's host.`,
    );
  const remedy = `Look for what changed in ${neededBy}.`;
  return finding('does-not-fit', subject, `${needs}: it will be made in schema ${schema}`, remedy, true);
}

/** `en_US.UTF-8` and `en_US.utf8` are one. */
function plainLocale(locale: string): string {
  return locale.toLowerCase().replaceAll(/[^a-z0-9_@.]/g, '');
}

async function localeFindings(
  session: Session,
  subject: string,
  properties: DatabaseProperties,
): Promise<Finding[]> {
  const major = session.majorVersion;
  const needed = { c: 0, i: 15, b: 17 }[properties.localeProvider];
  if (major < needed) {
    return [
      misfit(
        subject,
        'its locale provider is newer than this server',
        `Restore onto PostgreSQL ${needed} or later.`,
      ),
    ];
  }
  const rows = await session.rows(
    `SELECT DISTINCT c FROM (SELECT collcollate AS c FROM pg_catalog.pg_collation UNION SELECT collctype FROM pg_catalog.pg_collation
       UNION SELECT datcollate FROM pg_catalog.pg_database UNION SELECT datctype FROM pg_catalog.pg_database) known WHERE c IS NOT NULL`,
  );
  const known = new Set(['c', 'posix', ...rows.map((row) => plainLocale(row['c'] ?? ''))]);
  const unknown = [...new Set([properties.collate, properties.ctype])].filter(
    (locale) => !known.has(plainLocale(locale)),
  );
  return unknown.map((locale) =>
    misfit(
      subject,
      `locale ${locale} is not known to this server`,
      `Install the locale ${locale} on the target's host (localedef, locale-gen), restart the server, then: SELECT pg_import_system_collations('pg_catalog');`,
    ),
  );
}
