-- Orders, money, parcels; stock; workshops; what visitors of the web shop did; what the first computer knew.

CREATE TABLE currency (code char(3) CHARACTER SET ascii PRIMARY KEY, name varchar(20) NOT NULL, digits tinyint NOT NULL) ENGINE=InnoDB;
CREATE TABLE exchange_rate (
  currency char(3) CHARACTER SET ascii NOT NULL,
  day date NOT NULL,
  rate decimal(65,30) NOT NULL,
  as_float float NOT NULL,
  as_double double NOT NULL,
  PRIMARY KEY (currency, day),
  FOREIGN KEY (currency) REFERENCES currency (code)
) ENGINE=InnoDB;
CREATE TABLE voucher (
  code varchar(40) CHARACTER SET latin1 COLLATE latin1_bin NOT NULL,
  worth decimal(8,2) NOT NULL,
  ends date NOT NULL,
  used_by bigint unsigned,
  PRIMARY KEY (code(12)),
  CONSTRAINT voucher_customer FOREIGN KEY (used_by) REFERENCES customer (id) ON DELETE SET NULL
) ENGINE=InnoDB;

CREATE TABLE orders (
  id bigint NOT NULL,
  placed date NOT NULL,
  placed_at timestamp(6) NOT NULL DEFAULT CURRENT_TIMESTAMP(6) ON UPDATE CURRENT_TIMESTAMP(6),
  channel enum('web','shop','phone','letter') NOT NULL,
  customer bigint unsigned NOT NULL,
  currency char(3) CHARACTER SET ascii NOT NULL DEFAULT 'EUR',
  remark varchar(200),
  details json,
  month char(7) GENERATED ALWAYS AS (concat(year(placed), '-', lpad(month(placed), 2, '0'))) VIRTUAL,
  PRIMARY KEY (id),
  KEY by_customer (customer, placed DESC),
  KEY by_month (month),
  CONSTRAINT orders_customer FOREIGN KEY (customer) REFERENCES customer (id),
  CONSTRAINT orders_currency FOREIGN KEY (currency) REFERENCES currency (code) ON UPDATE CASCADE
) ENGINE=InnoDB;
CREATE TABLE order_line (
  order_id bigint NOT NULL,
  line smallint NOT NULL,
  product bigint NOT NULL,
  pieces int NOT NULL,
  net decimal(12,2) NOT NULL,
  total decimal(14,2) GENERATED ALWAYS AS (pieces * net) STORED,
  engraving varchar(60),
  PRIMARY KEY (order_id, line),
  KEY by_product (product),
  CONSTRAINT line_order FOREIGN KEY (order_id) REFERENCES orders (id) ON DELETE CASCADE,
  CONSTRAINT line_product FOREIGN KEY (product) REFERENCES product (id),
  CHECK (pieces <> 0)
) ENGINE=InnoDB;
CREATE TABLE payment (
  id bigint NOT NULL AUTO_INCREMENT PRIMARY KEY,
  order_id bigint NOT NULL,
  method enum('card','transfer','cash','voucher') NOT NULL,
  paid decimal(14,2) NOT NULL,
  arrived datetime NOT NULL,
  reference binary(16),
  CONSTRAINT payment_order FOREIGN KEY (order_id) REFERENCES orders (id)
) ENGINE=InnoDB;
CREATE TABLE refund (payment bigint PRIMARY KEY, back decimal(14,2) NOT NULL, reason varchar(60) NOT NULL, FOREIGN KEY (payment) REFERENCES payment (id)) ENGINE=InnoDB;
CREATE TABLE invoice (number int unsigned NOT NULL AUTO_INCREMENT PRIMARY KEY, order_id bigint NOT NULL, sent date, total decimal(14,2) NOT NULL, body text) ENGINE=InnoDB AUTO_INCREMENT=202300001;
CREATE TABLE cart (visitor char(32) CHARACTER SET ascii, opened datetime(3), items json) ENGINE=InnoDB COMMENT 'No key at all';
CREATE TABLE carrier (id tinyint PRIMARY KEY, name varchar(20) NOT NULL, since date) ENGINE=InnoDB;
CREATE TABLE shipment (
  id bigint PRIMARY KEY,
  order_id bigint NOT NULL,
  carrier tinyint NOT NULL,
  tracking varchar(40) CHARACTER SET latin1 NOT NULL,
  sent datetime,
  took time(2),
  route linestring,
  UNIQUE KEY (tracking), KEY (order_id),
  FOREIGN KEY (carrier) REFERENCES carrier (id)
) ENGINE=InnoDB;
CREATE TABLE parcel_event (
  shipment bigint NOT NULL,
  at datetime NOT NULL,
  what varchar(20) NOT NULL,
  KEY (shipment), KEY (at)
) ENGINE=InnoDB
PARTITION BY RANGE COLUMNS (at) (PARTITION p2023 VALUES LESS THAN ('2024-01-01'), PARTITION p2024 VALUES LESS THAN ('2025-01-01') COMMENT = 'audited', PARTITION rest VALUES LESS THAN (MAXVALUE));

CREATE TABLE warehouse (id tinyint PRIMARY KEY, name varchar(30) NOT NULL, yard polygon, gates multipoint, all_of_it geometrycollection) ENGINE=InnoDB;
CREATE TABLE bin (warehouse tinyint NOT NULL, shelf char(2) CHARACTER SET ascii NOT NULL, place int NOT NULL, holds bit(64), PRIMARY KEY (warehouse, shelf, place), FOREIGN KEY (warehouse) REFERENCES warehouse (id)) ENGINE=InnoDB;
CREATE TABLE movement (
  id bigint NOT NULL,
  warehouse tinyint NOT NULL,
  product bigint NOT NULL,
  at datetime NOT NULL,
  pieces int NOT NULL,
  why varchar(12) NOT NULL,
  PRIMARY KEY (id, at, product),
  KEY (product, at)
) ENGINE=InnoDB
PARTITION BY RANGE (TO_DAYS(at)) SUBPARTITION BY HASH (product) SUBPARTITIONS 2
 (PARTITION before_2024 VALUES LESS THAN (TO_DAYS('2024-01-01')), PARTITION in_2024 VALUES LESS THAN (TO_DAYS('2025-01-01')), PARTITION later VALUES LESS THAN MAXVALUE);
CREATE TABLE counted (warehouse tinyint NOT NULL, day date NOT NULL, sheet varchar(20) NOT NULL, PRIMARY KEY (day, warehouse)) ENGINE=InnoDB PARTITION BY KEY (day) PARTITIONS 3;
CREATE TABLE region_target (region varchar(2) NOT NULL, year smallint NOT NULL, target decimal(12,2), PRIMARY KEY (region, year)) ENGINE=InnoDB
PARTITION BY LIST COLUMNS (region) (PARTITION north VALUES IN ('N','NE'), PARTITION others VALUES IN ('S','W'));

CREATE TABLE room (id int PRIMARY KEY, name varchar(20) NOT NULL, seats tinyint unsigned NOT NULL) ENGINE=InnoDB;
CREATE TABLE course (id int PRIMARY KEY, title varchar(60) NOT NULL, fee decimal(8,2), needs json) ENGINE=InnoDB;
CREATE TABLE lesson (id bigint PRIMARY KEY, course int NOT NULL, room int NOT NULL, begins datetime NOT NULL, teacher int, UNIQUE KEY (room, begins),
  FOREIGN KEY (course) REFERENCES course (id), FOREIGN KEY (room) REFERENCES room (id), FOREIGN KEY (teacher) REFERENCES staff (id)) ENGINE=InnoDB;
CREATE TABLE seat (lesson bigint NOT NULL, customer bigint unsigned NOT NULL, paid bit(1), PRIMARY KEY (lesson, customer), FOREIGN KEY (lesson) REFERENCES lesson (id), FOREIGN KEY (customer) REFERENCES customer (id)) ENGINE=InnoDB;

-- Most rows of all.
CREATE TABLE visit (
  id bigint NOT NULL PRIMARY KEY,
  at datetime(3) NOT NULL,
  visitor binary(8) NOT NULL,
  customer bigint unsigned,
  path varchar(80) NOT NULL,
  seconds float,
  status smallint NOT NULL,
  agent varchar(60) CHARACTER SET latin1,
  sent json,
  KEY by_time (at), KEY by_status (status, at)
) ENGINE=InnoDB;
CREATE TABLE search (words varchar(60) COLLATE utf8mb4_bin NOT NULL, asked bigint NOT NULL, found int NOT NULL, PRIMARY KEY (words)) ENGINE=InnoDB;
CREATE TABLE setting (name varchar(40) PRIMARY KEY, value json, note varchar(60)) ENGINE=InnoDB;
CREATE TABLE changed (id bigint unsigned AUTO_INCREMENT PRIMARY KEY, what varchar(60) NOT NULL, row_id bigint, note varchar(200)) ENGINE=InnoDB STATS_PERSISTENT=1 STATS_AUTO_RECALC=0;

SET SESSION sql_mode = '';
CREATE TABLE `Ledger ``A``; -- draft` (
  `select` int NOT NULL AUTO_INCREMENT,
  `Soll & Haben (DM)` decimal(65,30),
  `%s\n` varchar(100) CHARACTER SET latin1 COMMENT 'holds UTF-8, whatever it says',
  `Größe.Maß` text CHARACTER SET ucs2,
  `opened` date NOT NULL DEFAULT '0000-00-00',
  `closed` datetime DEFAULT '0000-00-00 00:00:00',
  `half` date,
  PRIMARY KEY (`select`)
) ENGINE=InnoDB COMMENT='tab	; line
second line -- \\ `x`';
CREATE TABLE `a table whose name has exactly sixty-four characters as few have` (`ключ` int, `値` text) ENGINE=InnoDB;
CREATE TABLE `büro.1987` (id smallint zerofill, `only` int GENERATED ALWAYS AS (id + 1) VIRTUAL) ENGINE=InnoDB;
SET SESSION sql_mode = 'STRICT_TRANS_TABLES,NO_ENGINE_SUBSTITUTION';
