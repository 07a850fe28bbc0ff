/** The statement that makes a stored program again, all of it in the character set and the mode that its row names. */
import type { Wire } from '../connection/wire.ts';
import { withReadableCompletion } from './event-completion.ts';
import { withReadableHead } from './head-names.ts';
import { withReadableComment } from './program-context.ts';
import { type Program, shownColumns } from './programs.ts';
import { type ShownObject, showCreate } from './shown-object.ts';

/** The session is as `showCreate` needs it. Fails like that. */
export async function readProgram(wire: Wire, program: Program): Promise<ShownObject> {
  const shown = await showCreate(wire, program, shownColumns[program.group]);
  const headed = await withReadableHead(wire, shown, program);
  const { row, text } = program.group === 'events' ? withReadableCompletion(headed) : headed;
  return { row, text: await withReadableComment(wire, text, row, program.comment) };
}
