-- What stands on the tables once their rows are there: indexes, views, triggers, rules, policies, publications.

CREATE INDEX product_search ON product USING gin (search);
CREATE INDEX product_tags ON product USING gin (tags) WITH (fastupdate = off);
CREATE INDEX product_attributes ON product USING gin (attributes);
CREATE UNIQUE INDEX product_name_sale ON product (lower(name)) INCLUDE (net_price) WHERE state = 'on sale';
CREATE INDEX product_weight ON product USING hash (weight_g);
CREATE INDEX customer_name_like ON customer USING gin (name gin_trgm_ops);
CREATE INDEX customer_name_pattern ON customer (name COLLATE "C" text_pattern_ops);
CREATE INDEX customer_seen ON customer USING spgist (last_seen_from inet_ops);
CREATE INDEX line_product ON line (product) WITH (deduplicate_items = off);
CREATE INDEX parcel_event_at ON parcel_event USING brin (at) WITH (pages_per_range = 16, autosummarize = on);
CREATE INDEX parcel_event_seen ON parcel_event USING gist (seen_at);
CREATE INDEX visit_at ON visit USING brin (at);
CREATE INDEX visit_bad ON visit (status, at) WHERE status >= 400;
CREATE INDEX movement_product ON movement (product, at);
CREATE INDEX search_words ON search USING gist (words gist_trgm_ops (siglen = 32));
CREATE UNIQUE INDEX shipment_order ON shipment (order_id);
ALTER TABLE shipment REPLICA IDENTITY USING INDEX shipment_pkey;
ALTER TABLE shipment CLUSTER ON shipment_order;
ALTER TABLE parcel_event REPLICA IDENTITY NOTHING;

ALTER TABLE parcel_event ADD CONSTRAINT parcel_event_shipment FOREIGN KEY (shipment) REFERENCES shipment NOT VALID;
INSERT INTO audit.definition (command, object) VALUES ('before the event trigger', NULL);
ALTER TABLE review ADD CONSTRAINT stars_fair CHECK (stars BETWEEN 2 AND 5) NOT VALID;
ALTER TABLE loyalty ADD CONSTRAINT no_debts CHECK (points >= 0) NO INHERIT;

CREATE STATISTICS sales.line_product_pieces (dependencies, ndistinct, mcv) ON product, pieces FROM sales.line;
ALTER STATISTICS sales.line_product_pieces SET STATISTICS 300;
CREATE STATISTICS sales.order_month ON (date_trunc('month', placed::timestamp)) FROM sales.orders;
COMMENT ON STATISTICS sales.order_month IS 'Reports go by month';

CREATE VIEW sales.revenue AS
  SELECT o.placed, o.channel, o.currency, l.product, l.total, catalogue.with_tax(l.total) AS with_tax FROM orders o JOIN line l ON l.order_id = o.id AND l.placed = o.placed;
CREATE VIEW sales.revenue_by_month AS SELECT to_char(placed, 'YYYY-MM') AS month, channel, currency, sum(total) AS total FROM sales.revenue GROUP BY 1, 2, 3;
CREATE VIEW people.letters WITH (security_barrier, security_invoker) AS SELECT id, name, mail FROM customer WHERE letters WITH LOCAL CHECK OPTION;
CREATE RECURSIVE VIEW people.chain (id, name, level) AS
  SELECT id, name, 1 FROM staff WHERE manager IS NULL UNION ALL SELECT s.id, s.name, c.level + 1 FROM staff s JOIN chain c ON s.manager = c.id WHERE s.id > 3;
CREATE VIEW catalogue."For sale; ""now""" (sku, "in EUR", note) AS SELECT sku, net_price, NULL::text FROM product WHERE state IN ('on sale', 'seasonal');
ALTER VIEW catalogue."For sale; ""now""" ALTER COLUMN note SET DEFAULT 'none';
COMMENT ON COLUMN catalogue."For sale; ""now"""."in EUR" IS 'before tax';

CREATE MATERIALIZED VIEW sales.by_product WITH (fillfactor = 95) AS SELECT product, count(*) AS lines, sum(total) AS total FROM line GROUP BY product;
CREATE UNIQUE INDEX by_product_key ON sales.by_product (product);
CREATE MATERIALIZED VIEW sales.best AS SELECT p.name, b.total FROM sales.by_product b JOIN product p ON p.id = b.product ORDER BY b.total DESC, p.id LIMIT 50;
CREATE MATERIALIZED VIEW sales.never_filled AS SELECT * FROM sales.best WITH NO DATA;
COMMENT ON MATERIALIZED VIEW sales.best IS 'Fifty best';

CREATE FUNCTION audit.note() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = audit, pg_temp AS $body$
BEGIN
  -- A body with $$ in it; and "quotes", 'quotes', \backslashes
  INSERT INTO audit.changed VALUES (timestamptz '2025-11-20 12:00+00', TG_TABLE_NAME || ':' || TG_ARGV[0], coalesce(NEW.id, OLD.id)::text, to_jsonb(OLD), to_jsonb(NEW));
  RETURN coalesce(NEW, OLD);
END $body$;
CREATE TRIGGER noted AFTER INSERT OR UPDATE OF net_price OR DELETE ON product FOR EACH ROW WHEN (pg_trigger_depth() < 2) EXECUTE FUNCTION audit.note('it''s; "here"');
CREATE TRIGGER a_noted_too AFTER UPDATE ON customer REFERENCING OLD TABLE AS was NEW TABLE AS is_now FOR EACH STATEMENT EXECUTE FUNCTION suppress_redundant_updates_trigger();
ALTER TABLE customer DISABLE TRIGGER a_noted_too;
CREATE TRIGGER replicated BEFORE UPDATE ON supplier FOR EACH ROW EXECUTE FUNCTION suppress_redundant_updates_trigger();
ALTER TABLE supplier ENABLE REPLICA TRIGGER replicated;
CREATE TRIGGER quiet BEFORE UPDATE ON orders FOR EACH ROW EXECUTE FUNCTION suppress_redundant_updates_trigger();
ALTER TABLE orders_2023 DISABLE TRIGGER quiet;
CREATE FUNCTION catalogue.put_for_sale() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN UPDATE catalogue.product SET net_price = NEW."in EUR" WHERE sku = NEW.sku; RETURN NEW; END $$;
CREATE TRIGGER put INSTEAD OF UPDATE ON catalogue."For sale; ""now""" FOR EACH ROW EXECUTE FUNCTION catalogue.put_for_sale();
CREATE CONSTRAINT TRIGGER paid_in_full AFTER INSERT ON refund DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION suppress_redundant_updates_trigger();
ALTER TABLE refund ENABLE ALWAYS TRIGGER paid_in_full;

CREATE RULE no_old_books AS ON DELETE TO "Old Books (1987)"."Ledger ""A""; -- draft" DO INSTEAD NOTHING;
CREATE RULE count_carts AS ON INSERT TO cart WHERE NEW.items = '[]' DO ALSO INSERT INTO search VALUES ('empty cart', 0, 0);
ALTER TABLE cart DISABLE RULE count_carts;

CREATE POLICY own_region ON customer FOR SELECT TO saltmarsh_sales USING (region IN (SELECT r.region FROM region_manager r WHERE r.login = current_user));
CREATE POLICY grown_up ON customer AS RESTRICTIVE TO saltmarsh_sales, saltmarsh_report USING (born IS NULL OR born < '2007-11-20') WITH CHECK (letters);
CREATE POLICY all_of_it ON customer TO saltmarsh_owner USING (true);
ALTER TABLE customer FORCE ROW LEVEL SECURITY;

CREATE PROCEDURE stock.take_out(IN wanted bigint, INOUT left_over int DEFAULT 0) LANGUAGE plpgsql AS $$
BEGIN left_over := left_over + (SELECT coalesce(sum(pieces), 0) FROM stock.movement WHERE product = wanted); END $$;
CREATE FUNCTION stock.level(wanted bigint) RETURNS TABLE (warehouse smallint, pieces bigint) LANGUAGE sql STABLE ROWS 4 COST 50
  BEGIN ATOMIC SELECT m.warehouse, sum(m.pieces) FROM stock.movement m WHERE m.product = wanted GROUP BY 1 ORDER BY 1; END;
CREATE CAST (text AS catalogue.size_mm) WITH INOUT AS ASSIGNMENT;

CREATE PUBLICATION shop_window FOR TABLE product (id, sku, name, net_price), category, TABLE ONLY supplier WHERE (rating > 3) WITH (publish = 'insert, update');
CREATE PUBLICATION sales_whole FOR TABLES IN SCHEMA sales WITH (publish_via_partition_root = true);
COMMENT ON PUBLICATION shop_window IS 'For the web shop';

CREATE FUNCTION audit.note_definition() RETURNS event_trigger LANGUAGE plpgsql AS $$
BEGIN INSERT INTO audit.definition (command, object) SELECT command_tag, object_identity FROM pg_event_trigger_ddl_commands(); END $$;
