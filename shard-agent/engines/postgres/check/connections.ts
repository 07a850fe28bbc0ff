/** Whether a backup or a restore gets the connections it needs: of the server, of its role and of each database. */
import type { CheckOrder, Finding } from '../../../engine.ts';
import { finding } from '../../../findings.ts';
import { during, quoteName, type PostgresConfig, type Row, type Session } from '../connection/connection.ts';
import { subjectOf } from '../server.ts';

/** Sessions of the agent's own come and go while it looks; those that a backup needs are counted anyway. */
const notOurs = `COALESCE(a.application_name, '') NOT LIKE 'tidemark %'`;

/** Autovacuum, parallel workers and senders of the log have slots of their own. What an account may not see is one of somebody's. */
const takesConnection = `datid IS NOT NULL AND COALESCE(backend_type, 'client backend') = 'client backend'`;

/** Which operation, in words, and how many connections it opens to this server at most. */
interface Need {
  readonly what: string;
  readonly needed: number;
}

export async function connectionFindings(
  session: Session,
  config: PostgresConfig,
  order: CheckOrder,
  databases: readonly string[],
): Promise<Finding[]> {
  const each = order.locks ? 2 : 1;
  const what = `a backup with ${order.lanes} lanes`;
  // Those of each database, the lanes, the monitor, pg_dump, and one to spare.
  const { findings, superuser } = await serverFindings(session, config, {
    what,
    needed: databases.length * each + order.lanes + 3,
  });
  if (superuser) return findings;
  // Every lane may be in the same database: with its own, pg_dump, and one to spare.
  const need = { what, needed: each + order.lanes + 2 };
  return [...findings, ...(await databaseLimits(session, config, need, databases))];
}

/** Of a restore: its databases are made by it, and their limits are set last. */
export async function restoreConnectionFindings(
  session: Session,
  config: PostgresConfig,
  lanes: number,
): Promise<Finding[]> {
  // The lanes and as many of pg_restore, one that makes and renames databases, the claim, and one to spare.
  const need = { what: `a restore with ${lanes} lanes`, needed: 2 * lanes + 3 };
  return (await serverFindings(session, config, need)).findings;
}

async function serverFindings(
  session: Session,
  config: PostgresConfig,
  need: Need,
): Promise<{ readonly findings: Finding[]; readonly superuser: boolean }> {
  const exempt =
    session.majorVersion >= 16
      ? `+ CASE WHEN rolsuper OR pg_catalog.pg_has_role(current_user, 'pg_use_reserved_connections', 'USAGE') THEN 0
           ELSE pg_catalog.current_setting('reserved_connections')::int END`
      : '';
  const row = await during('count the connections', subjectOf(config), () =>
    session.row(
      `SELECT rolsuper, pg_catalog.current_setting('max_connections')::int AS max,
         CASE WHEN rolsuper THEN 0 ELSE pg_catalog.current_setting('superuser_reserved_connections')::int END ${exempt} AS reserved,
         (SELECT pg_catalog.count(*) FROM pg_catalog.pg_stat_activity WHERE ${takesConnection}) AS used,
         CASE WHEN rolsuper THEN -1 ELSE rolconnlimit END AS role_limit,
         (SELECT pg_catalog.count(*) FROM pg_catalog.pg_stat_activity a WHERE a.usesysid = r.oid AND ${notOurs}) AS role_used
       FROM pg_catalog.pg_roles r WHERE rolname = current_user`,
    ),
  );
  const { what, needed } = need;
  const findings: Finding[] = [];
  const free = Number(row['max']) - Number(row['reserved']) - Number(row['used']) + 1;
  if (free < needed) {
    findings.push(
      tooFew(
        subjectOf(config),
        `${what} needs ${needed} connections, ${free} are free`,
        `ALTER SYSTEM SET max_connections = ${Number(row['max']) + needed - free}; then restart the server.`,
      ),
    );
  }
  return {
    findings: [...findings, ...roleFindings(row, config, need)],
    superuser: row['rolsuper'] === 't',
  };
}

function roleFindings(row: Row, config: PostgresConfig, { what, needed }: Need): Finding[] {
  const limit = Number(row['role_limit']);
  const used = Number(row['role_used']);
  if (limit < 0 || limit - used >= needed) return [];
  const { user } = config.database;
  return [
    tooFew(
      `role ${user}`,
      `${what} needs ${needed} connections, the role may have ${limit}${taken(used)}`,
      `ALTER ROLE ${quoteName(user)} CONNECTION LIMIT ${needed + used};`,
    ),
  ];
}

/** Superusers are not bound by them. */
async function databaseLimits(
  session: Session,
  config: PostgresConfig,
  { what, needed }: Need,
  databases: readonly string[],
): Promise<Finding[]> {
  const rows = await during('count the connections', subjectOf(config), () =>
    session.rows(
      `SELECT d.datname, d.datconnlimit AS max,
         (SELECT pg_catalog.count(*) FROM pg_catalog.pg_stat_activity a WHERE a.datid = d.oid AND ${notOurs}) AS used
       FROM pg_catalog.pg_database d WHERE d.datname = ANY ($1) AND d.datconnlimit >= 0 ORDER BY d.datname`,
      [databases],
    ),
  );
  return rows
    .filter((row) => Number(row['max']) - Number(row['used']) < needed)
    .map((row) => {
      const name = row['datname'] ?? '';
      const used = Number(row['used']);
      return tooFew(
        `database ${name}`,
        `${what} needs ${needed} connections to it, its limit is ${row['max']}${taken(used)}`,
        `ALTER DATABASE ${quoteName(name)} CONNECTION LIMIT ${needed + used};`,
      );
    });
}

function taken(used: number): string {
  return used === 0 ? '' : `, of which ${used} are taken`;
}

function tooFew(subject: string, cause: string, remedy: string): Finding {
  return finding('not-ready', subject, cause, remedy);
}
