-- Something to back up: run once by the MySQL image, in the database shop.
CREATE TABLE accounts (
  id bigint PRIMARY KEY,
  owner varchar(100) NOT NULL,
  balance decimal(20, 2) NOT NULL
);

INSERT INTO accounts (id, owner, balance)
WITH RECURSIVE numbers (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < 1000)
SELECT n, CONCAT('customer ', n), 100 FROM numbers;
