/** What SHOW CREATE tells of one object. All text is bytes as latin1. */
import { TidemarkError } from '../../../../proto/errors.ts';
import { failure } from '../connection/failure.ts';
import { quoteName } from '../connection/quoting.ts';
import type { Wire } from '../connection/wire.ts';

export type ShownRow = Readonly<Record<string, string | null>>;

export interface ShownObject {
  readonly row: ShownRow;
  readonly text: string;
}

/** An object of the database in use. `kind`: as SHOW CREATE takes it. */
export interface ObjectName {
  readonly database: string;
  readonly kind: string;
  readonly name: string;
}

/**
 * The session has the object's database as its own, and takes results as they are stored. Throws `privilege-missing` when the
 * server does not show the text to this account, and whatever the server says when it refuses; both name the object.
 */
export async function showCreate(wire: Wire, object: ObjectName, column: RegExp): Promise<ShownObject> {
  const { database, kind, name } = object;
  const operation = `read the definition of a ${kind.toLowerCase()}`;
  const subject = kind === 'DATABASE' ? name : `${database}.${name}`;
  let row: ShownRow | undefined;
  try {
    [row] = await wire.query(Buffer.from(`SHOW CREATE ${kind} ${quoteName(name)}`, 'utf8'), 'latin1');
  } catch (error) {
    throw failure(error, operation, subject);
  }
  const text = Object.entries(row ?? {}).find(([key]) => column.test(key))?.[1];
  if (row !== undefined && text !== null && text !== undefined) return { row, text };
  // The server leaves it NULL for those who may not see it.
  throw new TidemarkError({
    code: 'privilege-missing',
    operation,
    subject,
    cause: 'the server does not show it to this account',
    remedy: 'Run `tidemark-agent check` for the statement to run.',
  });
}
