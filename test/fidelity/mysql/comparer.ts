/** MySQL and MariaDB, source and restored: definitions and values. Imports nothing of the project's. */
import type { Comparer } from '../fact.ts';
import { definitionsOf } from './definitions.ts';
import { valuesOf } from './values.ts';

export const compareMysql: Comparer = async (server, database) => [
  ...(await definitionsOf(server, database)),
  ...(await valuesOf(server, database)),
];
