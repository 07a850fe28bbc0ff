/** Texts and bytes: every plane, every control character, every byte, and values as long as they get. */
import type { FidelityCase } from '../../case.ts';
import { typeCase, valuesCase } from './type-case.ts';

const megabyte = 1 << 20;

/** Every code point but NUL and the surrogates, some thousand to a row. */
const everyCodePoint = `
  SELECT row_number() OVER ()::int, string_agg(chr(c), '' ORDER BY c) FROM generate_series(1, 1114111) c
  WHERE c NOT BETWEEN 55296 AND 57343 GROUP BY c / 4096 ORDER BY c / 4096`;

export const textCases: readonly FidelityCase[] = [
  typeCase({
    item: 'text: every code point of every Unicode plane',
    schema: 'planes',
    setup: [`CREATE TABLE t (id int PRIMARY KEY, v text); INSERT INTO t ${everyCodePoint}`],
    proof: ['SELECT sum(length(v)) = 1114111 - 2048 FROM planes.t'],
  }),
  typeCase({
    item: 'text: controls, alone and between other text',
    schema: 'controls',
    setup: [
      `CREATE TABLE t (c int PRIMARY KEY, alone text, between text, first text, last text);
       INSERT INTO t SELECT c, chr(c), 'a' || chr(c) || 'b', chr(c) || 'b', 'a' || chr(c) FROM generate_series(1, 160) c`,
    ],
    proof: ['SELECT bool_and(ascii(alone) = c AND length(between) = 3) FROM controls.t'],
  }),
  valuesCase({
    item: 'text: backslashes and what looks like an escape',
    schema: 'backslashes',
    type: 'text',
    values: [
      String.raw`'\'`,
      String.raw`'\\'`,
      String.raw`'\\\'`,
      String.raw`'\n\r\t\b\f\v'`,
      String.raw`'\x41\101\8'`,
      String.raw`'\u0041'`,
      String.raw`E'\\\n'`,
      String.raw`E'\n\\'`,
      String.raw`E'\\\t\\'`,
      String.raw`'$$ ''quoted'' "double" ; -- /* '`,
    ],
    proof: ['SELECT length(v) = 1 AND ascii(v) = 92 FROM backslashes.t WHERE id = 1'],
  }),
  valuesCase({
    item: String.raw`text: '\.' alone on a line`,
    schema: 'end_marks',
    type: 'text',
    values: [
      String.raw`'\.'`,
      String.raw`E'\n\\.\n'`,
      String.raw`E'a\n\\.\nb'`,
      String.raw`E'\r\n\\.\r\n'`,
      String.raw`E'\r\\.\r'`,
      String.raw`'\.\.'`,
    ],
    proof: [String.raw`SELECT v = '\.' FROM end_marks.t WHERE id = 1`],
  }),
  typeCase({
    item: String.raw`text: '\.' in a table of one column`,
    schema: 'end_mark_alone',
    setup: [
      String.raw`CREATE TABLE t (v text); INSERT INTO t VALUES ('before'), ('\.'), (E'\n\\.\n'), (''), (NULL), ('after')`,
    ],
    proof: [String.raw`SELECT count(*) = 6 FROM end_mark_alone.t`],
  }),
  valuesCase({
    item: String.raw`text: '\N', 'NULL', and the empty text beside NULL`,
    schema: 'null_texts',
    type: 'text',
    values: [String.raw`'\N'`, `'N'`, `'NULL'`, `'null'`, `''`, `' '`, String.raw`'\\N'`],
    proof: [String.raw`SELECT count(*) = 2 FROM null_texts.t WHERE v IN ('', '\N')`],
  }),
  valuesCase({
    item: 'text: ends of lines of all kinds, tabs, spaces at both ends',
    schema: 'line_ends',
    type: 'text',
    values: [
      String.raw`E'a\nb'`,
      String.raw`E'a\r\nb'`,
      String.raw`E'a\rb'`,
      String.raw`E'\n'`,
      String.raw`E'\r'`,
      String.raw`E'\t'`,
      String.raw`E'\r\n\r\n'`,
      String.raw`'  a  '`,
      String.raw`E'\ta\t'`,
      String.raw`U&'a\2028b\0085c\FEFFd'`,
    ],
  }),
  valuesCase({
    item: 'text: composed and decomposed letters stay apart',
    schema: 'normal_forms',
    type: 'text',
    values: [
      String.raw`U&'\00E4'`,
      String.raw`U&'a\0308'`,
      String.raw`U&'\FB01'`,
      `'fi'`,
      String.raw`U&'\212B'`,
      String.raw`U&'\00C5'`,
    ],
    proof: ['SELECT count(DISTINCT v) = 6 FROM normal_forms.t'],
  }),
  typeCase({
    item: 'text of 200 MiB in one value',
    schema: 'long_text',
    setup: [
      `CREATE TABLE t (id int, v text); ALTER TABLE t ALTER v SET STORAGE EXTERNAL;
       INSERT INTO t SELECT 1, repeat(E'ab\\\\c\\t\\n' || repeat(md5('x'), 30) || repeat('ä€𝄞', 6), 210000)`,
    ],
    proof: [`SELECT octet_length(v) > 200 * ${megabyte} FROM long_text.t`],
  }),
  typeCase({
    item: 'text and bytea of sizes about 64 KiB, 1 MiB and 4 MiB',
    schema: 'lengths',
    setup: [
      `CREATE TABLE t (n int, v text, b bytea);
       INSERT INTO t SELECT n + d, left(repeat('0123456789' || chr(9), n / 10), n + d),
         decode(left(repeat('00ff5c0a0d09', n / 5), 2 * (n + d)), 'hex')
       FROM unnest(ARRAY[8192, 65536, 1048576, 4194304]) n, unnest(ARRAY[-1, 0, 1]) d`,
    ],
    proof: ['SELECT count(*) = 12 AND bool_and(length(v) = n AND length(b) = n) FROM lengths.t'],
  }),
  valuesCase({
    item: 'char(n): padding, and spaces that are the value',
    schema: 'padded',
    type: 'char(5)',
    values: [`'a'`, `'a  '`, `' a'`, `''`, `'ä€'`, `'12345'`, String.raw`E'\t'`],
    proof: ['SELECT bool_and(octet_length(v) >= 5) FROM padded.t'],
  }),
  valuesCase({
    item: 'char without a length, varchar with and without one',
    schema: 'varchars',
    type: 'varchar(4)',
    values: [`'a   '`, `''`, `'𝄞𝄞𝄞𝄞'`, `'    '`],
    before: [
      `CREATE TABLE plain (a char, b varchar); INSERT INTO plain VALUES ('x', 'y '), (' ', ' '), ('', '')`,
    ],
    proof: ['SELECT count(*) = 3 FROM varchars.plain'],
  }),
  typeCase({
    item: '"char": every byte, and the empty one',
    schema: 'one_byte',
    setup: [
      `CREATE TABLE t (id int, v "char"); INSERT INTO t SELECT i, i::"char" FROM generate_series(-128, 127) i`,
    ],
    proof: ['SELECT count(DISTINCT v) = 256 FROM one_byte.t'],
  }),
  valuesCase({
    item: 'name',
    schema: 'name_type',
    type: 'name',
    values: [`'${'n'.repeat(63)}'`, `''`, `'Ä "quoted" name'`, String.raw`E'tab\there'`],
  }),
  typeCase({
    item: 'bytea: every byte, alone and before every other',
    schema: 'bytes',
    setup: [
      `CREATE TABLE t (id int, v bytea);
       INSERT INTO t SELECT a, decode(string_agg(lpad(to_hex(a), 2, '0') || lpad(to_hex(b), 2, '0'), '' ORDER BY b), 'hex')
         FROM generate_series(0, 255) a, generate_series(0, 255) b GROUP BY a;
       INSERT INTO t SELECT 1000 + a, set_byte('\\x00', 0, a) FROM generate_series(0, 255) a;
       INSERT INTO t VALUES (2000, '')`,
    ],
    proof: [
      'SELECT sum(length(v)) = 256 * 512 + 256 FROM bytes.t',
      'SELECT count(*) = 1 FROM bytes.t WHERE length(v) = 0',
    ],
  }),
  typeCase({
    item: 'bytea of 100 MiB in one value',
    schema: 'long_bytes',
    setup: [
      `CREATE TABLE t (v bytea); ALTER TABLE t ALTER v SET STORAGE EXTERNAL;
       INSERT INTO t SELECT decode(repeat(string_agg(md5(i::text), ''), 200), 'hex') FROM generate_series(1, 32768) i`,
    ],
    proof: [`SELECT length(v) = 100 * ${megabyte} FROM long_bytes.t`],
  }),
  typeCase({
    item: 'values kept outside the row: every storage and compression',
    schema: 'storages',
    setup: [
      `CREATE TABLE t (a text, b text, c text, d text, e text COMPRESSION pglz);
       ALTER TABLE t ALTER b SET STORAGE EXTERNAL, ALTER c SET STORAGE EXTENDED, ALTER d SET STORAGE MAIN;
       INSERT INTO t SELECT repeat('p', 3000), long, long, left(long, 7000), long
       FROM (SELECT string_agg(md5(i::text), '') AS long FROM generate_series(1, 4000) i) l`,
    ],
    proof: ['SELECT length(b) = 128000 AND pg_column_size(b) > 100000 FROM storages.t'],
  }),
];
