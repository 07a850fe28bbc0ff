/** Names of every kind, on everything that has one. */
import type { FidelityCase } from '../../case.ts';

const long = 'ü'.repeat(31);

/** The item, and the name. Each becomes a schema, and everything in it has the same name. */
const names: readonly (readonly [item: string, name: string])[] = [
  ['quotes of both kinds', `it's "quoted" ""twice""`],
  ['dots', 'a.b..c.'],
  ['only dots', '..'],
  ['spaces, also at both ends', '  two  words '],
  ['one space', ' '],
  ['upper case', 'UPPER'],
  ['lower case beside it', 'upper'],
  ['63 bytes', `${'n'.repeat(62)}1`],
  ['63 bytes, the same but for the last', `${'n'.repeat(62)}2`],
  ['63 bytes of Unicode', `${long}x`],
  ['Unicode: planes, combining, right to left', '𝄞 a\u0308 ä עברית 表 😀'],
  ['percent signs', '100%'],
  ['percent signs as another name would have them encoded', '100%25'],
  ['slashes', '/etc/../a/b'],
  ['slashes as another name would have them encoded', '%2Fetc%2F..%2Fa%2Fb'],
  ['backslashes', 'a\\b\\\\n\\'],
  ['newline, tab and carriage return', 'a\nb\tc\rd\n'],
  ['controls', 'a\u0001\u001b[31m\u007f\u0085b'],
  ['what ends a statement or begins a comment', '; -- /* $$ \\. :v'],
  ['a reserved word', 'select'],
  ['an underscore alone', '_'],
  ['a tilde, as in a name that was cut', '~0123456789abcdef'],
  ['patterns', '*.*?[a-z](|)+^$'],
  ['a dash first', '--schema'],
  ['figures alone', '1234'],
  ['a comma and equals signs', 'a=b,c=d'],
];

export const nameCases: readonly FidelityCase[] = [
  ...names.map(([item, name]) => nameCase(item, name)),
  ...databases().map(([item, name]) => databaseCase(item, name)),
];

function nameCase(item: string, name: string): FidelityCase {
  const n = quoted(name);
  const text = quotedText(name);
  return {
    group: 'names',
    item,
    database: 'names',
    schemas: [name],
    setup: [
      `CREATE SCHEMA ${n}; SET search_path = ${n}`,
      `CREATE TABLE ${n} (${n} serial, other text DEFAULT ${text} CONSTRAINT ${n} CHECK (other <> ''), PRIMARY KEY (${n}))`,
      `INSERT INTO ${n} (other) VALUES (${text}), (NULL)`,
      `CREATE TYPE ${quoted(`${shortened(name)}e`)} AS ENUM (${text}); CREATE TABLE uses (v ${quoted(`${shortened(name)}e`)}); INSERT INTO uses VALUES (${text})`,
      `CREATE FUNCTION ${n}(${n} int) RETURNS int LANGUAGE sql AS 'SELECT 1'; CREATE VIEW seen AS SELECT ${n} AS v, other AS ${n} FROM ${n}`,
      `CREATE MATERIALIZED VIEW stored AS SELECT * FROM ${n}; CREATE SEQUENCE s OWNED BY ${n}.${n}; COMMENT ON TABLE ${n} IS ${text}`,
      `CREATE TABLE refers (${n} int CONSTRAINT ${n} REFERENCES ${n} (${n})); CREATE INDEX ON refers (${n}); INSERT INTO refers VALUES (1)`,
      `CREATE TABLE parts (${n} text) PARTITION BY LIST (${n}); CREATE TABLE part PARTITION OF parts FOR VALUES IN (${text}); INSERT INTO parts VALUES (${text})`,
    ],
    proof: [
      `SELECT count(*) = 2 AND max(other) = ${text} FROM ${n}.${n}`,
      `SELECT count(*) = 1 FROM ${n}.part WHERE ${n} = ${text}`,
    ],
  };
}

/** Names of databases, the agent's file and the repository's folders know them too. */
function databases(): (readonly [item: string, name: string])[] {
  return [
    ['a database named with quotes, spaces and upper case', `It's a "Data Base" `],
    ['a database named with dots alone', '..'],
    ['a database named with slashes and percent signs', '../a%2Fb/c'],
    ['a database named in Unicode of 63 bytes', `${long}x`],
    ['a database named with backslashes, tab and equals signs', 'host=\\evil\\\tdbname=x'],
    ['a database named in lower case', 'folded'],
    ['a database named the same in upper case', 'FOLDED'],
    ['a database named like an option', '--clean'],
    ['a database named by a reserved word', 'all'],
  ];
}

function databaseCase(item: string, name: string): FidelityCase {
  return {
    group: 'names',
    item,
    database: name,
    setup: [
      `CREATE TABLE t (a int); INSERT INTO t VALUES (1); COMMENT ON DATABASE ${quoted(name)} IS ${quotedText(name)}`,
    ],
    proof: ['SELECT count(*) = 1 FROM t', `SELECT current_database() = ${quotedText(name)}`],
  };
}

/** Leaves room for one more byte. */
function shortened(name: string): string {
  return Buffer.byteLength(name) < 63 ? name : name.slice(0, 30);
}

function quoted(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

function quotedText(text: string): string {
  return `E'${text.replaceAll('\\', '\\\\').replaceAll("'", "''")}'`;
}
