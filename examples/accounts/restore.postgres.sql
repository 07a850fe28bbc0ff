-- PostgreSQL: the account of an agent that restores. It makes databases, and objects of other owners.
CREATE ROLE tidemark LOGIN SUPERUSER PASSWORD 'change-me';
