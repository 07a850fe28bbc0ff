/** Columns that a trigger needs are found in its text, and nothing else is taken for one. */
import { expect, test } from 'vitest';
import { missingColumn } from '../../../../../../shard-agent/engines/mysql/schema/trigger-columns.ts';

const columns = ['id', 'price', 'été', 'チ'];
const head = 'CREATE TRIGGER t BEFORE UPDATE ON item FOR EACH ROW ';

function missing(body: string, settings: { charset?: string; sqlMode?: string } = {}): string | undefined {
  const { charset = 'utf8mb4', sqlMode = '' } = settings;
  return missingColumn(head + Buffer.from(body, 'utf8').toString('latin1'), { charset, sqlMode }, columns);
}

test.each([
  ['SET NEW.gone = 1', 'gone'],
  ['SET NEW . `gone` = OLD.price', 'gone'],
  ['BEGIN SET NEW.PRICE = 1; IF old.`Gone` > 1 THEN SET NEW.id = 1; END IF; END', 'Gone'],
  ['SET NEW.`l\u00f6schen` = 1', 'l\u00f6schen'],
])('%s', (body, name) => {
  expect(missing(body)).toBe(name);
});

test.each([
  ['text', `SET NEW.price = LENGTH('NEW.gone'), NEW.id = LENGTH("it''s \\" OLD.gone")`],
  ['comments', 'SET NEW.price = 1 /* NEW.gone */ # OLD.gone\n -- OLD.gone\n'],
  ['names of three parts', 'SET NEW.price = (SELECT d.new.gone FROM d.new)'],
  ['a variable of that name', 'BEGIN DECLARE new ROW (gone int); SET new.gone = 1; END'],
  ['other case and accents', 'SET NEW.ÉTÉ = 1, NEW.Ete = 2'],
])('not %s', (_, body) => {
  expect(missing(body)).toBeUndefined();
});

test('modes say what is text', () => {
  expect(missing(`SET NEW.price = "x" + NEW."gone"`, { sqlMode: 'ANSI_QUOTES' })).toBe('gone');
  expect(missing(`SET NEW.price = LENGTH('\\'), NEW.gone = '1'`, { sqlMode: 'NO_BACKSLASH_ESCAPES' })).toBe(
    'gone',
  );
});

test('in the character set of the client, whose second bytes may look like quotes', () => {
  // チ and ー are 0x8360 and 0x815B in Shift JIS.
  const body = 'SET NEW.`\x83\x60` = 1, NEW.`\x81\x5b\x83\x60` = 2';
  expect(missingColumn(head + body, { charset: 'sjis', sqlMode: '' }, columns)).toBe('ーチ');
});
