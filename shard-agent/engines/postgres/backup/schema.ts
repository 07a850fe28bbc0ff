/** The schema as pg_dump writes it on the cut's snapshot, and large objects, which only pg_dump can carry. */
import type { SchemaPiece } from '../../../engine.ts';
import { globalsPiece, type StoredGlobals } from '../../../../repository/manifest-entries.ts';
import { connectionArguments, type Tool, type ToolRuns } from '../connection/tools.ts';
import type { PostgresConfig } from '../connection/connection.ts';

/** What the pieces are called in the manifest. */
export const archivePiece = 'archive';
export const largeObjectsPiece = 'large-objects';

/** A table that is being altered must fail the set soon: whoever alters it waits for our own exporter. */
const lockWaitMs = 5_000;

export function schemaPiece(options: {
  config: PostgresConfig;
  runs: ToolRuns;
  tool: Tool;
  database: string;
  /** Of the database: nothing is converted on the way, whatever encoding the role asks for in its sessions. */
  encoding: string;
  snapshot: string;
  name: typeof archivePiece | typeof largeObjectsPiece;
}): SchemaPiece {
  const sections =
    options.name === archivePiece
      ? ['--section=pre-data', '--section=post-data']
      : // Data of large objects alone: no table's and no sequence's.
        ['--section=data', '--large-objects', '--exclude-table-data=*.*'];
  const flags = sections.map((flag) =>
    flag === '--large-objects' && options.tool.major < 16 ? '--blobs' : flag,
  );
  const args = [
    '--format=custom',
    ...flags,
    `--encoding=${options.encoding}`,
    `--snapshot=${options.snapshot}`,
    `--lock-wait-timeout=${lockWaitMs}`,
    // What is no keyword here may be one on a newer target.
    '--quote-all-identifiers',
    ...connectionArguments(options.config, options.database),
  ];
  return {
    database: options.database,
    name: options.name,
    fileName: `${options.name}.dump`,
    packed: true,
    body: options.runs.read(options.tool, args, `database ${options.database}`),
  };
}

/** Roles, their memberships and grants, settings of all roles, tablespaces: as they are when it is read, for no snapshot holds them. */
export function serverPiece(options: {
  config: PostgresConfig;
  runs: ToolRuns;
  tool: Tool;
  /** Where pg_dumpall connects to. */
  database: string;
  /** In which the names of roles are written as the bytes they are, or as UTF-8. */
  encoding: string;
  globals: StoredGlobals;
  /** What pg_dumpall does not tell, a statement each. */
  more: readonly string[];
}): SchemaPiece {
  const args = [
    '--globals-only',
    ...(options.globals === 'with-passwords' ? [] : ['--no-role-passwords']),
    `--encoding=${options.encoding}`,
    '--quote-all-identifiers',
    ...connectionArguments(options.config, options.database),
  ];
  return {
    database: '',
    name: globalsPiece,
    fileName: `${globalsPiece}.sql`,
    packed: false,
    body: followed(options.runs.read(options.tool, args, 'the roles of the server'), options.more),
  };
}

async function* followed(
  text: AsyncIterable<Uint8Array>,
  statements: readonly string[],
): AsyncIterable<Uint8Array> {
  yield* text;
  if (statements.length > 0) yield Buffer.from(`\n${statements.map((sql) => `${sql};\n`).join('')}`);
}
