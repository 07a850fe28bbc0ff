-- MySQL and MariaDB: the account of an agent that restores. It makes schemas, objects of other definers, and with
-- --globals other accounts.
CREATE USER tidemark@'127.0.0.1' IDENTIFIED BY 'change-me';
GRANT ALL PRIVILEGES ON *.* TO tidemark@'127.0.0.1' WITH GRANT OPTION;
