/** Settings of a MySQL or MariaDB server that a session takes over, and that may change what a statement means or does. */
import type { TestServer } from '../../../servers/server.ts';
import type { Change, DrawnSetting, Setting } from '../surroundings.ts';

const switches = ['OFF', 'ON'];

const mariadbModes = [
  'ORACLE',
  'EMPTY_STRING_IS_NULL',
  'NO_FIELD_OPTIONS,NO_KEY_OPTIONS,NO_TABLE_OPTIONS',
  'POSTGRESQL',
  'MAXDB',
];

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
      ...mariadbModes,
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
  { name: 'max_allowed_packet', values: ['65536', '1048576'] },
  { name: 'net_buffer_length', values: ['1024'] },
  { name: 'net_read_timeout', values: ['2'] },
  { name: 'net_write_timeout', values: ['2'] },
  { name: 'max_error_count', values: ['0'] },
  { name: 'max_join_size', values: ['1'] },
  { name: 'max_statement_time', values: ['0.001', '3'] },
  { name: 'max_execution_time', values: ['1', '3000'] },
  { name: 'transaction_read_only', values: ['ON'] },
  { name: 'local_infile', values: ['OFF'] },
  { name: 'read_only', values: ['ON'] },
  { name: 'restrict_fk_on_non_standard_key', values: switches },
  { name: 'default_table_encryption', values: switches },
  { name: 'table_encryption_privilege_check', values: switches },
  { name: 'xa_detach_on_prepare', values: switches },
  { name: 'updatable_views_with_limit', values: ['NO'] },
  { name: 'lc_time_names', values: ['de_DE'] },
  { name: 'lc_messages', values: ['de_DE'] },
  { name: 'explain_format', values: ['TREE', 'JSON'] },
  { name: 'show_create_table_skip_secondary_engine', values: ['ON'] },
  { name: 'information_schema_stats_expiry', values: ['86400'] },
  { name: 'block_encryption_mode', values: ['aes-256-cbc'] },
  { name: 'low_priority_updates', values: switches },
  { name: 'cte_max_recursion_depth', values: ['0'] },
  { name: 'max_points_in_geometry', values: ['3'] },
  { name: 'regexp_time_limit', values: ['1'] },
  { name: 'tmp_table_size', values: ['1024'] },
  { name: 'enforce_storage_engine', values: ['MyISAM'] },
  { name: 'innodb_default_encryption_key_id', values: ['7'] },
  { name: 'innodb_compression_level', values: ['1'] },
  { name: 'innodb_read_only_compressed', values: switches },
  { name: 'sql_if_exists', values: ['ON'] },
  { name: 'default_regex_flags', values: ['DOTALL,EXTENDED'] },
  { name: 'system_versioning_insert_history', values: ['ON'] },
  { name: 'note_verbosity', values: ['all'] },
  { name: 'idle_write_transaction_timeout', values: ['1'] },
  { name: 'max_recursive_iterations', values: ['0'] },
  { name: 'keep_files_on_create', values: ['ON'] },
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
      values: values.filter((value) => !mysql || !mariadbModes.includes(value)),
    }));
}

export function changeOf({ name, value }: DrawnSetting): Change {
  const quoted = /^[0-9.]+$/.test(value) ? value : `'${value}'`;
  return {
    apply: `SET @before_${name} = @@GLOBAL.${name}; SET GLOBAL ${name} = ${quoted}`,
    undo: `SET GLOBAL ${name} = @before_${name}`,
  };
}
