-- What MariaDB has and MySQL lacks. The times of history are given, not taken.
SET SESSION sql_mode = 'STRICT_TRANS_TABLES,NO_ENGINE_SUBSTITUTION', time_zone = '+00:00';

CREATE SEQUENCE pallet START WITH 990 INCREMENT BY 3 MINVALUE 1 MAXVALUE 999 CACHE 5 CYCLE;
CREATE SEQUENCE ticket START WITH -10 INCREMENT BY -1 MINVALUE -1000000 MAXVALUE -1 NOCACHE;
SELECT NEXTVAL(pallet), NEXTVAL(pallet), NEXTVAL(pallet), NEXTVAL(pallet), NEXTVAL(ticket);
CREATE TABLE pallet_at (id bigint NOT NULL DEFAULT NEXTVAL(pallet) PRIMARY KEY, at varchar(20)) ENGINE=InnoDB;
INSERT INTO pallet_at (at) VALUES ('Harbour'), ('Mill');

CREATE TABLE wage_agreed (
  staff int NOT NULL PRIMARY KEY,
  wage decimal(10,2) NOT NULL,
  note varchar(40) WITHOUT SYSTEM VERSIONING
) ENGINE=InnoDB WITH SYSTEM VERSIONING;
SET timestamp = 1704067200.25;
INSERT INTO wage_agreed SELECT id, wage, NULL FROM staff;
SET timestamp = 1719792000.5;
UPDATE wage_agreed SET wage = wage + 100 WHERE staff % 2 = 0;
SET timestamp = 1735689600.000001;
DELETE FROM wage_agreed WHERE staff > 35;
UPDATE wage_agreed SET wage = wage + 50 WHERE staff % 4 = 0;
SET timestamp = DEFAULT;

CREATE TABLE lease (
  room int NOT NULL,
  tenant varchar(20),
  begins date NOT NULL,
  ends date NOT NULL,
  PERIOD FOR valid (begins, ends),
  UNIQUE KEY (room, valid WITHOUT OVERLAPS)
) ENGINE=InnoDB;
INSERT INTO lease SELECT id, CONCAT('tenant ', k), '2020-01-01' + INTERVAL k YEAR, '2021-01-01' + INTERVAL k YEAR FROM room, (SELECT 0 AS k UNION ALL SELECT 1 UNION ALL SELECT 2) ks;

CREATE TABLE device (
  id uuid NOT NULL PRIMARY KEY,
  six inet6,
  four inet4,
  log text COMPRESSED,
  KEY by_six (six),
  KEY by_four (four) IGNORED
) ENGINE=InnoDB;
INSERT INTO device SELECT CAST(CONCAT(LEFT(SHA2(id, 224), 12), '4', MID(SHA2(id, 224), 14, 3), '8', MID(SHA2(id, 224), 18, 15)) AS uuid), CONCAT('2001:db8::', HEX(id)), IF(id % 3, CONCAT('192.0.2.', id), NULL), REPEAT(CONCAT('line ', id, '\n'), 40) FROM staff;
