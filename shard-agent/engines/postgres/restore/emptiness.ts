/** Whether a database holds anything of its users. */
import { TidemarkError } from '../../../../proto/errors.ts';
import type { Finding } from '../../../engine.ts';
import { finding } from '../../../findings.ts';
import { foreignNamespaces } from '../catalogue.ts';
import { during, quoteName, Session, type PostgresConfig, type Row } from '../connection/connection.ts';

const query = `
  SELECT kind, name FROM (
    SELECT 'relation' AS kind, 'pg_catalog.pg_class'::pg_catalog.regclass AS class, c.oid, n.nspname || '.' || c.relname AS name
    FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
    WHERE c.relkind IN ('r', 'p', 'v', 'm', 'S', 'f') AND c.relpersistence <> 't' AND ${foreignNamespaces}
    UNION ALL
    SELECT 'function', 'pg_catalog.pg_proc'::pg_catalog.regclass, p.oid, n.nspname || '.' || p.proname
    FROM pg_catalog.pg_proc p JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace WHERE ${foreignNamespaces}
    UNION ALL
    SELECT 'type', 'pg_catalog.pg_type'::pg_catalog.regclass, t.oid, n.nspname || '.' || t.typname
    FROM pg_catalog.pg_type t JOIN pg_catalog.pg_namespace n ON n.oid = t.typnamespace
    WHERE (t.typtype IN ('d', 'e', 'r') OR t.typtype = 'c' AND EXISTS (SELECT FROM pg_catalog.pg_class k WHERE k.oid = t.typrelid AND k.relkind = 'c')
      OR t.typtype = 'b' AND NOT EXISTS (SELECT FROM pg_catalog.pg_type e WHERE e.typarray = t.oid)) AND ${foreignNamespaces}
    UNION ALL
    SELECT 'collation', 'pg_catalog.pg_collation'::pg_catalog.regclass, c.oid, n.nspname || '.' || c.collname
    FROM pg_catalog.pg_collation c JOIN pg_catalog.pg_namespace n ON n.oid = c.collnamespace WHERE ${foreignNamespaces}
    UNION ALL
    SELECT 'operator', 'pg_catalog.pg_operator'::pg_catalog.regclass, o.oid, n.nspname || '.' || o.oprname
    FROM pg_catalog.pg_operator o JOIN pg_catalog.pg_namespace n ON n.oid = o.oprnamespace WHERE ${foreignNamespaces}
    UNION ALL
    SELECT 'text search configuration', 'pg_catalog.pg_ts_config'::pg_catalog.regclass, c.oid, n.nspname || '.' || c.cfgname
    FROM pg_catalog.pg_ts_config c JOIN pg_catalog.pg_namespace n ON n.oid = c.cfgnamespace WHERE ${foreignNamespaces}
    UNION ALL
    SELECT 'text search dictionary', 'pg_catalog.pg_ts_dict'::pg_catalog.regclass, d.oid, n.nspname || '.' || d.dictname
    FROM pg_catalog.pg_ts_dict d JOIN pg_catalog.pg_namespace n ON n.oid = d.dictnamespace WHERE ${foreignNamespaces}
    UNION ALL
    SELECT 'foreign-data wrapper', 'pg_catalog.pg_foreign_data_wrapper'::pg_catalog.regclass, w.oid, w.fdwname FROM pg_catalog.pg_foreign_data_wrapper w
    UNION ALL
    SELECT 'foreign server', 'pg_catalog.pg_foreign_server'::pg_catalog.regclass, f.oid, f.srvname FROM pg_catalog.pg_foreign_server f
    UNION ALL
    SELECT 'publication', 'pg_catalog.pg_publication'::pg_catalog.regclass, p.oid, p.pubname FROM pg_catalog.pg_publication p
    UNION ALL
    SELECT 'event trigger', 'pg_catalog.pg_event_trigger'::pg_catalog.regclass, e.oid, e.evtname FROM pg_catalog.pg_event_trigger e
    UNION ALL
    SELECT 'subscription', 'pg_catalog.pg_subscription'::pg_catalog.regclass, s.oid, s.subname FROM pg_catalog.pg_subscription s
    WHERE s.subdbid = (SELECT oid FROM pg_catalog.pg_database WHERE datname = pg_catalog.current_database())
    UNION ALL
    SELECT 'schema', 'pg_catalog.pg_namespace'::pg_catalog.regclass, n.oid, n.nspname
    FROM pg_catalog.pg_namespace n WHERE n.nspname <> 'public' AND ${foreignNamespaces}
    UNION ALL
    SELECT 'large object', 'pg_catalog.pg_largeobject'::pg_catalog.regclass, m.oid, m.oid::text
    FROM pg_catalog.pg_largeobject_metadata m
  ) o
  WHERE NOT EXISTS (SELECT FROM pg_catalog.pg_depend d WHERE d.classid = o.class AND d.objid = o.oid AND d.deptype = 'e')
  ORDER BY 1, 2 LIMIT 1`;

/** One object of the database, `table public.accounts`, or undefined when it is empty. Extensions do not count. */
export async function firstObject(config: PostgresConfig, database: string): Promise<string | undefined> {
  const session = await Session.open(config, database, 'restore');
  try {
    return await during('look for objects', `database ${database}`, () => firstObjectIn(session));
  } finally {
    await session.close();
  }
}

/** As `firstObject`, in the session's own database. */
export async function firstObjectIn(session: Session): Promise<string | undefined> {
  const [row] = await session.rows(query);
  return row === undefined ? undefined : `${row['kind']} ${row['name']}`;
}

/**
 * Which of these databases are there and are not known to be empty: what a restore must not take the place of. The session is
 * anywhere on the server. Changes nothing; may be asked again at any time before the switch.
 */
export async function occupiedFindings(
  session: Session,
  config: PostgresConfig,
  names: readonly string[],
): Promise<Finding[]> {
  const rows = await during('look at the target', names.join(', '), () =>
    session.rows(
      `SELECT datname, datallowconn, datconnlimit = -2 AS invalid FROM pg_catalog.pg_database
       WHERE datname = ANY ($1) ORDER BY datname`,
      [names],
    ),
  );
  const findings: Finding[] = [];
  for (const row of rows) {
    const name = row['datname'] ?? '';
    const cause = await whyOccupied(config, row);
    if (cause === undefined) continue;
    const remedy =
      row['invalid'] === 't'
        ? `DROP DATABASE ${quoteName(name)};`
        : `DROP DATABASE ${quoteName(name)}; if nothing in it is needed, or restore onto another server.`;
    findings.push(finding('target-not-empty', `database ${name}`, cause, remedy));
  }
  return findings;
}

async function whyOccupied(config: PostgresConfig, row: Row): Promise<string | undefined> {
  if (row['invalid'] === 't') return 'it is invalid, since a DROP DATABASE of it was broken off';
  if (row['datallowconn'] !== 't')
    return 'it refuses connections, so that it is not known whether it is empty';
  try {
    const object = await firstObject(config, row['datname'] ?? '');
    return object === undefined ? undefined : `it holds ${object}`;
  } catch (error) {
    if (!(error instanceof TidemarkError) || error.code === 'database-unreachable') throw error;
    return `it cannot be looked into, so that it is not known whether it is empty: ${error.reason}`;
  }
}

/** Throws the first of `occupiedFindings` as `target-not-empty`. */
export async function requireEmpty(
  session: Session,
  config: PostgresConfig,
  names: readonly string[],
): Promise<void> {
  const [found] = await occupiedFindings(session, config, names);
  if (found === undefined) return;
  const { code, subject, cause, remedy } = found;
  throw new TidemarkError({ code, operation: 'restore', subject, cause, remedy });
}

export function notEmpty(database: string, object: string): TidemarkError {
  return new TidemarkError({
    code: 'target-not-empty',
    operation: 'restore',
    subject: `database ${database}`,
    cause: `it holds ${object}`,
  });
}
