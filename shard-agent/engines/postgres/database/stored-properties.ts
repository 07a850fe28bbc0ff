/** What a set says of a database, whichever version of Tidemark stored it. */
import { z } from 'zod';
import type { DatabaseLine } from '../../../../repository/manifest-entries.ts';
import { readStored, storedName, storedText, storedWord } from '../../../stored-shape.ts';
import { besideDump } from './stored-beside-dump.ts';
import type { DatabaseProperties } from './properties.ts';

/** Of a server or of its tools. */
export const majorVersion = z.int().min(9).max(999);

const grant = z.object({
  grantee: storedName.nullable(),
  grantor: storedName,
  privilege: z.enum(['CREATE', 'CONNECT', 'TEMPORARY']),
  grantable: z.boolean(),
});

const column = z.object({
  schema: storedName,
  table: storedName,
  column: storedName,
  storage: z.enum(['p', 'e', 'm', 'x']),
  compression: z.enum(['', 'p', 'l']),
});

/** A restore knows its own databases by such a comment. */
const comment = storedText.refine(
  (text) => !text.startsWith('{"tidemark":1,'),
  "must not be the mark of a restore's staging",
);

const properties = z.object({
  encoding: storedWord,
  collate: storedText,
  ctype: storedText,
  localeProvider: z.enum(['c', 'i', 'b']),
  locale: storedText.nullable(),
  icuRules: storedText.nullable(),
  owner: storedName,
  connectionLimit: z.int().min(-1).max(2_147_483_647),
  isTemplate: z.boolean().exactOptional(),
  tablespace: storedName,
  comment: comment.nullable(),
  commentInside: z.boolean().exactOptional(),
  grants: z.array(grant).nullable(),
  settings: z.array(
    z.object({
      role: storedName.nullable(),
      name: storedName,
      value: storedText,
      inside: z.boolean().exactOptional(),
    }),
  ),
  roles: z.array(storedName),
  rolesInValues: z.array(storedName).exactOptional(),
  extensions: z.array(
    z.object({
      name: storedName,
      version: storedText.exactOptional(),
      schema: storedName.exactOptional(),
      owner: storedName.exactOptional(),
      needs: z.array(storedName).exactOptional(),
    }),
  ),
  tablespaces: z.array(storedName),
  placements: z.array(
    z.object({
      kind: z.enum(['table', 'view', 'index']),
      schema: storedName,
      name: storedName,
      tablespace: storedName,
    }),
  ),
  childColumns: z.array(column).exactOptional(),
  ...besideDump,
  superuserObjects: z.array(storedText).exactOptional(),
  publicSchema: z.boolean(),
  sequences: z.array(
    z.object({
      schema: storedName,
      name: storedName,
      lastValue: z.string().regex(/^-?\d{1,19}$/, 'must be a whole number'),
      isCalled: z.boolean(),
    }),
  ),
  dumpMajor: majorVersion,
  serverMajor: majorVersion,
}) satisfies z.ZodType<DatabaseProperties>;

/** Before sets knew where an extension stood and who gave a grant, all grants were the owner's, and the archive made extensions. */
const elderProperties = properties
  .omit({ placements: true, publicSchema: true, serverMajor: true })
  .extend({ grants: z.array(grant.omit({ grantor: true })).nullable() });

/** A database's properties are asked for many times, and may be thousands of sequences. */
const known = new WeakMap<DatabaseLine, DatabaseProperties>();

/** Throws `bad-bytes` naming the database where they are not such properties. */
export function propertiesOf(line: DatabaseLine, manifest?: string): DatabaseProperties {
  const found = known.get(line) ?? readProperties(line, manifest);
  known.set(line, found);
  return found;
}

function readProperties({ name, engine }: DatabaseLine, manifest: string | undefined): DatabaseProperties {
  const subject = `${manifest === undefined ? '' : `${manifest}: `}database ${name}`;
  if ('serverMajor' in engine) return readStored(properties, engine, subject);
  const elder = readStored(elderProperties, engine, subject);
  const { owner, grants, extensions, dumpMajor } = elder;
  return {
    ...elder,
    grants: grants?.map((one) => ({ ...one, grantor: owner })) ?? null,
    // Never listed, and in next to every database.
    extensions: [{ name: 'plpgsql' }, ...extensions],
    placements: [],
    publicSchema: true,
    serverMajor: dumpMajor,
  };
}
