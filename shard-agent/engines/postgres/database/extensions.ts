/** Extensions as they were: in their schema, of their version, belonging to their owner. */
import { quoteName, quoteText, type Session } from '../connection/connection.ts';
import type { DatabaseProperties } from './properties.ts';

export interface Extension {
  readonly name: string;
  /** Undefined here and below: an earlier version stored the set, and the archive alone makes the extension. */
  readonly version?: string;
  readonly schema?: string;
  readonly owner?: string;
}

/** In the order in which they can be made. */
export const extensionsQuery = `
  SELECT COALESCE(pg_catalog.json_agg(pg_catalog.json_build_object('name', e.extname, 'version', e.extversion,
    'schema', n.nspname, 'owner', pg_catalog.pg_get_userbyid(e.extowner)) ORDER BY e.oid), '[]')
  FROM pg_catalog.pg_extension e JOIN pg_catalog.pg_namespace n ON n.oid = e.extnamespace`;

/** What every new database has and this one had not any more: pg_dump does not tell. */
export async function removeUnknown(session: Session, properties: DatabaseProperties): Promise<void> {
  if (!properties.publicSchema) await session.script('DROP SCHEMA IF EXISTS public');
  if (!properties.extensions.some(({ name }) => name === 'plpgsql'))
    await session.script('DROP EXTENSION IF EXISTS plpgsql');
}

/** Makes those that are not there. One that its owner may not make here belongs to this session's role: fit says so. */
export async function makeExtensions(
  session: Session,
  staging: string,
  properties: DatabaseProperties,
): Promise<void> {
  for (const extension of properties.extensions) {
    if (extension.schema === undefined || extension.owner === undefined) continue;
    const target = await targetOf(session, extension, properties.serverMajor);
    const version = target.version === undefined ? '' : ` VERSION ${quoteText(target.version)}`;
    const create = `CREATE EXTENSION IF NOT EXISTS ${quoteName(extension.name)} WITH SCHEMA ${quoteName(extension.schema)}${version} CASCADE`;
    if (!target.byOwner) {
      await session.script(create);
      continue;
    }
    const owner = quoteName(extension.owner);
    const on = `CREATE ON DATABASE ${quoteName(staging)}`;
    const { may } = await session.row(
      `SELECT pg_catalog.has_database_privilege($1, pg_catalog.current_database(), 'CREATE') AS may`,
      [extension.owner],
    );
    // What it has anyway, as the database's owner has, must not be taken from it afterwards.
    const [lend, takeBack] =
      may === 't' ? ['', ''] : [`GRANT ${on} TO ${owner};`, `; REVOKE ${on} FROM ${owner}`];
    await session.script(`${lend} SET ROLE ${owner}; ${create}; RESET ROLE ${takeBack}`);
  }
}

export interface ExtensionTarget {
  /** Undefined: what this server's package has, because it has not that version, or is of another major version. */
  readonly version: string | undefined;
  /** What the package has. */
  readonly usual: string | undefined;
  /** Whether it can be made by its owner, as whom this session acts. */
  readonly byOwner: boolean;
  readonly ownerIsSuperuser: boolean;
}

export async function targetOf(
  session: Session,
  extension: Extension,
  sourceMajor: number,
): Promise<ExtensionTarget> {
  const row = await session.row(
    `SELECT (SELECT default_version FROM pg_catalog.pg_available_extensions WHERE name = $1) AS usual,
       EXISTS (SELECT FROM pg_catalog.pg_available_extension_versions WHERE name = $1 AND version = $2) AS known,
       EXISTS (SELECT FROM pg_catalog.pg_roles r WHERE r.rolname = $3 AND pg_catalog.pg_has_role(current_user, r.oid, 'MEMBER')
         AND (r.rolsuper OR EXISTS (SELECT FROM pg_catalog.pg_available_extension_versions v
           WHERE v.name = $1 AND (v.trusted OR NOT v.superuser)))) AS by_owner,
       EXISTS (SELECT FROM pg_catalog.pg_roles r WHERE r.rolname = $3 AND r.rolsuper) AS owner_super`,
    [extension.name, extension.version ?? null, extension.owner ?? null],
  );
  return {
    version: row['known'] === 't' && session.majorVersion === sourceMajor ? extension.version : undefined,
    usual: row['usual'] ?? undefined,
    byOwner: row['by_owner'] === 't',
    ownerIsSuperuser: row['owner_super'] === 't',
  };
}
