/** Settings of all roles in all databases (ALTER ROLE ALL SET), which pg_dumpall tells with neither roles nor databases. */
import { settingStatement } from '../database/properties.ts';
import type { Session } from '../connection/connection.ts';

/** One statement for each, the same on every server that has the same settings. */
export async function settingsOfAll(session: Session): Promise<string[]> {
  const rows = await session.rows(
    `SELECT s.setting FROM pg_catalog.pg_db_role_setting g, pg_catalog.unnest(g.setconfig) s(setting)
     WHERE g.setdatabase = 0 AND g.setrole = 0 ORDER BY 1`,
  );
  return rows.map(({ setting }) => {
    const [name = '', ...value] = (setting ?? '').split('=');
    return settingStatement('ROLE ALL', name, value.join('='));
  });
}
