/** What is written into a .sql file comes back, statement for statement. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  readScript,
  scriptComment,
  scriptStatement,
} from '../../../../../../shard-agent/engines/mysql/schema/sql-script.ts';

async function statements(text: string, piece = 7): Promise<string[]> {
  async function* pieces(): AsyncIterable<Buffer> {
    const bytes = Buffer.from(text, 'latin1');
    for (let at = 0; at < bytes.length; at += piece) yield bytes.subarray(at, at + piece);
  }
  const found: string[] = [];
  for await (const statement of readScript(pieces())) found.push(statement);
  return found;
}

test('bodies with semicolons, comments, delimiters and bytes of any character set', async () => {
  const bodies = [
    'CREATE TABLE `a` (x int)',
    "CREATE PROCEDURE p() BEGIN SELECT ';'; -- comment;\n\nSELECT 2; END",
    'CREATE TRIGGER t ;; $$ // ~~ @@@ %%% ^^^ !!! ||| ;;;;;;; ;end_0; END',
    'CREATE VIEW v AS SELECT \xe9\x5c\n-- not a comment of the file\nDELIMITER x',
  ];
  const text = `${scriptComment('a\ncomment;')}${bodies.map(scriptStatement).join('')}`;
  expect(await statements(text)).toEqual(bodies);
});

test('any text', async () => {
  const body = fc
    .string({ unit: fc.constantFrom(';', '$', '/', '\n', 'a', ' ', "'", '`', '-', '~') })
    .map((text) => `X${text}Y`);
  await fc.assert(
    fc.asyncProperty(fc.array(body), fc.integer({ min: 1, max: 50 }), async (bodies, piece) => {
      expect(await statements(bodies.map(scriptStatement).join(''), piece)).toEqual(bodies);
    }),
  );
});

test('a script that was cut off is an error, not fewer statements', async () => {
  await expect(statements(scriptStatement('CREATE TABLE a (b int)').slice(0, -3))).rejects.toThrow(/middle/);
});
