/** Triggers of a drawn table, of every time, event and level, on and off. */
import { oddName, postgresNames } from '../names.ts';
import { literal, quoted } from './column-type.ts';
import { partitionName } from './partitions.ts';
import { columnsOf, isPartitioned, type Table } from './table.ts';

const call = (words: string): string => `EXECUTE FUNCTION public.swallow(${words})`;

/** One that would act on every row loaded. */
export function swallowingTrigger(table: Table): string[] {
  const name = quoted(oddName(table.model.name, `g${table.index}`, postgresNames));
  return [
    `CREATE TRIGGER ${name} BEFORE INSERT ON ${table.sql} FOR EACH ROW ${call('')}`,
    ...(table.index % 2 === 0
      ? [`ALTER TABLE ${table.sql} DISABLE TRIGGER ${name}`]
      : [`ALTER TABLE ${table.sql} ENABLE ALWAYS TRIGGER ${name}`]),
  ];
}

export function triggersOfAllKinds(table: Table): string[] {
  const { sql, index, model } = table;
  const named = (short: string): string => quoted(oddName(model.name, `${short}${index}`, postgresNames));
  const words = [`'a "b"'`, literal('back\\slash \n %'), `''`].join(', ');
  const given = columnsOf(table).find(({ column }) =>
    ['plain', 'default', 'key', 'checked'].includes(column.role),
  )?.column;
  const [of, when] =
    given === undefined ? ['', ''] : [` OF ${given.name}`, ` WHEN (OLD.${given.name} IS NULL)`];
  return [
    `CREATE TRIGGER ${named('ga')} AFTER UPDATE${of} ON ${sql} FOR EACH ROW${when} ${call(words)}`,
    `CREATE CONSTRAINT TRIGGER ${named('gc')} AFTER INSERT OR DELETE ON ${sql} DEFERRABLE INITIALLY DEFERRED FOR EACH ROW ${call(words)}`,
    `CREATE TRIGGER ${named('gs')} AFTER DELETE ON ${sql} REFERENCING OLD TABLE AS "old rows" FOR EACH STATEMENT ${call('1')}`,
    `CREATE TRIGGER ${named('gt')} BEFORE TRUNCATE ON ${sql} ${call('')}`,
    `ALTER TABLE ${sql} ENABLE REPLICA TRIGGER ${named('gt')}`,
    `COMMENT ON TRIGGER ${named('gc')} ON ${sql} IS 'x'`,
    // Off for one partition only.
    ...(isPartitioned(table)
      ? [`ALTER TABLE ${partitionName(table, 0)} DISABLE TRIGGER ${named('ga')}`]
      : []),
  ];
}
