-- What PostgreSQL 18 has and earlier ones lack.
SET TIME ZONE 'UTC';

ALTER TABLE catalogue.product ADD COLUMN weight_kg numeric GENERATED ALWAYS AS (weight_g / 1000.0) VIRTUAL;
CREATE TABLE workshop.lease (
  room int NOT NULL,
  tenant text,
  valid daterange NOT NULL,
  CONSTRAINT lease_key PRIMARY KEY (room, valid WITHOUT OVERLAPS)
);
CREATE TABLE workshop.sublease (
  id uuid PRIMARY KEY DEFAULT uuidv7(),
  room int NOT NULL,
  valid daterange NOT NULL,
  FOREIGN KEY (room, PERIOD valid) REFERENCES workshop.lease (room, PERIOD valid)
);
INSERT INTO workshop.lease SELECT r, 'tenant ' || y, daterange(make_date(y, 1, 1), make_date(y + 1, 1, 1)) FROM generate_series(1, 3) r, generate_series(2020, 2025) y;
INSERT INTO workshop.sublease SELECT md5('sublease' || r)::uuid, r, '[2021-03-01,2023-04-01)' FROM generate_series(1, 3) r;
ALTER TABLE people.loyalty ADD COLUMN granted_by text;
ALTER TABLE people.loyalty ADD CONSTRAINT granted_known NOT NULL granted_by NOT VALID;
ALTER TABLE workshop.course ADD CONSTRAINT fee_known CHECK (fee > 0) NOT ENFORCED;
