/** Functions, procedures, aggregates, triggers, rules. */
import type { FidelityCase } from '../../case.ts';
import { inDatabase, inSchema } from './object-case.ts';

const routines: readonly FidelityCase[] = [
  inSchema({
    item: 'functions',
    schema: 'o_functions',
    setup: [
      `CREATE FUNCTION plain(a int, INOUT b text DEFAULT 'x''', OUT c int, VARIADIC d int[] DEFAULT '{1}') LANGUAGE plpgsql AS $f$ BEGIN b := b || $q$ 'quoted' $q$; c := a; END $f$;
       CREATE FUNCTION attributes(int) RETURNS SETOF int LANGUAGE sql IMMUTABLE STRICT LEAKPROOF SECURITY DEFINER PARALLEL SAFE COST 77 ROWS 9 SET search_path = "$user", o_functions, "odd, name" SET work_mem = '1MB' SET "my.setting" = 'a''b' AS 'SELECT $1';
       CREATE FUNCTION overloaded(int) RETURNS int LANGUAGE sql AS 'SELECT 1'; CREATE FUNCTION overloaded(text) RETURNS int LANGUAGE sql AS 'SELECT 2'; CREATE FUNCTION "Odd ""function""; --"("a b" int) RETURNS TABLE ("x y" int, z text) LANGUAGE sql AS 'SELECT 1, ''z''';
       CREATE FUNCTION poly(anyelement, anyarray) RETURNS anyelement LANGUAGE sql AS 'SELECT $1'; CREATE FUNCTION windowed() RETURNS bigint LANGUAGE internal WINDOW AS 'window_row_number'`,
      `CREATE FUNCTION body(a int, b int DEFAULT 3) RETURNS int LANGUAGE sql RETURN a + b; CREATE TABLE t (n int); CREATE FUNCTION longer() RETURNS SETOF t LANGUAGE sql BEGIN ATOMIC INSERT INTO t VALUES (1); SELECT * FROM t; END;
       CREATE FUNCTION not_yet() RETURNS int LANGUAGE plpgsql AS 'BEGIN RETURN (SELECT x FROM no_such_table); END'; ALTER FUNCTION body OWNER TO fidelity_owner; REVOKE ALL ON FUNCTION plain FROM PUBLIC; GRANT EXECUTE ON FUNCTION plain TO fidelity_reader; COMMENT ON FUNCTION overloaded(text) IS 'two'`,
      `SET check_function_bodies = off; CREATE FUNCTION broken() RETURNS int LANGUAGE sql AS 'SELECT nothing_there()'; SET check_function_bodies = on; CREATE FUNCTION lines() RETURNS text LANGUAGE sql AS E'SELECT ''a\\r\\n\\tb''\\n\\n'`,
    ],
    proof: [
      `SELECT count(*) = 12 FROM pg_proc WHERE pronamespace = 'o_functions'::regnamespace`,
      'SELECT o_functions.body(1) = 4',
    ],
  }),
  inSchema({
    item: 'procedures',
    schema: 'o_procedures',
    setup: [
      `CREATE TABLE t (n int); CREATE PROCEDURE p(INOUT n int, a text DEFAULT NULL) LANGUAGE plpgsql AS $$ BEGIN INSERT INTO t VALUES (n); COMMIT; n := n + 1; END $$; CREATE PROCEDURE q() LANGUAGE sql BEGIN ATOMIC DELETE FROM t; INSERT INTO t VALUES (9); END;
       CREATE PROCEDURE s(OUT x int) LANGUAGE sql SECURITY DEFINER SET search_path = o_procedures AS 'SELECT 1'; GRANT EXECUTE ON PROCEDURE q TO fidelity_reader`,
    ],
    proof: [
      `SELECT count(*) = 3 FROM pg_proc WHERE pronamespace = 'o_procedures'::regnamespace AND prokind = 'p'`,
    ],
  }),
  inSchema({
    item: 'aggregates and window functions',
    schema: 'o_aggregates',
    setup: [
      `CREATE FUNCTION step(int[], int) RETURNS int[] IMMUTABLE LANGUAGE sql AS 'SELECT $1 || $2'; CREATE FUNCTION fin(int[]) RETURNS int IMMUTABLE LANGUAGE sql AS 'SELECT cardinality($1)';
       CREATE AGGREGATE counted (int) (sfunc = step, stype = int[], finalfunc = fin, initcond = '{}', combinefunc = array_cat, parallel = safe, sspace = 128);
       CREATE AGGREGATE moving (float8) (sfunc = float8pl, stype = float8, initcond = '0', msfunc = float8pl, minvfunc = float8mi, mstype = float8, minitcond = '0'); CREATE AGGREGATE biggest (text) (sfunc = text_larger, stype = text, sortop = >);
       CREATE AGGREGATE middle (float8 ORDER BY anyelement) (sfunc = ordered_set_transition, stype = internal, finalfunc = percentile_disc_final, finalfunc_extra); CREATE AGGREGATE all_rows (*) (sfunc = int8inc, stype = int8, initcond = '0'); COMMENT ON AGGREGATE biggest (text) IS 'greatest'`,
    ],
    proof: [
      'SELECT o_aggregates.counted(n) = 3 FROM generate_series(1, 3) n',
      `SELECT count(*) = 5 FROM pg_proc WHERE pronamespace = 'o_aggregates'::regnamespace AND prokind = 'a'`,
    ],
  }),
];

const triggers: readonly FidelityCase[] = [
  inSchema({
    item: 'triggers, also disabled, also on views',
    schema: 'o_triggers',
    setup: [
      `CREATE TABLE t (a int PRIMARY KEY, b int); CREATE TABLE log (what text); CREATE VIEW v AS SELECT * FROM t; CREATE FUNCTION note() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO o_triggers.log VALUES (TG_NAME); RETURN coalesce(NEW, OLD); END $$`,
      `CREATE TRIGGER "2nd" BEFORE INSERT OR UPDATE OF b ON t FOR EACH ROW WHEN (NEW.b > 0) EXECUTE FUNCTION note('an', 'arg''ument'); CREATE TRIGGER statement AFTER UPDATE ON t REFERENCING OLD TABLE AS o NEW TABLE AS n FOR EACH STATEMENT EXECUTE FUNCTION note();
       CREATE CONSTRAINT TRIGGER late AFTER INSERT ON t DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION note(); CREATE TRIGGER instead INSTEAD OF INSERT OR DELETE ON v FOR EACH ROW EXECUTE FUNCTION note(); CREATE TRIGGER emptied BEFORE TRUNCATE ON t EXECUTE FUNCTION note();
       CREATE TRIGGER off BEFORE DELETE ON t FOR EACH ROW EXECUTE FUNCTION note(); CREATE TRIGGER at_replica AFTER DELETE ON t FOR EACH ROW EXECUTE FUNCTION note(); CREATE TRIGGER always AFTER DELETE ON t FOR EACH ROW EXECUTE FUNCTION note()`,
      `BEGIN; INSERT INTO t VALUES (1, 1); COMMIT; ALTER TABLE t DISABLE TRIGGER off; ALTER TABLE t ENABLE REPLICA TRIGGER at_replica; ALTER TABLE t ENABLE ALWAYS TRIGGER always; COMMENT ON TRIGGER off ON t IS 'not now'`,
    ],
    proof: [
      `SELECT count(*) = 8 AND count(DISTINCT tgenabled) = 4 FROM pg_trigger WHERE tgrelid IN ('o_triggers.t'::regclass, 'o_triggers.v'::regclass)`,
      `SELECT count(*) = 2 FROM o_triggers.log`,
    ],
  }),
  inSchema({
    item: 'triggers on partitioned tables',
    schema: 'o_parted_triggers',
    setup: [
      `CREATE TABLE t (a int) PARTITION BY RANGE (a); CREATE TABLE t1 PARTITION OF t FOR VALUES FROM (0) TO (10); CREATE TABLE t2 PARTITION OF t DEFAULT; CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
       CREATE TRIGGER each AFTER INSERT ON t FOR EACH ROW EXECUTE FUNCTION f(); CREATE TRIGGER own BEFORE INSERT ON t1 FOR EACH ROW EXECUTE FUNCTION f(); CREATE TRIGGER half AFTER UPDATE ON t FOR EACH ROW EXECUTE FUNCTION f();
       ALTER TABLE t1 DISABLE TRIGGER each; ALTER TABLE t DISABLE TRIGGER half; ALTER TABLE t2 ENABLE ALWAYS TRIGGER half; INSERT INTO t VALUES (1), (20)`,
    ],
    proof: [
      `SELECT tgenabled = 'D' FROM pg_trigger WHERE tgrelid = 'o_parted_triggers.t1'::regclass AND tgname = 'each'`,
    ],
  }),
  inSchema({
    item: 'rules',
    schema: 'o_rules',
    setup: [
      `CREATE TABLE t (a int, b text); CREATE TABLE log (a int, b text); CREATE VIEW v AS SELECT * FROM t; CREATE RULE "also; log" AS ON INSERT TO t WHERE NEW.a > 0 DO ALSO INSERT INTO o_rules.log VALUES (NEW.*); CREATE RULE ins AS ON INSERT TO v DO INSTEAD INSERT INTO t VALUES (NEW.a, NEW.b) RETURNING *;
       CREATE RULE nothing AS ON DELETE TO t DO INSTEAD NOTHING; CREATE RULE two AS ON UPDATE TO v DO INSTEAD (UPDATE t SET b = NEW.b WHERE a = OLD.a; NOTIFY changed); INSERT INTO t VALUES (1, 'x'); ALTER TABLE t DISABLE RULE nothing; ALTER TABLE t ENABLE ALWAYS RULE "also; log"; COMMENT ON RULE two ON v IS 'twice'`,
    ],
    proof: [
      `SELECT count(*) = 4 FROM pg_rules WHERE schemaname = 'o_rules'`,
      'SELECT count(*) = 1 FROM o_rules.log',
    ],
  }),
  inDatabase({
    item: 'event triggers, quiet while they are restored',
    database: 'event triggers',
    setup: [
      `CREATE TABLE log (tag text); CREATE MATERIALIZED VIEW filled AS SELECT 1 AS n; CREATE FUNCTION note() RETURNS event_trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO public.log VALUES (tg_tag); END $$; CREATE FUNCTION never() RETURNS event_trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'no'; END $$`,
      `CREATE EVENT TRIGGER noting ON ddl_command_end EXECUTE FUNCTION note(); CREATE TABLE later (a int PRIMARY KEY)`,
      `CREATE EVENT TRIGGER "at; drops" ON sql_drop WHEN TAG IN ('DROP TABLE', 'DROP VIEW') EXECUTE FUNCTION note(); CREATE EVENT TRIGGER rewriting ON table_rewrite EXECUTE FUNCTION never(); ALTER EVENT TRIGGER rewriting DISABLE; COMMENT ON EVENT TRIGGER noting IS 'all of it'`,
      `CREATE EVENT TRIGGER always ON ddl_command_start EXECUTE FUNCTION note(); ALTER EVENT TRIGGER always ENABLE ALWAYS; CREATE EVENT TRIGGER at_replica ON ddl_command_start EXECUTE FUNCTION never(); ALTER EVENT TRIGGER at_replica ENABLE REPLICA; CREATE EVENT TRIGGER forbidding ON ddl_command_start WHEN TAG IN ('REFRESH MATERIALIZED VIEW', 'CREATE INDEX', 'ALTER TABLE', 'CREATE TRIGGER', 'COMMENT') EXECUTE FUNCTION never()`,
    ],
    proof: [
      'SELECT count(*) = 6 FROM pg_event_trigger',
      `SELECT count(*) > 0 FROM log`,
      'SELECT count(*) = 1 FROM filled',
    ],
  }),
];

export const routineCases: readonly FidelityCase[] = [...routines, ...triggers];
