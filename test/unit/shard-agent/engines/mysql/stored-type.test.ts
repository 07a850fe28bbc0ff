import { expect, test } from 'vitest';
import { isByNumber, storedType } from '../../../../../shard-agent/engines/mysql/stored-type.ts';

test.each([
  ['varchar', 'varchar(20)', 'varchar'],
  ['enum', "enum('a','b')", 'enum'],
  ['enum', "enum('it''s','a,b')", 'enum'],
  ['enum', "enum('')", 'enum by number'],
  ['enum', "enum('a','','b')", 'enum by number'],
  ['set', "set('a','')", 'set by number'],
  // A character that the catalogue does not show, perhaps.
  ['enum', "enum('a','?')", 'enum by number'],
])('%s of %s is stored as %s', (dataType, columnType, stored) => {
  expect(storedType(dataType, columnType)).toBe(stored);
  expect(isByNumber(stored)).toBe(stored.endsWith('number'));
});
