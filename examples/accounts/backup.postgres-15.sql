-- PostgreSQL 15 and 16: the account of an agent that takes backups. `shop_owner` is the role that owns the tables.
CREATE ROLE tidemark LOGIN PASSWORD 'change-me';
-- Read every table, see who is in the way.
GRANT pg_read_all_data, pg_monitor TO tidemark;
-- There is no privilege that only locks. A member of the owning role may, also the tables of tomorrow; a grant on each
-- table would leave those out.
GRANT shop_owner TO tidemark;
-- So that a running autovacuum yields to the barrier in time.
GRANT SET ON PARAMETER deadlock_timeout TO tidemark;
