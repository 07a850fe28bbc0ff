/** The databases' own properties. */
import type { FidelityCase } from '../../case.ts';
import { from, inDatabase } from './object-case.ts';

const words = `CREATE TABLE "größe" ("straße" text PRIMARY KEY); INSERT INTO "größe" VALUES ('Ähre'), ('ÿ')`;

const encodings: readonly FidelityCase[] = [
  inDatabase({
    item: 'encoding LATIN1',
    database: 'latin1',
    createDatabase: `CREATE DATABASE latin1 TEMPLATE template0 ENCODING 'LATIN1' LC_COLLATE 'C' LC_CTYPE 'C'`,
    setup: [words],
    proof: [
      `SELECT octet_length("straße") = 4 FROM "größe" WHERE "straße" LIKE '%hre'`,
      `SELECT pg_encoding_to_char(encoding) = 'LATIN1' FROM pg_database WHERE datname = 'latin1'`,
    ],
  }),
  inDatabase({
    item: 'encoding SQL_ASCII, bytes of no encoding',
    database: 'ascii',
    createDatabase: `CREATE DATABASE ascii TEMPLATE template0 ENCODING 'SQL_ASCII' LC_COLLATE 'C' LC_CTYPE 'C'`,
    setup: [
      `CREATE TABLE t (a text PRIMARY KEY, b varchar(20), c "char", d jsonb); INSERT INTO t VALUES (E'\\xff\\xfe\\x80', E'\\xc3', E'\\377', NULL), (E'caf\\xe9', 'ä', 'x', '{"k": "v"}'); CREATE INDEX ON t (b); COMMENT ON TABLE t IS 'wrong bytes'`,
      `CREATE FUNCTION f() RETURNS text LANGUAGE sql AS E'SELECT ''\\xfe''::text'; CREATE TABLE d (a text DEFAULT E'\\xe9', CHECK (a <> E'\\xfd')); INSERT INTO d DEFAULT VALUES`,
    ],
    proof: [`SELECT count(*) = 1 FROM t WHERE a = E'\\xff\\xfe\\x80' AND octet_length(b) = 1`],
  }),
  inDatabase({
    item: 'encoding EUC_JP',
    database: 'euc',
    createDatabase: `CREATE DATABASE euc TEMPLATE template0 ENCODING 'EUC_JP' LC_COLLATE 'C' LC_CTYPE 'C'`,
    setup: [
      `CREATE TABLE "表" ("名前" text, n int); INSERT INTO "表" VALUES ('日本語 ｶﾀｶﾅ', 1), ('ソ', 2); COMMENT ON TABLE "表" IS '説明'`,
    ],
    proof: [`SELECT octet_length("名前") = 2 FROM "表" WHERE n = 2`],
  }),
];

const locales: readonly FidelityCase[] = [
  inDatabase({
    item: 'locale of libc, C',
    database: 'locale_c',
    createDatabase: `CREATE DATABASE locale_c TEMPLATE template0 ENCODING 'UTF8' LC_COLLATE 'C' LC_CTYPE 'C.UTF-8'`,
    setup: [`CREATE TABLE t (a text PRIMARY KEY); INSERT INTO t VALUES ('ä'), ('B'), ('a')`],
    proof: [`SELECT datcollate = 'C' AND datctype = 'C.UTF-8' FROM pg_database WHERE datname = 'locale_c'`],
  }),
  inDatabase({
    item: 'locale of ICU',
    database: 'locale_icu',
    createDatabase: `CREATE DATABASE locale_icu TEMPLATE template0 ENCODING 'UTF8' LOCALE_PROVIDER icu ICU_LOCALE 'de-u-co-phonebk' LC_COLLATE 'C.UTF-8' LC_CTYPE 'C.UTF-8'`,
    setup: [`CREATE TABLE t (a text PRIMARY KEY); INSERT INTO t VALUES ('ä'), ('b'), ('ad')`],
    proof: [`SELECT datlocprovider = 'i' FROM pg_database WHERE datname = 'locale_icu'`],
    exists: from(15),
  }),
  inDatabase({
    item: 'locale of ICU with rules',
    database: 'locale_rules',
    createDatabase: `CREATE DATABASE locale_rules TEMPLATE template0 ENCODING 'UTF8' LOCALE_PROVIDER icu ICU_LOCALE 'und' ICU_RULES '&a < g' LC_COLLATE 'C.UTF-8' LC_CTYPE 'C.UTF-8'`,
    setup: [`CREATE TABLE t (a text PRIMARY KEY); INSERT INTO t VALUES ('b'), ('g')`],
    proof: [`SELECT daticurules IS NOT NULL FROM pg_database WHERE datname = 'locale_rules'`],
    exists: from(16),
  }),
  inDatabase({
    item: 'locale built in',
    database: 'locale_builtin',
    createDatabase: `CREATE DATABASE locale_builtin TEMPLATE template0 ENCODING 'UTF8' LOCALE_PROVIDER builtin BUILTIN_LOCALE 'C.UTF-8' LC_COLLATE 'C' LC_CTYPE 'C'`,
    setup: [`CREATE TABLE t (a text PRIMARY KEY); INSERT INTO t VALUES ('ä'), ('B')`],
    proof: [`SELECT datlocprovider = 'b' FROM pg_database WHERE datname = 'locale_builtin'`],
    exists: from(17),
  }),
];

const properties: readonly FidelityCase[] = [
  inDatabase({
    item: 'ALTER DATABASE SET, also for roles',
    database: 'settings; "odd"',
    setup: [
      `ALTER DATABASE "settings; ""odd""" SET search_path = "$user", public, "odd, schema"; ALTER DATABASE "settings; ""odd""" SET work_mem = '7MB'; ALTER DATABASE "settings; ""odd""" SET my.own = 'it''s; "x"'; ALTER DATABASE "settings; ""odd""" SET datestyle = 'SQL, DMY';
       ALTER DATABASE "settings; ""odd""" SET default_transaction_isolation = 'repeatable read'; ALTER DATABASE "settings; ""odd""" SET bytea_output = escape; ALTER DATABASE "settings; ""odd""" SET temp_tablespaces = ''; ALTER DATABASE "settings; ""odd""" SET standard_conforming_strings = off`,
      `ALTER ROLE fidelity_owner IN DATABASE "settings; ""odd""" SET statement_timeout = '1h'; ALTER ROLE fidelity_owner IN DATABASE "settings; ""odd""" SET search_path = ''; ALTER ROLE fidelity_reader IN DATABASE "settings; ""odd""" SET lc_monetary = 'C'; ALTER DATABASE "settings; ""odd""" SET default_text_search_config = 'pg_catalog.german'; ALTER DATABASE "settings; ""odd""" SET extra_float_digits = -15; ALTER DATABASE "settings; ""odd""" SET intervalstyle = 'iso_8601'`,
      `CREATE TABLE t (a float8, i interval, b bytea, d date); INSERT INTO t VALUES (0.1 + 0.2::float8, '1 day 02:03', '\\x005c', '2026-02-01')`,
    ],
    proof: [
      `SELECT cardinality(setconfig) >= 10 FROM pg_db_role_setting WHERE setrole = 0`,
      `SELECT count(*) = 2 FROM pg_db_role_setting s JOIN pg_roles r ON r.oid = setrole JOIN pg_database d ON d.oid = setdatabase WHERE rolname LIKE 'fidelity%' AND datname = current_database()`,
    ],
  }),
  inDatabase({
    item: 'database: owner, grants, comment, limit',
    database: 'owned',
    setup: [
      `ALTER DATABASE owned OWNER TO fidelity_owner; REVOKE ALL ON DATABASE owned FROM PUBLIC; GRANT CONNECT ON DATABASE owned TO fidelity_reader, tidemark; GRANT CREATE ON DATABASE owned TO fidelity_grantor WITH GRANT OPTION; ALTER DATABASE owned CONNECTION LIMIT 50; COMMENT ON DATABASE owned IS 'its owner''s'; CREATE TABLE t (a int)`,
      'SET ROLE fidelity_grantor; GRANT CREATE ON DATABASE owned TO "Fidelity ""Role"", odd.name"; RESET ROLE',
    ],
    proof: [
      `SELECT datacl::text LIKE '%C/fidelity_grantor%' AND datconnlimit = 50 FROM pg_database WHERE datname = 'owned'`,
    ],
  }),
  inDatabase({
    item: 'database in a tablespace',
    database: 'placed',
    createDatabase: 'CREATE DATABASE placed TABLESPACE fidelity_space',
    setup: [
      `CREATE TABLE t (a int); INSERT INTO t VALUES (1); CREATE TABLE u (a int) TABLESPACE pg_default; CREATE INDEX ON u (a)`,
    ],
    proof: [
      `SELECT spcname = 'fidelity_space' FROM pg_database d JOIN pg_tablespace s ON s.oid = d.dattablespace WHERE datname = 'placed'`,
    ],
  }),
];

export const databaseCases: readonly FidelityCase[] = [...encodings, ...locales, ...properties];
