/** Texts that would make a role on PostgreSQL, wherever they became SQL. */
import type { Hostility } from './hostile-manifest.ts';

/** The transaction that it may be in would be rolled back otherwise. */
const make = 'COMMIT; CREATE ROLE marker; --';

export const postgresHostility: Hostility = {
  setup: [
    'CREATE TABLE accounts (id int PRIMARY KEY, balance bigint NOT NULL)',
    'INSERT INTO accounts VALUES (1, 100), (2, 200)',
    'CREATE SEQUENCE numbers START 7',
    "SELECT nextval('numbers')",
    // Rows that are loaded into the parent, and columns that are stored in another way than the parent's.
    "CREATE TYPE colour AS ENUM ('red', 'blue')",
    'CREATE TABLE painted (c colour) PARTITION BY HASH (c)',
    'CREATE TABLE painted_0 PARTITION OF painted FOR VALUES WITH (MODULUS 1, REMAINDER 0)',
    "INSERT INTO painted VALUES ('red')",
    'CREATE TABLE parent (t text)',
    'ALTER TABLE parent ALTER t SET STORAGE EXTERNAL',
    'CREATE TABLE child () INHERITS (parent)',
    'ALTER TABLE child ALTER t SET STORAGE EXTENDED',
    'GRANT CREATE ON DATABASE trusted TO "odd owner"',
    "ALTER DATABASE trusted SET timezone = 'UTC'",
    `ALTER ROLE "odd owner" IN DATABASE trusted SET search_path = 'public'`,
    "COMMENT ON DATABASE trusted IS 'a shop'",
  ],
  text: `\\'; ${make}`,
  name: `x"; ${make}`,
  number: `0; ${make}`,
  others: [
    `x'; ${make}`,
    `1, true); ${make}`,
    `UTF8'); ${make}`,
    `x" (id) FROM STDIN; ${make}`,
    `CREATE ON DATABASE postgres TO PUBLIC; ${make}`,
    `{"tidemark":1,"role":"staged","restore":"x","cluster":"","number":0,"database":"trusted","comment":null,"loaded":false}`,
    `UTC\t-c\tlog_statement=all`,
  ],
  texts: [
    'database.engine.collate',
    'database.engine.ctype',
    'database.engine.locale',
    'database.engine.icuRules',
    'database.engine.comment',
    'database.engine.settings.*.value',
    'database.engine.extensions.*.version',
  ],
  refused: [
    'shard.version',
    'shard.engine.dumpMajor',
    'database.engine.encoding',
    'database.engine.isTemplate',
    'database.engine.localeProvider',
    'database.engine.connectionLimit',
    'database.engine.grants.*.privilege',
    'database.engine.grants.*.grantable',
    'database.engine.childColumns.*.storage',
    'database.engine.childColumns.*.compression',
    'database.engine.publicSchema',
    'database.engine.sequences.*.lastValue',
    'database.engine.sequences.*.isCalled',
    'database.engine.dumpMajor',
    'database.engine.serverMajor',
    'table.engine.oid',
    'table.engine.encoding',
  ],
  marker: "SELECT 1 FROM pg_roles WHERE rolname = 'marker'",
};
