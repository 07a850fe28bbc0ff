/** The shape of what a set keeps beside the dump of a database. */
import { z } from 'zod';
import { storedName, storedText } from '../../../stored-shape.ts';

const named = z.object({ schema: storedName, name: storedName });

const searchMapping = z.object({
  configuration: storedName,
  tokens: z.array(z.object({ token: storedName, dictionaries: z.array(named) })),
});

const inheritedKey = z.object({
  schema: storedName,
  table: storedName,
  name: storedName,
  comment: storedText.nullable(),
  parent: z.object({ schema: storedName, table: storedName, name: storedName }),
});

const extensionGrant = z.object({
  type: storedText,
  identity: storedText,
  grantee: storedName.nullable(),
  privilege: z.enum([
    'SELECT',
    'INSERT',
    'UPDATE',
    'DELETE',
    'TRUNCATE',
    'REFERENCES',
    'TRIGGER',
    'MAINTAIN',
    'USAGE',
    'EXECUTE',
    'CREATE',
  ]),
  grantable: z.boolean(),
});

const hostFiles = z.object({
  settings: z.array(z.object({ name: storedName, value: storedText })),
  functions: z.array(
    z.object({ language: z.enum(['c', 'internal']), library: storedText.nullable(), symbol: storedText }),
  ),
  dictionaries: z.array(
    z.object({
      schema: storedName,
      name: storedName,
      template: named,
      extension: storedName.nullable(),
      options: storedText.nullable(),
    }),
  ),
  collations: z.array(
    z.object({
      schema: storedName,
      name: storedName,
      provider: z.enum(['c', 'i', 'b']),
      collate: storedText.nullable(),
      ctype: storedText.nullable(),
      locale: storedText.nullable(),
      rules: storedText.nullable(),
      deterministic: z.boolean(),
    }),
  ),
});

const serverParts = z.object({
  functions: z.array(storedText),
  columns: z.array(z.object({ schema: storedName, relation: storedName, column: storedName.nullable() })),
  collations: z.array(storedName),
});

export const besideDump = {
  searchMappings: z.array(searchMapping).exactOptional(),
  binaryCasts: z.array(z.int().positive()).exactOptional(),
  inheritedKeys: z.array(inheritedKey).exactOptional(),
  extensionGrants: z.array(extensionGrant).exactOptional(),
  grantedExtensions: z.array(storedName).exactOptional(),
  hostFiles: hostFiles.exactOptional(),
  serverParts: serverParts.exactOptional(),
};
