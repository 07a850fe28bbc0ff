/** What is told of a tool that fails. */
import { expect, test } from 'vitest';
import { ToolRuns } from '../../../../../../shard-agent/engines/postgres/connection/tools.ts';

/** The error of a tool that says this and fails. */
async function failureOf(words: string): Promise<unknown> {
  const runs = new ToolRuns({
    database: {
      engine: 'postgres',
      host: 'localhost',
      port: 1,
      user: 'u',
      password: { kind: 'none' },
      databases: undefined,
    },
    password: undefined,
    tools: {},
  });
  const tool = { path: process.execPath, major: 18 };
  const code = 'process.stderr.write(process.argv[1]); process.exitCode = 1';
  return runs
    .run(tool, ['-e', code, words], { subject: 'database shop', signal: new AbortController().signal })
    .catch((error: unknown) => error);
}

const refused = 'pg_restore: error: could not execute query: ERROR:  role "m" does not exist\n';

test.each([
  [
    'CREATE USER MAPPING FOR "m" SERVER "srv"',
    ` OPTIONS (\n    "password" 'top\nsecret',\n    "user" 'u'\n);\n\npg_restore: warning: one more`,
  ],
  ['CREATE SUBSCRIPTION "s"', ` CONNECTION 'host=x password=topsecret' PUBLICATION "p";`],
  ['CREATE SERVER "s\n" FOREIGN DATA WRAPPER "w"', ` OPTIONS (\n    "token" 'topsecret'\n);`],
  ['ALTER USER MAPPING FOR "m" SERVER "srv"', ` OPTIONS (\n SET "password" 'topsecret'\n);`],
])('of %s no more is told: passwords follow', async (head, rest) => {
  const failed = await failureOf(`${refused}Command was: ${head}${rest}`);
  expect(failed).toMatchObject({ code: 'database-failed', reason: `${refused}Command was: ${head} …` });
  expect(String(failed)).not.toContain('secret');
});

test('any other statement is told whole', async () => {
  const words = `${refused}Command was: CREATE TABLE "t" (\n    a int\n);`;
  expect(await failureOf(words)).toMatchObject({ reason: words });
});

test('a setting of the server is one, whatever blanks its value has', async () => {
  const setting = 'TimeZone=UTC\t-c\nlog_statement=all \\x';
  const runs = new ToolRuns({
    database: {
      engine: 'postgres',
      host: 'localhost',
      port: 1,
      user: 'u',
      password: { kind: 'none' },
      databases: undefined,
    },
    password: undefined,
    tools: {},
  });
  const code = 'process.stderr.write(process.env.PGOPTIONS); process.exitCode = 1';
  const failed = await runs
    .run({ path: process.execPath, major: 18 }, ['-e', code], {
      subject: 'database shop',
      settings: [setting],
      signal: new AbortController().signal,
    })
    .catch((error: unknown) => error);
  // A server cuts at each blank that no backslash precedes.
  const options = String((failed as { reason?: string }).reason).match(/(?:\\[^]|[^\s\\])+/g) ?? [];
  expect(options.at(-1)?.replaceAll(/\\([^])/g, '$1')).toBe(setting);
});
