/** Views WITH CHECK OPTION whose rows cannot be written any more: no server makes such a view again. */
import type { Finding } from '../../../engine.ts';
import { finding } from '../../../findings.ts';
import { textList } from '../catalogue.ts';
import { tablesNamed } from '../schema/named-databases.ts';
import type { Wire } from '../connection/wire.ts';

/** Warnings: a restore makes them without that option, as far as the catalogue tells which. */
export async function checkOptionFindings(wire: Wire, databases: readonly string[]): Promise<Finding[]> {
  const list = textList(databases);
  const checking = await wire.query(
    'SELECT TABLE_SCHEMA AS d, TABLE_NAME AS n, IS_UPDATABLE AS u, VIEW_DEFINITION AS t FROM information_schema.VIEWS ' +
      `WHERE TABLE_SCHEMA IN (${list}) AND CHECK_OPTION <> 'NONE' ORDER BY TABLE_SCHEMA, TABLE_NAME`,
  );
  if (checking.length === 0) return [];
  // MariaDB keeps what was true of a view when it was made, and tells of those that it reads what is true now.
  const unwritable = await wire.query(
    "SELECT TABLE_SCHEMA AS d, TABLE_NAME AS n FROM information_schema.VIEWS WHERE IS_UPDATABLE = 'NO'",
  );
  const names = new Set(unwritable.map(({ d, n }) => `${d}\0${n}`));
  return checking
    .filter(
      ({ d, u, t }) =>
        u === 'NO' ||
        tablesNamed(t ?? '', d ?? '').some(([database, name]) => names.has(`${database}\0${name}`)),
    )
    .map(({ d, n }) =>
      finding(
        'not-supported',
        `${d}.${n}`,
        'this view has a WITH CHECK OPTION, and what it reads cannot be written: a restore makes it without that option, as no server takes it',
        'Make what it reads a table or view that can be written, or make this view without the option.',
        true,
      ),
    );
}
