/** Extensions as they were: in their schema, of their version, belonging to their owner. */
import { quoteName, quoteText, type Session } from '../connection/connection.ts';
import { namingScript, sharedText } from '../connection/shared-names.ts';
import { lendToExtensionOwners } from '../restore/lent-rights.ts';
import { disableEventTriggers, emptyConfiguration } from '../restore/quiet-extensions.ts';
import type { DatabaseProperties } from './properties.ts';

export interface Extension {
  readonly name: string;
  /** Undefined here and below: an earlier version stored the set, and the archive alone makes the extension. */
  readonly version?: string;
  readonly schema?: string;
  readonly owner?: string;
  /** Those without which it cannot be there. Absent in sets of before they were read. */
  readonly needs?: readonly string[];
}

/** With their owners' object ids; in the order in which they were made, which need not be one in which they can be made again: an update may have changed what they need. */
export const extensionsQuery = `
  SELECT COALESCE(pg_catalog.json_agg(pg_catalog.json_build_object('name', e.extname, 'version', e.extversion,
    'schema', n.nspname, 'owner', e.extowner::int8, 'needs', (
      SELECT COALESCE(pg_catalog.json_agg(DISTINCT o.extname), '[]') FROM pg_catalog.pg_depend d
      JOIN pg_catalog.pg_extension o ON o.oid = d.refobjid AND o.oid <> e.oid
      WHERE d.refclassid = 'pg_catalog.pg_extension'::pg_catalog.regclass
        AND (d.classid = 'pg_catalog.pg_extension'::pg_catalog.regclass AND d.objid = e.oid
          OR d.classid = 'pg_catalog.pg_namespace'::pg_catalog.regclass AND d.objid = n.oid AND d.deptype = 'e'))
    ) ORDER BY e.oid), '[]')
  FROM pg_catalog.pg_extension e JOIN pg_catalog.pg_namespace n ON n.oid = e.extnamespace`;

/** What every new database has and this one had not any more: pg_dump does not tell. */
export async function removeUnknown(session: Session, properties: DatabaseProperties): Promise<void> {
  if (!properties.publicSchema) await session.script('DROP SCHEMA IF EXISTS public');
  if (!properties.extensions.some(({ name }) => name === 'plpgsql'))
    await session.script('DROP EXTENSION IF EXISTS plpgsql');
}

/** An extension as it will be made. */
export interface MadeExtension {
  readonly extension: Extension & { readonly schema: string; readonly owner: string };
  readonly target: ExtensionTarget;
  /** The extension of the set that needs it on this server; undefined for one that the set holds. */
  readonly neededBy: string | undefined;
}

/**
 * Those that the set holds and those that they need on this server, each after all that it needs. None is ever made along with
 * another by CASCADE: it would lie in the other's schema.
 */
export async function extensionsToMake(
  session: Session,
  { extensions, serverMajor }: Pick<DatabaseProperties, 'extensions' | 'serverMajor'>,
): Promise<MadeExtension[]> {
  const stored = new Map(extensions.map((extension) => [extension.name, extension]));
  const ordered: MadeExtension[] = [];
  const seen = new Set<string>();
  const add = async (extension: Extension, neededBy: string | undefined): Promise<void> => {
    const { name, schema, owner } = extension;
    if (seen.has(name)) return;
    seen.add(name);
    if (schema === undefined || owner === undefined) return;
    const target = await targetOf(session, extension, serverMajor);
    for (const needed of new Set([...(extension.needs ?? []), ...target.needs])) {
      const other = stored.get(needed);
      if (other !== undefined) await add(other, undefined);
      // The server alone knows that it is needed now: where CASCADE would put it.
      else if (target.needs.includes(needed)) await add({ name: needed, schema, owner }, name);
    }
    ordered.push({ extension: { ...extension, schema, owner }, target, neededBy });
  };
  for (const extension of extensions) await add(extension, undefined);
  return ordered;
}

/**
 * Makes those that are not there. One that its owner may not make here belongs to this session's role: fit says so. Resolves with
 * the statements that give back what is taken from them while rows load.
 */
export async function makeExtensions(
  session: Session,
  properties: DatabaseProperties,
): Promise<{ readonly tables: readonly string[]; readonly eventTriggers: readonly string[] }> {
  const eventTriggers: string[] = [];
  const asBefore = new Set<string>();
  for (const { extension, target } of await extensionsToMake(session, properties)) {
    const version = target.version === undefined ? '' : ` VERSION ${quoteText(target.version)}`;
    const create = `CREATE EXTENSION IF NOT EXISTS ${quoteName(extension.name)} WITH SCHEMA ${quoteName(extension.schema)}${version}`;
    if (!target.byOwner) await session.script(create);
    else {
      const takeBack = target.ownerIsSuperuser ? [] : await lendToExtensionOwners(session);
      await namingScript(session, `SET ROLE ${quoteName(extension.owner)}`);
      await session.script([create, 'SET ROLE NONE', ...takeBack].join('; '));
    }
    eventTriggers.push(...(await disableEventTriggers(session)));
    if ((target.version ?? target.usual) === extension.version) asBefore.add(extension.name);
  }
  return { tables: await emptyConfiguration(session, asBefore), eventTriggers };
}

export interface ExtensionTarget {
  /** Undefined: what this server's package has, because it has not that version, or is of another major version. */
  readonly version: string | undefined;
  /** What the package has. */
  readonly usual: string | undefined;
  /** What that version needs on this server. */
  readonly needs: readonly string[];
  /** Whether it can be made by its owner, as whom this session acts. */
  readonly byOwner: boolean;
  readonly ownerIsSuperuser: boolean;
}

export async function targetOf(
  session: Session,
  extension: Extension,
  sourceMajor: number,
): Promise<ExtensionTarget> {
  const role = session.majorVersion >= 16 ? 'SET' : 'MEMBER';
  const owner = extension.owner === undefined ? 'NULL' : sharedText(session, extension.owner);
  const row = await session.row(
    `SELECT (SELECT default_version FROM pg_catalog.pg_available_extensions WHERE name = $1) AS usual,
       EXISTS (SELECT FROM pg_catalog.pg_available_extension_versions WHERE name = $1 AND version = $2) AS known,
       (SELECT pg_catalog.json_object_agg(version, requires) FROM pg_catalog.pg_available_extension_versions WHERE name = $1) AS needs,
       EXISTS (SELECT FROM pg_catalog.pg_roles r WHERE r.rolname = ${owner} AND pg_catalog.pg_has_role(current_user, r.oid, '${role}')
         AND (r.rolsuper OR EXISTS (SELECT FROM pg_catalog.pg_available_extension_versions v
           WHERE v.name = $1 AND (v.trusted OR NOT v.superuser)))) AS by_owner,
       EXISTS (SELECT FROM pg_catalog.pg_roles r WHERE r.rolname = ${owner} AND r.rolsuper) AS owner_super`,
    [extension.name, extension.version ?? null],
  );
  const usual = row['usual'] ?? undefined;
  const version =
    row['known'] === 't' && session.majorVersion === sourceMajor ? extension.version : undefined;
  const needs = JSON.parse(row['needs'] ?? '{}') as Record<string, string[] | null>;
  return {
    version,
    usual,
    needs: needs[version ?? usual ?? ''] ?? [],
    byOwner: row['by_owner'] === 't',
    ownerIsSuperuser: row['owner_super'] === 't',
  };
}
