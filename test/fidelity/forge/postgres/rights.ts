/** Who may do what, and what is left: row security, statistics, publications, other servers, exclusion, odd partitions. */
import { tables } from '../application.ts';
import { schemas } from './foundation.ts';
import { placeOf } from './columns.ts';

const owned = tables
  .filter((_, at) => at % 2 === 0)
  .map((table) => `ALTER TABLE ${placeOf(table)} OWNER TO forge_owner`);

const granted = tables
  .filter(({ columns }, at) => columns.length > 1 && at % 10 === 0)
  .map((table) => {
    const [first, second] = table.columns.map(({ name }) => `"${name}"`);
    return `GRANT SELECT (id, ${first}), UPDATE (${second}) ON ${placeOf(table)} TO forge_report WITH GRANT OPTION`;
  });

export const rightStatements: readonly string[] = [
  owned.join(';\n'),
  ...schemas.map(
    (schema) => `GRANT USAGE ON SCHEMA ${schema} TO forge_app, forge_report, forge_search;
GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA ${schema} TO forge_app;
GRANT USAGE ON ALL SEQUENCES IN SCHEMA ${schema} TO forge_app;
ALTER DEFAULT PRIVILEGES IN SCHEMA ${schema} GRANT SELECT ON TABLES TO forge_report;
ALTER DEFAULT PRIVILEGES FOR ROLE forge_owner IN SCHEMA ${schema} REVOKE EXECUTE ON FUNCTIONS FROM PUBLIC`,
  ),
  granted.join(';\n'),
  `GRANT CREATE ON SCHEMA work TO forge_owner;
REVOKE EXECUTE ON FUNCTION people.may_see(bigint, int[]) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION people.may_see(bigint, int[]) TO forge_app;
GRANT USAGE ON TYPE people.state TO forge_search;
GRANT CONNECT, TEMPORARY ON DATABASE forge TO forge_app;
REVOKE TEMPORARY ON DATABASE forge FROM PUBLIC;
REVOKE DELETE ON audit.actions FROM forge_app`,
  `ALTER TABLE work.notes ENABLE ROW LEVEL SECURITY;
CREATE POLICY own ON work.notes FOR ALL TO forge_app USING (NOT internal OR people.may_see(author_id)) WITH CHECK (author_id IS NOT NULL);
CREATE POLICY no_secrets ON work.notes AS RESTRICTIVE FOR SELECT TO PUBLIC USING (note !~ 'secret');
ALTER TABLE work.contacts ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY by_namespace ON work.contacts USING (namespace_id IN (SELECT id FROM people.ancestors(1)))`,
  `CREATE STATISTICS work.issue_state (ndistinct, dependencies, mcv) ON project_id, state, confidential FROM work.issues;
CREATE STATISTICS work.issue_words ON (lower(title)), (state = 'opened') FROM work.issues;
ALTER TABLE work.issues ALTER COLUMN title SET STATISTICS 1000, ALTER COLUMN project_id SET (n_distinct = -0.1);
ALTER TABLE work.notes ALTER COLUMN note SET STORAGE EXTERNAL, ALTER COLUMN html SET COMPRESSION pglz;
ALTER TABLE work.todos CLUSTER ON "todos_pkey";
ALTER TABLE ci.jobs REPLICA IDENTITY FULL;
ALTER TABLE ci.jobs SET (autovacuum_enabled = false, toast.autovacuum_enabled = false);
CREATE PUBLICATION changes FOR TABLE work.issues (id, title, state) WHERE (id > 0 AND NOT confidential) WITH (publish = 'insert');
CREATE PUBLICATION of_ci FOR TABLES IN SCHEMA ci WITH (publish = 'insert, update', publish_via_partition_root);
CREATE EVENT TRIGGER note_ddl ON ddl_command_end WHEN TAG IN ('CREATE TABLE', 'DROP TABLE') EXECUTE FUNCTION public.note_ddl()`,
  `ALTER TABLE ops.shifts ADD CONSTRAINT one_at_a_time EXCLUDE USING gist (rotation_id WITH =, user_id WITH =, during WITH &&) WHERE (id > 0);
CREATE INDEX runner_place ON people.users USING gist (place) WHERE place IS NOT NULL;
CREATE INDEX user_words ON people.users USING bloom (sign_ins, bio) WITH (length = 80, col1 = 2);
CREATE INDEX users_near ON people.countries USING gist (extensions.cube(area)) INCLUDE (code);
CREATE UNIQUE INDEX users_loose_name ON people.users (name COLLATE people.loose, id) NULLS NOT DISTINCT;
CREATE SERVER mirror FOREIGN DATA WRAPPER postgres_fdw OPTIONS (host 'mirror.example.org', dbname 'forge');
GRANT USAGE ON FOREIGN DATA WRAPPER postgres_fdw TO forge_owner;
ALTER SERVER mirror OWNER TO forge_owner;
CREATE USER MAPPING FOR PUBLIC SERVER mirror OPTIONS (user 'report', password 'x');
CREATE FOREIGN TABLE search.mirrored (id bigint OPTIONS (column_name 'ID') NOT NULL, title text COLLATE "C") SERVER mirror OPTIONS (table_name 'issues')`,
  // By a hash, and by a list whose default has ranges of its own.
  `CREATE TABLE ci.build_logs (job_id bigint NOT NULL, chunk int NOT NULL, content text, PRIMARY KEY (job_id, chunk)) PARTITION BY HASH (job_id);
CREATE TABLE search.tokens (scope people.target, weight numeric, token text NOT NULL, marks extensions.hstore, path extensions.ltree, bits bit(6)) PARTITION BY LIST (scope);
CREATE TABLE search.tokens_of_issues PARTITION OF search.tokens FOR VALUES IN ('Issue', 'Epic');
CREATE TABLE search.tokens_else PARTITION OF search.tokens DEFAULT PARTITION BY RANGE (weight, token);
CREATE TABLE search.tokens_light PARTITION OF search.tokens_else FOR VALUES FROM (MINVALUE, MINVALUE) TO (10, 'm');
CREATE TABLE search.tokens_heavy PARTITION OF search.tokens_else FOR VALUES FROM (10, 'm') TO (MAXVALUE, MAXVALUE) WITH (fillfactor = 50);
CREATE INDEX ON search.tokens (token, scope);
CREATE INDEX ON ONLY search.tokens (weight)`,
  Array.from(
    { length: 8 },
    (_, at) =>
      `CREATE TABLE ci.build_logs_${at} PARTITION OF ci.build_logs FOR VALUES WITH (MODULUS 8, REMAINDER ${at})`,
  ).join(';\n'),
  `INSERT INTO ci.build_logs SELECT g, g % 3, repeat('step ' || g || E'\\n', g) FROM generate_series(1, 100) g;
INSERT INTO search.tokens SELECT (enum_range(NULL::people.target))[1 + g % 5], g, chr(97 + g % 26) || g, extensions.hstore('n', g::text), ('top.n' || g)::extensions.ltree, g::bit(6) FROM generate_series(1, 60) g;
REFRESH MATERIALIZED VIEW search.everything; REFRESH MATERIALIZED VIEW search.counted`,
];
