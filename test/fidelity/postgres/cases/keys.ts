/** Keys: unique, exclusion, foreign. */
import type { FidelityCase } from '../../case.ts';
import { from, inSchema } from './object-case.ts';

export const keyCases: readonly FidelityCase[] = [
  inSchema({
    item: 'unique, also deferrable',
    schema: 'o_unique',
    setup: [
      `CREATE TABLE t (a int UNIQUE, b int, c text, CONSTRAINT late UNIQUE (b) DEFERRABLE INITIALLY DEFERRED, UNIQUE (b, c) INCLUDE (a),
         CONSTRAINT now_or_later PRIMARY KEY (c, a) DEFERRABLE)`,
      `INSERT INTO t VALUES (1, 1, 'a'), (2, NULL, 'b'), (3, NULL, 'c'); BEGIN; UPDATE t SET b = 1 WHERE a = 2; UPDATE t SET b = NULL WHERE a = 1; COMMIT`,
      `CREATE TABLE u (a int); CREATE UNIQUE INDEX made_first ON u (a); ALTER TABLE u ADD CONSTRAINT "Named After" UNIQUE USING INDEX made_first`,
    ],
    proof: [
      `SELECT count(*) = 2 FROM pg_constraint WHERE condeferrable AND conrelid = 'o_unique.t'::regclass`,
      `SELECT count(*) = 3 FROM o_unique.t`,
    ],
  }),
  inSchema({
    item: 'unique NULLS NOT DISTINCT',
    schema: 'o_nulls',
    setup: [
      `CREATE TABLE t (a int UNIQUE NULLS NOT DISTINCT, b int); CREATE UNIQUE INDEX by_b ON t (b) NULLS NOT DISTINCT WHERE a > 0; INSERT INTO t VALUES (NULL, 1), (1, NULL)`,
    ],
    proof: [
      `SELECT count(*) = 2 FROM pg_index WHERE indnullsnotdistinct AND indrelid = 'o_nulls.t'::regclass`,
    ],
    exists: from(15),
  }),
  inSchema({
    item: 'exclusion constraints',
    schema: 'o_exclusion',
    setup: [
      `CREATE EXTENSION IF NOT EXISTS btree_gist SCHEMA public; CREATE TABLE t (room int, during tsrange, EXCLUDE USING gist (room WITH =, during WITH &&) WHERE (room > 0));
       INSERT INTO t VALUES (1, '[2026-01-01,2026-01-02)'), (1, '[2026-01-02,2026-01-03)'), (-1, '[2026-01-01,2026-01-03)'), (-1, '[2026-01-01,2026-01-03)')`,
      `CREATE TABLE c (around circle, CONSTRAINT apart EXCLUDE USING gist (around WITH &&) DEFERRABLE INITIALLY DEFERRED); INSERT INTO c VALUES ('<(0,0),1>')`,
      `CREATE TABLE h (a text, EXCLUDE USING hash ((lower(a)) WITH =)); INSERT INTO h VALUES ('A')`,
    ],
    proof: [
      `SELECT count(*) = 3 FROM pg_constraint WHERE contype = 'x' AND connamespace = 'o_exclusion'::regnamespace`,
    ],
  }),
  inSchema({
    item: 'foreign keys',
    schema: 'o_foreign',
    setup: [
      `CREATE TABLE p (id int PRIMARY KEY, x int, y text, UNIQUE (x, y)); INSERT INTO p VALUES (1, 1, 'a'), (2, 2, 'b')`,
      `CREATE TABLE t (a int REFERENCES p ON DELETE CASCADE ON UPDATE SET DEFAULT, x int, y text,
         FOREIGN KEY (x, y) REFERENCES p (x, y) MATCH FULL ON DELETE SET NULL, b int CONSTRAINT later REFERENCES p DEFERRABLE INITIALLY DEFERRED, up int REFERENCES p ON DELETE RESTRICT);
       INSERT INTO t VALUES (1, 2, 'b', 1, NULL), (NULL, NULL, NULL, NULL, 2)`,
      `CREATE TABLE tree (id int PRIMARY KEY, parent int REFERENCES tree); INSERT INTO tree VALUES (2, NULL), (1, 2)`,
    ],
    proof: [
      `SELECT count(*) = 5 FROM pg_constraint WHERE contype = 'f' AND connamespace = 'o_foreign'::regnamespace`,
    ],
  }),
  inSchema({
    item: 'foreign keys, circular',
    schema: 'o_circle',
    setup: [
      `CREATE TABLE a (id int PRIMARY KEY, b int); CREATE TABLE b (id int PRIMARY KEY, c int); CREATE TABLE c (id int PRIMARY KEY, a int NOT NULL REFERENCES a DEFERRABLE);
       ALTER TABLE a ADD FOREIGN KEY (b) REFERENCES b DEFERRABLE INITIALLY DEFERRED; ALTER TABLE b ADD FOREIGN KEY (c) REFERENCES c`,
      `INSERT INTO a VALUES (1, NULL); INSERT INTO c VALUES (1, 1); INSERT INTO b VALUES (1, 1); UPDATE a SET b = 1`,
    ],
    proof: [
      `SELECT count(*) = 1 FROM o_circle.a JOIN o_circle.b ON b.id = a.b JOIN o_circle.c ON c.id = b.c AND c.a = a.id`,
    ],
  }),
  inSchema({
    item: 'foreign keys NOT VALID',
    schema: 'o_unproved',
    setup: [
      `CREATE TABLE p (id int PRIMARY KEY); CREATE TABLE t (p int); INSERT INTO t VALUES (404); ALTER TABLE t ADD FOREIGN KEY (p) REFERENCES p NOT VALID`,
    ],
    proof: [
      `SELECT NOT convalidated FROM pg_constraint WHERE conrelid = 'o_unproved.t'::regclass`,
      'SELECT count(*) = 1 FROM o_unproved.t',
    ],
  }),
  inSchema({
    item: 'foreign keys to and from partitioned tables',
    schema: 'o_parted_keys',
    setup: [
      `CREATE TABLE p (id int, at int, PRIMARY KEY (id, at)) PARTITION BY RANGE (at); CREATE TABLE p1 PARTITION OF p FOR VALUES FROM (0) TO (10);
       CREATE TABLE p2 PARTITION OF p DEFAULT PARTITION BY LIST (at); CREATE TABLE p2a PARTITION OF p2 DEFAULT; INSERT INTO p VALUES (1, 1), (2, 20)`,
      `CREATE TABLE t (id int, at int, FOREIGN KEY (id, at) REFERENCES p ON DELETE CASCADE) PARTITION BY HASH (id);
       CREATE TABLE t0 PARTITION OF t FOR VALUES WITH (MODULUS 2, REMAINDER 0); CREATE TABLE t1 (at int, id int); ALTER TABLE t ATTACH PARTITION t1 FOR VALUES WITH (MODULUS 2, REMAINDER 1);
       INSERT INTO t VALUES (1, 1), (2, 20); CREATE TABLE plain (id int, at int, CONSTRAINT to_parted FOREIGN KEY (id, at) REFERENCES p DEFERRABLE); INSERT INTO plain VALUES (2, 20)`,
    ],
    proof: [
      `SELECT count(*) > 3 FROM pg_constraint WHERE contype = 'f' AND connamespace = 'o_parted_keys'::regnamespace`,
    ],
  }),
  inSchema({
    item: 'temporal keys',
    schema: 'o_temporal',
    setup: [
      `CREATE EXTENSION IF NOT EXISTS btree_gist SCHEMA public; CREATE TABLE p (id int, at daterange, PRIMARY KEY (id, at WITHOUT OVERLAPS)); INSERT INTO p VALUES (1, '[2026-01-01,2026-02-01)'), (1, '[2026-02-01,2026-03-01)')`,
      `CREATE TABLE t (p int, at daterange, FOREIGN KEY (p, PERIOD at) REFERENCES p (id, PERIOD at)); INSERT INTO t VALUES (1, '[2026-01-15,2026-02-15)'); ALTER TABLE t ADD UNIQUE (p, at WITHOUT OVERLAPS)`,
    ],
    proof: [
      `SELECT count(*) = 3 FROM pg_constraint WHERE conperiod AND connamespace = 'o_temporal'::regnamespace`,
    ],
    exists: from(18),
  }),
];
