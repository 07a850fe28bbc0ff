/** The round trips on MySQL and MariaDB, from and to any of their versions and settings. */
import type { StartOptions, TestServer } from '../../servers/server.ts';
import type { FidelitySuite } from '../suite.ts';
import { compareAcrossVersions } from './across-versions.ts';
import { mysqlCases } from './cases.ts';
import { foldedNameCases } from './cases/names.ts';
import { compareMysql } from './comparer.ts';
import { addTestZone, testZone } from './zone.ts';

export type Start = (options: Pick<StartOptions, 'settings'>) => Promise<TestServer>;

/** Values of 200 MiB fit, and rows can be loaded. */
const roomySettings: Readonly<Record<string, string>> = {
  'max-allowed-packet': '1G',
  'local-infile': 'ON',
};

/**
 * A session with sql_quote_show_create = OFF no longer lists routines on MariaDB when one of them was named by a client in sjis: so the
 * comparer could not ask. The product's own sessions set it.
 */
const small = mysqlCases.filter(
  ({ item }) => !/MiB|full$|client in sjis|character set (?!utf8mb4|latin1|sjis|ucs2)/.test(item),
);

type Own = Pick<FidelitySuite, 'title' | 'startSource' | 'startTarget'> &
  Partial<Pick<FidelitySuite, 'note' | 'grant' | 'cases' | 'compare'>>;

function mysqlSuite(own: Own): FidelitySuite {
  return { prepare: addTestZone, compare: compareMysql, cases: mysqlCases, ...own };
}

/** All cases from one kind of server to another. */
export function everyCase(title: string, source: Start, target: Start = source): FidelitySuite {
  return mysqlSuite({
    title,
    startSource: () => source({ settings: roomySettings }),
    startTarget: () => target({ settings: roomySettings }),
    ...(target === source ? {} : { compare: compareAcrossVersions }),
  });
}

/** The small cases, between servers whose sessions begin with settings that a careless copy would trust. */
export function otherSettingsSuite(title: string, start: Start): FidelitySuite {
  const servers: TestServer[] = [];
  const remembered = async (): Promise<TestServer> => {
    const server = await start({ settings: roomySettings });
    servers.push(server);
    return server;
  };
  return mysqlSuite({
    title,
    note: 'other settings',
    startSource: remembered,
    startTarget: remembered,
    // Once the cases stand: they are written for the usual settings.
    grant: async () => {
      for (const server of servers) {
        await server.run('SET GLOBAL TRANSACTION ISOLATION LEVEL READ UNCOMMITTED');
        await server.run(`SET GLOBAL ${otherSettings.join(', ')}`);
      }
      // Stored columns are computed again, with the digits of the source.
      await servers.at(-1)?.run('SET GLOBAL div_precision_increment = 0');
    },
    cases: small,
  });
}

const otherSettings = [
  "sql_mode = 'ANSI_QUOTES,NO_BACKSLASH_ESCAPES,PAD_CHAR_TO_FULL_LENGTH,PIPES_AS_CONCAT,HIGH_NOT_PRECEDENCE,STRICT_ALL_TABLES,NO_ZERO_DATE,NO_ZERO_IN_DATE,IGNORE_SPACE'",
  'character_set_server = latin1',
  'character_set_client = latin1',
  'character_set_connection = latin1',
  'character_set_results = latin1',
  `time_zone = '${testZone}'`,
  'max_allowed_packet = 20971520',
  'sql_quote_show_create = OFF',
  'group_concat_max_len = 10',
  'sql_safe_updates = ON',
  'sql_select_limit = 2',
  'sql_auto_is_null = ON',
  'completion_type = CHAIN',
  'autocommit = OFF',
];

/** Names written with capitals, between servers that fold them. */
export function foldedNamesSuite(title: string, start: Start): FidelitySuite {
  const settings = { ...roomySettings, 'lower-case-table-names': '1' };
  return mysqlSuite({
    title,
    note: 'lower_case_table_names = 1',
    startSource: () => start({ settings }),
    startTarget: () => start({ settings }),
    cases: [
      ...foldedNameCases,
      ...mysqlCases.filter(({ group, database }) => group === 'names' && database === database.toLowerCase()),
    ],
  });
}
