/**
 * What belongs to the server or to its optimizer, and no set carries: functions of shared libraries, foreign servers,
 * resource groups, reference systems, histograms. Each is named where the shard has it.
 */
import type { Finding } from '../../../engine.ts';
import { finding } from '../../../findings.ts';
import { textList } from '../catalogue.ts';
import { quoteName } from '../connection/connection.ts';
import type { Dialect } from '../dialect.ts';
import { isServerError } from '../connection/failure.ts';
import type { Wire } from '../connection/wire.ts';

interface Kind {
  /** Rows of name `n`. */
  readonly sql: string;
  readonly cause: string;
  readonly remedy: (name: string) => string;
  /** The statement's privilege, for who may not run it. */
  readonly grant: string;
}

const loadable = {
  cause: 'a function of a shared library belongs to the server: a set does not carry it',
  remedy: (name: string) =>
    `CREATE FUNCTION ${quoteName(name)} … SONAME … on the server of a restore, beforehand.`,
};

const foreignServers: Kind = {
  sql: 'SELECT Server_name AS n FROM mysql.servers ORDER BY Server_name',
  cause: 'a foreign server (CREATE SERVER) belongs to the server: a set does not carry it',
  remedy: (name) => `CREATE SERVER ${quoteName(name)} … on the server of a restore where it is needed.`,
  grant: 'SELECT ON `mysql`.`servers`',
};

const kinds: Readonly<Record<Dialect['family'], (list: string) => readonly Kind[]>> = {
  mariadb: (list) => [
    { ...loadable, sql: 'SELECT name AS n FROM mysql.func ORDER BY name', grant: 'SELECT ON `mysql`.`func`' },
    foreignServers,
    {
      sql: `SELECT DISTINCT CONCAT(db_name, '.', table_name) AS n FROM mysql.column_stats WHERE db_name IN (${list}) ORDER BY 1`,
      cause: 'statistics of its columns (ANALYZE TABLE … PERSISTENT) are not carried',
      remedy: () => 'ANALYZE TABLE … PERSISTENT FOR ALL; after a restore.',
      grant: 'SELECT ON `mysql`.`column_stats`',
    },
  ],
  mysql: (list) => [
    {
      ...loadable,
      sql: 'SELECT UDF_NAME AS n FROM performance_schema.user_defined_functions WHERE UDF_LIBRARY IS NOT NULL ORDER BY 1',
      grant: 'SELECT ON `performance_schema`.*',
    },
    foreignServers,
    {
      sql: "SELECT RESOURCE_GROUP_NAME AS n FROM information_schema.RESOURCE_GROUPS WHERE RESOURCE_GROUP_NAME NOT IN ('SYS_default', 'USR_default') ORDER BY 1",
      cause: 'a resource group belongs to the server: a set does not carry it',
      remedy: (name) => `CREATE RESOURCE GROUP ${quoteName(name)} … on the server of a restore.`,
      grant: 'RESOURCE_GROUP_USER ON *.*',
    },
    {
      sql: `SELECT SRS_ID AS n FROM information_schema.ST_SPATIAL_REFERENCE_SYSTEMS WHERE SRS_ID > 32767 OR (SRS_ID > 0 AND ORGANIZATION IS NULL) ORDER BY 1`,
      cause: 'a spatial reference system of your own belongs to the server: a set does not carry it',
      remedy: (name) =>
        `CREATE SPATIAL REFERENCE SYSTEM ${name} … on the server of a restore, beforehand: columns may name it.`,
      grant: 'SELECT ON *.*',
    },
    {
      sql: `SELECT DISTINCT CONCAT(SCHEMA_NAME, '.', TABLE_NAME) AS n FROM information_schema.COLUMN_STATISTICS WHERE SCHEMA_NAME IN (${list}) ORDER BY 1`,
      cause: 'histograms of its columns are not carried',
      remedy: () => 'ANALYZE TABLE … UPDATE HISTOGRAM ON …; after a restore.',
      grant: 'SELECT ON *.*',
    },
  ],
};

/** Warnings. What the account may not look at is a warning too. */
export async function serverObjectFindings(
  wire: Wire,
  dialect: Dialect,
  databases: readonly string[],
): Promise<Finding[]> {
  const findings: Finding[] = [];
  for (const { sql, cause, remedy, grant } of kinds[dialect.family](textList(databases))) {
    try {
      for (const row of await wire.query(sql)) {
        const name = row['n'] ?? '';
        findings.push(finding('not-supported', name, cause, remedy(name), true));
      }
    } catch (error) {
      // Denied by table, by column, by privilege.
      if (!isServerError(error, 1142, 1143, 1227, 1044)) throw error;
      const unseen = `whether there is one cannot be seen: ${cause}`;
      findings.push(finding('not-supported', 'the server', unseen, `GRANT ${grant} to this account.`, true));
    }
  }
  return findings;
}
