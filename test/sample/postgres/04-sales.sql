-- Orders, money and parcels.

CREATE TABLE sales.currency (code char(3) PRIMARY KEY, name text NOT NULL, digits "char" NOT NULL);
CREATE TABLE sales.exchange_rate (
  currency char(3) NOT NULL REFERENCES sales.currency,
  day date NOT NULL,
  rate numeric(30, 15) NOT NULL,
  as_float real NOT NULL,
  PRIMARY KEY (currency, day)
);
CREATE TABLE sales.tax (name text PRIMARY KEY, rate numeric(6, 4) NOT NULL, valid daterange NOT NULL DEFAULT '[,)');
CREATE TABLE sales.voucher (
  code varchar(20) COLLATE "C" PRIMARY KEY,
  worth money NOT NULL,
  ends date NOT NULL DEFAULT 'infinity',
  used_by bigint REFERENCES people.customer ON DELETE SET NULL
);

-- By year; the present year by channel; what comes from the web by hash; and a place for what fits nowhere.
CREATE TABLE sales.orders (
  id bigint NOT NULL,
  placed date NOT NULL,
  placed_at timestamptz NOT NULL,
  channel sales.channel NOT NULL,
  customer bigint NOT NULL REFERENCES people.customer,
  currency char(3) NOT NULL DEFAULT 'EUR' REFERENCES sales.currency,
  ship_to people.address,
  remark text,
  details jsonb,
  PRIMARY KEY (id, placed, channel)
) PARTITION BY RANGE (placed);
CREATE TABLE sales.orders_2023 PARTITION OF sales.orders FOR VALUES FROM ('2023-01-01') TO ('2024-01-01');
CREATE TABLE sales.orders_2024 (
  remark text, details jsonb, channel sales.channel NOT NULL, id bigint NOT NULL, placed date NOT NULL,
  placed_at timestamptz NOT NULL, customer bigint NOT NULL, currency char(3) NOT NULL DEFAULT 'EUR', ship_to people.address
);
ALTER TABLE sales.orders ATTACH PARTITION sales.orders_2024 FOR VALUES FROM ('2024-01-01') TO ('2025-01-01');
CREATE TABLE sales.orders_2025 PARTITION OF sales.orders FOR VALUES FROM ('2025-01-01') TO ('2026-01-01') PARTITION BY LIST (channel);
CREATE TABLE sales.orders_2025_web PARTITION OF sales.orders_2025 FOR VALUES IN ('web') PARTITION BY HASH (id);
CREATE TABLE sales.orders_2025_web_0 PARTITION OF sales.orders_2025_web FOR VALUES WITH (MODULUS 2, REMAINDER 0);
CREATE TABLE sales.orders_2025_web_1 PARTITION OF sales.orders_2025_web FOR VALUES WITH (MODULUS 2, REMAINDER 1) WITH (fillfactor = 80);
CREATE TABLE sales.orders_2025_shop PARTITION OF sales.orders_2025 FOR VALUES IN ('shop');
CREATE TABLE sales.orders_2025_else PARTITION OF sales.orders_2025 DEFAULT;
CREATE TABLE sales.orders_else PARTITION OF sales.orders DEFAULT;
CREATE INDEX orders_customer ON sales.orders (customer, placed DESC NULLS LAST);
CREATE INDEX orders_details ON sales.orders USING gin (details jsonb_path_ops);
-- An index of one partition alone, and one that was built first and attached afterwards.
CREATE INDEX orders_2025_shop_hours ON sales.orders_2025_shop ((extract(hour FROM placed_at AT TIME ZONE 'UTC')));
CREATE INDEX orders_currency ON ONLY sales.orders (currency);
CREATE INDEX orders_2023_money ON sales.orders_2023 (currency);
ALTER INDEX sales.orders_currency ATTACH PARTITION sales.orders_2023_money;

CREATE TABLE sales.line (
  order_id bigint NOT NULL,
  placed date NOT NULL,
  channel sales.channel NOT NULL,
  line smallint NOT NULL,
  product bigint NOT NULL REFERENCES catalogue.product,
  pieces int NOT NULL CHECK (pieces <> 0),
  net numeric(12, 2) NOT NULL,
  total numeric(14, 2) GENERATED ALWAYS AS (pieces * net) STORED,
  engraving text,
  PRIMARY KEY (order_id, placed, channel, line),
  FOREIGN KEY (order_id, placed, channel) REFERENCES sales.orders ON DELETE CASCADE
);
CREATE TABLE sales.payment (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  order_id bigint NOT NULL,
  placed date NOT NULL,
  channel sales.channel NOT NULL,
  method sales.pay_method NOT NULL,
  paid numeric(14, 2) NOT NULL,
  arrived timestamptz NOT NULL,
  reference bytea,
  FOREIGN KEY (order_id, placed, channel) REFERENCES sales.orders
);
CREATE TABLE sales.refund (
  payment bigint PRIMARY KEY REFERENCES sales.payment,
  back numeric(14, 2) NOT NULL,
  reason text NOT NULL
);
CREATE TABLE sales.invoice (
  number bigint PRIMARY KEY DEFAULT nextval('sales.invoice_number'),
  order_id bigint NOT NULL,
  sent date,
  total numeric(14, 2) NOT NULL,
  body xml
);
ALTER SEQUENCE sales.invoice_number OWNED BY sales.invoice.number;

CREATE UNLOGGED TABLE sales.cart (
  visitor uuid PRIMARY KEY,
  opened timestamptz NOT NULL,
  items jsonb NOT NULL
);

CREATE TABLE sales.carrier (id smallint PRIMARY KEY, name text NOT NULL, since date, reaches char(2)[]);
CREATE TABLE sales.shipment (
  id bigint PRIMARY KEY,
  order_id bigint NOT NULL,
  carrier smallint NOT NULL REFERENCES sales.carrier,
  tracking varchar(40) UNIQUE,
  sent timestamptz,
  took interval,
  route path
);
CREATE TABLE sales.parcel_event (
  shipment bigint NOT NULL,
  at timestamptz NOT NULL,
  seen_at point,
  what text NOT NULL
) WITH (autovacuum_vacuum_scale_factor = 0.05, toast.autovacuum_enabled = off);
