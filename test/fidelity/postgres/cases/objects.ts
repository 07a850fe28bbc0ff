/** Every object of the list, in its order as far as topics allow. */
import type { FidelityCase } from '../../case.ts';
import { databaseCases } from './databases.ts';
import { extensionCases, superuserCases } from './extensions.ts';
import { keyCases } from './keys.ts';
import { languageCases } from './language.ts';
import { partitionCases } from './partitions.ts';
import { rightCases } from './rights.ts';
import { routineCases } from './routines.ts';
import { sequenceCases } from './sequences.ts';
import { surroundingCases } from './surroundings.ts';
import { tableCases } from './tables.ts';
import { viewCases } from './views.ts';

export const objectCases: readonly FidelityCase[] = [
  ...sequenceCases,
  ...tableCases,
  ...keyCases,
  ...partitionCases,
  ...viewCases,
  ...routineCases,
  ...rightCases,
  ...languageCases,
  ...extensionCases,
  ...databaseCases,
  ...surroundingCases,
];

/** They need an agent that is a superuser. */
export const superuserObjectCases = superuserCases;
