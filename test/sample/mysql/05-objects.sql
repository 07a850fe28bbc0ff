-- What stands on the tables once their rows are there: routines, views, triggers, events; then a little life.
-- Bodies are blocks: of a single statement, MySQL keeps the semicolon when another statement follows in the batch.

CREATE DEFINER='saltmarsh_owner'@'localhost' FUNCTION with_tax(net decimal(14,2), rate decimal(6,4)) RETURNS decimal(16,2) DETERMINISTIC NO SQL COMMENT 'What the customer pays; "gross"'
BEGIN RETURN ROUND(net * (1 + rate), 2); END;
CREATE FUNCTION stock_level(wanted bigint) RETURNS bigint READS SQL DATA SQL SECURITY INVOKER
BEGIN
  -- A comment; with a semicolon, and 'quotes'
  DECLARE found bigint DEFAULT 0;
  SELECT COALESCE(SUM(pieces), 0) INTO found FROM movement WHERE product = wanted;
  RETURN found;
END;
CREATE PROCEDURE take_out(IN wanted bigint, INOUT left_over int, OUT told varchar(80) CHARACTER SET latin1)
BEGIN
  DECLARE CONTINUE HANDLER FOR NOT FOUND SET told = 'nothing; at all';
  SET left_over = left_over + stock_level(wanted);
  SET told = CONCAT('left: ', left_over /* not // much */);
END;
SET SESSION sql_mode = 'ANSI_QUOTES,PIPES_AS_CONCAT,NO_BACKSLASH_ESCAPES';
CREATE PROCEDURE "say ""it""; again"() BEGIN SELECT 'back\slash' || ' and ' || 'pipe' AS "a ""column"""; END;
SET SESSION sql_mode = 'STRICT_TRANS_TABLES,NO_ENGINE_SUBSTITUTION';

CREATE DEFINER='saltmarsh_owner'@'localhost' SQL SECURITY DEFINER VIEW zz_revenue AS
  SELECT o.month, o.channel, o.currency, l.product, l.total, with_tax(l.total, 0.19) AS gross FROM orders o JOIN order_line l ON l.order_id = o.id;
-- Named so that the alphabet has it before what it reads.
CREATE ALGORITHM=TEMPTABLE DEFINER='saltmarsh_report'@'localhost' SQL SECURITY INVOKER VIEW aa_revenue_by_month AS SELECT month, channel, currency, SUM(total) AS total FROM zz_revenue GROUP BY month, channel, currency;
CREATE VIEW best_month AS SELECT month, SUM(total) AS `in EUR; all` FROM aa_revenue_by_month GROUP BY month ORDER BY 2 DESC LIMIT 1;
CREATE ALGORITHM=MERGE VIEW letters AS SELECT id, name, mail, letters FROM customer WHERE letters = 1 WITH LOCAL CHECK OPTION;
CREATE VIEW letters_north AS SELECT * FROM letters WHERE id > 1000 WITH CASCADED CHECK OPTION;
CREATE VIEW `view ``of`` old books` AS SELECT `select`, `Größe.Maß` AS `maß; -- "x"` FROM `Ledger ``A``; -- draft`;

CREATE TRIGGER z_first BEFORE UPDATE ON product FOR EACH ROW BEGIN SET NEW.boxes = GREATEST(NEW.boxes, 1); END;
CREATE TRIGGER a_second BEFORE UPDATE ON product FOR EACH ROW FOLLOWS z_first
BEGIN
  IF NEW.net_price <> OLD.net_price THEN INSERT INTO changed (what, row_id, note) VALUES ('price; new', NEW.id, CONCAT(OLD.net_price, ' → ', NEW.net_price)); END IF;
END;
CREATE TRIGGER m_between BEFORE UPDATE ON product FOR EACH ROW PRECEDES a_second BEGIN SET NEW.shelf_note = COALESCE(NEW.shelf_note, 'none'); END;
SET SESSION sql_mode = 'ANSI_QUOTES,PIPES_AS_CONCAT';
SET NAMES latin1;
CREATE DEFINER='saltmarsh_sales'@'localhost' TRIGGER "after; delete" AFTER DELETE ON review FOR EACH ROW BEGIN INSERT INTO changed ("what", row_id) VALUES ('review' || ' gone', OLD.id); END;
SET NAMES utf8mb4 COLLATE utf8mb4_unicode_ci;
SET SESSION sql_mode = 'STRICT_TRANS_TABLES,NO_ENGINE_SUBSTITUTION';
CREATE TRIGGER `line``s` AFTER INSERT ON order_line FOR EACH ROW BEGIN INSERT INTO changed (what, row_id) VALUES ('ligne ajoutée', NEW.order_id); END;

CREATE EVENT clean_carts ON SCHEDULE EVERY 1 DAY STARTS '2037-01-01 03:00:00' ON COMPLETION PRESERVE ENABLE COMMENT 'ENABLE; me' DO BEGIN DELETE FROM cart WHERE opened < '2030-01-01'; END;
CREATE EVENT asleep ON SCHEDULE EVERY '1:30' HOUR_MINUTE STARTS '2037-01-01 00:00:00' ENDS '2038-01-01 00:00:00' DISABLE DO BEGIN INSERT INTO changed (what) VALUES ('event;'); END;
SET SESSION time_zone = '-03:30';
CREATE DEFINER='saltmarsh_owner'@'localhost' EVENT once ON SCHEDULE AT '2037-06-01 12:00:00' ON COMPLETION NOT PRESERVE DISABLE ON SLAVE DO BEGIN SET @once = 1; END;
SET SESSION time_zone = '+00:00';

UPDATE product SET net_price = net_price + 0.01 WHERE id % 100 = 0;
DELETE FROM review WHERE id % 1000 = 7;
DROP TEMPORARY TABLE numbers;
SET SESSION foreign_key_checks = 1;
