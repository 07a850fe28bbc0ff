-- Rows of the catalogue, of people and of the small tables. Nothing here asks for the time of day or for chance.
SET TIME ZONE 'UTC';
SET search_path = catalogue, people, sales, stock, workshop, web, audit, extensions;

INSERT INTO category (path, name, parent) OVERRIDING SYSTEM VALUE SELECT * FROM (VALUES
  ('shop'::ltree, 'Shop', NULL::int), ('shop.seeds', 'Seeds', 1), ('shop.tools', 'Tools', 1), ('shop.pots', 'Pottery', 1),
  ('shop.seeds.herbs', 'Herbs', 2), ('shop.seeds.veg', 'Vegetables', 2), ('shop.seeds.flowers', 'Flowers', 2),
  ('shop.tools.hand', 'Hand tools', 3), ('shop.tools.water', 'Watering', 3), ('shop.pots.glazed', 'Glazed', 4), ('shop.pots.raw', 'Terracotta', 4)
) v (path, name, parent);

INSERT INTO supplier (name, mail, seat, branches, lead_days, closed, extras, network, rating)
SELECT pg_temp.pick('sname', n, '{Brück & Söhne,Ateliers Moulin,O''Hara Seeds,Zahradník,Nordlys AS,Viveiros \"Sol\",Kaya Çömlek,Wei Pottery}') || ' ' || n,
  'Orders' || n || '@Supplier' || n || '.example',
  ROW('Dock ' || n, NULL, lpad(n::text, 5, '0'), pg_temp.pick('town', n, '{Emden,"Saint-Malo",Cork,Brno,Bodø}'), pg_temp.pick('land', n, '{DE,FR,IE,CZ,NO}'))::address,
  CASE n % 3 WHEN 0 THEN '{}' ELSE ARRAY[ROW('Branch "B", 1', '', '1', 'A, B', 'DE'), NULL]::address[] END,
  int4range(n % 5, CASE WHEN n % 7 = 0 THEN NULL ELSE n % 5 + 10 END, '[]'),
  CASE WHEN n % 4 = 0 THEN datemultirange(daterange('2025-08-01', '2025-08-15'), daterange('2025-12-24', '2026-01-02', '[]')) END,
  CASE WHEN n % 2 = 0 THEN hstore(ARRAY['dock', (n % 3)::text, 'note', NULL, 'a "quoted" key', '']) END,
  set_masklen(inet '10.0.0.0' + n * 256, 24)::cidr, pg_temp.noise('rating', n, 51) / 10.0::real
FROM generate_series(1, 60) n;

INSERT INTO product (sku, code, name, description, state, net_price, weight_g, size, tags, attributes, label_xml, picture, flags, sown)
SELECT chr(65 + pg_temp.noise('a', n, 26)) || chr(65 + pg_temp.noise('b', n, 26)) || '-' || lpad(n::text, 5, '0'), md5('product' || n)::uuid,
  pg_temp.pick('adj', n, '{Early,Tall,Dwarf,Blue,Crème,Giant,Hardy,Old,Ruby,Wild}') || ' '
    || pg_temp.pick('noun', n, '{basil,"broad bean",dahlia,trowel,"watering can","amphora",saucer,rosé lettuce,hoe,tête-à-tête}') || ' no. ' || n,
  CASE WHEN n % 9 = 0 THEN NULL ELSE repeat(pg_temp.pick('text', n, '{"Sow under glass in March; plant out when the nights are mild. ","Thrown and glazed by hand, no two alike: \\ \t \"quoted\". ","Ash handle, forged in Sheffield — lasts a life. "}'), 1 + pg_temp.noise('long', n, 12)) END,
  (enum_range(NULL::product_state))[1 + least(4, pg_temp.noise('state', n, 40) % 9)],
  (50 + pg_temp.noise('price', n, 9950)) / 100.0, 1 + pg_temp.noise('weight', n, 4000),
  CASE WHEN n % 5 > 0 THEN ROW(10 + n % 90, 10 + n % 70, CASE WHEN n % 11 = 0 THEN NULL ELSE 5 + n % 300 END)::size_mm END,
  (ARRAY['new', 'gift', 'frost, hardy', 'NULL', '{braces}', ''])[1 : pg_temp.noise('tags', n, 7)],
  jsonb_build_object('colour', pg_temp.pick('colour', n, '{red,blue,"green \" 4",öl,🌱}'), 'n', n::numeric / 7, 'deep', jsonb_build_array(n, NULL, true, '{}'::jsonb)),
  CASE WHEN n % 6 = 0 THEN xmlelement(name label, xmlattributes(n AS no), '<&>', xmlcomment(' by hand ')) END,
  CASE WHEN n % 10 = 0 THEN decode(repeat(md5('picture' || n), 40 + pg_temp.noise('pixels', n, 150)), 'hex') END,
  pg_temp.noise('flags', n, 256)::bit(8),
  CASE WHEN n % 3 = 0 THEN int4multirange(int4range(3, 6), int4range(9, 10, '[]')) END
FROM generate_series(1, pg_temp.many(1500)) n;

INSERT INTO offer (product, supplier, cost)
SELECT p.id, 10 * (1 + pg_temp.noise('supplier' || k, p.id, 30) + 30 * k), round(p.net_price * 0.61, 4) + k / 10000.0 FROM product p, generate_series(0, 1) k
WHERE k = 0 OR p.id % 3 = 0;
UPDATE product SET preferred_offer = o.id FROM offer o WHERE o.product = product.id AND product.id % 4 = 0 AND o.id % 2 = 0;

INSERT INTO product_category SELECT p.id, 5 + pg_temp.noise('category' || k, p.id, 7) FROM product p, generate_series(0, 1) k ON CONFLICT DO NOTHING;
INSERT INTO translation SELECT p.id, l.language, l.word || ' ' || p.id, CASE WHEN p.id % 2 = 0 THEN repeat(l.word || '. ', 3) END
FROM product p, (VALUES ('de', 'Gießkanne für Töpfe'), ('fr', 'Graines « d’été »'), ('ja', '種と道具'), ('ar', 'بذور'), ('el', 'σπόροι'), ('xx', E'tab\there\\ \r\n and 𝄞')) l (language, word)
WHERE pg_temp.noise(l.language, p.id, 3) = 0;
INSERT INTO price SELECT p.id, daterange(('2023-01-01'::date + 200 * k), CASE WHEN k < 3 THEN '2023-01-01'::date + 200 * (k + 1) END), round(p.net_price * (0.91 + 0.03 * k), 2)
FROM product p, generate_series(0, 3) k WHERE p.id % 2 = 0 OR k = 3;
INSERT INTO leaflet SELECT p.id, lo_from_bytea(0, decode(repeat(md5('leaflet' || p.id) || '005c0a0d', 1 + (p.id % 300)::int), 'hex')), 1 + p.id % 40
FROM product p WHERE p.id % 60 = 0 ORDER BY p.id;
INSERT INTO review (product, stars, said, written, answer)
SELECT 1 + pg_temp.noise('reviewed', n * n, pg_temp.many(1500)), 1 + least(4, pg_temp.noise('stars', n, 9)),
  pg_temp.pick('said', n, '{"Came up in a week.","Handle broke, sent back.","Très joli ❤",NULL,"",".","It''s \"fine\"","Привет из Пскова"}'),
  timestamptz '2023-03-01 08:00+01' + n * interval '171 minutes', CASE WHEN n % 20 = 0 THEN '{"by": "Ruth", "text": "Thank you"}'::jsonb END
FROM generate_series(1, pg_temp.many(6000)) n;

INSERT INTO customer (code, mail, name, born, phone, addresses, signed_up, last_seen_from, preferences, credit, stays, region, letters)
SELECT md5('customer' || n)::uuid, 'Person' || n || '@Mail' || n % 17 || '.example',
  pg_temp.pick('first', n, '{Ada,Björn,Chloë,Dragan,Eŭgenio,Fatma,Grace,李,Ольга,Zoë}') || ' ' || pg_temp.pick('last', n, '{Ångström,"de la Cruz",McNeil,O''Brien,Ørsted,Smith,Weiß,Żak}') || ' ' || n % 211,
  CASE n % 50 WHEN 0 THEN NULL WHEN 1 THEN '0044-03-15 BC'::date WHEN 2 THEN '-infinity'::date ELSE date '1940-01-01' + pg_temp.noise('born', n, 25000) END,
  '+49 ' || pg_temp.noise('phone', n, 99999999), ARRAY[ROW('Lane ' || n % 300, CASE WHEN n % 4 = 0 THEN 'c/o "Moss"' END, lpad((n % 99999)::text, 5, '0'), 'Town ' || n % 40, 'DE')::address],
  timestamptz '2022-11-05 10:00:00.123456+02' + n * interval '5 hours 7 minutes', CASE WHEN n % 3 = 0 THEN inet '2001:db8::' + n ELSE inet '192.0.2.0/24' + n % 250 END,
  CASE WHEN n % 2 = 0 THEN jsonb_build_object('letters', n % 4 = 0, 'likes', ARRAY['herbs', 'pots']) END,
  (n % 700)::numeric::money / 10, CASE WHEN n % 9 = 0 THEN make_interval(years => n % 5, months => -n % 7, days => n % 30, secs => n / 8.0) END,
  pg_temp.pick('region', n % 997, '{N,NE,S,S,S,W}'), n % 8 > 0
FROM generate_series(1, pg_temp.many(5000)) n;
INSERT INTO loyalty SELECT id, (id * 7919) % 10007, CASE WHEN id % 500 = 0 THEN 'NaN' WHEN id % 501 = 0 THEN '-0' ELSE 1 + 1.0::float8 / id END, date '2023-01-01' + (id % 1000)::int FROM customer WHERE id % 2 = 0;

SET CONSTRAINTS ALL DEFERRED;
INSERT INTO department VALUES (1, 'Shop floor', 1), (2, 'Pottery', 2), (3, 'Accounts', 3);
INSERT INTO staff (name, department, manager, wage, works, holiday, badge)
SELECT pg_temp.pick('staff', n, '{Ruth,Silas,Tamar,Uri,Vashti}') || ' Saltmarsh ' || n, 1 + n % 3, CASE WHEN n > 3 THEN 1 + n % 3 END,
  CASE WHEN n > 1 THEN 2400 + n * 11.5 END, ARRAY[time '08:00', time '16:30:00.5', NULL], CASE WHEN n % 2 = 0 THEN daterange('2025-07-01', '2025-07-01'::date + n) ELSE 'empty' END,
  ('08:00:2b:01:02:' || lpad(to_hex(n), 2, '0'))::macaddr FROM generate_series(1, 40) n;
SET CONSTRAINTS ALL IMMEDIATE;
INSERT INTO shift SELECT s.id, tstzrange(timestamptz '2025-03-28 08:00 Europe/Berlin' + d * interval '1 day', timestamptz '2025-03-28 16:30 Europe/Berlin' + d * interval '1 day'),
  pg_temp.pick('place', s.id + d, '{Harbour,Mill,Station}') FROM staff s, generate_series(0, 39) d WHERE (s.id + d) % 3 > 0;
INSERT INTO note (written, said) SELECT timestamp '2024-01-01' + n * interval '1 day 0.123 seconds', 'General note ' || n FROM generate_series(1, 50) n;
INSERT INTO customer_note (written, said, customer, urgent) SELECT timestamp '2024-01-01' + n * interval '1 hour', 'Called about order, line 1' || chr(10) || 'line 2', 1000 + n, n % 3 = 0 FROM generate_series(0, 900) n;
INSERT INTO supplier_note (written, said, supplier) SELECT timestamp '2024-06-01' + n * interval '1 hour', 'Late again: ' || n, 10 * n FROM generate_series(1, 60) n;
INSERT INTO region_manager VALUES ('N', 'saltmarsh_sales'), ('S', 'saltmarsh_sales'), ('W', 'saltmarsh_report');

INSERT INTO currency VALUES ('EUR', 'Euro', '2'), ('GBP', 'Pound', '2'), ('JPY', '円', '0'), ('NOK', 'krone', '2');
INSERT INTO exchange_rate SELECT c.code, d, v, v::real FROM currency c, generate_series(date '2024-01-01', date '2025-12-31', '1 day') d,
  LATERAL (SELECT 1 + pg_temp.noise(c.code, d::date - date '2000-01-01', 1000000) / 7000003.0::numeric(30, 15) AS v) r;
INSERT INTO tax VALUES ('standard', 0.19, '[2007-01-01,2020-07-01)'), ('standard again', 0.19, '[2021-01-01,)'), ('reduced', 0.07, '(,)'), ('none', 0, 'empty');
INSERT INTO voucher SELECT upper(substr(md5('voucher' || n), 1, 12)), (5 * (1 + n % 10))::money, CASE WHEN n % 10 = 0 THEN 'infinity' ELSE date '2025-01-01' + n END,
  CASE WHEN n % 3 = 0 THEN 1000 + n END FROM generate_series(1, 600) n;
INSERT INTO carrier VALUES (1, 'Fast & Far', '1998-04-01', '{DE,FR}'), (2, 'Mule', '0001-01-01 BC', '[0:1]={IE,NULL}'), (3, 'Bicycle', NULL, '{}');
