/** A lane of a rehearsal: rows that are refused are told, and the next are loaded. */
import { TidemarkError } from '../../../../proto/errors.ts';
import { tableText } from '../../../../repository/layout.ts';
import type { Rehearsal, WriteLane } from '../../../engine.ts';
import { finding } from '../../../findings.ts';
import type { RefusedObjects } from './refused-objects.ts';

const remedy =
  'Every restore would stop here. Change the table or its rows on the source, or the setting of the target that refuses them.';

/** A chunk that the server does not take is told and counts as loaded; so does one of a table that was refused, untold. */
export function rehearsedLane(lane: WriteLane, { refused }: Rehearsal, objects: RefusedObjects): WriteLane {
  return {
    async load(table, chunk, source, signal) {
      if (objects.hasTable(table.database, table.name)) {
        for await (const _ of source) signal.throwIfAborted();
        return chunk.rows;
      }
      try {
        return await lane.load(table, chunk, source, signal);
      } catch (error) {
        if (!(error instanceof TidemarkError) || error.code !== 'database-failed') throw error;
        refused(finding('database-failed', `rows of ${tableText(table)}`, error.reason, remedy));
        return chunk.rows;
      }
    },
  };
}
