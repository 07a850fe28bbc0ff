/** What the application's tables on PostgreSQL need before they can be made: schemas, extensions, types. */
export const roles = ['forge_owner', 'forge_app', 'forge_report', 'forge_search'] as const;

export const schemas = [
  'people',
  'code',
  'work',
  'ci',
  'ops',
  'store',
  'audit',
  'search',
  'extensions',
] as const;

const extensions = [
  'pg_trgm',
  'unaccent',
  'citext',
  'hstore',
  'pgcrypto',
  'btree_gist',
  'btree_gin',
  'cube',
  'earthdistance',
  'ltree',
  'intarray',
  'fuzzystrmatch',
  'tablefunc',
  'isn',
  'bloom',
  'postgres_fdw',
  '"uuid-ossp"',
];

export const foundation: readonly string[] = [
  schemas
    .map((name) => `CREATE SCHEMA ${name}; COMMENT ON SCHEMA ${name} IS 'The area of ${name}'`)
    .join(';\n'),
  extensions.map((name) => `CREATE EXTENSION ${name} SCHEMA extensions`).join(';\n'),
  // What an application's own session has, and its older functions rely on.
  `ALTER DATABASE forge SET search_path = work, people, code, ci, ops, store, search, extensions, public;
ALTER DATABASE forge SET default_text_search_config = 'search.words';
ALTER DATABASE forge SET timezone = 'Europe/Vienna';
ALTER DATABASE forge SET statement_timeout = '15min';
ALTER ROLE forge_report IN DATABASE forge SET statement_timeout = '5min';
ALTER ROLE forge_report IN DATABASE forge SET default_transaction_read_only = on;
COMMENT ON DATABASE forge IS 'Where programs are kept'`,
  `CREATE TYPE people.state AS ENUM ('opened', 'closed', 'locked');
ALTER TYPE people.state ADD VALUE 'on hold' BEFORE 'locked';
CREATE TYPE people.target AS ENUM ('Issue', 'MergeRequest', 'Epic', 'Snippet', 'Commit');
CREATE DOMAIN people.color AS text CHECK (VALUE ~ '^#[0-9a-f]{6}$');
CREATE DOMAIN people.amount AS numeric(14, 2) DEFAULT 0 CHECK (VALUE >= 0) CONSTRAINT "not too much" CHECK (VALUE < 1e9);
CREATE DOMAIN people.sha AS bytea CHECK (octet_length(VALUE) BETWEEN 20 AND 32);
CREATE DOMAIN people.slug AS extensions.citext CHECK (VALUE::text ~ '^[a-z0-9][a-z0-9._-]*$');
CREATE DOMAIN people.url AS text CHECK (VALUE ~ '^https?://');
CREATE TYPE work.progress AS (done int, of_all int, since date);
CREATE TYPE work.spent AS RANGE (subtype = interval);
COMMENT ON TYPE people.state IS 'Of nearly everything';
COMMENT ON DOMAIN people.slug IS 'As it stands in an address'`,
  `CREATE COLLATION people.natural (provider = icu, locale = 'en-u-kn-true');
CREATE COLLATION people.loose (provider = icu, locale = 'und-u-ks-level1', deterministic = false);
CREATE TEXT SEARCH DICTIONARY search.stem (TEMPLATE = snowball, language = english, stopwords = english);
CREATE TEXT SEARCH CONFIGURATION search.words (COPY = pg_catalog.english);
ALTER TEXT SEARCH CONFIGURATION search.words ALTER MAPPING FOR hword, hword_part, word, asciiword WITH extensions.unaccent, search.stem`,
  `CREATE SEQUENCE work.internal_ids INCREMENT 10 CACHE 3;
SELECT nextval('work.internal_ids'), nextval('work.internal_ids');
CREATE SEQUENCE store.invoice_numbers AS int MINVALUE 100000 MAXVALUE 999999 CYCLE`,
];
