-- MariaDB: the account of an agent that takes backups.
CREATE USER tidemark@'127.0.0.1' IDENTIFIED BY 'change-me';
GRANT SELECT, LOCK TABLES, SHOW VIEW, TRIGGER, EVENT, RELOAD, PROCESS ON *.* TO tidemark@'127.0.0.1';
GRANT BINLOG MONITOR, REPLICA MONITOR ON *.* TO tidemark@'127.0.0.1';
