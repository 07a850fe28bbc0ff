-- Rows of what was sold, moved and looked at: a hundred times as many as of anything else.

-- Half of the orders by a tenth of the customers.
INSERT INTO orders (id, placed, placed_at, channel, customer, currency, remark, details)
SELECT n, placed, placed + INTERVAL 6 HOUR + INTERVAL CRC32(CONCAT('second', n)) % 57600 SECOND + INTERVAL n MICROSECOND,
  CASE WHEN m < 12 THEN 'web' WHEN m < 17 THEN 'shop' WHEN m < 19 THEN 'phone' ELSE 'letter' END, 1000 + CRC32(CONCAT('buyer', n)) % IF(n % 2, 5000 * @scale, 500 * @scale),
  ELT(1 + CRC32(CONCAT('money', n)) % 9, 'EUR', 'EUR', 'EUR', 'EUR', 'EUR', 'EUR', 'GBP', 'JPY', 'NOK'), IF(n % 13, NULL, 'Leave with "neighbour"; \\ not in the rain'), IF(m < 12, JSON_OBJECT('cart', LEFT(SHA2(CONCAT('cart', n), 224), 32), 'gift', n % 10 = 0), NULL)
FROM (SELECT n, '2023-01-02' + INTERVAL n * 1040 DIV (10000 * @scale) DAY AS placed, CRC32(CONCAT('channel', n)) % 20 AS m FROM numbers WHERE n BETWEEN 1 AND 10000 * @scale) o;
-- A few products are in most of the orders.
INSERT INTO order_line (order_id, line, product, pieces, net, engraving)
SELECT w.id, w.k, p.id, 1 + CRC32(CONCAT('pieces', w.id, '-', w.k)) % 5, p.net_price, IF(w.id % 40, NULL, CONCAT('For ', w.customer))
FROM (SELECT o.id, o.customer, k, 1 + FLOOR((CRC32(CONCAT('line', o.id, '-', k)) % 46000) * (CRC32(CONCAT('again', o.id, '-', k)) % 46000) / 1411000) % (1500 * @scale) AS product
  FROM orders o, (SELECT 1 AS k UNION ALL SELECT 2 UNION ALL SELECT 3 UNION ALL SELECT 4) ks WHERE k <= 1 + o.id % 4) w JOIN product p ON p.id = w.product ORDER BY w.id, w.k;
INSERT INTO payment (order_id, method, paid, arrived, reference)
SELECT o.id, ELT(1 + CRC32(CONCAT('method', o.id)) % 6, 'card', 'card', 'card', 'transfer', 'cash', 'voucher'), SUM(l.total), o.placed + INTERVAL 2 DAY, UNHEX(LEFT(SHA2(CONCAT('ref', o.id), 224), 32)) FROM orders o JOIN order_line l ON l.order_id = o.id WHERE o.id % 17 > 0 GROUP BY o.id, o.placed ORDER BY o.id;
INSERT INTO refund SELECT id, ROUND(paid / 3, 2), ELT(1 + CRC32(CONCAT('why', id)) % 4, 'broken', 'late', 'not as shown', 'changed mind; sorry') FROM payment WHERE id % 31 = 0;
INSERT INTO invoice (order_id, sent, total, body) SELECT order_id, DATE(arrived), paid, IF(id % 25, NULL, CONCAT('<invoice order="', order_id, '">', paid, '</invoice>')) FROM payment WHERE id % 2 = 0 ORDER BY id;
INSERT INTO cart SELECT LEFT(SHA2(CONCAT('open cart', n), 224), 32), '2025-11-01' + INTERVAL n MINUTE, JSON_ARRAY(n, n * 2) FROM numbers WHERE n BETWEEN 1 AND 800;
INSERT INTO cart SELECT visitor, opened, items FROM cart WHERE visitor < '2';
INSERT INTO shipment SELECT id, id, 1 + id % 3, CONCAT('SM', LPAD(id, 12, '0')), placed + INTERVAL 1 DAY, SEC_TO_TIME(93784.55 * (1 + id % 4)), IF(id % 100, NULL, ST_GeomFromText('LINESTRING(7.2 53.3,8 53.1,9.9 53.5)')) FROM orders WHERE channel <> 'shop' AND id % 2 = 0;
INSERT INTO parcel_event SELECT s.id, s.sent + INTERVAL k * 7 HOUR, ELT(k, 'taken', 'on its way', 'delivered') FROM shipment s, (SELECT 1 AS k UNION ALL SELECT 2 UNION ALL SELECT 3) ks ORDER BY s.id, k;
INSERT INTO movement SELECT n, 1 + CRC32(CONCAT('where', n)) % 3, 1 + CRC32(CONCAT('moved', n)) % (1500 * @scale), '2023-01-01' + INTERVAL n * 75 DIV @scale MINUTE, IF(n % 4, 1 + CRC32(CONCAT('in', n)) % 30, -1 - CAST(CRC32(CONCAT('out', n)) % 9 AS SIGNED)),
  ELT(1 + CRC32(CONCAT('reason', n)) % 4, 'bought', 'sold', 'counted', 'broken') FROM numbers WHERE n BETWEEN 1 AND 20000 * @scale;
INSERT INTO counted SELECT w.id, '2024-12-31' + INTERVAL k * 90 DAY, CONCAT('sheet ', k) FROM warehouse w, (SELECT 0 AS k UNION ALL SELECT 1 UNION ALL SELECT 2 UNION ALL SELECT 3) ks;
INSERT INTO visit SELECT n, '2025-09-01' + INTERVAL n * 72 DIV @scale SECOND + INTERVAL n % 1000 * 1000 MICROSECOND, LEFT(UNHEX(LEFT(SHA2(CRC32(CONCAT('v', n)) % 9000, 224), 32)), 8), IF(n % 5, NULL, 1000 + n % 4000),
  CONCAT('/', ELT(1 + CRC32(n % 3001) % 6, 'seeds', 'tools', 'pots', 'cart', 'search?q=%C3%A9', 'seeds/herbs'), '/', n % 1500), n % 9973 / 1000, IF(n % 97 = 0, 404, IF(n % 1009 = 0, 500, 200)),
  ELT(1 + CRC32(n % 499) % 4, 'Mozilla/5.0 (X11; Linux)', 'Mozilla/5.0 (iPhone)', NULL, 'curl/8 é'), IF(n % 30, NULL, CONCAT('{"a":  ', n, ', "b": [1.0,  "\\u00e9"]}')) FROM numbers WHERE n BETWEEN 1 AND 90000 * @scale;
INSERT INTO search SELECT CONCAT(ELT(1 + n % 4, 'rosé lettuce', 'Rosé Lettuce', 'watering can ', '鉢'), n), n * 3, n % 40 FROM numbers WHERE n BETWEEN 1 AND 700;
INSERT INTO setting VALUES ('free from', '49.90', NULL), ('motto', '"Dig \\"deep\\""', ''), ('nothing', NULL, 'NULL'), ('null', 'null', '\\N');

SET SESSION sql_mode = 'NO_AUTO_VALUE_ON_ZERO,ALLOW_INVALID_DATES';
INSERT INTO `Ledger ``A``; -- draft` SELECT n, IF(n = 3, '12345678901234567890123456789012345.123456789012345678901234567899', n / 3), CAST('Größe, été' AS BINARY), REPEAT('ß', n), IF(n % 2, '0000-00-00', '1987-02-31'), IF(n % 3, '0000-00-00 00:00:00', NULL), '1987-06-00' FROM numbers WHERE n < 60;
SET SESSION sql_mode = 'STRICT_TRANS_TABLES,NO_ENGINE_SUBSTITUTION';
INSERT INTO `a table whose name has exactly sixty-four characters as few have` VALUES (1, '値'), (NULL, NULL), (NULL, NULL);
INSERT INTO `büro.1987` (id) VALUES (1), (32766), (NULL);
