/** What of pg_dumpall's text a server gets that has some of the roles. */
import { expect, test } from 'vitest';
import {
  planGlobals,
  readGlobals,
  withoutGrantor,
  withoutSuperuser,
} from '../../../../../../shard-agent/engines/postgres/globals/globals-plan.ts';
import { splitStatements } from '../../../../../../shard-agent/engines/postgres/globals/sql-statements.ts';

const dump = `\\restrict x
SET default_transaction_read_only = off;
SET client_encoding = 'UTF8';
CREATE ROLE "postgres";
ALTER ROLE "postgres" WITH SUPERUSER LOGIN PASSWORD 'ON ROLE "app";';
CREATE ROLE "app";
ALTER ROLE "app" WITH NOSUPERUSER INHERIT NOCREATEROLE NOCREATEDB LOGIN NOREPLICATION NOBYPASSRLS PASSWORD 'NOSUPERUSER';
COMMENT ON ROLE "app" IS 'TO "postgres"';
SECURITY LABEL FOR "dummy" ON ROLE "app" IS 'x';
CREATE ROLE "group";
ALTER ROLE "group" WITH NOLOGIN;
ALTER ROLE "app" SET "search_path" TO 'a', 'b';
GRANT "group" TO "app" WITH ADMIN OPTION, INHERIT TRUE GRANTED BY "postgres";
GRANT "group" TO "postgres" GRANTED BY "postgres";
GRANT "pg_monitor" TO "group" GRANTED BY "postgres";
GRANT "pg_monitor" TO "postgres";
GRANT SET ON PARAMETER "work_mem" TO "group" WITH GRANT OPTION;
SET SESSION AUTHORIZATION "group";
GRANT SET ON PARAMETER "work_mem" TO "app";
RESET SESSION AUTHORIZATION;
GRANT SET ON PARAMETER "work_mem" TO PUBLIC;
CREATE TABLESPACE "fast" OWNER "app" LOCATION '/x';
ALTER TABLESPACE "fast" SET (random_page_cost=1);
GRANT ALL ON TABLESPACE "fast" TO "app";
COMMENT ON TABLESPACE "fast" IS 'x';
\\unrestrict x
`;

const plan = (...standing: string[]) => planGlobals(readGlobals(dump), new Set(standing));
const sqlOf = (...standing: string[]): string[] => plan(...standing).statements.map((one) => one.sql.sql);

test('a blank server gets all but what its own role would be given, PUBLIC and tablespaces', () => {
  const { make, standing, withheld, tablespaces, statements } = plan('postgres');
  expect({ make, standing, tablespaces }).toEqual({
    make: ['app', 'group'],
    standing: ['postgres'],
    tablespaces: ['fast'],
  });
  expect(withheld).toEqual([
    'GRANT "group" TO "postgres" GRANTED BY "postgres"',
    'GRANT SET ON PARAMETER "work_mem" TO PUBLIC',
  ]);
  expect(sqlOf('postgres').join('\n')).not.toMatch(/(TO|ROLE) "postgres"( |$)(?!GRANTED)/m);
  expect(statements.map(({ kind }) => kind)).toEqual([
    ...Array.from({ length: 7 }, () => 'role'),
    'membership',
    'membership',
    'parameter',
    'parameter',
  ]);
  expect(statements.at(-1)).toMatchObject({ grantee: 'app', grantor: 'group' });
  expect(statements.at(-2)).toMatchObject({ grantee: 'group', grantor: undefined });
});

test('of roles that stand nothing is run', () => {
  const { make, statements, withheld } = plan('postgres', 'app', 'group');
  expect({ make, statements }).toEqual({ make: [], statements: [] });
  expect(withheld).toEqual(['GRANT SET ON PARAMETER "work_mem" TO PUBLIC']);
  expect(sqlOf('postgres', 'app')).toEqual([
    'CREATE ROLE "group"',
    'ALTER ROLE "group" WITH NOLOGIN',
    'GRANT "pg_monitor" TO "group" GRANTED BY "postgres"',
    'GRANT SET ON PARAMETER "work_mem" TO "group" WITH GRANT OPTION',
  ]);
});

test('settings of all roles are run on no server, and told where the server has others', () => {
  const sql = `ALTER ROLE ALL SET "work_mem" TO '5MB'`;
  const of = (...has: string[]) => planGlobals(readGlobals(`${dump}\n${sql};`), new Set(), has);
  expect(of().settings).toEqual([sql]);
  expect(of(sql).settings).toEqual([]);
  expect(of().statements).toEqual(plan().statements);
});

test('what is none of these is refused by name', () => {
  for (const sql of ['DROP ROLE "app";', 'CREATE DATABASE "x";', 'ALTER SYSTEM SET "x" TO 1;', 'GRANT "a";'])
    expect(() => readGlobals(sql)).toThrow(expect.objectContaining({ code: 'not-supported' }));
});

test('statements as one may run them who is no superuser', () => {
  const [attributes] = splitStatements(
    `ALTER ROLE "NOSUPERUSER" WITH NOSUPERUSER LOGIN NOBYPASSRLS PASSWORD 'NOSUPERUSER'`,
  );
  const [membership] = splitStatements(`GRANT "GRANTED BY" TO "m" WITH INHERIT TRUE GRANTED BY "p"`);
  if (attributes === undefined || membership === undefined) throw new Error('no statements');
  expect(withoutSuperuser(attributes).replaceAll(/ +/g, ' ')).toBe(
    `ALTER ROLE "NOSUPERUSER" WITH LOGIN PASSWORD 'NOSUPERUSER'`,
  );
  expect(withoutGrantor(membership)).toBe('GRANT "GRANTED BY" TO "m" WITH INHERIT TRUE');
});
