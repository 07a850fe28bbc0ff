/** Everything that must come back on PostgreSQL. */
import type { FidelityCase } from '../case.ts';
import { binaryRowCases } from './cases/binary-rows.ts';
import { containerCases } from './cases/containers.ts';
import { documentCases } from './cases/documents.ts';
import { encodingCases } from './cases/encodings.ts';
import { extensionTypeCases } from './cases/extension-types.ts';
import { largeObjectCases } from './cases/large-objects.ts';
import { nameCases } from './cases/names.ts';
import { numberCases } from './cases/numbers.ts';
import { scalarCases } from './cases/scalars.ts';
import { settingsCases } from './cases/settings.ts';
import { tableShapeCases } from './cases/table-shapes.ts';
import { textCases } from './cases/texts.ts';
import { timeCases } from './cases/times.ts';

export const postgresCases: readonly FidelityCase[] = [
  ...numberCases,
  ...timeCases,
  ...textCases,
  ...containerCases,
  ...documentCases,
  ...scalarCases,
  ...binaryRowCases,
  ...extensionTypeCases,
  ...largeObjectCases,
  ...encodingCases,
  ...settingsCases,
  ...tableShapeCases,
  ...nameCases,
];
