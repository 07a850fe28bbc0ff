/** Every case of an object. */
import type { FidelityCase } from '../../case.ts';
import { columnCases } from './columns.ts';
import { databaseCases } from './databases.ts';
import { eventCases } from './events.ts';
import { foreignKeyCases } from './foreign-keys.ts';
import { historyCases } from './history.ts';
import { indexCases } from './indexes.ts';
import { keyCases } from './keys.ts';
import { partitionCases } from './partitions.ts';
import { routineCases } from './routines.ts';
import { sequenceCases } from './sequences.ts';
import { tableOptionCases } from './table-options.ts';
import { triggerCases } from './triggers.ts';
import { viewCases } from './views.ts';

export const objectCases: readonly FidelityCase[] = [
  ...databaseCases,
  ...keyCases,
  ...columnCases,
  ...indexCases,
  ...partitionCases,
  ...foreignKeyCases,
  ...tableOptionCases,
  ...sequenceCases,
  ...historyCases,
  ...viewCases,
  ...triggerCases,
  ...routineCases,
  ...eventCases,
];
