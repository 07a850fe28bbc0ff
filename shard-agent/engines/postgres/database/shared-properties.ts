/** What all databases of a server know of one: its owner, comment, grants and settings, and the names of roles and tablespaces. */
import type { Row, Session } from '../connection/connection.ts';
import { convertsSharedNames, isReadable, requireReadable, sharedRows } from '../connection/shared-names.ts';
import type { DatabaseGrant, DatabaseSetting } from './properties.ts';

/** Names by object id. Asking for one whose bytes are none of UTF-8 throws `not-supported`. */
export class SharedNames {
  readonly #kind: string;
  readonly #names: ReadonlyMap<string, string>;

  constructor(kind: 'role' | 'tablespace', rows: readonly Row[]) {
    this.#kind = kind;
    this.#names = new Map(rows.map((row) => [row['oid'] ?? '', row['name'] ?? '']));
  }

  of(oid: string | number): string {
    const name = this.#names.get(String(oid));
    // As the server's own function calls an owner that is gone.
    return name === undefined ? `unknown (OID=${oid})` : requireReadable(name, this.#kind);
  }
}

export interface SharedProperties {
  readonly roles: SharedNames;
  readonly tablespaces: SharedNames;
  readonly comment: string | null;
  /** See DatabaseProperties. */
  readonly commentInside: boolean;
  readonly grants: readonly DatabaseGrant[] | null;
  readonly settings: readonly DatabaseSetting[];
}

/** Of the database with this object id, which is the session's own. In its transaction. Throws `not-supported` for names of no known encoding. */
export async function readSharedProperties(session: Session, oid: string): Promise<SharedProperties> {
  const roles = new SharedNames(
    'role',
    await sharedRows(session, 'SELECT oid, rolname AS name FROM pg_catalog.pg_roles'),
  );
  const tablespaces = new SharedNames(
    'tablespace',
    await sharedRows(session, 'SELECT oid, spcname AS name FROM pg_catalog.pg_tablespace'),
  );
  const comment = await readComment(session, oid);
  return {
    roles,
    tablespaces,
    comment: comment.text,
    commentInside: comment.inside,
    grants: await readGrants(session, oid, roles),
    settings: await readSettings(session, oid, roles),
  };
}

/** `inside`: it is in the encoding of the session's database, whose comment it is. */
export async function readComment(
  session: Session,
  oid: string,
): Promise<{ readonly text: string | null; readonly inside: boolean }> {
  const sql = `SELECT pg_catalog.shobj_description(${oid}, 'pg_database') AS comment`;
  const [shared] = await sharedRows(session, sql);
  const text = shared?.['comment'] ?? null;
  if (text === null || isReadable(text)) return { text, inside: false };
  if (!convertsSharedNames(session)) requireReadable(text, 'comment of the database');
  return { text: (await session.row(sql))['comment'] ?? null, inside: true };
}

async function readGrants(
  session: Session,
  oid: string,
  roles: SharedNames,
): Promise<readonly DatabaseGrant[] | null> {
  const { standard } = await session.row(
    `SELECT datacl IS NULL AS standard FROM pg_catalog.pg_database WHERE oid = ${oid}`,
  );
  if (standard === 't') return null;
  const rows = await session.rows(
    `SELECT a.grantor, a.grantee, a.privilege_type, a.is_grantable FROM pg_catalog.pg_database d,
       pg_catalog.aclexplode(d.datacl) WITH ORDINALITY a(grantor, grantee, privilege_type, is_grantable, number)
     WHERE d.oid = ${oid} ORDER BY a.number`,
  );
  return rows.map((row) => ({
    grantee: row['grantee'] === '0' ? null : roles.of(row['grantee'] ?? ''),
    grantor: roles.of(row['grantor'] ?? ''),
    privilege: row['privilege_type'] as DatabaseGrant['privilege'],
    grantable: row['is_grantable'] === 't',
  }));
}

/** A value may be a name of the database's own, in its encoding: then that is how it was set, and how it must be set again. */
async function readSettings(session: Session, oid: string, roles: SharedNames): Promise<DatabaseSetting[]> {
  const sql = `SELECT g.setrole, s.setting FROM pg_catalog.pg_db_role_setting g,
       pg_catalog.unnest(g.setconfig) WITH ORDINALITY s(setting, place)
     WHERE g.setdatabase = ${oid} AND (g.setrole = 0 OR g.setrole IN (SELECT oid FROM pg_catalog.pg_roles))
     ORDER BY g.setrole, s.place`;
  const shared = await sharedRows(session, sql);
  if (shared.length === 0) return [];
  const inside = convertsSharedNames(session) ? await session.rows(sql) : [];
  const settings = shared.map((row, at): DatabaseSetting => {
    const role = row['setrole'] === '0' ? null : roles.of(row['setrole'] ?? '');
    const text = row['setting'] ?? '';
    if (isReadable(text)) return splitSetting(role, text);
    const subject = `setting of ${role === null ? 'the database' : `role ${role} in the database`}`;
    const ownText = inside[at]?.['setting'];
    if (ownText == null) requireReadable(text, subject);
    return { ...splitSetting(role, ownText ?? ''), inside: true };
  });
  return settings.sort((a, b) => compare(a.role ?? '\uffff', b.role ?? '\uffff'));
}

function splitSetting(role: string | null, setting: string): DatabaseSetting {
  const at = setting.indexOf('=');
  return { role, name: setting.slice(0, at), value: setting.slice(at + 1) };
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
