/** A lane of a rehearsal: rows that are refused are told, and the next are loaded. */
import type { TableLine } from '../../../../repository/manifest-entries.ts';
import type { WriteLane } from '../../../engine.ts';
import { isOfTheContent } from '../connection/connection.ts';

/** `refused` hears of a chunk that the server does not take, for a reason of its own content; it counts as loaded. */
export function rehearsedLane(
  lane: WriteLane,
  refused: (table: TableLine, cause: string) => void,
): WriteLane {
  return {
    async load(table, chunk, source, signal) {
      try {
        return await lane.load(table, chunk, source, signal);
      } catch (error) {
        const { cause } = error as Error;
        if (!isOfTheContent(cause)) throw error;
        refused(table, (error as { reason?: string }).reason ?? String(error));
        return chunk.rows;
      }
    },
  };
}
