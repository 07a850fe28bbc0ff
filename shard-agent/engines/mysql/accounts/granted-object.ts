/** Tables, columns and routines that grants name. A grant outlives what it is on, and then no server takes it. */
import type { GrantedObject } from './account-plan.ts';
import { isNamed } from '../connection/exact-names.ts';
import { quoteText } from '../connection/quoting.ts';
import { readLibraries } from '../schema/libraries.ts';
import type { Wire } from '../connection/wire.ts';

/** Does it stand here, as far as the account of the session may see? */
export async function isThere(
  wire: Wire,
  { kind, database, name, columns }: GrantedObject,
): Promise<boolean> {
  const schema = (column: string): string => isNamed(column, [database]);
  if (kind === 'LIBRARY') return (await readLibraries(wire, database)).some(({ n }) => n === name);
  // Of other kinds we know nothing: whoever restores is told.
  if (!['TABLE', 'FUNCTION', 'PROCEDURE', 'PACKAGE', 'PACKAGE BODY'].includes(kind)) return true;
  const sql =
    kind === 'TABLE'
      ? `SELECT COUNT(*) FROM information_schema.TABLES WHERE ${schema('TABLE_SCHEMA')} AND ${isNamed('TABLE_NAME', [name])}`
      : `SELECT COUNT(*) FROM information_schema.ROUTINES WHERE ${schema('ROUTINE_SCHEMA')} AND ROUTINE_NAME = ${quoteText(name)} AND ROUTINE_TYPE = ${quoteText(kind)}`;
  if (Number(await wire.value(sql)) === 0) return false;
  if (columns.length === 0) return true;
  const list = columns.map(quoteText).join(', ');
  const found = await wire.value(
    `SELECT COUNT(*) FROM information_schema.COLUMNS WHERE ${schema('TABLE_SCHEMA')} AND ${isNamed('TABLE_NAME', [name])} AND COLUMN_NAME IN (${list})`,
  );
  return Number(found) === columns.length;
}
