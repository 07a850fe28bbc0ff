/** Who may do what: grants, defaults, owners, policies, comments. */
import type { FidelityCase } from '../../case.ts';
import { from, inDatabase, inSchema } from './object-case.ts';

export const rightCases: readonly FidelityCase[] = [
  inSchema({
    item: 'ownership',
    schema: 'o_owners',
    setup: [
      `ALTER SCHEMA o_owners OWNER TO "Fidelity ""Role"", odd.name"; CREATE TABLE t (id serial); CREATE VIEW v AS SELECT * FROM t; CREATE MATERIALIZED VIEW m AS SELECT 1; CREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT 1'; CREATE TYPE e AS ENUM ('x'); CREATE DOMAIN d AS int; CREATE SEQUENCE s; CREATE COLLATION c (locale = 'C');
       CREATE TYPE r AS (a int); CREATE TABLE p (a int) PARTITION BY LIST (a); CREATE TABLE p1 PARTITION OF p DEFAULT`,
      `ALTER TABLE t OWNER TO fidelity_owner; ALTER VIEW v OWNER TO fidelity_reader; ALTER MATERIALIZED VIEW m OWNER TO fidelity_owner; ALTER FUNCTION f OWNER TO "Fidelity ""Role"", odd.name"; ALTER TYPE e OWNER TO fidelity_owner; ALTER DOMAIN d OWNER TO fidelity_reader; ALTER SEQUENCE s OWNER TO fidelity_grantor; ALTER COLLATION c OWNER TO fidelity_owner;
       ALTER TYPE r OWNER TO fidelity_owner; ALTER TABLE p OWNER TO fidelity_owner; ALTER TABLE p1 OWNER TO fidelity_reader`,
    ],
    proof: [
      `SELECT count(DISTINCT relowner) >= 3 FROM pg_class WHERE relnamespace = 'o_owners'::regnamespace`,
    ],
  }),
  inSchema({
    item: 'grants, with and without grant option, by other grantors',
    schema: 'o_grants',
    setup: [
      `CREATE TABLE t (a int); CREATE TABLE u (a int); CREATE TABLE revoked (a int); CREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT 1'; CREATE TYPE e AS ENUM ('x'); CREATE SEQUENCE s; CREATE VIEW v AS SELECT 1`,
      `GRANT SELECT, INSERT ON t TO fidelity_grantor WITH GRANT OPTION; GRANT ALL ON u TO PUBLIC; REVOKE ALL ON revoked FROM CURRENT_USER; REVOKE EXECUTE ON FUNCTION f FROM PUBLIC; REVOKE USAGE ON TYPE e FROM PUBLIC; GRANT USAGE ON TYPE e TO fidelity_reader; GRANT USAGE, SELECT ON SEQUENCE s TO fidelity_reader;
       GRANT SELECT ON v TO "Fidelity ""Role"", odd.name"; GRANT USAGE ON SCHEMA o_grants TO fidelity_grantor, fidelity_reader; GRANT CREATE ON SCHEMA o_grants TO fidelity_owner WITH GRANT OPTION`,
      'SET ROLE fidelity_grantor; GRANT SELECT ON o_grants.t TO fidelity_reader WITH GRANT OPTION; RESET ROLE',
      'SET ROLE fidelity_reader; GRANT SELECT ON o_grants.t TO "Fidelity ""Role"", odd.name"; RESET ROLE',
    ],
    proof: [
      `SELECT relacl::text LIKE '%=r/fidelity_reader%' FROM pg_class WHERE oid = 'o_grants.t'::regclass`,
      `SELECT NOT EXISTS (SELECT FROM pg_class, aclexplode(relacl) WHERE oid = 'o_grants.revoked'::regclass AND privilege_type = 'SELECT')`,
    ],
  }),
  inSchema({
    item: 'column grants',
    schema: 'o_column_grants',
    setup: [
      `CREATE TABLE t (a int, "B b" text, c int); GRANT SELECT (a, "B b"), UPDATE ("B b") ON t TO fidelity_reader; GRANT INSERT (c) ON t TO PUBLIC; GRANT REFERENCES (a) ON t TO fidelity_grantor WITH GRANT OPTION; CREATE VIEW v AS SELECT * FROM t; GRANT SELECT (c) ON v TO fidelity_reader`,
      'GRANT USAGE ON SCHEMA o_column_grants TO fidelity_grantor; SET ROLE fidelity_grantor; GRANT REFERENCES (a) ON o_column_grants.t TO fidelity_owner; RESET ROLE',
    ],
    proof: [`SELECT count(attacl) = 3 FROM pg_attribute WHERE attrelid = 'o_column_grants.t'::regclass`],
  }),
  inSchema({
    item: 'default privileges of schemas',
    schema: 'o_default_privileges',
    setup: [
      `ALTER DEFAULT PRIVILEGES IN SCHEMA o_default_privileges GRANT SELECT ON TABLES TO fidelity_reader; ALTER DEFAULT PRIVILEGES FOR ROLE fidelity_owner IN SCHEMA o_default_privileges GRANT ALL ON SEQUENCES TO fidelity_reader WITH GRANT OPTION;
       ALTER DEFAULT PRIVILEGES FOR ROLE "Fidelity ""Role"", odd.name" IN SCHEMA o_default_privileges GRANT EXECUTE ON FUNCTIONS TO PUBLIC; CREATE TABLE t (a int)`,
    ],
    proof: [
      `SELECT count(*) >= 2 FROM pg_default_acl WHERE defaclnamespace = 'o_default_privileges'::regnamespace`,
    ],
  }),
  inDatabase({
    item: 'default privileges of roles',
    database: 'default privileges',
    setup: [
      `ALTER DEFAULT PRIVILEGES FOR ROLE fidelity_owner REVOKE EXECUTE ON FUNCTIONS FROM PUBLIC; ALTER DEFAULT PRIVILEGES FOR ROLE fidelity_owner GRANT SELECT ON TABLES TO fidelity_reader; ALTER DEFAULT PRIVILEGES REVOKE USAGE ON TYPES FROM PUBLIC; ALTER DEFAULT PRIVILEGES FOR ROLE fidelity_owner GRANT USAGE ON SCHEMAS TO PUBLIC;
       ALTER DEFAULT PRIVILEGES FOR ROLE fidelity_owner REVOKE ALL ON TABLES FROM fidelity_owner`,
      `CREATE FUNCTION open_to_all() RETURNS int LANGUAGE sql AS 'SELECT 1'; CREATE TYPE closed AS ENUM ('x'); CREATE TABLE t (a int); CREATE TABLE u (a int); ALTER TABLE u OWNER TO fidelity_owner`,
      `ALTER DEFAULT PRIVILEGES GRANT ALL ON TABLES TO fidelity_grantor; ALTER DEFAULT PRIVILEGES REVOKE EXECUTE ON FUNCTIONS FROM PUBLIC`,
    ],
    proof: [
      'SELECT count(*) >= 6 FROM pg_default_acl',
      // What stood there before they were set keeps what it has.
      `SELECT has_function_privilege('fidelity_reader', 'open_to_all()', 'EXECUTE') AND NOT has_table_privilege('fidelity_grantor', 't', 'SELECT')`,
    ],
  }),
  inSchema({
    item: 'policies and row security',
    schema: 'o_policies',
    setup: [
      `CREATE TABLE t (a int, who text); INSERT INTO t VALUES (1, 'x'), (2, 'y'); CREATE FUNCTION mine(text) RETURNS bool STABLE LANGUAGE sql AS 'SELECT $1 = current_user'; ALTER TABLE t ENABLE ROW LEVEL SECURITY; ALTER TABLE t FORCE ROW LEVEL SECURITY; ALTER TABLE t OWNER TO fidelity_owner`,
      `CREATE POLICY "all; of it" ON t USING (mine(who)) WITH CHECK (a > 0); CREATE POLICY restrict ON t AS RESTRICTIVE FOR SELECT TO fidelity_reader, fidelity_grantor USING (EXISTS (SELECT FROM o_policies.t t2 WHERE t2.a = t.a)); CREATE POLICY ins ON t FOR INSERT TO PUBLIC WITH CHECK (true); CREATE POLICY del ON t FOR DELETE TO "Fidelity ""Role"", odd.name" USING (false); CREATE TABLE off (a int); CREATE POLICY unused ON off USING (true);
       CREATE TABLE closed (a int); INSERT INTO closed VALUES (1); ALTER TABLE closed ENABLE ROW LEVEL SECURITY; COMMENT ON POLICY ins ON t IS 'anybody'`,
    ],
    proof: [
      `SELECT count(*) = 5 FROM pg_policies WHERE schemaname = 'o_policies'`,
      'SELECT count(*) = 2 FROM o_policies.t',
    ],
  }),
  inSchema({
    item: 'comments',
    schema: 'o_comments',
    setup: [
      `CREATE TABLE t (a int PRIMARY KEY, b int CHECK (b > 0)); CREATE TYPE e AS ENUM ('x'); CREATE DOMAIN d AS int CONSTRAINT c CHECK (VALUE > 0); CREATE TYPE r AS (a int); CREATE FUNCTION f(int) RETURNS int LANGUAGE sql AS 'SELECT 1'`,
      `COMMENT ON SCHEMA o_comments IS E'of a schema\\n--\\n-- Name: x; Type: TABLE; Schema: y; Owner: z\\n--\\n'; COMMENT ON TABLE t IS 'it''s a \\ "table" äöü 𝄞'; COMMENT ON COLUMN t.b IS ' '; COMMENT ON CONSTRAINT t_b_check ON t IS 'positive'; COMMENT ON INDEX t_pkey IS 'key'; COMMENT ON CONSTRAINT t_pkey ON t IS 'the constraint'; COMMENT ON TYPE e IS 'one'; COMMENT ON DOMAIN d IS 'two'; COMMENT ON CONSTRAINT c ON DOMAIN d IS 'three'; COMMENT ON COLUMN r.a IS 'four'; COMMENT ON FUNCTION f IS 'five'`,
    ],
    proof: [`SELECT obj_description('o_comments.t'::regclass, 'pg_class') LIKE 'it''s a%𝄞'`],
  }),
  inDatabase({
    item: "grants on the server's own functions",
    database: 'system grants',
    setup: [
      'GRANT EXECUTE ON FUNCTION pg_ls_dir(text) TO fidelity_reader; REVOKE EXECUTE ON FUNCTION pg_sleep(double precision) FROM PUBLIC; GRANT SELECT ON pg_authid TO fidelity_reader; REVOKE ALL ON SCHEMA public FROM PUBLIC; GRANT CREATE ON SCHEMA public TO fidelity_owner; CREATE TABLE t (a int)',
    ],
    proof: [
      `SELECT has_function_privilege('fidelity_reader', 'pg_ls_dir(text)', 'EXECUTE')`,
      `SELECT NOT has_function_privilege('fidelity_reader', 'pg_sleep(double precision)', 'EXECUTE')`,
    ],
  }),
  inDatabase({
    item: 'schema public dropped, language plpgsql dropped',
    database: 'bare',
    setup: [
      'DROP SCHEMA public; DROP EXTENSION plpgsql; CREATE SCHEMA own; CREATE TABLE own.t (a int); INSERT INTO own.t VALUES (1)',
    ],
    proof: [
      `SELECT count(*) = 0 FROM pg_namespace WHERE nspname = 'public'`,
      'SELECT count(*) = 0 FROM pg_extension',
    ],
  }),
  inDatabase({
    item: 'schema public of another owner',
    database: 'public owner',
    setup: [
      `ALTER SCHEMA public OWNER TO fidelity_owner; GRANT CREATE ON SCHEMA public TO fidelity_reader; COMMENT ON SCHEMA public IS 'ours'; CREATE TABLE public.t (a int)`,
    ],
    proof: [`SELECT nspowner = 'fidelity_owner'::regrole FROM pg_namespace WHERE nspname = 'public'`],
  }),
  inSchema({
    item: 'grants of MAINTAIN',
    schema: 'o_maintain',
    setup: ['CREATE TABLE t (a int); GRANT MAINTAIN ON t TO fidelity_reader WITH GRANT OPTION'],
    proof: [`SELECT has_table_privilege('fidelity_reader', 'o_maintain.t', 'MAINTAIN')`],
    exists: from(17),
  }),
];
