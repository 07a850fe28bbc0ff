-- Saltmarsh & Daughters sell seeds, tools and pottery by post, in three shops and over the web, and give workshops.
-- Schemas, extensions, types and everything later files name.

CREATE SCHEMA catalogue;
CREATE SCHEMA people;
CREATE SCHEMA sales;
CREATE SCHEMA stock;
CREATE SCHEMA workshop;
CREATE SCHEMA web;
CREATE SCHEMA audit;
CREATE SCHEMA partner;
CREATE SCHEMA "Old Books (1987)";
CREATE SCHEMA extensions;
COMMENT ON SCHEMA "Old Books (1987)" IS 'What the first computer knew; nobody dares to rename it; -- really';

CREATE EXTENSION btree_gist SCHEMA extensions;
CREATE EXTENSION pg_trgm SCHEMA extensions;
CREATE EXTENSION hstore SCHEMA extensions;
CREATE EXTENSION citext SCHEMA extensions;
CREATE EXTENSION ltree SCHEMA extensions;
CREATE EXTENSION unaccent SCHEMA extensions;
CREATE EXTENSION postgres_fdw SCHEMA extensions;
CREATE EXTENSION file_fdw SCHEMA extensions;
COMMENT ON EXTENSION ltree IS 'The tree of categories';

SET search_path = catalogue, people, sales, stock, workshop, web, audit, extensions;

DO $$ BEGIN
  EXECUTE format('ALTER DATABASE %I SET search_path = catalogue, people, sales, stock, workshop, web, audit, extensions', current_database());
  EXECUTE format('ALTER DATABASE %I SET default_text_search_config = %L', current_database(), 'catalogue.shop');
  EXECUTE format('ALTER ROLE saltmarsh_report IN DATABASE %I SET statement_timeout = %L', current_database(), '5min');
  EXECUTE format('COMMENT ON DATABASE %I IS %L', current_database(), E'Saltmarsh & Daughters: the shop''s books\nAsk accounts before you change anything');
  EXECUTE format('REVOKE TEMPORARY ON DATABASE %I FROM PUBLIC', current_database());
  EXECUTE format('GRANT CONNECT, TEMPORARY ON DATABASE %I TO saltmarsh_sales', current_database());
END $$;

-- The same number for the same words on every server and in every run.
CREATE FUNCTION pg_temp.noise(what text, n bigint, below int) RETURNS int LANGUAGE sql IMMUTABLE
  AS $$ SELECT ('x' || substr(md5(what || n), 1, 7))::bit(28)::int % below $$;
CREATE FUNCTION pg_temp.pick(what text, n bigint, choices text[]) RETURNS text LANGUAGE sql IMMUTABLE
  AS $$ SELECT choices[1 + ('x' || substr(md5(what || n), 1, 7))::bit(28)::int % cardinality(choices)] $$;
CREATE FUNCTION pg_temp.many(at_scale_one int) RETURNS int LANGUAGE sql STABLE
  AS $$ SELECT (at_scale_one * current_setting('sample.scale')::numeric)::int $$;

CREATE COLLATION catalogue.by_name (provider = icu, locale = 'de-u-co-phonebk-kn-true');
CREATE COLLATION catalogue.loose (provider = icu, locale = 'und-u-ks-level1', deterministic = false);
COMMENT ON COLLATION catalogue.loose IS 'Neither case nor accent';

CREATE TEXT SEARCH DICTIONARY catalogue.shop_stem (TEMPLATE = snowball, language = english, stopwords = english);
CREATE TEXT SEARCH CONFIGURATION catalogue.shop (COPY = english);
ALTER TEXT SEARCH CONFIGURATION catalogue.shop ALTER MAPPING FOR hword, hword_part, word WITH unaccent, shop_stem;
COMMENT ON TEXT SEARCH CONFIGURATION catalogue.shop IS 'Rosé is found by rose';

CREATE TYPE catalogue.product_state AS ENUM ('draft', 'on sale', 'withdrawn', 'sold out, sorry');
ALTER TYPE catalogue.product_state ADD VALUE 'seasonal' BEFORE 'withdrawn';
CREATE TYPE catalogue.size_mm AS (width int, depth int, height int);
CREATE DOMAIN catalogue.sku AS text COLLATE "C"
  CHECK (VALUE ~ '^[A-Z]{2}-[0-9]{5}$') CONSTRAINT sku_short CHECK (length(VALUE) < 20);
CREATE DOMAIN catalogue.amount AS numeric(14, 2) NOT NULL DEFAULT 0 CHECK (VALUE >= 0);
COMMENT ON DOMAIN catalogue.sku IS 'Two letters, five digits';
CREATE TYPE catalogue.price_span AS RANGE (subtype = numeric, subtype_diff = numrange_subdiff, multirange_type_name = price_spans);
CREATE TYPE people.address AS (line1 text, line2 text, postcode text, town text, country char(2));
CREATE TYPE sales.channel AS ENUM ('web', 'shop', 'phone', 'letter');
CREATE TYPE sales.pay_method AS ENUM ('card', 'transfer', 'cash', 'voucher');

CREATE FUNCTION catalogue.with_tax(net numeric, rate numeric DEFAULT 0.19) RETURNS numeric
  LANGUAGE sql IMMUTABLE PARALLEL SAFE RETURN round(net * (1 + rate), 2);
COMMENT ON FUNCTION catalogue.with_tax(numeric, numeric) IS 'What the customer pays';
CREATE FUNCTION people.one_line(a people.address) RETURNS text LANGUAGE sql IMMUTABLE
  AS $$ SELECT concat_ws(', ', (a).line1, nullif((a).line2, ''), (a).postcode || ' ' || (a).town, (a).country) $$;
CREATE FUNCTION catalogue.grams_add(state int, grams int) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT state + coalesce(grams, 0)';
CREATE AGGREGATE catalogue.total_grams(int) (sfunc = catalogue.grams_add, stype = int, initcond = '0');
CREATE FUNCTION catalogue.cheaper(a catalogue.size_mm, b catalogue.size_mm) RETURNS boolean LANGUAGE sql IMMUTABLE
  AS $$ SELECT (a).width::bigint * (a).depth * (a).height < (b).width::bigint * (b).depth * (b).height $$;
CREATE OPERATOR catalogue.<<< (leftarg = catalogue.size_mm, rightarg = catalogue.size_mm, function = catalogue.cheaper);
COMMENT ON OPERATOR catalogue.<<< (catalogue.size_mm, catalogue.size_mm) IS 'Takes less room on the shelf';
CREATE FUNCTION catalogue.grams_of(text) RETURNS int LANGUAGE sql IMMUTABLE STRICT AS $$ SELECT (substring($1 from '\d+'))::int $$;

CREATE SEQUENCE sales.invoice_number START 202300001 INCREMENT 1 CACHE 1;
CREATE SEQUENCE stock.pallet AS smallint START 990 MINVALUE 1 MAXVALUE 999 CYCLE;
CREATE SEQUENCE "Old Books (1987)"."No. of ""Ledger""" START -1 INCREMENT -5 MINVALUE -100000 MAXVALUE -1;
