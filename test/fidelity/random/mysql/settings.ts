/** Settings of a MySQL or MariaDB server that a session takes over, and that may change what a statement means or does. */
import type { TestServer } from '../../../servers/server.ts';
import type { Change, DrawnSetting, Setting } from '../surroundings.ts';

const switches = ['OFF', 'ON'];

/** Each is asked for by name: a server that does not know it is not given it. */
const settings: readonly Setting[] = [
  {
    name: 'sql_mode',
    values: [
      '',
      'ANSI',
      'TRADITIONAL,NO_BACKSLASH_ESCAPES',
      'STRICT_ALL_TABLES,NO_ZERO_DATE,NO_ZERO_IN_DATE',
      'PAD_CHAR_TO_FULL_LENGTH,HIGH_NOT_PRECEDENCE',
      'NO_UNSIGNED_SUBTRACTION,IGNORE_SPACE',
      'NO_DIR_IN_CREATE,REAL_AS_FLOAT,PIPES_AS_CONCAT',
      'ORACLE',
      'EMPTY_STRING_IS_NULL',
    ],
  },
  { name: 'innodb_strict_mode', values: switches },
  { name: 'show_create_table_verbosity', values: switches },
  { name: 'innodb_compression_default', values: switches },
  { name: 'innodb_default_row_format', values: ['compact', 'redundant'] },
  { name: 'innodb_force_primary_key', values: switches },
  { name: 'explicit_defaults_for_timestamp', values: switches },
  { name: 'event_scheduler', values: switches },
  { name: 'time_zone', values: ['+05:45', '-12:00'] },
  { name: 'character_set_server', values: ['latin1', 'ucs2', 'utf8mb4'] },
  { name: 'collation_server', values: ['latin1_german2_ci', 'utf8mb4_bin'] },
  { name: 'collation_connection', values: ['latin1_german2_ci', 'utf8mb4_bin'] },
  { name: 'character_set_client', values: ['latin1', 'cp1251'] },
  { name: 'character_set_connection', values: ['latin1', 'ucs2'] },
  { name: 'character_set_results', values: ['latin1', 'utf8mb4'] },
  { name: 'default_storage_engine', values: ['MEMORY', 'MyISAM'] },
  { name: 'transaction_isolation', values: ['SERIALIZABLE', 'READ-UNCOMMITTED'] },
  { name: 'autocommit', values: ['OFF'] },
  { name: 'completion_type', values: ['CHAIN'] },
  { name: 'sql_select_limit', values: ['1'] },
  { name: 'group_concat_max_len', values: ['4'] },
  { name: 'div_precision_increment', values: ['0', '9'] },
  { name: 'max_sort_length', values: ['4'] },
  { name: 'sql_auto_is_null', values: switches },
  { name: 'sql_safe_updates', values: switches },
  { name: 'sql_quote_show_create', values: switches },
  { name: 'foreign_key_checks', values: switches },
  { name: 'unique_checks', values: switches },
  { name: 'check_constraint_checks', values: switches },
  { name: 'lock_wait_timeout', values: ['3'] },
  { name: 'innodb_lock_wait_timeout', values: ['1'] },
  { name: 'wait_timeout', values: ['4'] },
  { name: 'idle_transaction_timeout', values: ['1'] },
  { name: 'max_statement_time', values: ['3'] },
  { name: 'max_execution_time', values: ['3000'] },
  { name: 'sql_generate_invisible_primary_key', values: switches },
  { name: 'sql_require_primary_key', values: switches },
  { name: 'default_collation_for_utf8mb4', values: ['utf8mb4_general_ci'] },
  { name: 'character_set_collations', values: ['utf8mb4=utf8mb4_bin'] },
  { name: 'auto_increment_increment', values: ['7'] },
  { name: 'alter_algorithm', values: ['INSTANT', 'COPY'] },
  { name: 'old_mode', values: [''] },
  { name: 'innodb_ft_enable_stopword', values: switches },
  { name: 'system_versioning_alter_history', values: ['KEEP'] },
  { name: 'default_week_format', values: ['3'] },
  { name: 'big_tables', values: switches },
  { name: 'use_stat_tables', values: ['NEVER'] },
  { name: 'optimizer_switch', values: ['index_merge=off,derived_merge=off'] },
];

/** Those that this server has. */
export async function settingsOf(server: TestServer): Promise<Setting[]> {
  const rows = await server.run('SHOW GLOBAL VARIABLES');
  const known = new Set(rows.map((row) => String(row['Variable_name'])));
  const mysql = server.family === 'mysql';
  return settings
    .filter(({ name }) => known.has(name))
    .map(({ name, values }) => ({
      name,
      values: values.filter((value) => !mysql || !['ORACLE', 'EMPTY_STRING_IS_NULL'].includes(value)),
    }));
}

export function changeOf({ name, value }: DrawnSetting): Change {
  const quoted = /^[0-9]+$/.test(value) ? value : `'${value}'`;
  return {
    apply: `SET @before_${name} = @@GLOBAL.${name}; SET GLOBAL ${name} = ${quoted}`,
    undo: `SET GLOBAL ${name} = @before_${name}`,
  };
}
