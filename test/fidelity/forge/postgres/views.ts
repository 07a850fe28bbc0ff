/** Views upon views, materialised ones among them, and what answers writes to them. */
import { tables } from '../application.ts';
import { accompanied } from '../areas.ts';
import { placeOf, quoted } from './columns.ts';

/** What an application reads of each table that has a state: open things, recent ones of these, and how many. */
const stated = tables.filter(({ columns }) => columns.some(({ name }) => name === 'state'));
const ofTables = stated.map((table) => {
  const view = (what: string): string => `${table.area}.${quoted(`${what}_${table.name}`)}`;
  return [
    `CREATE VIEW ${view('open')} AS SELECT * FROM ${placeOf(table)} WHERE work.is_open(state)`,
    `CREATE VIEW ${view('recent')} WITH (security_barrier) AS SELECT * FROM ${view('open')} WHERE created_at > '2025-06-05' ORDER BY created_at DESC, id LIMIT 100`,
    `CREATE VIEW ${view('count')} AS SELECT state, count(*) AS many, work.longest(state::text) AS word FROM ${view('recent')} GROUP BY GROUPING SETS ((state), ())`,
  ].join(';\n');
});

/** What happened to each thing that is noted, as one list; then all of these as one. */
const activities = [
  ...accompanied.map(
    (owner) => `CREATE VIEW work.${owner}_activity (id, at, who, what) AS
  SELECT owner_id, created_at, user_id, 'label ' || action FROM work.${owner}_label_events
  UNION ALL SELECT owner_id, created_at, user_id, state::text FROM work.${owner}_state_events
  UNION ALL SELECT n.subject_id, n.created_at, n.author_id, left(n.note, 40) COLLATE "C" FROM work.notes AS n WHERE NOT n.system`,
  ),
  `CREATE VIEW work.activity AS ${accompanied
    .map((owner) => `SELECT '${owner}'::text AS of_what, * FROM work.${owner}_activity`)
    .join('\n  UNION ALL ')}`,
  `CREATE VIEW work.activity_by_month AS SELECT date_trunc('month', at, 'UTC') AS month, of_what, count(*) AS many,
    sum(count(*)) OVER (PARTITION BY of_what ORDER BY date_trunc('month', at, 'UTC') ROWS UNBOUNDED PRECEDING) AS so_far
  FROM work.activity GROUP BY 1, 2`,
];

export const viewStatements: readonly string[] = [
  ofTables.join(';\n'),
  activities.join(';\n'),
  `CREATE RECURSIVE VIEW people.namespace_tree (id, root, path, names) AS
  SELECT id, id, ARRAY[id], name::text COLLATE people.natural FROM people.namespaces
  UNION ALL SELECT n.id, t.root, t.path || n.id, (t.names || '/' || n.name) COLLATE people.natural
  FROM namespace_tree t JOIN people.namespaces n ON n.parent_id = t.id WHERE n.id <> ALL (t.path) AND cardinality(t.path) < 4;
CREATE VIEW people.seen_users WITH (security_barrier, check_option = cascaded) AS
  SELECT id, username, email, name, admin FROM people.users WHERE state = 'opened';
CREATE VIEW people.own_admins AS SELECT * FROM people.seen_users WHERE admin WITH LOCAL CHECK OPTION;
ALTER VIEW people.own_admins ALTER COLUMN admin SET DEFAULT true;
COMMENT ON VIEW people.own_admins IS 'Of them';
COMMENT ON COLUMN people.own_admins.name IS 'As they call themselves'`,
  // The functional dependency on a key, lateral joins, window functions, a function that returns a table.
  `CREATE VIEW code.project_overview AS
  SELECT p.*, s.commits, count(i.id) AS issues, max(m.created_at) AS last_merge, l.names
  FROM code.projects p LEFT JOIN code.project_statistics s ON s.project_id = p.id
  LEFT JOIN work.issues i ON i.project_id = p.id LEFT JOIN work.merge_requests m ON m.project_id = p.id
  CROSS JOIN LATERAL (SELECT string_agg(g.name, ', ' ORDER BY g.name) AS names FROM code.repository_languages r JOIN code.languages g ON g.id = r.language_id WHERE r.project_id = p.id) l
  GROUP BY p.id, s.id, l.names;
CREATE VIEW code.project_ranks AS SELECT id, name, rank() OVER w AS by_stars, lag(stars, 1, 0) OVER w AS before
  FROM code.project_overview WINDOW w AS (ORDER BY stars DESC, id);
CREATE VIEW people.namespace_parents AS SELECT n.id, a.id AS ancestor, a.depth FROM people.namespaces n, people.ancestors(n.id) a`,
  `CREATE MATERIALIZED VIEW search.everything AS
  SELECT 'Issue' AS kind, id, title, search FROM work.issues UNION ALL SELECT 'Epic', id, title, search FROM work.epics
  UNION ALL SELECT 'Snippet', id, title, search FROM code.snippets;
CREATE UNIQUE INDEX everything_id ON search.everything (kind, id);
CREATE INDEX everything_words ON search.everything USING gin (search);
CREATE INDEX everything_title ON search.everything USING gist (title extensions.gist_trgm_ops);
CREATE MATERIALIZED VIEW search.counted AS SELECT kind, count(*) AS many, extensions.crypt('x', '$1$abcdefgh') AS sealed FROM search.everything GROUP BY kind;
CREATE MATERIALIZED VIEW search.counted_by_month AS SELECT month, sum(many) AS many FROM work.activity_by_month GROUP BY month WITH NO DATA;
CREATE VIEW search.overview AS SELECT c.kind, c.many, r.by_stars FROM search.counted c LEFT JOIN code.project_ranks r ON r.id = c.many;
COMMENT ON MATERIALIZED VIEW search.everything IS 'Refreshed at night'`,
  `CREATE FUNCTION people.write_seen() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN UPDATE people.users SET name = NEW.name WHERE id = OLD.id; RETURN NEW; END $$;
CREATE VIEW people.renamed AS SELECT id, name FROM people.users;
CREATE TRIGGER write_seen INSTEAD OF UPDATE ON people.renamed FOR EACH ROW EXECUTE FUNCTION people.write_seen();
CREATE RULE keep AS ON DELETE TO people.renamed DO INSTEAD UPDATE people.users SET state = 'locked' WHERE id = OLD.id;
CREATE RULE also AS ON UPDATE TO ops.settings DO ALSO NOTIFY settings, 'licence'`,
];
