/**
 * Chunks that the server refused because of what their rows are: a check or generated column needs a search path, reads a table
 * that is loaded later, or a value names an index that is built later. Each is loaded again as the table's owner, and else waits
 * until everything it may need is there. Its rows are in the database exactly once: what was refused has been rolled back.
 */
import { TidemarkError } from '../../../../proto/errors.ts';
import type { ChunkLine, TableLine } from '../../../../repository/manifest-entries.ts';
import { together } from '../../../together.ts';
import { isOfTheContent, serverWords } from '../connection/connection.ts';
import { bothCauses, expressionRemedy, type OwnerPath } from './owner-path.ts';

export interface RefusedChunk {
  readonly table: TableLine;
  readonly chunk: ChunkLine;
  /** What the server said, to the session's role and to the owner. */
  readonly plain: string;
  readonly owner: OwnerPath | undefined;
  readonly asOwner: string | undefined;
}

/** A lane, as far as it loads what was refused. */
export interface AgainLane {
  /** Resolves with what is still refused. */
  loadAgain(table: TableLine, chunk: ChunkLine, signal: AbortSignal): Promise<RefusedChunk | undefined>;
}

export class RefusedChunks {
  readonly #owners = new Map<number, OwnerPath>();
  #waiting: RefusedChunk[] = [];

  /** Set where rows of this table needed it. */
  ownerOf({ table }: TableLine): OwnerPath | undefined {
    return this.#owners.get(table);
  }

  /** The next chunks of the table are loaded so at once. */
  needsOwner({ table }: TableLine, owner: OwnerPath): void {
    this.#owners.set(table, owner);
  }

  wait(refused: RefusedChunk): void {
    this.#waiting.push(refused);
  }

  /** Whether chunks of the database wait. */
  waitIn(database: string): boolean {
    return this.#waiting.some(({ table }) => table.database === database);
  }

  /** Loads what waits, in rounds: one may need the rows of another. Ends when a round has loaded nothing. */
  async loadRest(lanes: readonly AgainLane[], signal: AbortSignal): Promise<void> {
    for (let left = Number.POSITIVE_INFINITY; this.#waiting.length > 0 && this.#waiting.length < left; ) {
      left = this.#waiting.length;
      const round = this.#waiting.splice(0);
      const work = async (lane: AgainLane, stop: AbortSignal): Promise<void> => {
        for (let next = round.shift(); next !== undefined; next = round.shift()) {
          stop.throwIfAborted();
          const refused = await lane.loadAgain(next.table, next.chunk, stop);
          if (refused !== undefined) this.#waiting.push(refused);
        }
      };
      await together(
        signal,
        lanes.map((lane) => (stop) => work(lane, stop)),
      );
    }
  }

  /** Throws for the first chunk of the database that waits; `told`, where there is one, hears of all instead. */
  requireNone(database: string, told?: (table: TableLine, cause: string) => void): void {
    const left = this.#waiting.filter(({ table }) => table.database === database);
    if (told !== undefined) {
      for (const one of left) told(one.table, causeOf(one));
      this.#waiting = this.#waiting.filter((one) => !left.includes(one));
      return;
    }
    const [first] = left;
    if (first === undefined) return;
    const { table } = first;
    throw new TidemarkError({
      code: 'database-failed',
      operation: 'load a chunk',
      subject: `${database}: ${table.schema}.${table.name}`,
      cause: causeOf(first),
      remedy: expressionRemedy,
    });
  }
}

function causeOf({ plain, owner, asOwner }: RefusedChunk): string {
  return bothCauses(plain, owner, asOwner);
}

/** The server's words, when it refused because of the content; undefined for anything else, which ends the restore. */
export function refusedContent(error: unknown): string | undefined {
  return isOfTheContent(error) ? serverWords(error) : undefined;
}
