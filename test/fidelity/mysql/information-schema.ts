/** What information_schema and the server's own tables say of objects, and which of it counts. */

/** One of information_schema's tables, and which object its rows are about. */
export interface View {
  readonly name: string;
  readonly schema: string;
  /** Columns that name the object. */
  readonly of: readonly string[];
}

function view(name: string, schema: string, ...of: string[]): View {
  return { name, schema, of };
}

export const views: readonly View[] = [
  view('SCHEMATA', 'SCHEMA_NAME'),
  view('SCHEMATA_EXTENSIONS', 'SCHEMA_NAME'),
  view('TABLES', 'TABLE_SCHEMA', 'TABLE_NAME'),
  view('TABLES_EXTENSIONS', 'TABLE_SCHEMA', 'TABLE_NAME'),
  view('COLUMNS', 'TABLE_SCHEMA', 'TABLE_NAME'),
  view('COLUMNS_EXTENSIONS', 'TABLE_SCHEMA', 'TABLE_NAME'),
  view('STATISTICS', 'TABLE_SCHEMA', 'TABLE_NAME'),
  view('KEY_COLUMN_USAGE', 'TABLE_SCHEMA', 'TABLE_NAME'),
  view('TABLE_CONSTRAINTS', 'TABLE_SCHEMA', 'TABLE_NAME'),
  view('TABLE_CONSTRAINTS_EXTENSIONS', 'CONSTRAINT_SCHEMA', 'TABLE_NAME'),
  view('REFERENTIAL_CONSTRAINTS', 'CONSTRAINT_SCHEMA', 'TABLE_NAME'),
  // MariaDB alone says here which table a check is of.
  view('CHECK_CONSTRAINTS', 'CONSTRAINT_SCHEMA', 'TABLE_NAME', 'CONSTRAINT_NAME'),
  view('PERIODS', 'TABLE_SCHEMA', 'TABLE_NAME'),
  view('KEY_PERIOD_USAGE', 'TABLE_SCHEMA', 'TABLE_NAME'),
  view('PARTITIONS', 'TABLE_SCHEMA', 'TABLE_NAME'),
  view('ST_GEOMETRY_COLUMNS', 'TABLE_SCHEMA', 'TABLE_NAME'),
  view('GEOMETRY_COLUMNS', 'F_TABLE_SCHEMA', 'F_TABLE_NAME'),
  view('VIEWS', 'TABLE_SCHEMA', 'TABLE_NAME'),
  view('VIEW_TABLE_USAGE', 'VIEW_SCHEMA', 'VIEW_NAME'),
  view('VIEW_ROUTINE_USAGE', 'TABLE_SCHEMA', 'TABLE_NAME'),
  view('TRIGGERS', 'TRIGGER_SCHEMA', 'TRIGGER_NAME'),
  view('TRIGGERED_UPDATE_COLUMNS', 'TRIGGER_SCHEMA', 'TRIGGER_NAME'),
  view('ROUTINES', 'ROUTINE_SCHEMA', 'ROUTINE_TYPE', 'SPECIFIC_NAME'),
  view('ROUTINE_LIBRARIES', 'ROUTINE_SCHEMA', 'ROUTINE_NAME'),
  view('PARAMETERS', 'SPECIFIC_SCHEMA', 'ROUTINE_TYPE', 'SPECIFIC_NAME'),
  view('LIBRARIES', 'LIBRARY_SCHEMA', 'LIBRARY_NAME'),
  view('JSON_DUALITY_VIEWS', 'TABLE_SCHEMA', 'TABLE_NAME'),
  view('JSON_DUALITY_VIEW_TABLES', 'TABLE_SCHEMA', 'TABLE_NAME'),
  view('JSON_DUALITY_VIEW_COLUMNS', 'TABLE_SCHEMA', 'TABLE_NAME'),
  view('JSON_DUALITY_VIEW_LINKS', 'TABLE_SCHEMA', 'TABLE_NAME'),
  view('EVENTS', 'EVENT_SCHEMA', 'EVENT_NAME'),
  view('SCHEMA_PRIVILEGES', 'TABLE_SCHEMA'),
  view('TABLE_PRIVILEGES', 'TABLE_SCHEMA', 'TABLE_NAME'),
  view('COLUMN_PRIVILEGES', 'TABLE_SCHEMA', 'TABLE_NAME'),
];

/** Measured, counted or dated by the server. */
export const measured = new Set([
  'TABLE_ROWS',
  'AVG_ROW_LENGTH',
  'DATA_LENGTH',
  'MAX_DATA_LENGTH',
  'INDEX_LENGTH',
  'MAX_INDEX_LENGTH',
  'DATA_FREE',
  'CREATE_TIME',
  'UPDATE_TIME',
  'CHECK_TIME',
  'CHECKSUM',
  'CARDINALITY',
  'CREATED',
  'LAST_ALTERED',
  'LAST_EXECUTED',
  // Of a library: who made it, which no statement says of another.
  'CREATOR',
  // The id of the server an event was made on.
  'ORIGINATOR',
  // Whether MySQL's second engine holds a partition at present; where there is none, some ALTER TABLE says 1.
  'SECONDARY_LOAD',
]);

/**
 * Expressions in the words they were first given in, which nobody can give a second time: SHOW CREATE, compared whole, has
 * them in the words the server uses by now.
 */
export const firstWords = new Set(['VIEW_DEFINITION', 'GENERATION_EXPRESSION']);

/** Columns that only newer servers have, and what stands there for a thing made before. */
export const unset: ReadonlyMap<string, string> = new Map([
  ['IS_SYSTEM_TIME_PERIOD_START', 'NO'],
  ['IS_SYSTEM_TIME_PERIOD_END', 'NO'],
]);

/** Tables of the server's own in which MariaDB keeps stored programs: bodies as the bytes they came in. */
export const systemTables = [
  {
    name: 'proc',
    schema: 'db',
    kinds: 'type',
    columns:
      'db, name, type, specific_name, language, sql_data_access, is_deterministic, security_type, HEX(param_list) AS param_list, ' +
      'HEX(returns) AS returns, HEX(body) AS body, definer, sql_mode, comment, character_set_client, collation_connection, db_collation, HEX(body_utf8) AS body_utf8, aggregate',
  },
  {
    name: 'event',
    schema: 'db',
    kinds: "'EVENT'",
    columns:
      'db, name, HEX(body) AS body, definer, execute_at, interval_value, interval_field, starts, ends, status, on_completion, ' +
      'sql_mode, comment, time_zone, character_set_client, collation_connection, db_collation, HEX(body_utf8) AS body_utf8',
  },
] as const;
