/** The reference systems of a table's geometry columns: MariaDB keeps them, and shows them in no statement. */
import type { Column } from '../catalogue.ts';
import { quoteName } from '../connection/quoting.ts';
import { parseCreateTable } from './create-table.ts';
import { latin1 } from './sql-script.ts';

/** CREATE TABLE, bytes as latin1 text, with `REF_SYSTEM_ID` after the type of each column that has one. */
export function withReferenceSystems(create: string, columns: readonly Column[]): string {
  const bound = columns.filter((column) => column.referenceSystem !== undefined);
  const table = bound.length === 0 ? undefined : parseCreateTable(create);
  if (table === undefined) return create;
  const definitions = table.definitions.map((definition) => {
    const column = bound.find(({ name }) => definition.startsWith(`${latin1(quoteName(name))} `));
    if (column === undefined) return definition;
    const typeEnd = latin1(quoteName(column.name)).length + 1 + column.dataType.length;
    return `${definition.slice(0, typeEnd)} REF_SYSTEM_ID=${column.referenceSystem}${definition.slice(typeEnd)}`;
  });
  return `${table.head}\n  ${definitions.join(',\n  ')}\n${table.tail}`;
}
