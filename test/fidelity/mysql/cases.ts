/** Every case of MySQL and MariaDB. */
import type { FidelityCase } from '../case.ts';
import { characterCases } from './cases/characters.ts';
import { documentCases } from './cases/documents.ts';
import { nameCases } from './cases/names.ts';
import { numberCases } from './cases/numbers.ts';
import { objectCases } from './cases/objects.ts';
import { ownTypeCases } from './cases/own-types.ts';
import { placeCases } from './cases/places.ts';
import { shapeCases } from './cases/shapes.ts';
import { stringCases } from './cases/strings.ts';
import { surroundingCases } from './cases/surroundings.ts';
import { timeCases } from './cases/times.ts';

export const mysqlCases: readonly FidelityCase[] = [
  ...numberCases,
  ...characterCases,
  ...stringCases,
  ...documentCases,
  ...timeCases,
  ...placeCases,
  ...ownTypeCases,
  ...nameCases,
  ...objectCases,
  ...shapeCases,
  ...surroundingCases,
];
