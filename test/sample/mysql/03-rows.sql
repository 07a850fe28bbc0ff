-- Rows of everything but sales. Nothing here asks for the time of day or for chance.
CREATE TEMPORARY TABLE numbers (n int NOT NULL PRIMARY KEY);
INSERT INTO numbers
WITH digit AS (SELECT 0 AS d UNION ALL SELECT 1 UNION ALL SELECT 2 UNION ALL SELECT 3 UNION ALL SELECT 4 UNION ALL SELECT 5 UNION ALL SELECT 6 UNION ALL SELECT 7 UNION ALL SELECT 8 UNION ALL SELECT 9)
SELECT a.d + 10 * b.d + 100 * c.d + 1000 * d.d + 10000 * e.d + 100000 * f.d FROM digit f, digit e, digit d, digit c, digit b, digit a WHERE f.d < @scale;

INSERT INTO category (id, parent, name) VALUES (1, NULL, 'Shop'), (2, 1, 'Seeds'), (3, 1, 'Tools'), (4, 1, 'Pottery'), (5, 2, 'Herbs'), (6, 2, 'Vegetables'), (7, 2, 'Flowers'),
  (8, 3, 'Hand tools'), (9, 3, 'Watering'), (10, 4, 'Glazed'), (11, 4, 'Töpfe');
INSERT INTO supplier
SELECT n, CONCAT(ELT(1 + CRC32(CONCAT('sname', n)) % 7, 'Brück & Söhne', 'Ateliers Moulin', 'O''Hara Seeds', 'Zahradník', 'Nordlys "AS"', 'Kaya Çömlek', '魏 Pottery 🪴'), ' ', n),
  CONCAT('Orders', n, '@supplier', n, '.example'), ELT(1 + n % 4, 'Münster', 'Saint-Malo', 'Cork', 'Bodø'), ELT(1 + n % 3, 'Łódź', 'Żywiec', NULL),
  ELT(1 + n % 3, 'Семена', 'Псков', NULL), ELT(1 + n % 3, '種と道具', NULL, 'ﾊﾝｶｸ'), IF(n % 2, '种子', NULL), IF(n % 3, '🪴 wide', NULL),
  (CRC32(CONCAT('rating', n)) % 51) / 10, n % 20 - 5, n % 32 FROM numbers WHERE n BETWEEN 1 AND 60;

INSERT INTO product (id, sku, code, name, description, state, net_price, weight_g, attributes, picture, flags, hand_made, shelf_note)
SELECT n, CONCAT(CHAR(65 + CRC32(CONCAT('a', n)) % 26, 65 + CRC32(CONCAT('b', n)) % 26), '-', LPAD(n, 5, '0')), UNHEX(LEFT(SHA2(CONCAT('product', n), 224), 32)),
  CONCAT(ELT(1 + CRC32(CONCAT('adj', n)) % 8, 'Early', 'Tall', 'Dwarf', 'Blue', 'Crème', 'Giant', 'Old', 'Wild'), ' ', ELT(1 + CRC32(CONCAT('noun', n)) % 8, 'basil', 'broad bean', 'dahlia', 'trowel', 'watering can', 'amphora', 'rosé lettuce', 'tête-à-tête'), ' no. ', n),
  IF(n % 9 = 0, NULL, REPEAT(ELT(1 + n % 3, 'Sow under glass in March; plant out when the nights are mild. ', 'Thrown by hand, no two alike: \\ \t "quoted" \0. ', 'Ash handle — lasts a life. 🪴 '), 1 + CRC32(CONCAT('long', n)) % 12)),
  1 + (CRC32(CONCAT('state', n)) % 40) % 5, (50 + CRC32(CONCAT('price', n)) % 9950) / 100, 1 + CRC32(CONCAT('weight', n)) % 4000,
  JSON_OBJECT('colour', ELT(1 + n % 4, 'red', 'green " 4', 'öl', '🌱'), 'n', n / 7e0, 'deep', JSON_ARRAY(n, NULL, TRUE, JSON_OBJECT())),
  IF(n % 10 = 0, UNHEX(REPEAT(LEFT(SHA2(CONCAT('picture', n), 224), 32), 40 + CRC32(CONCAT('pixels', n)) % 150)), NULL), CRC32(CONCAT('flags', n)) % 256, IF(n % 3 = 0, NULL, n % 2), IF(n % 4, 'bottom shelf', NULL)
FROM numbers WHERE n BETWEEN 1 AND 1500 * @scale;
INSERT INTO offer (product, supplier, cost) SELECT p.id, 1 + CRC32(CONCAT('supplier', k, p.id)) % 30 + 30 * k, ROUND(p.net_price * 0.61, 4) + k / 10000
FROM product p, (SELECT 0 AS k UNION ALL SELECT 1) ks WHERE k = 0 OR p.id % 3 = 0 ORDER BY p.id, k;
UPDATE product p JOIN offer o ON o.product = p.id AND o.id % 2 = 0 SET p.preferred_offer = o.id WHERE p.id % 4 = 0;
INSERT IGNORE INTO product_category SELECT p.id, 5 + CRC32(CONCAT('category', k, p.id)) % 7 FROM product p, (SELECT 0 AS k UNION ALL SELECT 1) ks;
INSERT INTO translation SELECT p.sku, l.language, CONCAT(l.word, ' ', p.id), IF(p.id % 2, NULL, REPEAT(l.word, 3))
FROM product p, (SELECT 'de' AS language, 'Gießkanne für Töpfe' AS word UNION ALL SELECT 'fr', 'Graines « d’été »' UNION ALL SELECT 'ja', '種と道具' UNION ALL SELECT 'ar', 'بذور' UNION ALL SELECT 'xx', 'E\tab\\ \r\n and 𝄞') l
WHERE CRC32(CONCAT(l.language, p.id)) % 3 = 0;
INSERT INTO price SELECT p.id, '2023-01-01' + INTERVAL 200 * k DAY, ROUND(p.net_price * (0.91 + 0.03 * k), 2) FROM product p, (SELECT 0 AS k UNION ALL SELECT 1 UNION ALL SELECT 2 UNION ALL SELECT 3) ks WHERE p.id % 2 = 0 OR k = 3;
INSERT INTO leaflet SELECT id, UNHEX(REPEAT(CONCAT(LEFT(SHA2(id, 224), 32), '005C0A0D1A'), 1 + id % 300)), REPEAT(ELT(1 + id % 2, 'Säen ', 'sow;\n'), id % 500), UNHEX('00'), '' FROM product WHERE id % 60 = 0;
INSERT INTO review (product, stars, said, written) SELECT 1 + CRC32(CONCAT('reviewed', n)) % (1500 * @scale), 1 + LEAST(4, CRC32(CONCAT('stars', n)) % 9),
  ELT(1 + CRC32(CONCAT('said', n)) % 8, 'Came up in a week.', 'Handle broke, sent back.', 'Très joli ❤', NULL, '', '.', 'It''s "fine"', 'Привет из Пскова'), '2023-03-01 07:00:00.5' + INTERVAL n * 171 MINUTE FROM numbers WHERE n BETWEEN 1 AND 6000 * @scale;

INSERT INTO customer SELECT 1000 + n, CONCAT('Person', n, '@mail', n % 17, '.example'),
  CONCAT(ELT(1 + CRC32(CONCAT('first', n)) % 9, 'Ada', 'Björn', 'Chloë', 'Dragan', 'Fatma', 'Grace', '李', 'Ольга', 'Zoë'), ' ', ELT(1 + CRC32(CONCAT('last', n)) % 7, 'Ångström', 'de la Cruz', 'McNeil', 'O''Brien', 'Ørsted', 'Weiß', 'Żak'), ' ', n % 211),
  IF(n % 50 = 0, NULL, '1940-01-01' + INTERVAL CRC32(CONCAT('born', n)) % 25000 DAY), CONCAT('+49 ', CRC32(CONCAT('phone', n)) % 99999999),
  '2022-11-05 08:00:00.123456' + INTERVAL n * 307 MINUTE, IF(n % 3, '2025-03-30 00:30:00' + INTERVAL n % 240 MINUTE, NULL), IF(n % 3, INET6_ATON(CONCAT('192.0.2.', n % 250)), INET6_ATON(CONCAT('2001:db8::', HEX(n)))),
  IF(n % 2, NULL, JSON_OBJECT('letters', n % 4 = 0, 'likes', JSON_ARRAY('herbs', 'pots'))), n % 700 / 10, 1 + CRC32(CONCAT('region', n % 997)) % 4, n % 8 > 0 FROM numbers WHERE n < 5000 * @scale;
INSERT INTO customer_address SELECT id, 1, CONCAT('Lane ', id % 300, IF(id % 4, '', '\nc/o "Moss"'), ', Town ', id % 40), POINT(7 + id % 100 / 33, 53 + id % 77 / 100), IF(id % 50, NULL, ST_GeomFromText('POLYGON((0 0,10 0,10 10,0 10,0 0),(1 1,2 1,2 2,1 1))')) FROM customer;
INSERT INTO loyalty SELECT id, CAST((id * 7919) % 10007 AS SIGNED), 1 + 1e0 / id, 16777216 + id, 1990 + id % 40 FROM customer WHERE id % 2 = 0;
INSERT INTO department VALUES (1, 'Shop floor', 1), (2, 'Pottery', 2), (3, 'Accounts', 3);
INSERT INTO staff SELECT n, CONCAT(ELT(1 + n % 5, 'Ruth', 'Silas', 'Tamar', 'Uri', 'Vashti'), ' Saltmarsh ', n), 1 + n % 3, IF(n > 3, 1 + n % 3, NULL), 2400 + n * 11.5, '08:00:00.5', IF(n % 2, '-838:59:59', '216:30:00') FROM numbers WHERE n BETWEEN 1 AND 40;
INSERT INTO currency VALUES ('EUR', 'Euro', 2), ('GBP', 'Pound', 2), ('JPY', '円', 0), ('NOK', 'krone', 2);
INSERT INTO exchange_rate SELECT code, '2024-01-01' + INTERVAL n DAY, v, v, CAST(v AS DECIMAL(30, 15)) / 3e0 FROM (SELECT c.code, n, 1 + CRC32(CONCAT(c.code, n)) % 1000000 / CAST(7000003 AS DECIMAL(60, 25)) AS v FROM currency c, numbers WHERE n < 731) r;
INSERT INTO voucher SELECT UPPER(LEFT(SHA2(CONCAT('voucher', n), 224), 16)), 5 * (1 + n % 10), '2025-01-01' + INTERVAL n DAY, IF(n % 3, NULL, 1000 + n) FROM numbers WHERE n BETWEEN 1 AND 600;
INSERT INTO carrier VALUES (1, 'Fast & Far', '1998-04-01'), (2, 'Mule', '1000-01-01'), (3, 'Bicycle', NULL);
INSERT INTO room VALUES (1, 'Kiln', 8), (2, 'Greenhouse', 14), (3, 'Loft', 255);
INSERT INTO course SELECT n, CONCAT(ELT(1 + n % 4, 'Throwing', 'Glazing', 'Seeds, saved', 'Raku'), ' ', n), IF(n % 5, n * 12.5, NULL), '["AB-00001", null]' FROM numbers WHERE n BETWEEN 1 AND 20;
INSERT INTO lesson SELECT n, 1 + n % 20, 1 + n % 3, '2025-01-03 10:00:00' + INTERVAL n DIV 3 DAY, 1 + n % 40 FROM numbers WHERE n <= 600;
INSERT IGNORE INTO seat SELECT l.id, 1000 + CRC32(CONCAT('seat', k, l.id)) % (4000 * @scale), CRC32(CONCAT('paid', k, l.id)) % 2 FROM lesson l, (SELECT 1 AS k UNION ALL SELECT 2 UNION ALL SELECT 3 UNION ALL SELECT 4) ks;
INSERT INTO warehouse VALUES (1, 'Harbour', ST_GeomFromText('POLYGON((0 0,40 0,40 25,0 25,0 0))'), ST_GeomFromText('MULTIPOINT(1 1,2 2)'), ST_GeomFromText('GEOMETRYCOLLECTION(POINT(1 1),LINESTRING(0 0,1 1))')), (2, 'Mill', NULL, NULL, NULL), (3, 'Hill', NULL, NULL, NULL);
INSERT INTO bin SELECT w.id, CONCAT(CHAR(65 + n DIV 120), n DIV 12 % 10), n % 12, CONV(LEFT(SHA2(CONCAT('bin', w.id, '-', n), 224), 16), 16, 10) + 0 FROM warehouse w, numbers WHERE n < 300;
INSERT INTO region_target SELECT r, 2023 + k, 1000.5 * (k + 1) FROM (SELECT 'N' AS r UNION ALL SELECT 'NE' UNION ALL SELECT 'S' UNION ALL SELECT 'W') rs, (SELECT 0 AS k UNION ALL SELECT 1 UNION ALL SELECT 2) ks;
