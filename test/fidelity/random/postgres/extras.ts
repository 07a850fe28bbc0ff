/** Objects around a drawn table: what a restore must not let act on the rows, and must bring back all the same. */
import { oddName, postgresNames } from '../names.ts';
import { literal, quoted } from './column-type.ts';
import type { Extra } from './schema.ts';
import { columnsOf, type Table } from './table.ts';

export function extraStatements(table: Table): string[] {
  return table.model.extras.flatMap((extra) => statementsOf(table, extra));
}

const words = literal('100% "odd" \'comment\'\n\t\\ ; -- 😀');

function statementsOf(table: Table, extra: Extra): string[] {
  const { sql, index, kind, model, key } = table;
  const partitioned = ['range', 'list', 'hash'].includes(kind);
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
      return partitioned
        ? []
        : [`ALTER TABLE ${sql} SET (toast.autovacuum_enabled = false, toast_tuple_target = 256)`];
    case 'statistics':
      return first === undefined
        ? []
        : [`CREATE STATISTICS ${inSchema('s')} ON (${first.name} IS NULL) FROM ${sql}`];
    case 'row security':
      return [`ALTER TABLE ${sql} ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY`];
    case 'policy':
      return [`CREATE POLICY ${named('y')} ON ${sql} AS RESTRICTIVE FOR SELECT USING (false)`];
    case 'view':
      return [
        `CREATE VIEW ${inSchema('v')} AS SELECT * FROM ${sql}`,
        `CREATE VIEW ${inSchema('vv')} WITH (security_barrier) AS SELECT * FROM ${inSchema('v')}`,
      ];
    case 'materialised view':
      return [
        `CREATE MATERIALIZED VIEW ${inSchema('m')} AS SELECT * FROM ${sql} WITH ${index % 2 === 0 ? '' : 'NO '}DATA`,
      ];
    case 'rule':
      return [`CREATE RULE ${named('r')} AS ON INSERT TO ${sql} DO INSTEAD NOTHING`];
    case 'trigger':
      return [
        `CREATE TRIGGER ${named('g')} BEFORE INSERT ON ${sql} FOR EACH ROW EXECUTE FUNCTION public.swallow()`,
        ...(index % 2 === 0
          ? [`ALTER TABLE ${sql} DISABLE TRIGGER ${named('g')}`]
          : [`ALTER TABLE ${sql} ENABLE ALWAYS TRIGGER ${named('g')}`]),
      ];
    case 'cluster':
      if (partitioned || !['primary', 'unique', 'both'].includes(model.key)) return [];
      return [
        `ALTER TABLE ${sql} CLUSTER ON ${quoted(oddName(model.keyType.name, `p${index}`, postgresNames))}`,
      ];
    case 'check not valid':
      return [`ALTER TABLE ${sql} ADD CONSTRAINT ${named('cn')} CHECK (false) NOT VALID`];
    case 'exclude':
      if (partitioned || key === undefined) return [];
      return [`ALTER TABLE ${sql} ADD CONSTRAINT ${named('x')} EXCLUDE USING btree (${key.name} WITH =)`];
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
