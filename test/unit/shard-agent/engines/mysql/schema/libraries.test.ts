import { expect, test } from 'vitest';
import {
  readableLibrary,
  withoutOwnDatabase,
} from '../../../../../../shard-agent/engines/mysql/schema/libraries.ts';

function routine(using: string, quote = '`'): string {
  const name = (text: string): string => `${quote}${text}${quote}`;
  return `CREATE DEFINER=${name('u')}@${name('h')} FUNCTION ${name('f')}(n int) RETURNS int\n    DETERMINISTIC\n    LANGUAGE JAVASCRIPT\n    USING (${using})\n    COMMENT 'USING (\`a\`.\`b\`)'\nAS $$ return 1\n    USING (\`a\`.\`b\`)\n $$`;
}

test('a library loses the name of its database where it is the own one of the routine', () => {
  const shown = routine('`a`.`b` AS `c`, `other`.`b`, `a`.`odd ``, ``b`');
  expect(withoutOwnDatabase(shown, 'a')).toBe(routine('`b` AS `c`, `other`.`b`, `odd ``, ``b`'));
});

test('names may be quoted as ANSI has them, and have quotes in them', () => {
  const shown = routine('"a""."."b" AS "c", "a"."b"', '"');
  expect(withoutOwnDatabase(shown, 'a".')).toBe(routine('"b" AS "c", "a"."b"', '"'));
});

test('a routine of which nothing is known stays as it is', () => {
  const shown = 'CREATE FUNCTION `f`() RETURNS int\nRETURN 1';
  expect(withoutOwnDatabase(shown, 'a')).toBe(shown);
});

test('a library without a byte is written so that it can be read', () => {
  expect(readableLibrary('CREATE LIBRARY `w`\n    LANGUAGE WASM\nAS 0x')).toMatch(/AS x''$/);
  expect(readableLibrary('CREATE LIBRARY `w`\n    LANGUAGE WASM\nAS 0x00')).toMatch(/AS 0x00$/);
});
