/** Functions, procedures and the triggers that call them: counters, the times of changes, a journal, search. */
import { type ApplicationTable, tableOf, tables } from '../application.ts';
import { accompanied } from '../areas.ts';
import { placeOf, quoted } from './columns.ts';

/** Which column counts the rows of which table. */
const counters = [
  ['users', 'sign_ins', 'sessions', 'user_id'],
  ['projects', 'forks', 'forks', 'source_id'],
  ['projects', 'topics_count', 'project_topics', 'topic_id'],
  ['topics', 'projects_count', 'project_topics', 'topic_id'],
  ['issues', 'votes', 'votes_polls', 'issue_id'],
  ['merge_requests', 'votes', 'approvals', 'merge_request_id'],
  ['commits', 'files', 'commit_parents', 'commit_id'],
  ['merge_request_diffs', 'files', 'merge_request_files', 'merge_request_diff_id'],
  ['namespace_statistics', 'pipelines', 'namespace_settings', 'namespace_id'],
  ['packages', 'pulls', 'package_files', 'package_id'],
  ['test_reports', 'total', 'job_artifacts', 'job_id'],
].filter(([owner = '', column]) => tableOf(owner).columns.some(({ name }) => name === column));

const functions = `
CREATE FUNCTION people.touch() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF NEW IS DISTINCT FROM OLD THEN NEW.updated_at := clock_timestamp(); END IF;
  RETURN NEW;
END $$;
CREATE FUNCTION work.count_rows() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $fn$
-- TG_ARGV: the table that counts, its column, the key of the rows counted.
DECLARE owner bigint;
BEGIN
  owner := (CASE WHEN TG_OP = 'DELETE' THEN to_jsonb(OLD) ELSE to_jsonb(NEW) END ->> TG_ARGV[2])::bigint;
  EXECUTE format('UPDATE %s SET %I = %2$I + $1 WHERE id = $2', TG_ARGV[0], TG_ARGV[1])
    USING CASE WHEN TG_OP = 'DELETE' THEN -1 ELSE 1 END, owner;
  RETURN NULL;
END $fn$;
CREATE FUNCTION audit.write_down() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO audit.actions (subject_kind, subject_id, action, details, created_at)
  SELECT 'Issue', coalesce(a.id, 0), lower(TG_OP)::people.slug, jsonb_build_object('table', TG_TABLE_NAME, 'rows', count(*)), '2025-12-24'
  FROM changed a GROUP BY a.id;
  RETURN NULL;
END $$;
CREATE FUNCTION work.refuse_orphans() RETURNS trigger LANGUAGE plpgsql STABLE AS $$
BEGIN
  IF NEW.subject_kind = 'Issue' AND NOT EXISTS (SELECT FROM work.issues WHERE id = NEW.subject_id) THEN
    RAISE foreign_key_violation USING MESSAGE = format('there is no issue %s', NEW.subject_id), HINT = 'It''s gone.';
  END IF;
  RETURN NEW;
END $$;
CREATE FUNCTION search.plain(words text) RETURNS text LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
  RETURN lower(extensions.unaccent('extensions.unaccent'::regdictionary, words));
CREATE FUNCTION work.is_open(state people.state) RETURNS boolean LANGUAGE sql IMMUTABLE LEAKPROOF COST 1 AS 'SELECT $1 IN (''opened'', ''on hold'')';
CREATE FUNCTION work.progress_of(epic bigint, OUT answer work.progress) LANGUAGE sql STABLE BEGIN ATOMIC
  SELECT ROW(count(*) FILTER (WHERE state = 'closed'), count(*), min(created_at)::date)::work.progress FROM work.issues WHERE epic_id = epic;
END;
CREATE FUNCTION people.ancestors(start bigint) RETURNS TABLE (id bigint, depth int) LANGUAGE sql STABLE ROWS 20 AS $$
  WITH RECURSIVE up (id, parent_id, depth, seen) AS (
    SELECT n.id, n.parent_id, 0, ARRAY[n.id] FROM people.namespaces n WHERE n.id = start
    UNION ALL SELECT n.id, n.parent_id, up.depth + 1, seen || n.id FROM up JOIN people.namespaces n ON n.id = up.parent_id WHERE n.id <> ALL (seen)
  ) SELECT id, depth FROM up $$;
CREATE FUNCTION people.may_see(account bigint, VARIADIC levels int[] DEFAULT '{10,20}') RETURNS boolean LANGUAGE plpgsql STABLE SECURITY DEFINER AS $$
BEGIN RETURN account IS NOT NULL AND levels && ARRAY[10, 20, 30]; END $$;
CREATE PROCEDURE work.close_stale(days int DEFAULT 90, INOUT closed int DEFAULT 0) LANGUAGE plpgsql AS $$
BEGIN
  UPDATE work.issues SET state = 'closed' WHERE state = 'opened' AND updated_at < now() - make_interval(days => days);
  GET DIAGNOSTICS closed = ROW_COUNT;
END $$;
CREATE FUNCTION work.longest_step(so text, next text) RETURNS text LANGUAGE sql IMMUTABLE AS 'SELECT CASE WHEN length($2) > length(coalesce($1, '''')) THEN $2 ELSE $1 END';
CREATE AGGREGATE work.longest(text) (SFUNC = work.longest_step, STYPE = text, PARALLEL = safe);
CREATE FUNCTION work.near(a text, b text) RETURNS boolean LANGUAGE sql IMMUTABLE RETURN extensions.similarity(a, b) > 0.5;
CREATE OPERATOR work.~~~ (LEFTARG = text, RIGHTARG = text, FUNCTION = work.near, COMMUTATOR = OPERATOR(work.~~~));
CREATE FUNCTION public.note_ddl() RETURNS event_trigger LANGUAGE plpgsql AS $$BEGIN RAISE LOG 'made by %: %', session_user, tg_tag; END $$;
COMMENT ON FUNCTION people.ancestors(bigint) IS 'From the namespace itself up to its root';
COMMENT ON AGGREGATE work.longest(text) IS 'The longest of them';
COMMENT ON PROCEDURE work.close_stale(int, int) IS 'Run at night'`;

/** After them: rows that the triggers act upon. */
const writing = `
UPDATE work.issues SET weight = 3 WHERE id IN (2, 3);
INSERT INTO work.votes_polls (issue_id, question) VALUES (1, 'Which?'), (1, 'When?'), (2, 'Why?');
DELETE FROM work.votes_polls WHERE question = 'When?';
INSERT INTO people.sessions (user_id, token, address, agent, expires) VALUES (5, 'x', '10.0.0.1', 'curl/8', '2030-01-01 00:00+00')`;

export const functionStatements: readonly string[] = [
  functions,
  [...tables.filter(isTouched).map(touchTrigger), ...counters.map(([...of]) => counterTrigger(of))].join(
    ';\n',
  ),
  accompanied.slice(0, 4).map(journalTriggers).join(';\n'),
  `CREATE CONSTRAINT TRIGGER refuse_orphans AFTER INSERT OR UPDATE OF subject_id ON work.notes DEFERRABLE INITIALLY DEFERRED
  FOR EACH ROW WHEN (NEW.subject_kind = 'Issue') EXECUTE FUNCTION work.refuse_orphans();
ALTER TABLE work.todos DISABLE TRIGGER touch;
ALTER TABLE work.labels ENABLE ALWAYS TRIGGER touch;
ALTER TABLE ci.jobs ENABLE REPLICA TRIGGER touch;
COMMENT ON TRIGGER touch ON work.issues IS 'When it was changed last'`,
  // Search is kept up by a trigger of the server's own, in the older way, too.
  `CREATE TABLE search.documents (id bigserial PRIMARY KEY, title text NOT NULL, body text, words tsvector, plain text GENERATED ALWAYS AS (search.plain(title)) STORED);
CREATE TRIGGER words BEFORE INSERT OR UPDATE ON search.documents FOR EACH ROW EXECUTE FUNCTION tsvector_update_trigger(words, 'search.words', title, body);
INSERT INTO search.documents (title, body) SELECT title, description FROM work.issues;
CREATE INDEX documents_words ON search.documents USING gin (words);
CREATE INDEX documents_plain ON search.documents (search.plain(title) text_pattern_ops, (work.is_open('opened')))`,
  writing,
];

/** Journals and what is written once have no time of a change. */
function isTouched(_: ApplicationTable, at: number): boolean {
  return at % 3 !== 2;
}

function touchTrigger(table: ApplicationTable): string {
  return `CREATE TRIGGER touch BEFORE UPDATE ON ${placeOf(table)} FOR EACH ROW EXECUTE FUNCTION people.touch()`;
}

function counterTrigger([owner = '', column = '', counted = '', key = '']: readonly string[]): string {
  const name = quoted(`count ${column} of ${owner}`);
  const table = placeOf(tableOf(owner)).replaceAll('"', '');
  return `CREATE TRIGGER ${name} AFTER INSERT OR DELETE ON ${placeOf(tableOf(counted))} FOR EACH ROW EXECUTE FUNCTION work.count_rows('${table}', '${column}', '${key}')`;
}

function journalTriggers(owner: string): string {
  const table = placeOf(tableOf(owner));
  return ['UPDATE', 'INSERT']
    .map(
      (what) =>
        `CREATE TRIGGER write_down_${what.toLowerCase()} AFTER ${what} ON ${table} REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION audit.write_down()`,
    )
    .join(';\n');
}
