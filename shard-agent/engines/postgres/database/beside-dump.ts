/** What a restore needs of a database and no dump of it tells, or tells too late. */
import type { Session } from '../connection/connection.ts';
import { binaryCastsQuery } from './binary-casts.ts';
import { type ExtensionGrant, extensionGrantsQuery, grantedExtensionsQuery } from './extension-grants.ts';
import { type HostFiles, hostFilesQuery } from './host-files.ts';
import { type InheritedKey, inheritedKeysQuery } from './inherited-keys.ts';
import { type SearchMapping, searchMappingsQuery } from './search-mappings.ts';
import type { SharedNames } from './shared-properties.ts';
import { type ServerParts, serverPartsQuery } from './server-parts.ts';

/** Each is absent in sets of before it was read. */
export interface BesideDump {
  readonly searchMappings?: readonly SearchMapping[];
  readonly binaryCasts?: readonly number[];
  readonly inheritedKeys?: readonly InheritedKey[];
  readonly extensionGrants?: readonly ExtensionGrant[];
  readonly grantedExtensions?: readonly string[];
  readonly hostFiles?: HostFiles;
  readonly serverParts?: ServerParts;
}

/** In the session's transaction. `roles`: by object id. */
export async function readBesideDump(session: Session, roles: SharedNames): Promise<BesideDump> {
  const row = await session.row(`
    SELECT (${searchMappingsQuery}) AS mappings, (${binaryCastsQuery}) AS casts, (${inheritedKeysQuery}) AS keys,
      (${extensionGrantsQuery}) AS grants, (${grantedExtensionsQuery}) AS granted, (${hostFilesQuery(session.majorVersion)}) AS files, (${serverPartsQuery}) AS parts`);
  const grants = JSON.parse(row['grants'] ?? '[]') as (Omit<ExtensionGrant, 'grantee'> & {
    grantee: number | null;
  })[];
  return {
    searchMappings: JSON.parse(row['mappings'] ?? '[]') as SearchMapping[],
    binaryCasts: JSON.parse(row['casts'] ?? '[]') as number[],
    inheritedKeys: JSON.parse(row['keys'] ?? '[]') as InheritedKey[],
    extensionGrants: grants.map(({ grantee, ...one }) => ({
      ...one,
      grantee: grantee === null ? null : roles.of(grantee),
    })),
    grantedExtensions: JSON.parse(row['granted'] ?? '[]') as string[],
    hostFiles: JSON.parse(row['files'] ?? '{}') as HostFiles,
    serverParts: JSON.parse(row['parts'] ?? '{}') as ServerParts,
  };
}
