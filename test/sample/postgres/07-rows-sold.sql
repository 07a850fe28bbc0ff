-- Rows of what was sold, moved and looked at: a hundred times as many as of anything else.

-- Half of the orders by a tenth of the customers.
INSERT INTO orders
SELECT n, placed, placed + time '06:00' + pg_temp.noise('second', n, 57600) * interval '1.000001 seconds',
  (CASE WHEN m < 12 THEN 'web' WHEN m < 17 THEN 'shop' WHEN m < 19 THEN 'phone' ELSE 'letter' END)::channel,
  1000 + CASE WHEN n % 2 = 0 THEN pg_temp.noise('buyer', n, pg_temp.many(500)) ELSE pg_temp.noise('buyer', n, pg_temp.many(5000)) END,
  pg_temp.pick('money', n, '{EUR,EUR,EUR,EUR,EUR,EUR,GBP,JPY,NOK}'),
  CASE WHEN n % 6 = 0 THEN ROW('Harbour ' || n % 77, '', '26721', 'Emden', 'DE')::address END,
  CASE WHEN n % 13 = 0 THEN 'Leave with "neighbour"; \ not in the rain' END,
  CASE WHEN m < 12 THEN jsonb_build_object('cart', md5('cart' || n), 'gift', n % 10 = 0) END
FROM (SELECT n, date '2023-01-02' + (n * 1150 / pg_temp.many(10000)) AS placed, pg_temp.noise('channel', n, 20) AS m FROM generate_series(1, pg_temp.many(10000)) n) o;

-- A few products are in most of the orders.
INSERT INTO line (order_id, placed, channel, line, product, pieces, net, engraving)
SELECT w.id, w.placed, w.channel, w.line, p.id, 1 + pg_temp.noise('pieces', w.id * 10 + w.line, 5), p.net_price, CASE WHEN w.id % 40 = 0 THEN 'For ' || w.customer END
FROM (SELECT o.id, o.placed, o.channel, o.customer, l AS line,
    1 + (pg_temp.noise('line', o.id * 10 + l, 46000)::bigint * pg_temp.noise('line2', o.id * 10 + l, 46000) / 1411000) % pg_temp.many(1500) AS product
  FROM orders o CROSS JOIN generate_series(1, 1 + (o.id % 4)::int) l OFFSET 0) w
JOIN product p ON p.id = w.product;

INSERT INTO payment (order_id, placed, channel, method, paid, arrived, reference)
SELECT o.id, o.placed, o.channel, pg_temp.pick('method', o.id, '{card,card,card,transfer,cash,voucher}')::pay_method, sum(l.total), o.placed_at + interval '2 days', decode(md5('ref' || o.id), 'hex')
FROM orders o JOIN line l ON l.order_id = o.id WHERE o.id % 17 > 0 GROUP BY o.id, o.placed, o.channel, o.placed_at ORDER BY o.id;
INSERT INTO refund SELECT id, round(paid / 3, 2), pg_temp.pick('why', id, '{broken,late,"not as shown","changed mind; sorry"}') FROM payment WHERE id % 31 = 0;
INSERT INTO invoice (order_id, sent, total, body) SELECT p.order_id, p.arrived::date, p.paid, CASE WHEN p.id % 25 = 0 THEN xmlelement(name invoice, xmlattributes(p.order_id AS "order"), p.paid) END
FROM payment p WHERE p.id % 2 = 0 ORDER BY p.id;
INSERT INTO cart SELECT md5('open cart' || n)::uuid, timestamptz '2025-11-01 00:00+00' + n * interval '1 minute', jsonb_build_array(n, n * 2) FROM generate_series(1, 800) n;
INSERT INTO shipment SELECT o.id, o.id, 1 + o.id % 3, 'SM' || lpad(o.id::text, 12, '0'), o.placed_at + interval '1 day', interval '1 day 02:03:04.5' * (1 + o.id % 4), CASE WHEN o.id % 100 = 0 THEN path '[(7.2,53.3),(8,53.1),(9.9,53.5)]' END
FROM orders o WHERE o.channel <> 'shop' AND o.id % 2 = 0;
INSERT INTO parcel_event SELECT s.id, s.sent + k * interval '7 hours', point(7 + k / 3.0, 53 + (s.id % 100) / 100.0), (ARRAY['taken', 'on its way', 'delivered'])[k]
FROM shipment s, generate_series(1, 3) k ORDER BY s.sent, k;

INSERT INTO warehouse VALUES
  (1, 'Harbour', '(7.2,53.36)', '((0,0),(40,0),(40,25),(0,25))', '<(7.2,53.36),120.5>', '{1,-1,0}', '[(0,0),(3,4)]', '(40,25),(0,0)', '10.1.0.0/16', '08:00:2b:ff:fe:01:02:03', '06:00:00+01'),
  (2, 'Mill', '(7.9,53.1)', NULL, NULL, NULL, NULL, NULL, 'fd00:1::/32', NULL, '07:30:00.25-03:30'),
  (3, 'Hill', '(-0,1e-300)', NULL, '<(0,0),0>', NULL, NULL, NULL, NULL, NULL, NULL), (4, 'The new one', '(Infinity,NaN)', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL);
INSERT INTO bin SELECT w.id, chr(65 + s / 10) || chr(48 + s % 10), p, (pg_temp.noise('bin', w.id * 10000 + s * 100 + p, 65536))::bit(16)::varbit(16) FROM warehouse w, generate_series(0, 24) s, generate_series(1, 12) p WHERE w.id < 4;
INSERT INTO movement (id, warehouse, product, at, pieces, why)
SELECT n, CASE WHEN n % 900 = 0 THEN 4 ELSE 1 + pg_temp.noise('where', n, 3) END, 1 + pg_temp.noise('moved', n, pg_temp.many(1500)), timestamp '2023-01-01' + n * (interval '1040 days' / pg_temp.many(20000)),
  CASE WHEN n % 4 = 0 THEN -1 - pg_temp.noise('out', n, 9) ELSE 1 + pg_temp.noise('in', n, 30) END, pg_temp.pick('reason', n, '{bought,sold,counted,broken}') FROM generate_series(1, pg_temp.many(20000)) n;
INSERT INTO counted SELECT w.id, date '2024-12-31' + k * 90, 'sheet ' || k, ARRAY[[k, w.id], [NULL, 7]] FROM warehouse w, generate_series(0, 3) k;

INSERT INTO room VALUES (1, 'Kiln', 8, '(6,4),(0,0)'), (2, 'Greenhouse', 14, '(20,6),(0,0)'), (3, 'Loft', 5, NULL);
INSERT INTO course SELECT n, pg_temp.pick('course', n, '{Throwing,Glazing,"Seeds, saved",Grafting,Raku}') || ' ' || n, CASE WHEN n % 5 > 0 THEN n * 12.5 END, ARRAY['AB-00001', NULL]::sku[] FROM generate_series(1, 20) n;
INSERT INTO lesson SELECT n, 1 + n % 20, 1 + n % 3, tsrange(timestamp '2025-01-03 10:00' + n / 3 * interval '1 day', timestamp '2025-01-03 12:30' + n / 3 * interval '1 day'), 1 + n % 40 FROM generate_series(0, 600) n;
INSERT INTO seat SELECT l.id, 1000 + pg_temp.noise('seat' || k, l.id, pg_temp.many(4000)), pg_temp.noise('paid', l.id + k, 3) > 0 FROM lesson l, generate_series(1, 4) k ON CONFLICT DO NOTHING;

INSERT INTO visit
SELECT n, timestamptz '2025-09-01 00:00+02' + n * (interval '75 days' / pg_temp.many(90000)), md5('visitor' || pg_temp.noise('v', n, 9000))::uuid, CASE WHEN n % 5 = 0 THEN 1000 + n % 4000 END,
  inet '198.51.100.0' + n % 255, '/' || pg_temp.pick('path', n % 3001, '{seeds,tools,pots,cart,search?q=%C3%A9,seeds/herbs}') || '/' || n % 1500, (n % 9973) / 1000.0::real,
  CASE WHEN n % 97 = 0 THEN 404 WHEN n % 1009 = 0 THEN 500 ELSE 200 END, pg_temp.pick('agent', n % 499, '{"Mozilla/5.0 (X11; Linux)","Mozilla/5.0 (iPhone)",NULL,"curl/8"}'),
  CASE WHEN n % 30 = 0 THEN ('{"a":  ' || n || ', "a": [1.0,  "\u00e9"]}')::json END
FROM generate_series(1, pg_temp.many(90000)) n;
INSERT INTO search SELECT words, n * 3, n % 40, to_tsvector('simple', words), plainto_tsquery('simple', words)
FROM (SELECT n, pg_temp.pick('search', n, '{"rosé lettuce","watering can","blue pot",amphora,hoe}') || ' ' || n AS words FROM generate_series(1, 700) n) s;
INSERT INTO setting VALUES ('free from', '49.90', '49.90', '16/B374D848', '10:20:10,14,15', 'sales.orders', 'saltmarsh_owner'), ('motto', '"Dig \"deep\""', ' [ 1 , 2 ] ', NULL, NULL, NULL, NULL), ('nothing', NULL, 'null', '0/0', NULL, '"Old Books (1987)"."🪴"', NULL);

INSERT INTO "Old Books (1987)"."Ledger ""A""; -- draft" ("Soll & Haben (DM)", "%s\n", "Größe.Maß", " ")
SELECT CASE n WHEN 1 THEN 'NaN' WHEN 2 THEN 'Infinity' WHEN 3 THEN ('1' || repeat('0', 300) || '.' || repeat('7', 300))::numeric ELSE n / 3.0 END, E'\\N\t\\.', repeat('ß', n), n % 2 = 0 FROM generate_series(1, 60) n;
INSERT INTO "Old Books (1987)"."a table whose name has exactly sixty-three bytes, as few others" VALUES (1, '値'), (NULL, NULL);
INSERT INTO "Old Books (1987)"."nothing here" SELECT FROM generate_series(1, 7);
INSERT INTO "Old Books (1987)"."🪴" VALUES (1), (2147483646), (NULL);
INSERT INTO audit.changed SELECT timestamptz '2024-05-05 05:05+00' + n * interval '1 day', 'product', n::text, NULL, jsonb_build_object('n', n) FROM generate_series(1, 900) n;
