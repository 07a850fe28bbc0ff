/** What a set says of a database, whichever version of Tidemark stored it. */
import type { DatabaseLine } from '../../../../repository/manifest-entries.ts';
import type { DatabaseProperties } from './properties.ts';

type Grant = NonNullable<DatabaseProperties['grants']>[number];

/** Before sets knew where an extension stood and who gave a grant, all grants were the owner's, and the archive made extensions. */
interface ElderProperties
  extends Omit<DatabaseProperties, 'grants' | 'placements' | 'publicSchema' | 'serverMajor'> {
  readonly grants: readonly Omit<Grant, 'grantor'>[] | null;
}

export function propertiesOf(line: DatabaseLine): DatabaseProperties {
  const stored = line.engine as unknown as DatabaseProperties | ElderProperties;
  if ('serverMajor' in stored) return stored;
  const { owner, grants, extensions, dumpMajor } = stored;
  return {
    ...stored,
    grants: grants?.map((grant) => ({ ...grant, grantor: owner })) ?? null,
    // Never listed, and in next to every database.
    extensions: [{ name: 'plpgsql' }, ...extensions],
    placements: [],
    publicSchema: true,
    serverMajor: dumpMajor,
  };
}
