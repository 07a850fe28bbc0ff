/** PostgreSQL, source and restored: definitions and values. Imports nothing of the project's. */
import type { Comparer } from '../fact.ts';
import { definitionsAcrossVersions } from './across-versions.ts';
import { definitionsOf } from './definitions.ts';
import { valuesOf } from './values.ts';

export const comparePostgres: Comparer = async (server, database) => [
  ...(await definitionsOf(server, database)),
  ...(await valuesOf(server, database)),
];

/** For a restore onto a newer major version. */
export const comparePostgresAcrossVersions: Comparer = async (server, database) => [
  ...(await definitionsAcrossVersions(server, database)),
  ...(await valuesOf(server, database)),
];
