/** One chunk, loaded in a transaction of its own. */
import { TidemarkError } from '../../../../proto/errors.ts';
import type { ChunkLine, TableLine } from '../../../../repository/manifest-entries.ts';
import { copyInStatement } from '../backup/plan.ts';
import type { Session } from '../connection/connection.ts';
import { copyIn } from './copy-in.ts';
import { asOwner, type OwnerPath, withPath } from './owner-path.ts';

export interface ChunkLoad {
  readonly session: Session;
  readonly table: TableLine;
  readonly chunk: ChunkLine;
  readonly source: AsyncIterable<Uint8Array>;
  readonly signal: AbortSignal;
  /** Undefined: as the session's own role, with an empty path. */
  readonly owner: OwnerPath | undefined;
}

/** Throws a ServerError where the server refuses, `bad-bytes` where it takes another number of rows. The caller rolls back. */
export async function loadChunk(load: ChunkLoad): Promise<void> {
  const { session, table, chunk, source, signal, owner } = load;
  if (session.wire === undefined) throw new Error('the session has no wire');
  const begin = owner === undefined ? ['BEGIN'] : ['BEGIN', asOwner(owner), withPath(owner)];
  const copy = {
    sql: [...begin, copyInStatement(table)].join('; '),
    doing: `COPY into ${table.schema}.${table.name}`,
  };
  const rows = await copyIn(session.wire, copy, source, signal);
  if (rows !== chunk.rows) {
    throw new TidemarkError({
      code: 'bad-bytes',
      operation: 'load a chunk',
      subject: `${table.database}: ${table.schema}.${table.name}: ${chunk.object}`,
      cause: `the server took ${rows} rows, the manifest says ${chunk.rows}`,
    });
  }
  const [answer] = await session.script('COMMIT');
  if (answer?.command !== 'COMMIT') throw new Error(`COMMIT was answered with ${answer?.command}`);
}
