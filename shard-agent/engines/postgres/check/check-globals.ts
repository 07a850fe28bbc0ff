/** What belongs to the server as a whole and is in no dump of it. */
import type { Finding } from '../../../engine.ts';
import { finding } from '../../../findings.ts';
import { during, type PostgresConfig, type Session } from '../connection/connection.ts';
import { settingsOfAll } from '../globals/settings-of-all.ts';
import { subjectOf } from '../server.ts';
import { lostInGlobals } from './left-out/lost-roles.ts';

/** Roles that are gone, in what is stored with the roles. */
export async function lostFindings(session: Session, config: PostgresConfig): Promise<Finding[]> {
  const subject = subjectOf(config);
  const rows = await during('look for roles that are gone', subject, () =>
    session.rows(`SELECT name FROM (${lostInGlobals(session.majorVersion)}) q ORDER BY 1`),
  );
  return rows.map(({ name }) =>
    finding(
      'not-supported',
      `${subject}: ${name}`,
      'it names a role that is gone, and no restore can make it: a dump names such a role by its number or not at all',
      'As a superuser, take the number out of the catalogue: DELETE FROM pg_catalog.pg_auth_members WHERE NUMBER IN (roleid, member); or UPDATE the grants of the tablespace or parameter.',
    ),
  );
}

/** They are stored with the roles, which nobody has ordered. */
export async function settingsOfAllFindings(session: Session, config: PostgresConfig): Promise<Finding[]> {
  const subject = subjectOf(config);
  const statements = await during('read the settings of all roles', subject, () => settingsOfAll(session));
  return statements.map((sql) =>
    finding(
      'not-supported',
      `${subject}: a setting of all roles`,
      `it is left out without --globals: ${sql}`,
      'tidemark backup --globals, which stores it with the roles.',
      true,
    ),
  );
}
