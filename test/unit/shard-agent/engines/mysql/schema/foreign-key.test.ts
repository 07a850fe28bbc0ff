import { expect, test } from 'vitest';
import {
  keyPlaces,
  strayForeignKey,
} from '../../../../../../shard-agent/engines/mysql/schema/foreign-key.ts';

const place = keyPlaces([
  { database: 'a', name: 'é' },
  { database: 'b', name: 'p' },
])('a');
const bytes = (text: string): string => Buffer.from(text, 'utf8').toString('latin1');
const key = (table: string): string =>
  bytes(
    `CONSTRAINT \`c\` FOREIGN KEY (\`x\`, \`REFERENCES \`\`y\`) REFERENCES ${table} (\`id\`) ON DELETE CASCADE`,
  );

test('a key to a table of the set is left to be renamed with it', () => {
  expect(strayForeignKey(key('`é`'), place)).toBeUndefined();
  expect(strayForeignKey(key('`b`.`p`'), place)).toBeUndefined();
});

test('a key to any other table names its database', () => {
  expect(strayForeignKey(key('`gone`'), place)).toBe(key('`a`.`gone`'));
  expect(strayForeignKey(key('`z`.`gone`'), place)).toBe(key('`z`.`gone`'));
});
