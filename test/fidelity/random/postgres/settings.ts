/** Settings of PostgreSQL that a session takes over, and that may change what a statement means or does. */
import type { TestServer } from '../../../servers/server.ts';
import type { Change, DrawnSetting, Setting } from '../surroundings.ts';

/** Each is asked for by name: a server that does not know it is not given it. */
const settings: readonly Setting[] = [
  { name: 'DateStyle', values: ['German', 'Postgres, MDY', 'SQL, DMY'] },
  { name: 'IntervalStyle', values: ['sql_standard', 'iso_8601'] },
  { name: 'TimeZone', values: ['Asia/Kathmandu', 'America/St_Johns'] },
  { name: 'extra_float_digits', values: ['-15'] },
  { name: 'bytea_output', values: ['escape'] },
  { name: 'standard_conforming_strings', values: ['off'] },
  { name: 'escape_string_warning', values: ['off'] },
  { name: 'backslash_quote', values: ['off'] },
  { name: 'array_nulls', values: ['off'] },
  { name: 'transform_null_equals', values: ['on'] },
  { name: 'xmloption', values: ['document'] },
  { name: 'quote_all_identifiers', values: ['on'] },
  { name: 'row_security', values: ['off'] },
  { name: 'check_function_bodies', values: ['off'] },
  { name: 'default_transaction_read_only', values: ['on'] },
  { name: 'default_transaction_isolation', values: ['serializable', 'repeatable read'] },
  { name: 'default_transaction_deferrable', values: ['on'] },
  { name: 'session_replication_role', values: ['replica', 'local'] },
  { name: 'lc_monetary', values: ['C'] },
  { name: 'client_encoding', values: ['LATIN1', 'SQL_ASCII'] },
  { name: 'search_path', values: ['pg_temp', 'nowhere', '"$user"'] },
  { name: 'lock_timeout', values: ['2s'] },
  { name: 'statement_timeout', values: ['30s'] },
  { name: 'idle_in_transaction_session_timeout', values: ['500ms'] },
  { name: 'idle_session_timeout', values: ['500ms'] },
  { name: 'transaction_timeout', values: ['30s'] },
  { name: 'default_toast_compression', values: ['lz4', 'pglz'] },
  { name: 'default_statistics_target', values: ['1'] },
  { name: 'enable_seqscan', values: ['off'] },
  { name: 'enable_indexscan', values: ['off'] },
  { name: 'constraint_exclusion', values: ['on'] },
  { name: 'work_mem', values: ['64kB'] },
  { name: 'maintenance_work_mem', values: ['1MB'] },
  { name: 'synchronous_commit', values: ['off'] },
  { name: 'jit', values: ['on'] },
  { name: 'debug_parallel_query', values: ['on'] },
  { name: 'force_parallel_mode', values: ['on'] },
  { name: 'parallel_leader_participation', values: ['off'] },
  { name: 'plan_cache_mode', values: ['force_generic_plan'] },
  { name: 'cursor_tuple_fraction', values: ['1'] },
  { name: 'lo_compat_privileges', values: ['on'] },
  { name: 'gin_pending_list_limit', values: ['64kB'] },
  { name: 'event_triggers', values: ['off'] },
];

/** Those that this server has. */
export async function settingsOf(server: TestServer): Promise<Setting[]> {
  const rows = await server.run('SELECT lower(name) AS name FROM pg_settings');
  const known = new Set(rows.map((row) => String(row['name'])));
  return settings.filter(({ name }) => known.has(name.toLowerCase()));
}

/** A list of names is given as it stands. */
function assignment({ name, value }: DrawnSetting): string {
  return `${name} TO ${name === 'search_path' ? value : `'${value}'`}`;
}

/** For every session of the server that begins from now on. */
export function changeOf(setting: DrawnSetting): Change {
  return {
    apply: `ALTER ROLE ALL SET ${assignment(setting)}`,
    undo: `ALTER ROLE ALL RESET ${setting.name}`,
  };
}

/** For every session in the database: carried by a backup. */
export function databaseStatement(database: string, setting: DrawnSetting): string {
  return `ALTER DATABASE ${database} SET ${assignment(setting)}`;
}
