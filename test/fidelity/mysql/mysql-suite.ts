/** The round trip on MySQL and MariaDB, from and to any of their versions. */
import type { FidelitySuite } from '../suite.ts';
import { mysqlCases } from './cases.ts';
import { compareMysql } from './comparer.ts';
import { addTestZone } from './zone.ts';

type Own = Pick<FidelitySuite, 'title' | 'startSource' | 'startTarget'> &
  Partial<Pick<FidelitySuite, 'note' | 'cases'>>;

/** Values of 200 MiB fit, and rows can be loaded. */
export const roomySettings: Readonly<Record<string, string>> = {
  'max-allowed-packet': '1G',
  'local-infile': 'ON',
};

export function mysqlSuite(own: Own): FidelitySuite {
  return { prepare: addTestZone, compare: compareMysql, cases: mysqlCases, ...own };
}
