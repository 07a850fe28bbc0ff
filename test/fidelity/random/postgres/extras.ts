/** Objects around a drawn table: what a restore must not let act on the rows, and must bring back all the same. */
import { oddName, postgresNames } from '../names.ts';
import { literal, quoted } from './column-type.ts';
import type { Extra } from './schema.ts';
import { notNullConstraints, temporalKeys } from './newest-extras.ts';
import { type Column, columnsOf, isPartitioned, type Table } from './table.ts';
import { swallowingTrigger, triggersOfAllKinds } from './triggers.ts';
import { viewStatements } from './views.ts';

export function extraStatements(table: Table): string[] {
  return table.model.extras.flatMap((extra) => statementsOf(table, extra));
}

/** It may hold long values, and stays. */
function isLong({ role, type }: Column): boolean {
  return (
    ['plain', 'default', 'checked'].includes(role) && ['text', 'bytea', 'json', 'jsonb'].includes(type.cast)
  );
}

const words = literal('100% "odd" \'comment\'\n\t\\ ; -- 😀');

function statementsOf(table: Table, extra: Extra): string[] {
  const { sql, index, model, keys } = table;
  const partitioned = isPartitioned(table);
  const named = (short: string): string => quoted(oddName(model.name, `${short}${index}`, postgresNames));
  const inSchema = (short: string): string => `${quoted(table.schema)}.${named(short)}`;
  const first = columnsOf(table).find(({ column }) => !['dropped', 'virtual'].includes(column.role))?.column;
  switch (extra) {
    case 'comment':
      return [`COMMENT ON TABLE ${sql} IS ${words}`];
    case 'fillfactor':
    case 'deleted rows':
      return [];
    case 'toast':
      if (partitioned) return [];
      return [
        `ALTER TABLE ${sql} SET (toast_tuple_target = 256)`,
        // Where only a dropped column needed the place of long values, it has no place on the target: check says so.
        ...(columnsOf(table).some(({ column }) => isLong(column))
          ? [`ALTER TABLE ${sql} SET (toast.autovacuum_enabled = false)`]
          : []),
      ];
    case 'statistics':
      return first === undefined
        ? []
        : [`CREATE STATISTICS ${inSchema('s')} ON (${first.name} IS NULL) FROM ${sql}`];
    case 'row security':
      return [`ALTER TABLE ${sql} ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY`];
    case 'policy':
      return [`CREATE POLICY ${named('y')} ON ${sql} AS RESTRICTIVE FOR SELECT USING (false)`];
    case 'rule':
      return [`CREATE RULE ${named('r')} AS ON INSERT TO ${sql} DO INSTEAD NOTHING`];
    case 'trigger':
      return swallowingTrigger(table);
    case 'triggers of all kinds':
      return triggersOfAllKinds(table);
    case 'view':
    case 'materialised view':
    case 'view by key':
    case 'materialised view by key':
    case 'view of two':
    case 'view with trigger':
      return viewStatements(table, extra);
    case 'replica identity': {
      const keyed = ['primary', 'both'].includes(model.key);
      const using = `USING INDEX ${quoted(oddName(model.keyType.name, `p${index}`, postgresNames))}`;
      return [`ALTER TABLE ${sql} REPLICA IDENTITY ${keyed ? using : index % 2 === 0 ? 'FULL' : 'NOTHING'}`];
    }
    case 'temporal keys':
      return temporalKeys(table);
    case 'not null constraints':
      return notNullConstraints(table);
    case 'cluster':
      if (partitioned || !['primary', 'unique', 'both'].includes(model.key)) return [];
      return [
        `ALTER TABLE ${sql} CLUSTER ON ${quoted(oddName(model.keyType.name, `p${index}`, postgresNames))}`,
      ];
    case 'check not valid':
      return [`ALTER TABLE ${sql} ADD CONSTRAINT ${named('cn')} CHECK (false) NOT VALID`];
    case 'exclude':
      if (partitioned || keys.length === 0) return [];
      return [
        `ALTER TABLE ${sql} ADD CONSTRAINT ${named('x')} EXCLUDE USING btree (${keys.map(({ name }) => `${name} WITH =`).join(', ')})`,
      ];
    case 'sequence':
      return [
        `CREATE SEQUENCE ${inSchema('q')} AS smallint INCREMENT -3 MINVALUE -300 MAXVALUE 30 START 27 CACHE 5 CYCLE`,
        `SELECT setval(${literal(inSchema('q'))}, -300, ${index % 2 === 0})`,
        ...(first === undefined ? [] : [`ALTER SEQUENCE ${inSchema('q')} OWNED BY ${sql}.${first.name}`]),
      ];
    case 'grant':
      return [
        `GRANT SELECT, TRIGGER ON ${sql} TO PUBLIC`,
        ...(first === undefined
          ? []
          : [
              `GRANT UPDATE (${first.name}), INSERT (${first.name}) ON ${sql} TO pg_monitor WITH GRANT OPTION`,
            ]),
      ];
  }
}
