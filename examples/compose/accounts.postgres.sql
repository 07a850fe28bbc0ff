-- Something to back up: run once by the PostgreSQL image, in the database shop.
CREATE TABLE accounts (
  id bigint PRIMARY KEY,
  owner text NOT NULL,
  balance numeric(20, 2) NOT NULL
);

INSERT INTO accounts (id, owner, balance)
SELECT n, 'customer ' || n, 100 FROM generate_series(1, 1000) AS n;
