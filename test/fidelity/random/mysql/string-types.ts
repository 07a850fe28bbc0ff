/** Text in every character set, and bytes. */
import type { Dice } from '../dice.ts';
import { ascii, distinctText, randomText, textLiteral, texts } from './charset.ts';
import { type ColumnType, type More, type } from './column-type.ts';

function texty(sql: string, most: number, more: More = {}): ColumnType {
  return {
    sql,
    values: (of) => texts(of, most),
    random: (dice, of) => randomText(dice, of, most),
    text: true,
    index: 'whole',
    fallback: 'expression',
    ...(most >= 20 ? { distinct: distinctText } : {}),
    ...more,
  };
}

const longTexts: More = {
  index: 'prefix',
  large: (of) => [`REPEAT(${textLiteral(ascii('long \\ \t\n', of.charset), of)}, 1500)`],
};

export function strings(): ColumnType[] {
  const members = ['a', 'b c', "it''s", '"', '\\\\', 'é漢', '`', '%', 'X'];
  const list = (values: readonly string[]): string => values.map((value) => `'${value}'`).join(', ');
  const sixtyFour = Array.from({ length: 64 }, (_, n) => `m${n}`);
  const long = (sql: string): ColumnType => {
    const { distinct: _, ...rest } = texty(sql, 60, longTexts);
    return rest;
  };
  const plain = type('', []);
  return [
    texty('varchar(40)', 40),
    texty('varchar(1)', 1),
    texty('varchar(0)', 0, { index: 'none' }),
    texty('char(30)', 30),
    texty('char(1)', 1),
    long('text'),
    texty('tinytext', 15, { index: 'prefix' }),
    long('mediumtext'),
    long('longtext'),
    {
      ...plain,
      sql: `enum(${list(members)}) CHARACTER SET utf8mb4`,
      values: () => members.map((_, n) => String(n + 1)),
      fallback: 'none',
    },
    {
      ...plain,
      sql: `set(${list(members)}) CHARACTER SET utf8mb4`,
      values: () => ['1', '0', '511', '3', '256'],
      fallback: 'none',
    },
    // Members that every character set has.
    { ...plain, sql: `enum('a', 'b c', 'X')`, text: true, values: () => ['1', '2', '3'], fallback: 'none' },
    { ...plain, sql: `set('a', 'b c', 'X')`, text: true, values: () => ['1', '0', '7'], fallback: 'none' },
    {
      ...plain,
      sql: `set(${list(sixtyFour)})`,
      values: () => ['1', '18446744073709551615', '9223372036854775808'],
      fallback: 'none',
    },
  ];
}

const allBytes = Buffer.from(Array.from({ length: 256 }, (_, byte) => byte)).toString('hex');

export function binaries(): ColumnType[] {
  const bytes = ["x'00'", "''", "x'5c'", "x'0a09'", "x'ff'", "x'000102'", "x'20'"];
  const random =
    (most: number) =>
    (dice: Dice): string =>
      `x'${dice.bytes(dice.between(1, most)).toString('hex')}'`;
  const numbered = (n: number): string => `x'01${n.toString(16).padStart(6, '0')}'`;
  const blob = (name: string): ColumnType =>
    type(name, [...bytes, ...(name === 'tinyblob' ? [] : [`x'${allBytes}'`])], {
      index: 'prefix',
      fallback: 'expression',
      random: random(40),
      ...(name === 'tinyblob' ? {} : { large: () => [`REPEAT(x'${allBytes}', 200)`] }),
    });
  return [
    type('varbinary(20)', bytes, {
      random: random(20),
      distinct: (n) => ["''", "x'00'", "x'0000'", "x'5c'", "x'ff'", "x'20'"][n] ?? numbered(n),
      fallback: 'expression',
    }),
    type('binary(8)', bytes, { random: random(8), distinct: numbered, fallback: 'expression' }),
    type('binary(1)', ["x'00'", "x'20'", "x'ff'"], { fallback: 'expression' }),
    ...['tinyblob', 'blob', 'mediumblob', 'longblob'].map(blob),
  ];
}
