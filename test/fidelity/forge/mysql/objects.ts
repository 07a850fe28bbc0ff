/** Routines, triggers, events and views upon views of the application on MySQL and MariaDB. */
import { type ApplicationTable, tableOf, tables } from '../application.ts';
import { accompanied } from '../areas.ts';
import { databases, type Family, placeOf, quoted } from './columns.ts';

const definer = 'DEFINER = forge@localhost';

const routines = [
  `CREATE ${definer} FUNCTION is_open(state varchar(20)) RETURNS tinyint(1) DETERMINISTIC NO SQL SQL SECURITY INVOKER COMMENT 'It''s open' RETURN state IN ('opened', 'on hold')`,
  `CREATE ${definer} FUNCTION slug_of(title text CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci) RETURNS varchar(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci DETERMINISTIC
BEGIN
  DECLARE slug varchar(255) CHARACTER SET utf8mb4 DEFAULT LOWER(TRIM(title));
  WHILE LOCATE(' ', slug) > 0 DO SET slug = REPLACE(slug, ' ', '-'); END WHILE;
  RETURN slug; -- what is left; 'quoted' \`too\`
END`,
  `CREATE ${definer} FUNCTION depth_of(start bigint) RETURNS int READS SQL DATA
BEGIN
  DECLARE depth int DEFAULT 0;
  DECLARE up bigint DEFAULT start;
  climb: LOOP
    SELECT parent_id INTO up FROM namespaces WHERE id = up;
    IF up IS NULL OR depth > 5 THEN LEAVE climb; END IF;
    SET depth = depth + 1;
  END LOOP;
  RETURN depth;
END`,
  `CREATE ${definer} PROCEDURE close_stale(IN days int, INOUT closed int, OUT latest datetime(6)) MODIFIES SQL DATA SQL SECURITY DEFINER
BEGIN
  DECLARE EXIT HANDLER FOR SQLEXCEPTION BEGIN ROLLBACK; RESIGNAL; END;
  UPDATE issues SET state = 'closed' WHERE state = 'opened' AND updated_at < NOW() - INTERVAL days DAY;
  SET closed = closed + ROW_COUNT();
  SELECT MAX(created_at) INTO latest FROM ${databases.apart}.pipelines;
END`,
];

/** Which column counts the rows of which table, kept by triggers. */
const counters = [
  ['issues', 'votes', 'votes_polls', 'issue_id'],
  ['merge_requests', 'votes', 'approvals', 'merge_request_id'],
  ['projects', 'forks', 'forks', 'source_id'],
  ['topics', 'projects_count', 'project_topics', 'topic_id'],
  ['commits', 'files', 'commit_parents', 'commit_id'],
  ['merge_request_diffs', 'files', 'merge_request_files', 'merge_request_diff_id'],
  ['packages', 'pulls', 'package_files', 'package_id'],
  ['test_reports', 'total', 'job_artifacts', 'job_id'],
] as const;

const counting = counters.flatMap(([owner, column, counted, key]) =>
  (
    [
      ['INSERT', '+', 'NEW'],
      ['DELETE', '-', 'OLD'],
    ] as const
  ).map(([when, sign, row]) => {
    const place = tableOf(counted);
    const name = `${placeOf(place).split('.')[0]}.${quoted(`count ${when.toLowerCase()} of ${counted}`)}`;
    return `CREATE ${definer} TRIGGER ${name} AFTER ${when} ON ${placeOf(place)} FOR EACH ROW UPDATE ${placeOf(tableOf(owner))} SET ${quoted(column)} = ${quoted(column)} ${sign} 1 WHERE id = ${row}.${quoted(key)}`;
  }),
);

/** Writes of what is noted are written down in the journal of their month. */
const journal = accompanied.map((owner) => {
  const table = tableOf(owner);
  return `CREATE TRIGGER ${quoted(`write down ${owner}`)} BEFORE UPDATE ON ${placeOf(table)} FOR EACH ROW
BEGIN
  IF NOT (NEW.id <=> OLD.id) THEN SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'an id lasts; it''s "kept"'; END IF;
  IF @quiet IS NULL THEN
    INSERT INTO ${databases.apart}.actions_2025_12 (id, user_id, subject_kind, subject_id, action, details)
    SELECT COALESCE(MAX(id), 0) + 1, NULL, 'Issue', NEW.id, 'update', JSON_OBJECT('of', '${owner}') FROM ${databases.apart}.actions_2025_12;
  END IF;
END`;
});

const stated = tables.filter(
  ({ area, columns }) => area !== 'ci' && columns.some(({ name }) => name === 'state'),
);

function viewsOf(table: ApplicationTable): string[] {
  const view = (what: string): string => quoted(`${what}_${table.name}`);
  return [
    `CREATE ${definer} VIEW ${view('open')} AS SELECT * FROM ${quoted(table.name)} WHERE state IN ('opened', 'on hold')`,
    `CREATE ALGORITHM = TEMPTABLE SQL SECURITY INVOKER VIEW ${view('recent')} AS SELECT * FROM ${view('open')} WHERE created_at > '2025-06-05' ORDER BY created_at DESC, id LIMIT 100`,
    `CREATE VIEW ${view('count')} (state, many, longest) AS SELECT state, COUNT(*), GROUP_CONCAT(DISTINCT state ORDER BY state SEPARATOR '; ') FROM ${view('recent')} GROUP BY state WITH ROLLUP`,
  ];
}

const activities = [
  ...accompanied.map(
    (owner) =>
      `CREATE VIEW ${owner}_activity (id, at, who, what) AS SELECT owner_id, created_at, user_id, CONCAT('label ', action) FROM ${owner}_label_events UNION ALL SELECT owner_id, created_at, user_id, CONCAT('state ', state) FROM ${owner}_state_events`,
  ),
  `CREATE VIEW activity AS ${accompanied.map((owner) => `SELECT '${owner}' AS of_what, a.* FROM ${owner}_activity a`).join(' UNION ALL ')}`,
  `CREATE VIEW activity_by_month AS SELECT DATE_FORMAT(at, '%Y-%m') AS month, of_what, COUNT(*) AS many FROM activity GROUP BY 1, 2`,
  `CREATE VIEW activity_so_far AS SELECT month, of_what, SUM(many) OVER (PARTITION BY of_what ORDER BY month) AS so_far FROM activity_by_month`,
  `CREATE VIEW namespace_tree AS WITH RECURSIVE tree (id, root, depth) AS (SELECT id, id, 0 FROM namespaces UNION ALL SELECT n.id, t.root, t.depth + 1 FROM tree t JOIN namespaces n ON n.parent_id = t.id WHERE t.depth < 3) SELECT * FROM tree`,
  `CREATE ${definer} VIEW project_overview AS SELECT p.id, p.name, slug_of(p.name) AS slug, depth_of(p.namespace_id) AS depth, COUNT(i.id) AS issues FROM projects p LEFT JOIN open_issues i ON i.project_id = p.id GROUP BY p.id`,
  `CREATE VIEW project_pipelines AS SELECT o.name, l.status, l.ref FROM project_overview o LEFT JOIN ${databases.apart}.pipelines l ON l.project_id = o.id WHERE is_open(l.status) OR l.id IS NULL`,
  `CREATE VIEW seen_users AS SELECT id, username, email, admin FROM users WHERE admin = 0 WITH CASCADED CHECK OPTION`,
  `CREATE VIEW own_users AS SELECT * FROM seen_users WHERE id > 1 WITH LOCAL CHECK OPTION`,
  `CREATE VIEW ${databases.apart}.latest_actions AS SELECT 12 AS month, id, action FROM ${databases.apart}.actions_2025_12 UNION ALL SELECT 11, id, action FROM ${databases.apart}.actions_2025_11`,
];

const events = [
  `CREATE ${definer} EVENT ${quoted('close what is stale')} ON SCHEDULE EVERY 1 DAY STARTS '2037-01-01 03:00:00' ON COMPLETION PRESERVE ENABLE COMMENT 'At night' DO BEGIN DECLARE n int DEFAULT 0; CALL close_stale(90, n, @latest); END`,
  `CREATE EVENT once ON SCHEDULE AT '2037-06-01 00:00:00' DO DELETE FROM sessions WHERE expires < NOW()`,
  `CREATE EVENT never ON SCHEDULE EVERY '1:30' HOUR_MINUTE STARTS '2037-01-01 00:00:00' ENDS '2037-12-31 00:00:00' DISABLE DO SET @beaten = 1`,
];

const partitioned = [
  `CREATE TABLE visits (id bigint NOT NULL, day date NOT NULL, path varchar(100) NOT NULL, times int unsigned NOT NULL DEFAULT 1, PRIMARY KEY (id, day), KEY (path, day)) PARTITION BY RANGE COLUMNS (day) (${Array.from({ length: 11 }, (_, at) => `PARTITION p${at} VALUES LESS THAN ('2025-${String(at + 2).padStart(2, '0')}-01')`).join(', ')}, PARTITION later VALUES LESS THAN (MAXVALUE) COMMENT 'the rest')`,
  'CREATE TABLE job_log (job_id bigint NOT NULL, chunk int NOT NULL, content mediumblob, PRIMARY KEY (job_id, chunk)) PARTITION BY KEY (job_id) PARTITIONS 8',
  `CREATE TABLE tokens (region int NOT NULL, at datetime NOT NULL, token varchar(64), PRIMARY KEY (region, at)) PARTITION BY LIST (region) SUBPARTITION BY HASH (TO_DAYS(at)) SUBPARTITIONS 2 (PARTITION near VALUES IN (1, 2), PARTITION far VALUES IN (3, 4, 5))`,
  `INSERT INTO visits SELECT u.id, DATE_ADD('2025-01-15', INTERVAL i.id MONTH), CONCAT('/', u.id, '/é'), i.id FROM users u JOIN issues i`,
  `INSERT INTO job_log SELECT u.id, i.id, REPEAT(CHAR(i.id), u.id * 50) FROM users u JOIN issues i`,
  `INSERT INTO tokens SELECT 1 + u.id % 5, DATE_ADD('2025-01-01 01:02:03', INTERVAL u.id DAY), SHA2(u.id, 256) FROM users u`,
];

const ofMysql = [
  `CREATE INDEX lowered ON users ((LOWER(email)), (sign_ins + 1) DESC)`,
  `CREATE TABLE many_valued (id int PRIMARY KEY, j json NOT NULL DEFAULT (JSON_ARRAY()), seen int INVISIBLE, KEY tags ((CAST(j->'$.tags' AS CHAR(20) ARRAY))), CHECK (JSON_VALID(j)) NOT ENFORCED)`,
  `INSERT INTO many_valued (id, j) VALUES (1, '{"tags": ["a", "b"]}'), (2, '[]')`,
  `ALTER TABLE issues ALTER INDEX index_issues_made INVISIBLE`,
];

const ofMariadb = [
  `CREATE SEQUENCE invoice_numbers START WITH 100000 INCREMENT BY 5 MAXVALUE 999999 CACHE 10 CYCLE`,
  `SELECT NEXTVAL(invoice_numbers), NEXTVAL(invoice_numbers)`,
  `SET timestamp = UNIX_TIMESTAMP('2025-01-01 00:00:00')`,
  `CREATE TABLE prices (id int NOT NULL DEFAULT NEXTVAL(invoice_numbers) PRIMARY KEY, price decimal(10,2), note text WITHOUT SYSTEM VERSIONING) WITH SYSTEM VERSIONING`,
  `INSERT INTO prices VALUES (1, 10, 'a'), (2, 20, 'b')`,
  `SET timestamp = UNIX_TIMESTAMP('2025-02-01 00:00:00')`,
  `UPDATE prices SET price = price + 1`,
  `DELETE FROM prices WHERE id = 2`,
  `SET timestamp = DEFAULT`,
  `CREATE TABLE rents (id int, room int, from_day date, to_day date, PERIOD FOR during (from_day, to_day), PRIMARY KEY (room, during WITHOUT OVERLAPS))`,
  `INSERT INTO rents VALUES (1, 1, '2025-01-01', '2025-02-01'), (2, 1, '2025-02-01', '2025-03-01')`,
  `ALTER TABLE issues ALTER INDEX index_issues_made IGNORED`,
];

export function objectStatements(family: Family): string[] {
  return [
    `SET sql_mode = 'STRICT_TRANS_TABLES,ONLY_FULL_GROUP_BY,NO_ENGINE_SUBSTITUTION'`,
    ...partitioned,
    ...routines,
    `SET sql_mode = 'ANSI_QUOTES,PIPES_AS_CONCAT,STRICT_ALL_TABLES'`,
    `CREATE FUNCTION greeting(who varchar(40)) RETURNS varchar(80) DETERMINISTIC RETURN 'Hello, ' || who || '\\'s "friends"'`,
    // Whether a column of a view may be NULL is decided by the mode in which the view was made, which nothing records.
    `SET sql_mode = 'NO_ENGINE_SUBSTITUTION'`,
    ...stated.flatMap(viewsOf),
    ...activities,
    ...(family === 'mariadb' ? ofMariadb : ofMysql),
    `SET sql_mode = DEFAULT`,
    ...counting,
    ...journal,
    ...events,
    `UPDATE issues SET weight = 3 WHERE id IN (2, 3)`,
    `INSERT INTO votes_polls (issue_id, question) VALUES (1, 'Which?'), (1, 'When?'), (2, 'Why?')`,
    `DELETE FROM votes_polls WHERE question = 'When?'`,
  ];
}
