-- Owners, grants and what new objects will be granted; last of all the event triggers, which would note all this.

DO $$
DECLARE entry record;
BEGIN
  FOR entry IN SELECT n.nspname, c.relname, c.relkind FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE n.nspname IN ('catalogue', 'people', 'sales', 'stock') AND c.relkind IN ('r', 'p', 'v', 'm', 'S')
      AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.objid = c.oid AND d.deptype IN ('a', 'i') AND c.relkind = 'S') ORDER BY 1, 2
  LOOP
    EXECUTE format('ALTER TABLE %I.%I OWNER TO saltmarsh_owner', entry.nspname, entry.relname);
  END LOOP;
  FOR entry IN SELECT nspname FROM pg_namespace WHERE nspname IN ('catalogue', 'people', 'sales', 'stock') LOOP
    EXECUTE format('ALTER SCHEMA %I OWNER TO saltmarsh_owner', entry.nspname);
  END LOOP;
  EXECUTE format('ALTER DATABASE %I OWNER TO saltmarsh_owner', current_database());
  FOR entry IN SELECT content FROM catalogue.leaflet ORDER BY product LOOP
    EXECUTE format('ALTER LARGE OBJECT %s OWNER TO saltmarsh_owner', entry.content);
    EXECUTE format('GRANT SELECT ON LARGE OBJECT %s TO saltmarsh_report', entry.content);
  END LOOP;
  EXECUTE format('COMMENT ON LARGE OBJECT %s IS %L', (SELECT min(content) FROM catalogue.leaflet), 'the first leaflet');
END $$;
ALTER TYPE catalogue.product_state OWNER TO saltmarsh_owner;
ALTER FUNCTION catalogue.with_tax(numeric, numeric) OWNER TO saltmarsh_owner;
GRANT USAGE ON SCHEMA catalogue, people, sales, stock, workshop, web, extensions TO saltmarsh_sales, saltmarsh_report;
GRANT SELECT ON ALL TABLES IN SCHEMA sales, catalogue TO saltmarsh_report;
GRANT SELECT, INSERT, UPDATE ON sales.orders, sales.line TO saltmarsh_sales WITH GRANT OPTION;
SET ROLE saltmarsh_sales;
GRANT SELECT ON sales.line TO saltmarsh_report;
RESET ROLE;
GRANT SELECT (id, name, region), UPDATE (phone) ON people.customer TO saltmarsh_sales;
GRANT SELECT (name) ON people.staff TO PUBLIC;
REVOKE ALL ON FUNCTION audit.note() FROM PUBLIC;
GRANT EXECUTE ON PROCEDURE stock.take_out(bigint, int) TO saltmarsh_sales;
REVOKE EXECUTE ON FUNCTION people.one_line(people.address) FROM PUBLIC;
GRANT USAGE, SELECT ON SEQUENCE sales.invoice_number TO saltmarsh_sales;
GRANT USAGE ON TYPE people.address TO saltmarsh_report;
GRANT USAGE ON FOREIGN SERVER partner_books TO saltmarsh_report;
REVOKE ALL ON SCHEMA public FROM PUBLIC;
REVOKE SELECT ON sales.refund FROM saltmarsh_report;
ALTER DEFAULT PRIVILEGES FOR ROLE saltmarsh_owner IN SCHEMA sales GRANT SELECT ON TABLES TO saltmarsh_report;
ALTER DEFAULT PRIVILEGES FOR ROLE saltmarsh_owner REVOKE EXECUTE ON FUNCTIONS FROM PUBLIC;

REFRESH MATERIALIZED VIEW sales.by_product;
REFRESH MATERIALIZED VIEW sales.best;
SELECT setval('"Old Books (1987)"."No. of ""Ledger"""', -5001, false), nextval('stock.pallet'), setval('catalogue.review_id_seq', 900000);

CREATE EVENT TRIGGER noted_definitions ON ddl_command_end EXECUTE FUNCTION audit.note_definition();
CREATE FUNCTION audit.not_these() RETURNS event_trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'not in the books of 1987'; END $$;
CREATE EVENT TRIGGER keep_old_books ON sql_drop WHEN TAG IN ('DROP TABLE', 'DROP SCHEMA') EXECUTE FUNCTION audit.not_these();
ALTER EVENT TRIGGER keep_old_books DISABLE;
COMMENT ON EVENT TRIGGER noted_definitions IS 'Everybody who changes a table is noted';
