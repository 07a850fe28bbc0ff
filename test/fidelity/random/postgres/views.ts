/** Views over drawn tables, and over each other. */
import { oddName, postgresNames } from '../names.ts';
import { literal, quoted } from './column-type.ts';
import type { Extra } from './schema.ts';
import { columnsOf, type Table } from './table.ts';

/** None for an extra that is no view, or that the table has no columns for. */
export function viewStatements(table: Table, extra: Extra): string[] {
  const { sql, index, keys, model } = table;
  const called = (short: string): string =>
    `${quoted(table.schema)}.${quoted(oddName(model.name, `${short}${index}`, postgresNames))}`;
  // What the view needs the key for: to know that no other column need be named.
  const byKey = `SELECT *, count(*) AS "how many?" FROM ${sql} GROUP BY ${keys.map(({ name }) => name).join(', ')}`;
  const primary = ['primary', 'both'].includes(model.key);
  switch (extra) {
    case 'view':
      return [
        `CREATE VIEW ${called('v')} AS SELECT * FROM ${sql}`,
        `CREATE VIEW ${called('vv')} WITH (security_barrier) AS SELECT * FROM ${called('v')}`,
      ];
    case 'materialised view':
      return [
        `CREATE MATERIALIZED VIEW ${called('m')} AS SELECT * FROM ${sql} WITH ${index % 2 === 0 ? '' : 'NO '}DATA`,
      ];
    case 'view by key':
      if (!primary) return [];
      return [
        `CREATE VIEW ${called('w')} AS ${byKey}`,
        `CREATE VIEW ${called('ww')} AS SELECT "how many?" FROM ${called('w')}`,
      ];
    case 'materialised view by key':
      if (!primary) return [];
      return [
        `CREATE MATERIALIZED VIEW ${called('n')} AS ${byKey}`,
        `CREATE MATERIALIZED VIEW ${called('nn')} AS SELECT sum("how many?") AS s FROM ${called('n')} WITH ${index % 2 === 0 ? 'NO ' : ''}DATA`,
        `CREATE INDEX ON ${called('n')} ("how many?" DESC)`,
      ];
    case 'view of two': {
      const given = columnsOf(table).find(({ column }) => ['plain', 'key', 'default'].includes(column.role));
      if (given === undefined) return [];
      const { name } = given.column;
      return [
        `CREATE VIEW ${called('j')} AS WITH RECURSIVE "a b" (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM "a b" WHERE n < 3) ` +
          `SELECT x.${name} AS "x y", y.${name} IS NULL AS z, n, ${literal("it's \\ \n")}::text AS w ` +
          `FROM ${sql} x LEFT JOIN ONLY ${sql} AS "Y" ("renamed") ON false CROSS JOIN LATERAL (SELECT x.${name}) y CROSS JOIN "a b"`,
      ];
    }
    case 'view with trigger': {
      const given = columnsOf(table).find(({ column }) => ['plain', 'default'].includes(column.role));
      const view = called('i');
      return [
        `CREATE VIEW ${view} AS SELECT * FROM ${sql}`,
        ...(given === undefined
          ? []
          : [
              `ALTER VIEW ${view} ALTER COLUMN ${given.column.name} SET DEFAULT NULL`,
              `COMMENT ON COLUMN ${view}.${given.column.name} IS 'of a view'`,
            ]),
        `CREATE TRIGGER "instead" INSTEAD OF INSERT OR UPDATE ON ${view} FOR EACH ROW EXECUTE FUNCTION public.swallow()`,
        `CREATE RULE "and" AS ON DELETE TO ${view} DO INSTEAD (SELECT 1; NOTIFY "a b")`,
      ];
    }
    default:
      return [];
  }
}
