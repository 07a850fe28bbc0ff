/**
 * Extensions bring along what acts by itself: event triggers, and on their configuration tables triggers, rules and foreign keys.
 * All of it is there before the first row. It is taken away while rows load, so that nothing fires and no row has to come before
 * another, and it is given back when all rows are in.
 */
import { during, quoteName, type PostgresConfig, type Session } from '../connection/connection.ts';
import { openMaintenance, subjectOf } from '../server.ts';

/** From this version on a superuser may turn all event triggers off, those of logins too: no session of a restore meets one. */
const eventTriggersSettableSince = 17;

/** The same server, in sessions that no event trigger sees, where this role may have such. */
export async function quietConfig(config: PostgresConfig): Promise<PostgresConfig> {
  const session = await openMaintenance(config, 'restore');
  try {
    if (session.majorVersion < eventTriggersSettableSince) return config;
    const row = await during('read the privileges', subjectOf(config), () =>
      session.row('SELECT rolsuper FROM pg_catalog.pg_roles WHERE rolname = current_user'),
    );
    return row['rolsuper'] === 't' ? { ...config, eventTriggersOff: true } : config;
  } finally {
    await session.close();
  }
}

/** By the catalogues' letters of what is enabled. */
const enabling: Readonly<Record<string, string>> = { O: 'ENABLE', R: 'ENABLE REPLICA', A: 'ENABLE ALWAYS' };

/**
 * Disables the event triggers of extensions. To be called whenever an extension was made: the next is one that they would see.
 * Resolves with the statements that enable them.
 */
export async function disableEventTriggers(session: Session): Promise<string[]> {
  const rows = await session.rows(`
    SELECT t.evtname, t.evtenabled FROM pg_catalog.pg_event_trigger t
    WHERE t.evtenabled <> 'D' AND pg_catalog.pg_has_role(t.evtowner, 'USAGE')
      AND EXISTS (SELECT FROM pg_catalog.pg_depend d WHERE d.classid = 'pg_catalog.pg_event_trigger'::pg_catalog.regclass
        AND d.objid = t.oid AND d.deptype = 'e')
    ORDER BY t.evtname`);
  const names = rows.map((row) => quoteName(row['evtname'] ?? ''));
  if (names.length > 0)
    await session.script(names.map((name) => `ALTER EVENT TRIGGER ${name} DISABLE`).join('; '));
  return rows.map(
    (row, at) => `ALTER EVENT TRIGGER ${names[at]} ${enabling[row['evtenabled'] ?? ''] ?? 'ENABLE'}`,
  );
}

/** Configuration tables that this role may alter. Those that extensions made as a superuser for somebody else are not among them. */
const configured = `
  SELECT c.oid, c.oid::pg_catalog.regclass::text AS name, g.condition, c.relkind, g.extname
  FROM (SELECT extname, pg_catalog.unnest(extconfig) AS oid, pg_catalog.unnest(extcondition) AS condition FROM pg_catalog.pg_extension) g
  JOIN pg_catalog.pg_class c ON c.oid = g.oid
  WHERE c.relkind IN ('r', 'p') AND pg_catalog.pg_has_role(c.relowner, 'USAGE')`;

/** Kind by kind, in the order in which they are taken away; each row holds the statement that does it and the one that undoes it. */
const parts: readonly string[] = [
  `SELECT pg_catalog.format('ALTER TABLE %s DISABLE RULE %I', t.name, r.rulename) AS take,
     pg_catalog.format('ALTER TABLE %s %s RULE %I', t.name, ${enabledAs('r.ev_enabled')}, r.rulename) AS back
   FROM configured t JOIN pg_catalog.pg_rewrite r ON r.ev_class = t.oid WHERE r.ev_enabled <> 'D'`,
  `SELECT pg_catalog.format('ALTER TABLE %s DISABLE TRIGGER %I', t.name, g.tgname) AS take,
     pg_catalog.format('ALTER TABLE %s %s TRIGGER %I', t.name, ${enabledAs('g.tgenabled')}, g.tgname) AS back
   FROM configured t JOIN pg_catalog.pg_trigger g ON g.tgrelid = t.oid
   WHERE NOT g.tgisinternal AND g.tgparentid = 0 AND g.tgenabled <> 'D'`,
  `SELECT pg_catalog.format('ALTER TABLE %s DROP CONSTRAINT %I', k.conrelid::pg_catalog.regclass, k.conname) AS take,
     pg_catalog.format('ALTER TABLE %s ADD CONSTRAINT %I %s', k.conrelid::pg_catalog.regclass, k.conname,
       pg_catalog.pg_get_constraintdef(k.oid))
     || pg_catalog.format('; COMMENT ON CONSTRAINT %I ON %s IS %L', k.conname, k.conrelid::pg_catalog.regclass,
       pg_catalog.obj_description(k.oid, 'pg_constraint')) AS back
   FROM pg_catalog.pg_constraint k JOIN pg_catalog.pg_class c ON c.oid = k.conrelid
   WHERE k.contype = 'f' AND k.conparentid = 0 AND pg_catalog.pg_has_role(c.relowner, 'USAGE')
     AND (k.conrelid IN (SELECT oid FROM configured) OR k.confrelid IN (SELECT oid FROM configured))`,
];

function enabledAs(letter: string): string {
  const cases = Object.entries(enabling).map(([name, words]) => `WHEN '${name}' THEN '${words}'`);
  return `CASE ${letter} ${cases.join(' ')} END`;
}

/**
 * Takes from configuration tables what acts by itself, and the rows that making the extension left among those which the set holds:
 * all that meet the condition are the set's. Not where the extension is of another version than it was: new rows may be its own.
 * `asBefore`: extensions of the version that they had. Resolves with the statements that give back what was taken.
 */
export async function emptyConfiguration(session: Session, asBefore: ReadonlySet<string>): Promise<string[]> {
  const back: string[] = [];
  for (const part of parts) {
    const rows = await session.rows(
      `WITH configured AS (${configured}) SELECT take, back FROM (${part}) p ORDER BY take`,
    );
    for (const row of rows) {
      await session.script(row['take'] ?? '');
      back.push(row['back'] ?? '');
    }
  }
  for (const row of await session.rows(`${configured} AND c.relkind = 'r' ORDER BY 2`)) {
    if (!asBefore.has(row['extname'] ?? '')) continue;
    await session.script(
      `DELETE FROM ONLY ${row['name']} WHERE ctid IN (SELECT ctid FROM ONLY ${row['name']} ${row['condition'] ?? ''})`,
    );
  }
  // Keys first, while triggers are still off; then what fires.
  return back.reverse();
}
