/** Views, materialised views, indexes. */
import type { FidelityCase } from '../../case.ts';
import { from, inSchema } from './object-case.ts';

const views: readonly FidelityCase[] = [
  inSchema({
    item: 'views that depend on each other',
    schema: 'o_views',
    setup: [
      `CREATE TABLE t (id int PRIMARY KEY, a int, b text); INSERT INTO t VALUES (1, 1, 'x'), (2, NULL, 'y'); CREATE VIEW z AS SELECT id, a, b FROM t; CREATE VIEW y AS SELECT * FROM z WHERE a > 0;
       CREATE VIEW a AS SELECT y.id, z.b FROM y JOIN z USING (id); CREATE VIEW grouped AS SELECT id, b, count(*) FROM t GROUP BY id`,
      `CREATE VIEW opts WITH (security_barrier, check_option = local) AS SELECT id, a FROM t WHERE a < 5; CREATE VIEW cascaded AS SELECT * FROM opts WITH CASCADED CHECK OPTION;
       CREATE RECURSIVE VIEW tree (n) AS SELECT 1 UNION ALL SELECT n + 1 FROM tree WHERE n < 5; CREATE VIEW "Odd ""view""" ("select", "x y") AS VALUES (1, 'a'), (2, 'b')`,
      `CREATE TEMP VIEW gone AS SELECT 1; ALTER VIEW z RENAME a TO "A"; ALTER TABLE t RENAME b TO "b b"; COMMENT ON VIEW a IS 'depends'; COMMENT ON COLUMN a.id IS 'of a view'; ALTER VIEW y OWNER TO fidelity_owner; GRANT SELECT ON z TO fidelity_owner; GRANT USAGE ON SCHEMA o_views TO fidelity_owner`,
    ],
    proof: [
      'SELECT count(*) = 1 FROM o_views.a',
      `SELECT count(*) = 8 FROM pg_views WHERE schemaname = 'o_views'`,
    ],
  }),
  inSchema({
    item: 'views with the rights of who reads',
    schema: 'o_invoker',
    setup: ['CREATE TABLE t (a int); CREATE VIEW v WITH (security_invoker = true) AS SELECT * FROM t'],
    proof: [
      `SELECT reloptions = '{security_invoker=true}' FROM pg_class WHERE oid = 'o_invoker.v'::regclass`,
    ],
    exists: from(15),
  }),
  inSchema({
    item: 'views and functions in a circle',
    schema: 'o_circular',
    setup: [
      `CREATE VIEW v AS SELECT 1 AS n; CREATE FUNCTION f() RETURNS SETOF v LANGUAGE plpgsql AS 'BEGIN RETURN QUERY SELECT 7; END'; CREATE OR REPLACE VIEW v AS SELECT n FROM f();
       CREATE VIEW a AS SELECT 1 AS x, 'a'::text AS y; CREATE VIEW b AS SELECT * FROM a; CREATE OR REPLACE VIEW a AS SELECT b.x, b.y FROM b WHERE false`,
    ],
    proof: ['SELECT n = 7 FROM o_circular.v', `SELECT pg_get_viewdef('o_circular.a') LIKE '%o_circular.b%'`],
  }),
  inSchema({
    item: 'views and tables that need functions, functions that need them',
    schema: 'o_entangled',
    setup: [
      `CREATE TABLE t (id int PRIMARY KEY, v int); INSERT INTO t VALUES (1, 5); CREATE FUNCTION of_t(t) RETURNS int STABLE LANGUAGE sql AS 'SELECT ($1).v * 2'; CREATE VIEW w AS SELECT t.id, of_t(t) AS twice FROM t;
       CREATE FUNCTION rows_of_w() RETURNS SETOF w LANGUAGE sql BEGIN ATOMIC SELECT * FROM w; END; CREATE VIEW x AS SELECT * FROM rows_of_w(); CREATE TABLE u (d int DEFAULT of_t(ROW (1, 2)::t), r w)`,
    ],
    proof: ['SELECT twice = 10 FROM o_entangled.x'],
  }),
  inSchema({
    item: 'materialised views with data',
    schema: 'o_materialised',
    setup: [
      `CREATE TABLE t (a int); INSERT INTO t SELECT generate_series(1, 100); CREATE MATERIALIZED VIEW z WITH (fillfactor = 60) AS SELECT a % 10 AS d, count(*) AS n FROM t GROUP BY 1; CREATE UNIQUE INDEX by_d ON z (d);
       CREATE MATERIALIZED VIEW a AS SELECT sum(n) FROM z; CREATE VIEW between AS SELECT * FROM a; CREATE MATERIALIZED VIEW "on a view" AS SELECT * FROM between; CREATE MATERIALIZED VIEW empty AS SELECT 1 AS x WHERE false`,
      `ALTER MATERIALIZED VIEW z CLUSTER ON by_d; ALTER MATERIALIZED VIEW z ALTER n SET STATISTICS 11; ALTER MATERIALIZED VIEW a OWNER TO fidelity_owner; GRANT SELECT ON t, z TO fidelity_owner; GRANT USAGE ON SCHEMA o_materialised TO fidelity_owner; COMMENT ON MATERIALIZED VIEW z IS 'kept'`,
    ],
    proof: [
      'SELECT sum = 100 FROM o_materialised."on a view"',
      `SELECT count(*) = 4 FROM pg_matviews WHERE schemaname = 'o_materialised' AND ispopulated`,
    ],
  }),
  inSchema({
    item: 'materialised views WITH NO DATA',
    schema: 'o_unfilled',
    setup: [
      `CREATE MATERIALIZED VIEW m AS SELECT 1 AS n WITH NO DATA; CREATE UNIQUE INDEX ON m (n); CREATE MATERIALIZED VIEW emptied AS SELECT 1 AS n; REFRESH MATERIALIZED VIEW emptied WITH NO DATA;
       CREATE MATERIALIZED VIEW impossible AS SELECT 1 / 0 AS n WITH NO DATA; CREATE MATERIALIZED VIEW on_m AS SELECT * FROM m WITH NO DATA`,
    ],
    proof: [`SELECT count(*) = 4 FROM pg_matviews WHERE schemaname = 'o_unfilled' AND NOT ispopulated`],
  }),
];

const indexes: readonly FidelityCase[] = [
  inSchema({
    item: 'indexes: partial, expression, INCLUDE, order',
    schema: 'o_indexes',
    setup: [
      `CREATE TABLE t (a int, b text, c text COLLATE "C", j jsonb); INSERT INTO t SELECT i, 'T' || i, i, '{"k": [1]}' FROM generate_series(1, 200) i`,
      `CREATE INDEX partial ON t (a) WHERE b <> '' AND a > 5; CREATE INDEX expression ON t (lower(b), (a + 1), (j ->> 'k')); CREATE UNIQUE INDEX covering ON t (a) INCLUDE (b, c); CREATE INDEX ordered ON t (a DESC NULLS LAST, b COLLATE "POSIX" text_pattern_ops, c);
       CREATE INDEX "Odd ""index"" name" ON t ((b || c)); COMMENT ON INDEX partial IS 'half'`,
    ],
    proof: [`SELECT count(*) = 5 FROM pg_indexes WHERE schemaname = 'o_indexes'`],
  }),
  inSchema({
    item: 'indexes: hash, brin, gin, gist, spgist',
    schema: 'o_methods',
    setup: [
      `CREATE TABLE t (a int, b text, p point, r int4range, j jsonb, v tsvector, i inet, arr int[]); INSERT INTO t SELECT n, n, point(n, n), int4range(n, n + 1), '{"k": 1}', to_tsvector('simple', 'word'), '10.0.0.1', ARRAY[n] FROM generate_series(1, 200) n`,
      `CREATE INDEX h ON t USING hash (b); CREATE INDEX br ON t USING brin (a int4_minmax_multi_ops (values_per_range = 8), b text_bloom_ops (n_distinct_per_range = 50)); CREATE INDEX gi ON t USING gin (j jsonb_path_ops, v) WITH (fastupdate = off, gin_pending_list_limit = 128); CREATE INDEX ga ON t USING gin (arr);
       CREATE INDEX gs ON t USING gist (p, r) WITH (buffering = on); CREATE INDEX gv ON t USING gist (v tsvector_ops (siglen = 100)); CREATE INDEX sp ON t USING spgist (p kd_point_ops); CREATE INDEX si ON t USING spgist (i); CREATE INDEX gr ON t USING gist (r) INCLUDE (a) WHERE a > 10`,
    ],
    proof: [`SELECT count(*) = 9 FROM pg_indexes WHERE schemaname = 'o_methods'`],
  }),
  inSchema({
    item: 'indexes on functions with a search path of their own',
    schema: 'o_index_functions',
    setup: [
      `CREATE FUNCTION inner_one(text) RETURNS text IMMUTABLE LANGUAGE sql AS 'SELECT lower($1)'; CREATE FUNCTION outer_one(text) RETURNS text IMMUTABLE LANGUAGE sql SET search_path = o_index_functions AS 'SELECT inner_one($1) || ''!''';
       CREATE TABLE t (a text, g text GENERATED ALWAYS AS (outer_one(a)) STORED, CHECK (outer_one(a) <> '!')); CREATE UNIQUE INDEX by_it ON t (outer_one(a)); INSERT INTO t VALUES ('A'), ('b')`,
    ],
    proof: [`SELECT count(*) = 1 FROM o_index_functions.t WHERE g = 'a!'`],
  }),
];

export const viewCases: readonly FidelityCase[] = [...views, ...indexes];
