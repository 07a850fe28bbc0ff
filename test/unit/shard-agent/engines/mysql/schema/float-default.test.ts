import { expect, test } from 'vitest';
import {
  sayFloatAgain,
  withWholeFloats,
} from '../../../../../../shard-agent/engines/mysql/schema/float-default.ts';
import type { Wire } from '../../../../../../shard-agent/engines/mysql/connection/wire.ts';

/** A server with one table: what it answers for a column's default. */
function serverWith(defaults: Readonly<Record<string, string>>): { wire: Wire; asked: string[] } {
  const asked: string[] = [];
  const value = async (sql: string): Promise<string | undefined> => {
    const column = /DEFAULT\(t\.`((?:[^`]|``)*)`\)/.exec(sql)?.[1] ?? '';
    asked.push(column);
    return defaults[column];
  };
  return { wire: { value } as unknown as Wire, asked };
}

const bytes = (text: string): string => Buffer.from(text, 'utf8').toString('latin1');

test('a default in six digits becomes the number it is, in the server’s own quotes', async () => {
  const { wire, asked } = serverWith({
    'a``é': '16777216',
    b: '3.4028234663852886e38',
    c: '0.10000000149011612',
  });
  const shown = (a: string, b: string): string =>
    bytes(
      `CREATE TABLE \`t\` (\n  \`a\`\`é\` float DEFAULT ${a} COMMENT ' DEFAULT 16777200',\n  \`b\` float unsigned NOT NULL DEFAULT '${b}' /*!80023 INVISIBLE */,\n` +
        '  `c` float DEFAULT 0.1,\n  `d` float(9,3) DEFAULT 123456.789,\n  `e` double DEFAULT 1,\n  `f` float DEFAULT NULL\n)',
    );
  expect(
    await withWholeFloats(wire, shown('16777200', '3.40282e38'), 't', ['a`é', 'b', 'c', 'd', 'e', 'f']),
  ).toBe(shown('16777216', '3.4028234663852886e38'));
  expect(asked.sort()).toEqual(['a``é', 'b', 'c']);
});

test.each(['t LIMIT 1', 'LEFT JOIN', 'COUNT(*)'])('a default is told by any of three: %s', async (teller) => {
  const shown = 'CREATE TABLE `t` (\n  `a` float NOT NULL DEFAULT 3.40282e38\n)';
  const value = async (sql: string): Promise<string | null> =>
    sql.includes(teller) ? '3.4028234663852886e38' : null;
  expect(await withWholeFloats({ value } as unknown as Wire, shown, 't', ['a'])).toBe(
    shown.replace('3.40282e38', '3.4028234663852886e38'),
  );
});

test('where nothing tells a default, what is shown stays', async () => {
  const shown = 'CREATE TABLE `t` (\n  `a` float NOT NULL DEFAULT 3.40282e38\n)';
  const value = async (): Promise<undefined> => undefined;
  expect(await withWholeFloats({ value } as unknown as Wire, shown, 't', ['a'])).toBe(shown);
});

test.each([
  ["`a` float NOT NULL DEFAULT '16777216' COMMENT 'x'", "ALTER COLUMN `a` SET DEFAULT '16777216'"],
  [
    '`a``b` float unsigned DEFAULT 0.12345679104328156',
    'ALTER COLUMN `a``b` SET DEFAULT 0.12345679104328156',
  ],
  ["`a` float DEFAULT '-1.5'", undefined],
  ['`a` float DEFAULT 0.10000000149011612', undefined],
  ['`a` float DEFAULT NULL', undefined],
  ['`a` float(9,3) DEFAULT 123456.789', undefined],
  ['`a` double DEFAULT 16777216', undefined],
  ["`a` int COMMENT '\n  `a` float DEFAULT 16777216 '", undefined],
])('what an ALTER TABLE would leave of %s', (definition, clause) => {
  expect(sayFloatAgain(definition)).toBe(clause);
});

test('what only looks like a column is not asked for', async () => {
  const { wire, asked } = serverWith({ b: '2' });
  const shown = 'CREATE TABLE `t` (\n  `a\n  ``b`` float DEFAULT 1,` int DEFAULT 3\n)';
  expect(await withWholeFloats(wire, shown, 't', ['a\n  `b` float DEFAULT 1,'])).toBe(shown);
  expect(asked).toEqual([]);
});
