/**
 * What belongs to the server or to its optimizer, and no set carries: functions of shared libraries, foreign servers,
 * resource groups, reference systems, histograms. Each is named where the shard has it.
 */
import type { Finding } from '../../../engine.ts';
import { finding } from '../../../findings.ts';
import { textList } from '../catalogue.ts';
import { quoteAccount, quoteName } from '../connection/quoting.ts';
import type { Dialect } from '../dialect.ts';
import { isServerError } from '../connection/failure.ts';
import type { Wire } from '../connection/wire.ts';

interface Kind {
  /** What they are called, as docs/fidelity.md lists them. */
  readonly things: string;
  /** Rows of name `n`. */
  readonly sql: string;
  readonly cause: string;
  readonly remedy: (name: string) => string;
  /** The statement's privilege, for who may not run it. */
  readonly grant: string;
}

const loadable = {
  things: 'functions of shared libraries',
  cause: 'a function of a shared library belongs to the server: a set does not carry it',
  remedy: (name: string) =>
    `CREATE FUNCTION ${quoteName(name)} … SONAME … on the server of a restore, beforehand.`,
};

const foreignServers: Kind = {
  things: 'foreign servers',
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
      things: 'persistent statistics',
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
      things: 'resource groups',
      sql: "SELECT RESOURCE_GROUP_NAME AS n FROM information_schema.RESOURCE_GROUPS WHERE RESOURCE_GROUP_NAME NOT IN ('SYS_default', 'USR_default') ORDER BY 1",
      cause: 'a resource group belongs to the server: a set does not carry it',
      remedy: (name) => `CREATE RESOURCE GROUP ${quoteName(name)} … on the server of a restore.`,
      grant: 'RESOURCE_GROUP_USER ON *.*',
    },
    {
      things: 'spatial reference systems of your own',
      sql: `SELECT SRS_ID AS n FROM information_schema.ST_SPATIAL_REFERENCE_SYSTEMS WHERE SRS_ID > 32767 OR (SRS_ID > 0 AND ORGANIZATION IS NULL) ORDER BY 1`,
      cause: 'a spatial reference system of your own belongs to the server: a set does not carry it',
      remedy: (name) =>
        `CREATE SPATIAL REFERENCE SYSTEM ${name} … on the server of a restore, beforehand: columns may name it.`,
      grant: 'SELECT ON *.*',
    },
    {
      things: 'histograms',
      sql: `SELECT DISTINCT CONCAT(SCHEMA_NAME, '.', TABLE_NAME) AS n FROM information_schema.COLUMN_STATISTICS WHERE SCHEMA_NAME IN (${list}) ORDER BY 1`,
      cause: 'histograms of its columns are not carried',
      remedy: () => 'ANALYZE TABLE … UPDATE HISTOGRAM ON …; after a restore.',
      grant: 'SELECT ON *.*',
    },
  ],
};

/** What all of them are called; `docs/fidelity.md` lists the same. */
export const serverThings: readonly string[] = [...kinds.mysql(''), ...kinds.mariadb('')].map(
  ({ things }) => things,
);

/** Warnings. What the account may not look at is one more, for all of it. */
export async function serverObjectFindings(
  wire: Wire,
  dialect: Dialect,
  databases: readonly string[],
): Promise<Finding[]> {
  const findings: Finding[] = [];
  const unseen: Kind[] = [];
  for (const kind of kinds[dialect.family](textList(databases))) {
    const { sql, cause, remedy } = kind;
    try {
      for (const row of await wire.query(sql)) {
        const name = row['n'] ?? '';
        findings.push(finding('not-supported', name, cause, remedy(name), true));
      }
    } catch (error) {
      // Denied by table, by column, by privilege.
      if (!isServerError(error, 1142, 1143, 1227, 1044)) throw error;
      unseen.push(kind);
    }
  }
  if (unseen.length > 0) {
    const cause = `whether it has ${unseen.map(({ things }) => things).join(', ')}, which a set does not carry, cannot be seen`;
    const account = quoteAccount((await wire.value('SELECT CURRENT_USER()')) ?? '');
    const remedy = unseen.map(({ grant }) => `GRANT ${grant} TO ${account};`).join(' ');
    findings.push(finding('not-supported', 'the server', cause, remedy, true));
  }
  return findings;
}
