-- Where things lie and how they moved; workshops; what visitors of the web shop did.

CREATE TABLE stock.warehouse (
  id smallint PRIMARY KEY,
  name text NOT NULL,
  lies point NOT NULL,
  yard polygon,
  delivers circle,
  gate line,
  walk lseg,
  hall box,
  network cidr,
  scanner macaddr8,
  opens time with time zone
);
CREATE TABLE stock.bin (
  warehouse smallint NOT NULL REFERENCES stock.warehouse,
  shelf char(2) NOT NULL,
  place int NOT NULL,
  holds bit varying(16),
  PRIMARY KEY (warehouse, shelf, place)
);
-- By warehouse, then by time; the newest warehouse has no partitions of its own yet.
CREATE TABLE stock.movement (
  id bigint NOT NULL,
  warehouse smallint NOT NULL,
  product bigint NOT NULL,
  at timestamp NOT NULL,
  pieces int NOT NULL,
  why varchar(12) NOT NULL,
  pallet smallint DEFAULT nextval('stock.pallet'),
  CONSTRAINT moved CHECK (pieces <> 0)
) PARTITION BY LIST (warehouse);
CREATE TABLE stock.movement_coast PARTITION OF stock.movement FOR VALUES IN (1, 2) PARTITION BY RANGE (at);
CREATE TABLE stock.movement_coast_old PARTITION OF stock.movement_coast FOR VALUES FROM (MINVALUE) TO ('2025-01-01');
CREATE TABLE stock.movement_coast_new PARTITION OF stock.movement_coast FOR VALUES FROM ('2025-01-01') TO (MAXVALUE);
CREATE TABLE stock.movement_hill PARTITION OF stock.movement FOR VALUES IN (3, NULL) PARTITION BY HASH (product);
CREATE TABLE stock.movement_hill_0 PARTITION OF stock.movement_hill FOR VALUES WITH (MODULUS 3, REMAINDER 0);
CREATE TABLE stock.movement_hill_1 PARTITION OF stock.movement_hill FOR VALUES WITH (MODULUS 3, REMAINDER 1);
CREATE TABLE stock.movement_hill_2 PARTITION OF stock.movement_hill FOR VALUES WITH (MODULUS 3, REMAINDER 2);
CREATE TABLE stock.movement_else PARTITION OF stock.movement DEFAULT;
CREATE TABLE stock.counted (
  warehouse smallint NOT NULL REFERENCES stock.warehouse,
  day date NOT NULL,
  sheet text NOT NULL,
  found int[] NOT NULL,
  PRIMARY KEY (day, warehouse)
);

CREATE TABLE workshop.room (id int PRIMARY KEY, name text NOT NULL, seats smallint NOT NULL, plan box);
CREATE TABLE workshop.course (id int PRIMARY KEY, title text NOT NULL, fee numeric(8, 2), needs catalogue.sku[]);
CREATE TABLE workshop.lesson (
  id bigint PRIMARY KEY,
  course int NOT NULL REFERENCES workshop.course,
  room int NOT NULL REFERENCES workshop.room,
  during tsrange NOT NULL,
  teacher int REFERENCES people.staff,
  CONSTRAINT room_free EXCLUDE USING gist (room WITH =, during WITH &&) WHERE (NOT isempty(during))
);
CREATE TABLE workshop.seat (
  lesson bigint REFERENCES workshop.lesson,
  customer bigint REFERENCES people.customer,
  paid boolean,
  PRIMARY KEY (lesson, customer)
) WITH (fillfactor = 70);

-- Most rows of all.
CREATE TABLE web.visit (
  id bigint PRIMARY KEY,
  at timestamptz NOT NULL,
  visitor uuid NOT NULL,
  customer bigint,
  address inet,
  path text NOT NULL,
  seconds real,
  status smallint NOT NULL,
  agent text,
  sent json
);
CREATE TABLE web.search (words text NOT NULL, asked bigint NOT NULL, found int NOT NULL, vector tsvector, query tsquery);
CREATE TABLE web.setting (name text PRIMARY KEY, value jsonb, raw json, at_lsn pg_lsn, snapshot pg_snapshot, of_table regclass, by_role regrole);

CREATE TABLE audit.changed (
  at timestamptz NOT NULL,
  what text NOT NULL,
  row_id text,
  before jsonb,
  after jsonb
) PARTITION BY RANGE (at);
CREATE TABLE audit.changed_then PARTITION OF audit.changed FOR VALUES FROM ('2020-01-01 00:00+00') TO ('2026-01-01 00:00+00');
CREATE TABLE audit.changed_else PARTITION OF audit.changed DEFAULT;
CREATE TABLE audit.definition (number int GENERATED ALWAYS AS IDENTITY, command text, object text);

CREATE TABLE "Old Books (1987)"."Ledger ""A""; -- draft" (
  "select" int PRIMARY KEY DEFAULT nextval('"Old Books (1987)"."No. of ""Ledger"""'),
  "Soll & Haben (DM)" numeric,
  "%s\n" text,
  "Größe.Maß" text COLLATE "C",
  " " boolean DEFAULT false
);
CREATE TABLE "Old Books (1987)"."a table whose name has exactly sixty-three bytes, as few others" ("ключ" int, "値" text);
CREATE TABLE "Old Books (1987)"."nothing here" ();
CREATE TABLE "Old Books (1987)"."🪴" (id int, "only" int GENERATED ALWAYS AS (id + 1) STORED);

CREATE SERVER partner_books FOREIGN DATA WRAPPER postgres_fdw OPTIONS (host 'partner.example', dbname 'books', fetch_size '500');
CREATE SERVER on_disk FOREIGN DATA WRAPPER file_fdw;
ALTER SERVER partner_books OWNER TO saltmarsh_owner;
CREATE USER MAPPING FOR PUBLIC SERVER partner_books OPTIONS (user 'saltmarsh', password 'open ''sesame''');
CREATE FOREIGN TABLE partner.price_list (sku text OPTIONS (column_name 'artikel') NOT NULL, price numeric(12, 2))
  SERVER partner_books OPTIONS (schema_name 'public', table_name 'preisliste');
CREATE FOREIGN TABLE partner.customs_codes (code text, means text) SERVER on_disk OPTIONS (filename '/nowhere/customs.csv', format 'csv', header 'true');
COMMENT ON FOREIGN TABLE partner.price_list IS 'Theirs, not ours';
