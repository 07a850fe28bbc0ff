/** Settings of a database that change how values read and what statements mean: each case has a database of its own. */
import type { FidelityCase } from '../../case.ts';

/** Written and read otherwise than anybody expects, in every session that does not say how. */
export const strangeSettings: readonly (readonly [name: string, value: string])[] = [
  ['TimeZone', 'America/St_Johns'],
  ['DateStyle', 'SQL, DMY'],
  ['IntervalStyle', 'sql_standard'],
  ['extra_float_digits', '-15'],
  ['bytea_output', 'escape'],
  ['xmloption', 'document'],
  ['xmlbinary', 'hex'],
  ['lc_monetary', 'de_DE.UTF-8'],
  ['lc_numeric', 'de_DE.UTF-8'],
  ['lc_time', 'de_DE.UTF-8'],
  ['array_nulls', 'off'],
  ['standard_conforming_strings', 'off'],
  ['backslash_quote', 'off'],
  ['escape_string_warning', 'on'],
  ['quote_all_identifiers', 'on'],
  ['transform_null_equals', 'on'],
  ['synchronize_seqscans', 'on'],
  ['enable_indexscan', 'off'],
  ['default_transaction_isolation', 'serializable'],
  ['default_transaction_deferrable', 'on'],
  ['default_toast_compression', 'pglz'],
  ['default_text_search_config', 'pg_catalog.german'],
  ['check_function_bodies', 'on'],
  ['plpgsql.variable_conflict', 'use_column'],
  ['search_path', 'nowhere, "$user"'],
  ['lo_compat_privileges', 'on'],
  ['client_encoding', 'LATIN1'],
];

/** Values, and definitions with constants in them, of every type whose text depends on a setting. */
const contents = [
  'SET search_path = public',
  String.raw`CREATE TABLE t (id int PRIMARY KEY, m money, f real, d double precision, tz timestamptz, ts timestamp, da date, tt timetz, iv interval,
    by bytea, x xml, a text[], t text, n numeric, r tstzrange, p point, j jsonb, c char(4))`,
  String.raw`INSERT INTO t VALUES (1, 1234567.89::numeric::money, '1.1754942e-38', 0.1::float8 + 0.2::float8, '2026-07-01 12:00:00.000001+00',
    '2026-02-03 04:05:06', '2026-02-03', '01:02:03.4+05:45', '1 year -2 mons +3 days -04:05:06.789', '\x005c27ff0a', '<a/>text', '{NULL,"NULL",null}', E'\\n\\''"\n',
    1.10, '[2026-01-02 03:04:05+00,infinity)', '(0.30000000000000004,-0)', '{"a": 1.10}', 'x'); INSERT INTO t (id) VALUES (2)`,
  String.raw`CREATE TABLE defaults (id int PRIMARY KEY, m money DEFAULT '1.234,56 €', f real DEFAULT '1.00000012', d float8 DEFAULT (0.1::float8 + 0.2::float8), e float8 DEFAULT '0.30000000000000004',
    tz timestamptz DEFAULT '2026-07-01 12:00:00+00', da date DEFAULT '2026-02-03', iv interval DEFAULT '1 year -2 mons +3 days -04:05:06.789', by bytea DEFAULT '\x005c27ff0a',
    a text[] DEFAULT '{NULL,"NULL"}', t text DEFAULT E'\\n\\''"\n', x xml DEFAULT '<a/>text', CHECK (t <> E'\\' AND m > '-1.000,5 €'), CHECK (NOT (a = NULL)))`.replace(
    'CREATE TABLE',
    `SET lc_monetary = 'de_DE.UTF-8'; SET transform_null_equals = off; CREATE TABLE`,
  ),
  'INSERT INTO defaults (id) VALUES (1)',
  `CREATE TABLE moments (at timestamptz, f float8) PARTITION BY RANGE (at, f); CREATE TABLE moments_1 PARTITION OF moments
     FOR VALUES FROM ('2026-03-29 01:00:00.5+00', '0.1') TO ('infinity', MAXVALUE); INSERT INTO moments VALUES ('2026-03-29 01:00:00.5+00', 0.1)`,
  String.raw`CREATE VIEW constants AS SELECT '2026-07-01 12:00:00+00'::timestamptz AS tz, '1.00000012'::real AS f, '\x005c27ff0a'::bytea AS by, '1 mon -1 day'::interval AS iv,
    E'\\''' AS t, '{NULL}'::text[] AS a, '2026-02-03'::date AS d, t.m > '1.234,56 €' AS much FROM t;
   CREATE INDEX ON t (id) WHERE tz > '2026-07-01 12:00:00+00' AND da > '2026-02-03' AND iv <> '1 mon -1 day' AND f <> '1.00000012'::real`,
];

/** What holds, and says what it says, only under the settings of the database. */
const evaluated = [
  `CREATE TABLE zoned (tz timestamptz, day date CHECK (day = tz::date), PRIMARY KEY (tz));
   SET TimeZone = 'America/St_Johns'; INSERT INTO zoned VALUES ('2026-07-01 02:00:00+00', '2026-06-30'), ('2026-07-01 03:00:00+00', '2026-07-01')`,
  `SET DateStyle = 'SQL, DMY'; CREATE MATERIALIZED VIEW days AS SELECT tz::date AS day, tz::text AS text FROM zoned`,
];

function settingsCase(item: string, database: string, more: readonly string[]): FidelityCase {
  return {
    group: 'types',
    item,
    database,
    setup: [...contents, ...more],
    proof: [
      `SELECT cash_send(m) = int8send(123456789) AND float4send(f) = '\\x007fffff' AND iv::text IS NOT NULL FROM public.t WHERE id = 1`.replaceAll(
        "'\\x",
        "E'\\\\x",
      ),
      'SELECT cash_send(m) = int8send(123456) AND array_position(a, NULL) = 1 FROM public.defaults',
    ],
  };
}

export const settingsCases: readonly FidelityCase[] = [
  settingsCase('under settings of the role alone', 'settings_usual', []),
  settingsCase('under ALTER DATABASE SET of zone, styles, digits, lc_monetary and more', 'settings_strange', [
    ...evaluated,
    ...strangeSettings.map(
      ([name, value]) =>
        `ALTER DATABASE settings_strange SET ${name} TO ${name === 'search_path' ? 'nowhere, "$user"' : `E'${value}'`}`,
    ),
  ]),
];
