/** Texts that would change a setting of the whole server or a table on MySQL and MariaDB, wherever they became SQL. */
import type { Hostility } from './hostile-manifest.ts';

const change = 'GLOBAL long_query_time = 77';

export const mysqlHostility: Hostility = {
  setup: [
    'CREATE TABLE accounts (id int PRIMARY KEY, balance bigint NOT NULL, twice bigint AS (balance * 2) STORED)',
    'INSERT INTO accounts (id, balance) VALUES (1, 100), (2, 200)',
    "CREATE TABLE words (id int PRIMARY KEY, e enum('a', 'b'), t text CHARACTER SET latin1)",
    "INSERT INTO words VALUES (1, 'a', 'x')",
    'CREATE VIEW rich AS SELECT id FROM accounts',
  ],
  text: "\\', 1) -- ",
  name: 'x`) SET `id` = (SELECT 1) -- ',
  number: `4, ${change}`,
  others: ["x', 1) -- ", "utf8mb4 COMMENT 'marker' -- ", 'x` CHARACTER SET binary (@marker) -- '],
  texts: ['database.engine.comment', 'shard.engine.sqlMode'],
  refused: [
    'shard.version',
    'shard.engine.lowerCaseTableNames',
    'shard.engine.engines.*',
    'shard.engine.collations.*',
    'shard.engine.hasTriggersOrFunctions',
    'shard.engine.hasCapitals',
    'shard.engine.hasCode',
    'shard.engine.divPrecisionIncrement',
    'shard.engine.partialRevokes',
    'shard.engine.computing.block_encryption_mode',
    'shard.engine.computing.default_collation_for_utf8mb4',
    'shard.engine.computing.default_week_format',
    'shard.engine.computing.innodb_ft_enable_stopword',
    'shard.engine.computing.lc_time_names',
    'shard.engine.explicitTimestamps',
    'shard.engine.pageBytes',
    'shard.engine.rowFormat',
    'database.engine.charset',
    'database.engine.collation',
    'database.engine.encrypted',
    'table.schema',
    'table.engine.types.*',
    'table.engine.engine',
    'table.engine.collation',
    'table.engine.dataBytes',
  ],
  marker:
    "SELECT 1 FROM DUAL WHERE @@GLOBAL.long_query_time = 77 UNION ALL SELECT 1 FROM information_schema.SCHEMATA WHERE SCHEMA_NAME LIKE '%marker%'",
};
