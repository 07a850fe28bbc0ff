/** What of the source a restore needs to know to say whether the set fits. Kept in the shard line under `engine`. */
import { z } from 'zod';
import { manifestOf, readStored, storedText, storedWord } from '../../stored-shape.ts';
import type { StoredShard } from '../../engine.ts';
import type { Catalogue } from './catalogue.ts';
import { isNamed } from './connection/exact-names.ts';
import type { Dialect } from './dialect.ts';
import { variable } from './server.ts';
import type { SourceObjects } from './schema/source-objects.ts';
import { ownPlaces } from './schema/table-place.ts';
import type { Wire } from './connection/wire.ts';

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

/** Of every session that makes or fills tables: the server computes stored columns again, and must as the source did. */
export function computeSettings(stored: StoredShard): string[] {
  return [`div_precision_increment = ${readFacts(stored).divPrecisionIncrement}`];
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
