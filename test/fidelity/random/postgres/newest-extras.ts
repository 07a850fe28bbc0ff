/** What only PostgreSQL 18 and later have beside a table's rows. */
import { oddName, postgresNames } from '../names.ts';
import { quoted } from './column-type.ts';
import { columnsOf, isPartitioned, type Table } from './table.ts';

const periods = [
  ['daterange', "'[2000-01-01,2000-02-01)'", "'[2000-02-01,infinity)'", "'[2000-01-10,2000-01-20)'"],
  ['tstzrange', "'[2000-01-01,2000-02-01)'", "'[2000-02-01,infinity]'", "'[2000-01-10,2000-01-20)'"],
  ['int8multirange', "'{[1,5),[7,9)}'", "'{[5,6),[100,)}'", "'{[2,3),[8,9)}'"],
] as const;

/** A table whose rows are valid for a time, and one that refers to it within that time. */
export function temporalKeys({ index, schema, model }: Table): string[] {
  const called = (short: string): string =>
    `${quoted(schema)}.${quoted(oddName(model.name, `${short}${index}`, postgresNames))}`;
  const [type, first, second, within] = periods[index % periods.length] as (typeof periods)[number];
  const key = index % 2 === 0 ? 'PRIMARY KEY' : 'UNIQUE';
  return [
    `CREATE TABLE ${called('tt')} (id int4range, "valid at" ${type}, ${key} (id, "valid at" WITHOUT OVERLAPS))`,
    `INSERT INTO ${called('tt')} VALUES ('[1,2)', ${first}), ('[1,2)', ${second}), ('[3,9)', ${first})`,
    `CREATE TABLE ${called('tf')} ("at" ${type}, of int4range, CONSTRAINT "within" FOREIGN KEY (of, PERIOD "at") REFERENCES ${called('tt')} (id, PERIOD "valid at"))`,
    `INSERT INTO ${called('tf')} VALUES (${within}, '[1,2)'), (NULL, '[5,6)'), (${within}, NULL)`,
  ];
}

/** With names of their own, not valid, not inherited; and a check that is not enforced. */
export function notNullConstraints(table: Table): string[] {
  const { sql, model, index } = table;
  const named = (short: string): string => quoted(oddName(model.name, `${short}${index}`, postgresNames));
  const open = columnsOf(table)
    .map(({ column }) => column)
    .filter(({ role, model: drawn }) => role === 'plain' && drawn?.notNull === false);
  const [first, second] = table.kind === 'child' ? [] : open;
  return [
    `ALTER TABLE ${sql} ADD CONSTRAINT ${named('ne')} CHECK (false) NOT ENFORCED`,
    ...(first === undefined
      ? []
      : [`ALTER TABLE ${sql} ADD CONSTRAINT ${named('nn')} NOT NULL ${first.name} NOT VALID`]),
    ...(second === undefined || second.model?.nulls === true || isPartitioned(table)
      ? []
      : [`ALTER TABLE ${sql} ADD CONSTRAINT ${named('no')} NOT NULL ${second.name} NO INHERIT`]),
  ];
}
