/** SQL into statements, whatever stands within quotes. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  quoteName,
  quoteText,
} from '../../../../../../shard-agent/engines/postgres/connection/connection.ts';
import { splitStatements } from '../../../../../../shard-agent/engines/postgres/globals/sql-statements.ts';

const texts = (sql: string): string[] => splitStatements(sql).map((one) => one.sql);

test.each<[string, string, string[]]>([
  ['nothing', ' ;; -- ;\n/* ; /* ; */ ; */ ', []],
  ['comments', 'a -- ;\n; /* ; */ b /* x /* y */ ; */ c;', ['a', 'b /* x /* y */ ; */ c']],
  ['a string with a semicolon', `a 'x;''y' ; b`, [`a 'x;''y'`, 'b']],
  ['a backslash, which is itself', `a 'x\\' ; b`, [`a 'x\\'`, 'b']],
  ['an escape string', `a E'x\\'; y' ; b`, [`a E'x\\'; y'`, 'b']],
  ['a word that ends in e', `ae'x\\' ; b`, [`ae'x\\'`, 'b']],
  ['a name', `a "x;""'y" ; b`, [`a "x;""'y"`, 'b']],
  ['dollar quotes', `a $$;'$$ $t$ $$; $t$; b$1;`, [`a $$;'$$ $t$ $$; $t$`, 'b$1']],
  [
    'a line in the middle of a string',
    `COMMENT IS 'x\n\\restrict y\n;';z`,
    [`COMMENT IS 'x\n\\restrict y\n;'`, 'z'],
  ],
  ['brackets of psql', `\\restrict abc\na;\n\\unrestrict abc\n`, ['a']],
])('%s', (_, sql, expected) => {
  expect(texts(sql)).toEqual(expected);
});

test('with standard_conforming_strings off, every string has escapes', () => {
  const [, second, third] = texts(`SET standard_conforming_strings = off; a 'x\\'; y'; b`);
  expect([second, third]).toEqual([`a 'x\\'; y'`, 'b']);
});

test.each(['\\connect postgres\n', '\\! rm -rf /\n', `a 'b`, 'a "b', 'a $x$ b $$', 'a /* b'])(
  '%s is refused',
  (sql) => {
    expect(() => texts(sql)).toThrow(expect.objectContaining({ code: 'not-supported' }));
  },
);

test('names and texts of any kind come out as they were quoted', () => {
  const any = fc.string({ unit: 'binary' }).filter((text) => !text.includes('\0'));
  fc.assert(
    fc.property(fc.array(fc.tuple(any, any), { maxLength: 4 }), (pairs) => {
      const sql = pairs.map(([name, text]) => `COMMENT ON ROLE ${quoteName(name)} IS ${quoteText(text)};`);
      const found = splitStatements(sql.join('\n'));
      expect(found.map((one) => `${one.sql};`)).toEqual(sql);
      expect(found.map(({ tokens }) => tokens.find(({ kind }) => kind === 'name')?.value)).toEqual(
        pairs.map(([name]) => name),
      );
    }),
  );
});
