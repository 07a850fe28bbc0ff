-- What MySQL has from version 9 on.
SET SESSION sql_mode = 'STRICT_TRANS_TABLES,NO_ENGINE_SUBSTITUTION', time_zone = '+00:00';

CREATE TABLE likeness (product bigint NOT NULL PRIMARY KEY, looks vector(4)) ENGINE=InnoDB;
INSERT INTO likeness SELECT id, IF(id % 7, STRING_TO_VECTOR(CONCAT('[', id / 3e0, ', -2, 3e10, 0.1]')), NULL) FROM product WHERE id <= 400;
