/**
 * A restore's staging on the server: databases `tidemark_<restore>_<n>`, one for each of the set's. The first also holds
 * two tables of ours: what is needed to undo or roll forward without the set, by whoever comes after us.
 */
import { z } from 'zod';
import { TidemarkError } from '../../../../proto/errors.ts';
import { stagingName } from '../catalogue.ts';
import { quoteName, quoteText } from '../connection/quoting.ts';
import { databaseOptionsShape } from '../schema/database-options.ts';
import { isServerError } from '../connection/failure.ts';
import { createSteps } from './staged-steps.ts';
import { stagingNameOf } from './staging-names.ts';
import type { Wire } from '../connection/wire.ts';

export const markTables = ['tidemark-mark', 'tidemark-steps'] as const;

const madeAccounts = z.object({
  /** The limit of connections for each hour by which users are known as the restore's. */
  token: z.number(),
  /** As SQL takes them. */
  users: z.array(z.string()),
  /** MariaDB's. `keepAdmin`: nobody else would administer it. */
  roles: z.array(z.object({ name: z.string(), keepAdmin: z.boolean() })),
});

/** Accounts that a restore makes. */
export type MadeAccounts = z.infer<typeof madeAccounts>;

/**
 * `staging`: being made and loaded. `loaded`: all rows are there. `closed`: the final names were found free before the decision.
 * `switching`, `switched`: all that needs no table under its final name is being made in the final databases, or is made.
 * `opening`, `opened`: tables get their final names, then what needs them is made; from here on nothing is undone.
 */
const states = ['staging', 'loaded', 'closed', 'switching', 'switched', 'opening', 'opened'] as const;
export type RestoreState = (typeof states)[number];

const hiddenTable = z.object({
  /** Its final name. */
  table: z.string(),
  /** Its name in the final database until it is opened. */
  name: z.string(),
  /** Numbers of the steps that make its triggers, in their order. */
  triggers: z.array(z.number()),
});

/**
 * A table that has triggers. A RENAME into another database takes no triggers along, and a table that had its final name before
 * its triggers could be written without them. So it goes into the final database under a name that nobody uses, and gets
 * its triggers there; a RENAME within the database keeps them.
 */
export type HiddenTable = z.infer<typeof hiddenTable>;

const markShape = z.object({
  restore: z.string(),
  cluster: z.string(),
  state: z.enum(states),
  databases: z.array(
    z.object({
      name: z.string(),
      staging: z.string(),
      ...databaseOptionsShape.shape,
      /** Its own, when the (empty) database stood before. */
      before: databaseOptionsShape.optional(),
      /** Tables and sequences, known when they are loaded. */
      tables: z.array(z.string()),
      /** Those of the tables that have triggers. */
      hidden: z.array(hiddenTable),
    }),
  ),
  accounts: madeAccounts.optional(),
});

export type StagingMark = z.infer<typeof markShape>;
export type StagedDatabase = StagingMark['databases'][number];

/** Makes the first staging database with the mark in it, before anything else is made. */
export async function createMark(wire: Wire, mark: StagingMark): Promise<void> {
  const home = quoteName(stagingNameOf(mark.restore, 0));
  await wire.run(`CREATE DATABASE ${home} CHARACTER SET utf8mb4`);
  await wire.run(
    `CREATE TABLE ${home}.\`tidemark-mark\` (id INT PRIMARY KEY, body LONGTEXT CHARACTER SET utf8mb4) ENGINE = InnoDB`,
  );
  await createSteps(wire, mark.restore);
  await writeMark(wire, mark);
}

export async function writeMark(wire: Wire, mark: StagingMark): Promise<void> {
  const table = `${quoteName(stagingNameOf(mark.restore, 0))}.\`tidemark-mark\``;
  await wire.run(`REPLACE INTO ${table} VALUES (1, ${quoteText(JSON.stringify(mark))})`);
}

/** Undefined when there is no staging of that name, or only its beginning, in which nothing stands. */
export async function readMark(wire: Wire, restore: string): Promise<StagingMark | undefined> {
  const home = quoteName(stagingNameOf(restore, 0));
  let body: string | null | undefined;
  try {
    body = await wire.value(`SELECT body FROM ${home}.\`tidemark-mark\` WHERE id = 1`);
  } catch (error) {
    // No such database, no such table.
    if (isServerError(error, 1049, 1146)) return undefined;
    throw error;
  }
  if (body === undefined || body === null) return undefined;
  const mark = markShape.safeParse(JSON.parse(body));
  if (mark.success) return mark.data;
  throw new TidemarkError({
    code: 'internal',
    operation: 'read the mark of a restore',
    subject: stagingNameOf(restore, 0),
    cause: mark.error.message,
  });
}

/** Names of databases that begin so, and an underscore. In name order. */
export async function listDatabaseNames(wire: Wire, begin: string): Promise<string[]> {
  const rows = await wire.query(
    'SELECT SCHEMA_NAME AS n FROM information_schema.SCHEMATA ' +
      `WHERE SCHEMA_NAME LIKE '${begin.replaceAll('_', '\\_')}\\_%' ORDER BY SCHEMA_NAME`,
  );
  return rows.map((row) => row['n'] ?? '');
}

/** Ids of the restores that have staging databases here, going by their names. */
export async function listRestores(wire: Wire): Promise<string[]> {
  const names = (await listDatabaseNames(wire, 'tidemark')).filter((name) => stagingName.test(name));
  return [...new Set(names.map((name) => name.split('_')[1] ?? ''))];
}

/** All staging databases of a restore, the one with the mark last. */
export async function listStaging(wire: Wire, restore: string): Promise<string[]> {
  const names = (await listDatabaseNames(wire, `tidemark_${restore}`)).filter((name) =>
    stagingName.test(name),
  );
  return names.sort((a, b) => Number(b.split('_')[2]) - Number(a.split('_')[2]));
}
