/**
 * Settings of every session that makes, alters or fills the tables of a restore: what a server refuses or adds by them must not depend on
 * how the target is set, and what it computes must be what the source computed.
 */
import type { StoredShard } from '../../../engine.ts';
import { compareVersions, type Dialect } from '../dialect.ts';
import { readFacts } from '../source-facts.ts';

/** MariaDB takes it in a session from this version on. */
const sessionTimestamps = '10.8.4';
/** From this version on MariaDB ignores alter_algorithm. */
const freeAlgorithm = '11.5.0';

export function makingSettings(dialect: Dialect, stored: StoredShard): string[] {
  const { divPrecisionIncrement, computing } = readFacts(stored);
  const values = Object.entries(computing).map(([name, value]) =>
    /^\d+$/.test(value) ? `${name} = ${value}` : `${name} = '${value}'`,
  );
  return [`div_precision_increment = ${divPrecisionIncrement}`, ...values, ...lenient(dialect)];
}

/** May this server be told how to read TIMESTAMP columns, whatever its configuration says? */
export function setsTimestamps(dialect: Dialect): boolean {
  return dialect.family === 'mysql' || compareVersions(dialect.version, sessionTimestamps) >= 0;
}

function lenient(dialect: Dialect): string[] {
  const common = [
    // Rows that are too long for a page, options that a row format does not have: taken with a warning, as on the source.
    'innodb_strict_mode = OFF',
    // A TIMESTAMP column without a default gets one otherwise.
    ...(setsTimestamps(dialect) ? ['explicit_defaults_for_timestamp = ON'] : []),
  ];
  if (dialect.family === 'mysql') {
    return [
      ...common,
      'sql_require_primary_key = OFF',
      // Tables without a key stay so.
      ...(compareVersions(dialect.version, '8.0.30') >= 0
        ? ['sql_generate_invisible_primary_key = OFF']
        : []),
    ];
  }
  return [
    ...common,
    // Options that a table does not have are written into its definition otherwise, also where its row format takes no such option.
    'innodb_compression_default = OFF',
    'innodb_default_encryption_key_id = 1',
    ...(compareVersions(dialect.version, freeAlgorithm) < 0 ? ["alter_algorithm = 'DEFAULT'"] : []),
  ];
}
