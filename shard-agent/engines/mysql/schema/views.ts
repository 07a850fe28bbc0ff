/** Views as the server's catalogue lists them. */
import { textList } from '../catalogue.ts';

/** How the server comments a view that can be used. Anything else is the reason why it cannot, in any language. */
export const soundView = 'VIEW';

/** Views with their database `d`, name `n` and comment `c`. TABLE_ROWS is asked for since MariaDB opens no view without. */
export function viewsQuery(databases: readonly string[]): string {
  return (
    'SELECT TABLE_SCHEMA AS d, TABLE_NAME AS n, TABLE_COMMENT AS c, TABLE_ROWS FROM information_schema.TABLES ' +
    `WHERE TABLE_SCHEMA IN (${textList(databases)}) AND TABLE_TYPE = 'VIEW' ORDER BY TABLE_SCHEMA, TABLE_NAME`
  );
}
