/** Whether a database holds anything of its users. */
import { TidemarkError } from '../../../../proto/errors.ts';
import { foreignNamespaces } from '../catalogue.ts';
import { during, Session, type PostgresConfig } from '../connection/connection.ts';

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
    WHERE t.typtype IN ('d', 'e', 'r') AND ${foreignNamespaces}
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

/** Throws when one of the databases is there and holds something. The session is anywhere on the server. */
export async function requireEmpty(
  session: Session,
  config: PostgresConfig,
  names: readonly string[],
): Promise<void> {
  const rows = await session.rows('SELECT datname FROM pg_catalog.pg_database WHERE datname = ANY ($1)', [
    names,
  ]);
  for (const row of rows) {
    const name = row['datname'] ?? '';
    const object = await firstObject(config, name);
    if (object !== undefined) throw notEmpty(name, object);
  }
}

export function notEmpty(database: string, object: string): TidemarkError {
  return new TidemarkError({
    code: 'target-not-empty',
    operation: 'restore',
    subject: `database ${database}`,
    cause: `it holds ${object}`,
  });
}
