-- PostgreSQL 17 and newer: the account of an agent that takes backups.
CREATE ROLE tidemark LOGIN PASSWORD 'change-me';
-- Read every table, lock every table (those of tomorrow too), see who is in the way.
GRANT pg_read_all_data, pg_maintain, pg_monitor TO tidemark;
-- So that a running autovacuum yields to the barrier in time.
GRANT SET ON PARAMETER deadlock_timeout TO tidemark;
