-- What MySQL has and MariaDB lacks.
SET SESSION sql_mode = 'STRICT_TRANS_TABLES,NO_ENGINE_SUBSTITUTION', time_zone = '+00:00';

CREATE TABLE find (
  id int NOT NULL PRIMARY KEY,
  doc json NOT NULL,
  name varchar(40) COLLATE utf8mb4_0900_as_cs,
  KEY by_title ((CAST(doc->>'$.title' AS CHAR(20)))),
  KEY by_tags ((CAST(doc->'$.tags' AS UNSIGNED ARRAY))),
  KEY falling (id DESC, name ASC),
  KEY not_now (name) INVISIBLE,
  CONSTRAINT not_yet CHECK (JSON_LENGTH(doc) > 0) NOT ENFORCED
) ENGINE=InnoDB COLLATE=utf8mb4_0900_ai_ci;
INSERT INTO find SELECT id, JSON_OBJECT('title', title, 'tags', JSON_ARRAY(id, id * 2), 'price', CAST(fee AS DOUBLE)), title FROM course;

SET SESSION sql_generate_invisible_primary_key = ON;
CREATE TABLE turnstile (shop tinyint NOT NULL, at datetime(3) NOT NULL) ENGINE=InnoDB;
SET SESSION sql_generate_invisible_primary_key = OFF;
INSERT INTO turnstile (shop, at) SELECT id % 3, '2025-05-05' + INTERVAL id SECOND FROM customer WHERE id < 1400;

CREATE TABLE beach (
  id int NOT NULL PRIMARY KEY,
  lies point NOT NULL SRID 4326,
  shore linestring SRID 3857,
  SPATIAL KEY (lies)
) ENGINE=InnoDB;
INSERT INTO beach SELECT id, ST_GeomFromText(CONCAT('POINT(', 53 + id / 100, ' ', 7 + id / 50, ')'), 4326), IF(id % 2, ST_GeomFromText('LINESTRING(0 0,100 100)', 3857), NULL) FROM staff;
