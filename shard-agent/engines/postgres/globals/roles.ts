/**
 * Roles that a restore makes. Until it is over each of them bears a mark in its comment, and nobody can log in as one of
 * them: so any process knows which are the restore's, and that nothing hangs on them yet.
 */
import { TidemarkError } from '../../../../proto/errors.ts';
import { openGlobals } from '../../../stored-globals.ts';
import type { StoredShard } from '../../../engine.ts';
import { quoteName, quoteText, serverWords, sqlState, type Session } from '../connection/connection.ts';
import {
  type GlobalsPlan,
  planGlobals,
  readGlobals,
  withoutGrantor,
  withoutSuperuser,
} from './globals-plan.ts';
import { settingsOfAll } from './settings-of-all.ts';

interface RoleMark {
  readonly tidemark: 1;
  readonly role: 'made';
  readonly restore: string;
  readonly cluster: string;
  /** What the role has when the restore is over. */
  readonly login: boolean;
  readonly comment: string | null;
}

export interface MarkedRole {
  readonly name: string;
  readonly mark: RoleMark;
}

/** A statement the server has refused. */
export interface RefusedStatement {
  /** The role it is about. */
  readonly role: string;
  readonly cause: string;
  readonly state: string | undefined;
  /** False: the grant stands, with another grantor. */
  readonly fatal: boolean;
}

/** What the set stored, against the roles that this server has. */
export async function planRoles(session: Session, stored: StoredShard): Promise<GlobalsPlan> {
  const parts: Buffer[] = [];
  for await (const part of openGlobals(stored)) parts.push(part);
  const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(Buffer.concat(parts));
  const rows = await session.rows('SELECT rolname FROM pg_catalog.pg_roles');
  const standing = new Set(rows.map((row) => row['rolname'] ?? ''));
  return planGlobals(readGlobals(text), standing, await settingsOfAll(session));
}

/**
 * Statements that make roles hold what the server keeps of passwords: where the account may decide it, none of them comes into the
 * server's log, refused or not.
 */
const quietly = `SELECT pg_catalog.set_config(name, value, true)
  FROM (VALUES ('log_min_error_statement', 'panic'), ('log_statement', 'none'), ('log_min_duration_statement', '-1')) settings(name, value)
  WHERE EXISTS (SELECT FROM pg_catalog.pg_roles WHERE rolname = current_user AND rolsuper)`;

/** Runs the plan in a transaction that is rolled back. Resolves with everything the server refuses. */
export async function tryRoles(session: Session, plan: GlobalsPlan): Promise<RefusedStatement[]> {
  await session.script(`BEGIN; ${quietly}`);
  try {
    return await new RoleMaker(session, plan).run();
  } finally {
    await session.script('ROLLBACK');
  }
}

/** Makes the roles, all in one durable transaction. Throws what the server refuses, and then none is made. */
export async function makeRoles(
  session: Session,
  plan: GlobalsPlan,
  of: { restore: string; cluster: string },
): Promise<void> {
  await session.script(`BEGIN; SET LOCAL synchronous_commit = on; ${quietly}`);
  try {
    const refused = (await new RoleMaker(session, plan).run()).filter(({ fatal }) => fatal);
    if (refused.length > 0) {
      throw new TidemarkError({
        code: 'database-failed',
        operation: 'make the roles of the set',
        subject: refused.map(({ role }) => `role ${role}`).join(', '),
        cause: refused.map(({ cause }) => cause).join('; '),
      });
    }
    for (const name of plan.make) await markRole(session, name, of);
    await session.script('COMMIT');
  } catch (error) {
    if (session.alive) await session.script('ROLLBACK');
    throw error;
  }
}

async function markRole(
  session: Session,
  name: string,
  { restore, cluster }: { restore: string; cluster: string },
): Promise<void> {
  const row = await session.row(
    `SELECT rolcanlogin, pg_catalog.shobj_description(oid, 'pg_authid') AS comment FROM pg_catalog.pg_roles WHERE rolname = $1`,
    [name],
  );
  const mark: RoleMark = {
    tidemark: 1,
    role: 'made',
    restore,
    cluster,
    login: row['rolcanlogin'] === 't',
    comment: row['comment'] ?? null,
  };
  await session.script(
    `ALTER ROLE ${quoteName(name)} NOLOGIN; COMMENT ON ROLE ${quoteName(name)} IS ${quoteText(JSON.stringify(mark))}`,
  );
}

/** Every role on this server that a restore has made and not yet finished. */
export async function findMarkedRoles(session: Session): Promise<MarkedRole[]> {
  const rows = await session.rows(
    `SELECT rolname, comment FROM (
       SELECT rolname, pg_catalog.shobj_description(oid, 'pg_authid') AS comment FROM pg_catalog.pg_roles) r
     WHERE comment LIKE '{"tidemark":1,"role":"made",%' ORDER BY rolname`,
  );
  return rows.flatMap((row) => {
    try {
      return [{ name: row['rolname'] ?? '', mark: JSON.parse(row['comment'] ?? '') as RoleMark }];
    } catch {
      return []; // Somebody's own words, whatever they begin with.
    }
  });
}

/** Lets them log in and gives them their comments, all at once. */
export async function finishRoles(session: Session, made: readonly MarkedRole[]): Promise<void> {
  if (made.length === 0) return;
  const superuser = await isSuperuser(session);
  const statements = made.flatMap(({ name, mark }) => [
    ...(mark.login ? [`ALTER ROLE ${quoteName(name)} LOGIN`] : []),
    `COMMENT ON ROLE ${quoteName(name)} IS ${mark.comment === null ? 'NULL' : quoteText(mark.comment)}`,
    ...(superuser ? [] : [`REVOKE ${quoteName(name)} FROM CURRENT_USER`]),
  ]);
  await session.script(['BEGIN', ...statements, 'COMMIT'].join('; '));
}

/** Drops them, all at once; their memberships go with them. Nothing may belong to them any more. */
export async function dropRoles(session: Session, made: readonly MarkedRole[]): Promise<void> {
  if (made.length === 0) return;
  const names = made.map(({ name }) => name);
  const list = names.map(quoteName).join(', ');
  const granted =
    session.majorVersion < 15
      ? []
      : await session.rows(
          `SELECT DISTINCT p.parname FROM pg_catalog.pg_parameter_acl p, pg_catalog.aclexplode(p.paracl) a
           JOIN pg_catalog.pg_roles r ON r.oid = a.grantee WHERE r.rolname = ANY ($1)`,
          [names],
        );
  const revoke = granted.map(
    (row) => `REVOKE ALL ON PARAMETER ${quoteName(row['parname'] ?? '')} FROM ${list} CASCADE`,
  );
  await session.script(['BEGIN', ...revoke, `DROP ROLE ${list}`, 'COMMIT'].join('; '));
}

async function isSuperuser(session: Session): Promise<boolean> {
  const row = await session.row('SELECT rolsuper FROM pg_catalog.pg_roles WHERE rolname = current_user');
  return row['rolsuper'] === 't';
}

type Planned<Kind extends string> = Extract<GlobalsPlan['statements'][number], { kind: Kind }>;

/** Runs a plan in the transaction that is open, each statement under a savepoint of its own. */
class RoleMaker {
  readonly #session: Session;
  readonly #plan: GlobalsPlan;
  readonly #refused: RefusedStatement[] = [];
  #superuser = false;

  constructor(session: Session, plan: GlobalsPlan) {
    this.#session = session;
    this.#plan = plan;
  }

  async run(): Promise<RefusedStatement[]> {
    this.#superuser = await isSuperuser(this.#session);
    const { statements, make } = this.#plan;
    for (const one of statements) {
      if (one.kind !== 'role') continue;
      await this.#run(one.role, this.#superuser ? one.sql.sql : withoutSuperuser(one.sql));
    }
    // Whoever gives databases and their objects to a role must be a member of it; `finishRoles` ends that.
    if (!this.#superuser)
      for (const role of make) await this.#run(role, `GRANT ${quoteName(role)} TO CURRENT_USER`);
    await this.#memberships(statements.filter((one) => one.kind === 'membership'));
    for (const one of statements) if (one.kind === 'parameter') await this.#parameter(one);
    return this.#refused;
  }

  /** A grantor may get its own right to grant only by a later one of these; one that has none gives way to us. */
  async #memberships(all: readonly Planned<'membership'>[]): Promise<void> {
    let left = [...all];
    if (!this.#superuser) {
      for (const one of left.splice(0)) await this.#run(one.member, withoutGrantor(one.sql));
    }
    while (left.length > 0) {
      const later: typeof left = [];
      for (const one of left) if ((await this.#attempt(one.sql.sql)) !== undefined) later.push(one);
      if (later.length === left.length) {
        for (const one of later) await this.#byUs(one.member, withoutGrantor(one.sql), one.grantor);
        return;
      }
      left = later;
    }
  }

  async #parameter({ grantee = '', grantor, sql }: Planned<'parameter'>): Promise<void> {
    if (grantor !== undefined) {
      if ((await this.#attempt(sql.sql, grantor)) === undefined) return;
    }
    await this.#byUs(grantee, sql.sql, grantor);
  }

  async #byUs(role: string, sql: string, grantor: string | undefined): Promise<void> {
    const refused = await this.#attempt(sql);
    if (refused !== undefined) this.#refuse(role, refused, true);
    else if (grantor !== undefined) {
      const cause = `role ${grantor} may not grant it here, so another grantor is recorded: ${sql}`;
      this.#refused.push({ role, cause, state: undefined, fatal: false });
    }
  }

  async #run(role: string, sql: string): Promise<void> {
    const refused = await this.#attempt(sql);
    if (refused !== undefined) this.#refuse(role, refused, true);
  }

  #refuse(role: string, error: unknown, fatal: boolean): void {
    this.#refused.push({ role, cause: serverWords(error), state: sqlState(error), fatal });
  }

  /**
   * The server's refusal, after which the transaction is as it was before; undefined when it went through. The text is the
   * set's: the server takes it for one statement or refuses it, so that nothing in it ends the transaction.
   */
  async #attempt(sql: string, as?: string): Promise<unknown> {
    await this.#session.script('SAVEPOINT one');
    try {
      if (as !== undefined) await this.#session.script(`SET LOCAL ROLE ${quoteName(as)}`);
      await this.#session.statement(sql);
      if (as !== undefined) await this.#session.script('SET LOCAL ROLE NONE');
    } catch (error) {
      if (sqlState(error) === undefined || !this.#session.alive) throw error;
      await this.#session.script('ROLLBACK TO SAVEPOINT one; RELEASE SAVEPOINT one');
      return error;
    }
    await this.#session.script('RELEASE SAVEPOINT one');
    return undefined;
  }
}
