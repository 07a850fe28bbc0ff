/** What of the source a restore needs to know to say whether the set fits. Kept in the shard line under `engine`. */
import { z } from 'zod';
import { manifestOf, readStored, storedText, storedWord } from '../../stored-shape.ts';
import type { StoredShard } from '../../engine.ts';
import type { Catalogue } from './catalogue.ts';
import { isNamed, sameName } from './connection/exact-names.ts';
import type { Dialect } from './dialect.ts';
import { variable } from './server.ts';
import type { SourceObjects } from './schema/source-objects.ts';
import { ownPlaces } from './schema/table-place.ts';
import type { Wire } from './connection/wire.ts';

/** Settings by which the server computes stored columns and indexes, and which a restore therefore sets as on the source. */
const computingNames = [
  'default_week_format',
  'lc_time_names',
  'innodb_ft_enable_stopword',
  'block_encryption_mode',
  'default_collation_for_utf8mb4',
] as const;
const computingValue = z.string().regex(/^[A-Za-z0-9_-]{1,64}$/, 'must be one word');

const sourceFactsShape = z.object({
  lowerCaseTableNames: z.int().min(0).max(2),
  sqlMode: z.string(),
  /** Accounts that views, routines, triggers and events run as. */
  definers: z.array(storedText),
  engines: z.array(storedWord),
  collations: z.array(storedWord),
  hasTriggersOrFunctions: z.boolean(),
  /** What a restore puts in the default place, and where it stood; older sets do not say. */
  places: z.array(z.object({ table: z.string(), place: z.string() })).optional(),
  /** A database, table, sequence or view has a capital in its name: names that lower_case_table_names is about. */
  hasCapitals: z.boolean().default(false),
  /** Triggers, routines or events, whose text names tables as somebody typed them. */
  hasCode: z.boolean().default(false),
  /** Digits that a division adds, which generated columns are computed with. */
  divPrecisionIncrement: z.int().min(0).max(30).default(4),
  /** As the source's server was set. MariaDB has the first three of them. */
  computing: z.partialRecord(z.enum(computingNames), computingValue).default({}),
  /** What tables have that do not say their row format; undefined where there are none. */
  rowFormat: storedWord.optional(),
  /** One of those tables with a column of more than 767 bytes in an index. */
  longKey: storedText.optional(),
  /** Some table is compressed by its row format. */
  compressed: z.boolean().optional(),
  pageBytes: z.int().positive().optional(),
  /** Its timestamp columns have no defaults but those they were given; older sets do not say. */
  explicitTimestamps: z.boolean().default(false),
  /** MySQL's, in effect. */
  partialRevokes: z.boolean().default(false),
});

export type SourceFacts = z.infer<typeof sourceFactsShape>;

/** Throws `bad-bytes` where the set does not say what it should. */
export function readFacts(stored: StoredShard): SourceFacts {
  return readStored(
    sourceFactsShape,
    stored.shard.engine,
    `${manifestOf(stored)}: shard ${stored.shard.shard}`,
  );
}

export async function sourceFacts(
  wire: Wire,
  dialect: Dialect,
  catalogue: Catalogue,
  objects: SourceObjects,
): Promise<SourceFacts> {
  const databases = catalogue.databases.map(({ name }) => name);
  const viewDefiners = await wire.query(
    `SELECT DEFINER AS d FROM information_schema.VIEWS WHERE ${isNamed('TABLE_SCHEMA', databases)}`,
  );
  const names = [
    ...[...catalogue.databases, ...catalogue.tables].map(({ name }) => name),
    ...objects.views.map(({ name }) => name),
  ];
  const collations = catalogue.tables.flatMap((table) => [
    table.collation,
    ...table.columns.flatMap((column) => (column.collation === undefined ? [] : [column.collation])),
  ]);
  const unique = (values: (string | null | undefined)[]): string[] =>
    [
      ...new Set(
        values.filter((value): value is string => value !== null && value !== undefined && value !== ''),
      ),
    ].sort();
  return {
    lowerCaseTableNames: Number((await variable(wire, 'lower_case_table_names')) ?? 0),
    sqlMode: (await variable(wire, 'sql_mode')) ?? '',
    definers: unique([
      ...viewDefiners.map((row) => row['d']),
      ...objects.programs.map(({ definer }) => definer),
    ]),
    divPrecisionIncrement: Number((await variable(wire, 'div_precision_increment')) ?? 4),
    computing: await readComputing(wire, dialect),
    ...(await readRowFormats(wire, databases)),
    explicitTimestamps: (await variable(wire, 'explicit_defaults_for_timestamp')) === 'ON',
    partialRevokes: (await variable(wire, 'partial_revokes')) === 'ON',
    engines: unique(catalogue.tables.map((table) => table.engine)),
    collations: unique([...collations, ...catalogue.databases.map(({ options }) => options.collation)]),
    places: await ownPlaces(wire, dialect, databases),
    hasTriggersOrFunctions: objects.programs.some(({ kind }) =>
      ['TRIGGER', 'FUNCTION', 'PACKAGE BODY'].includes(kind),
    ),
    hasCapitals: names.some((name) => name !== name.toLowerCase()),
    hasCode: objects.programs.length > 0,
  };
}

/** What the server does not know is left out, so that a restore does not set it. */
async function readComputing(wire: Wire, dialect: Dialect): Promise<SourceFacts['computing']> {
  const computing: SourceFacts['computing'] = {};
  for (const name of dialect.family === 'mysql' ? computingNames : computingNames.slice(0, 3)) {
    const value = await variable(wire, name);
    if (value !== undefined && computingValue.safeParse(value).success) computing[name] = value;
  }
  return computing;
}

/** More of a column than an index takes in the older row formats. */
const shortKeyBytes = 767;

async function readRowFormats(
  wire: Wire,
  databases: readonly string[],
): Promise<Pick<SourceFacts, 'rowFormat' | 'longKey' | 'compressed' | 'pageBytes'>> {
  const tables = await wire.query(
    'SELECT TABLE_SCHEMA AS d, TABLE_NAME AS t, ROW_FORMAT AS f, CREATE_OPTIONS AS o FROM information_schema.TABLES ' +
      `WHERE ${isNamed('TABLE_SCHEMA', databases)} AND ENGINE = 'InnoDB'`,
  );
  const silent = tables.filter(({ o: options }) => !/row_format=/i.test(options ?? ''));
  const rowFormat = silent.find(({ f: format }) => format !== null)?.['f'] ?? undefined;
  const long = await wire.query(
    'SELECT s.TABLE_SCHEMA AS d, s.TABLE_NAME AS t FROM information_schema.STATISTICS s ' +
      'JOIN information_schema.COLUMNS c ' +
      `ON ${sameName('c.TABLE_SCHEMA', 's.TABLE_SCHEMA')} AND ${sameName('c.TABLE_NAME', 's.TABLE_NAME')} ` +
      'AND c.COLUMN_NAME = s.COLUMN_NAME ' +
      `WHERE ${isNamed('s.TABLE_SCHEMA', databases)} AND s.INDEX_TYPE = 'BTREE' ` +
      'AND c.CHARACTER_OCTET_LENGTH / c.CHARACTER_MAXIMUM_LENGTH * ' +
      `COALESCE(s.SUB_PART, c.CHARACTER_MAXIMUM_LENGTH) > ${shortKeyBytes}`,
  );
  const longIds = new Set(long.map((row) => `${row['d']}.${row['t']}`));
  const longKey = silent.map((row) => `${row['d']}.${row['t']}`).find((id) => longIds.has(id));
  const pageBytes = Number((await variable(wire, 'innodb_page_size')) ?? 0);
  return {
    ...(rowFormat === undefined ? {} : { rowFormat }),
    ...(longKey === undefined ? {} : { longKey }),
    ...(tables.some(({ f: format }) => format?.toLowerCase() === 'compressed') ? { compressed: true } : {}),
    ...(pageBytes > 0 ? { pageBytes } : {}),
  };
}
