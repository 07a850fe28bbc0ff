/**
 * The databases a restore has made, from staging to final names and back. Everything is read from the server, so that
 * another process can go on where one died. Every step may be taken again.
 */
import { TidemarkError } from '../../../../proto/errors.ts';
import { during, quoteName, Session, sqlState, type PostgresConfig } from '../connection/connection.ts';
import { durableCommits } from './durable-commits.ts';
import { firstObject, firstObjectIn, notEmpty } from './emptiness.ts';
import { dropRoles, findMarkedRoles, finishRoles, type MarkedRole } from '../globals/roles.ts';
import { commentOf, giveComment } from './marked-comment.ts';
import { openMaintenance, subjectOf } from '../server.ts';
import {
  asideName,
  commentStatement,
  markStatement,
  readMark,
  restoreInName,
  stagingPattern,
  type StagingMark,
} from './staging-mark.ts';

export interface MarkedDatabase {
  readonly name: string;
  readonly restore: string;
  /** Undefined when its maker died before it could be marked, or when it is nobody's staging. */
  readonly mark: StagingMark | undefined;
}

/** How often sessions that keep a database from being renamed are ended before it is given up. */
const renameTries = 10;

/** Every database of any restore on this server. */
export async function findMarked(session: Session): Promise<MarkedDatabase[]> {
  const rows = await session.rows(
    `SELECT datname, comment FROM (
       SELECT datname, pg_catalog.shobj_description(oid, 'pg_database') AS comment FROM pg_catalog.pg_database) d
     WHERE datname ~ $1 OR comment LIKE '{"tidemark":1,%' ORDER BY datname`,
    [stagingPattern],
  );
  return rows.flatMap((row) => {
    const name = row['datname'] ?? '';
    const mark = readMark(row['comment'] ?? null);
    const restore = mark?.restore ?? restoreInName(name);
    return restore === undefined ? [] : [{ name, restore, mark }];
  });
}

export class Staging {
  readonly #config: PostgresConfig;
  readonly #restore: string;

  constructor(config: PostgresConfig, restore: string) {
    this.#config = config;
    this.#restore = restore;
  }

  /** Turns applications away from every empty database that has a final name, and makes sure that it is still empty. */
  async closeTarget(): Promise<void> {
    await this.#onServer('close the target', async (session) => {
      const all = await this.#mine(session);
      for (const { mark } of all) if (mark?.role === 'staged') await this.#setAside(session, mark, all);
    });
  }

  /**
   * Renames every staging to its final name in one transaction; an empty database that has it is renamed away.
   * Connections to both are refused until `open` or `discard`.
   */
  async switch(): Promise<void> {
    await this.#onServer('switch to the restored databases', async (session) => {
      const all = await this.#mine(session);
      const staged = all.flatMap(({ name, mark }) => (mark?.role === 'staged' ? [{ name, mark }] : []));
      // Broken off after a finish had taken off the marks of what was switched.
      if (staged.length === 0 && all.length > 0 && all.every(({ mark }) => mark?.role === 'aside')) return;
      // Only what comes after the switch was left to do.
      if (all.length === 0 && (await this.#roles(session)).length > 0) return;
      const unready = all.find(({ mark }) => mark === undefined || (mark.role === 'staged' && !mark.loaded));
      if (unready !== undefined || staged.length === 0) {
        throw new TidemarkError({
          code: 'internal',
          operation: 'switch to the restored databases',
          subject: unready === undefined ? `restore ${this.#restore}` : `database ${unready.name}`,
          cause: 'it is only partly loaded',
        });
      }
      const pending = staged.filter(({ name, mark }) => name !== mark.database);
      if (pending.length === 0) return;
      for (const { mark } of pending) await this.#setAside(session, mark, all);
      for (const { name } of pending)
        await session.script(`ALTER DATABASE ${quoteName(name)} ALLOW_CONNECTIONS false`);
      await this.#rename(session, pending);
    });
  }

  /**
   * Marks an empty database that has the final name and refuses connections to it. Throws `target-not-empty` when it holds
   * something, and leaves it open then.
   */
  async #setAside(session: Session, staged: StagingMark, all: readonly MarkedDatabase[]): Promise<void> {
    const { database } = staged;
    const marked = all.find(({ name }) => name === database);
    if (marked?.mark?.role === 'aside') return;
    const [present] = await session.rows('SELECT oid FROM pg_catalog.pg_database WHERE datname = $1', [
      database,
    ]);
    if (present === undefined) return;
    if (marked !== undefined) throw notEmpty(database, 'another restore');
    // Opened before the others are turned away, so that it sees all that they have made.
    const inside = await Session.open(this.#config, database, 'restore');
    try {
      const { comment, commentInside } = await commentOf(inside, present['oid'] ?? '');
      const mark: StagingMark = { ...staged, role: 'aside', comment, commentInside };
      await session.script(
        `BEGIN; ${markStatement(database, mark)}; ALTER DATABASE ${quoteName(database)} ALLOW_CONNECTIONS false; COMMIT`,
      );
      await endSessions(session, [database], inside.greetedPid);
      const object = await foundIn(inside);
      if (object === undefined) return;
      await this.#letGo(session, database, mark);
      throw notEmpty(database, object);
    } finally {
      await inside.close();
    }
  }

  /** What was set aside is let in to again, and is nobody's any more. */
  async #letGo(session: Session, name: string, mark: StagingMark): Promise<void> {
    const open = `ALTER DATABASE ${quoteName(name)} ALLOW_CONNECTIONS true`;
    if (mark.commentInside === true) {
      await session.script(open);
      await giveComment(this.#config, session, name, mark);
      return;
    }
    await session.script(`BEGIN; ${commentStatement(name, mark.comment)}; ${open}; COMMIT`);
  }

  async #rename(session: Session, pending: readonly { name: string; mark: StagingMark }[]): Promise<void> {
    const finals = pending.map(({ mark }) => mark.database);
    for (let tries = 1; ; tries += 1) {
      await endSessions(session, [...finals, ...pending.map(({ name }) => name)]);
      const standing = await session.rows(
        'SELECT datname FROM pg_catalog.pg_database WHERE datname = ANY ($1)',
        [finals],
      );
      const taken = new Set(standing.map((row) => row['datname']));
      const statements = pending.flatMap(({ name, mark }) => [
        ...(taken.has(mark.database)
          ? [
              `ALTER DATABASE ${quoteName(mark.database)} RENAME TO ${quoteName(asideName(mark.restore, mark.number))}`,
            ]
          : []),
        `ALTER DATABASE ${quoteName(name)} RENAME TO ${quoteName(mark.database)}`,
      ]);
      try {
        await session.script(['BEGIN', ...statements, 'COMMIT'].join('; '));
        return;
      } catch (error) {
        await session.script('ROLLBACK');
        // 55006, object_in_use: a session that was already being let in when connections were refused.
        if (sqlState(error) !== '55006' || tries >= renameTries) throw error;
      }
    }
  }

  /** Lets applications into the restored databases. */
  async open(): Promise<void> {
    if (await this.#letIn()) return;
    // A server that lost its last commits has to switch again.
    await this.switch();
    await this.#letIn();
  }

  /** False, and nothing changed, when a database does not have its final name. */
  async #letIn(): Promise<boolean> {
    let switched = true;
    await this.#onServer('open the restored databases', async (session) => {
      const staged = (await this.#mine(session)).flatMap(({ name, mark }) =>
        mark?.role === 'staged' ? [{ name, mark }] : [],
      );
      switched = staged.every(({ name, mark }) => name === mark.database);
      if (!switched || staged.length === 0) return;
      const statements = staged.map(({ name }) => `ALTER DATABASE ${quoteName(name)} ALLOW_CONNECTIONS true`);
      await session.script(['BEGIN', ...statements, 'COMMIT'].join('; '));
    });
    return switched;
  }

  /** After `open`: drops what was set aside, takes the marks off, and lets the roles that were made log in. */
  async finish(): Promise<void> {
    await this.#onServer('finish the restore', async (session) => {
      const all = await this.#mine(session);
      for (const { name, mark } of all)
        if (mark?.role === 'aside') await this.#dropAside(session, name, mark);
      // The marks of what was switched go last: while they stand, all of this may be done again.
      for (const { name, mark } of all) {
        if (mark?.role === 'staged' && name === mark.database)
          await giveComment(this.#config, session, name, mark);
      }
      // After all that only owners may do, for then we may be none any more.
      await finishRoles(session, await this.#roles(session));
    });
  }

  /** It was empty when it was set aside and has refused connections since; what is not empty now is kept. */
  async #dropAside(session: Session, name: string, mark: StagingMark): Promise<void> {
    await session.script(`ALTER DATABASE ${quoteName(name)} ALLOW_CONNECTIONS true`);
    const object = await firstObject(this.#config, name);
    if (object !== undefined) {
      await giveComment(this.#config, session, name, mark);
      throw notEmpty(`${mark.database}, kept under the name ${name}`, object);
    }
    await dropDatabase(this.#config, session, name);
  }

  /** Drops what the restore made, switched or not, databases and roles, and gives set-aside databases their name back. */
  async discard(): Promise<void> {
    await this.#onServer('undo the restore', async (session) => {
      const all = await this.#mine(session);
      const aside = all.filter(
        ({ name, mark }) => mark?.role === 'aside' || (mark === undefined && name.endsWith('_old')),
      );
      for (const { name, mark } of all.filter((one) => !aside.includes(one))) {
        if (mark !== undefined || (await isBeginning(this.#config, session, name)))
          await dropDatabase(this.#config, session, name);
      }
      for (const { name, mark } of aside) {
        if (mark === undefined) continue;
        if (name !== mark.database)
          await session.script(`ALTER DATABASE ${quoteName(name)} RENAME TO ${quoteName(mark.database)}`);
        await this.#letGo(session, mark.database, mark);
      }
      // When nothing is theirs any more.
      await dropRoles(session, await this.#roles(session));
    });
  }

  async #mine(session: Session): Promise<MarkedDatabase[]> {
    return (await findMarked(session)).filter(({ restore }) => restore === this.#restore);
  }

  async #roles(session: Session): Promise<MarkedRole[]> {
    return (await findMarkedRoles(session)).filter(({ mark }) => mark.restore === this.#restore);
  }

  /** In a maintenance database that is not itself being restored. */
  async #onServer(operation: string, action: (session: Session) => Promise<void>): Promise<void> {
    let session = await openMaintenance(this.#config, 'restore');
    try {
      await during(operation, subjectOf(this.#config), async () => {
        const names = (await this.#mine(session)).flatMap(({ name, mark }) => [
          name,
          ...(mark ? [mark.database] : []),
        ]);
        if (names.includes(session.database)) {
          await session.close();
          session = await openMaintenance(this.#config, 'restore', names);
        }
        await session.script(`SET default_transaction_read_only = off; ${durableCommits}`);
        await action(session);
      });
    } finally {
      await session.close();
    }
  }
}

/** A name alone does not make a database ours: without a mark only what holds nothing is a staging's beginning. */
export async function isBeginning(config: PostgresConfig, session: Session, name: string): Promise<boolean> {
  const rows = await session.rows(
    'SELECT 1 FROM pg_catalog.pg_database WHERE datname = $1 AND datallowconn',
    [name],
  );
  return rows.length > 0 && (await firstObject(config, name)) === undefined;
}

/** Ends the sessions of others in these databases, but for `spared`. */
async function endSessions(session: Session, databases: readonly string[], spared = 0): Promise<void> {
  await session.rows(
    `SELECT pg_catalog.pg_terminate_backend(pid, 5000) FROM pg_catalog.pg_stat_activity
     WHERE datname = ANY ($1) AND pid <> ALL ($2) AND pid <> pg_catalog.pg_backend_pid() AND backend_type = 'client backend'`,
    [databases, [spared]],
  );
}

/** An object of the session's own database, or a prepared transaction in it, which may have made one. */
async function foundIn(session: Session): Promise<string | undefined> {
  const [prepared] = await session.rows(
    'SELECT gid FROM pg_catalog.pg_prepared_xacts WHERE database = pg_catalog.current_database() ORDER BY gid LIMIT 1',
  );
  if (prepared !== undefined) return `prepared transaction ${prepared['gid']}`;
  return firstObjectIn(session);
}

/** Drops a database with whoever is connected. A restored subscription, which is never enabled, goes first. */
async function dropDatabase(config: PostgresConfig, session: Session, name: string): Promise<void> {
  const subscriptions = await session.rows(
    `SELECT s.subname FROM pg_catalog.pg_subscription s JOIN pg_catalog.pg_database d ON d.oid = s.subdbid WHERE d.datname = $1`,
    [name],
  );
  if (subscriptions.length > 0) {
    await session.script(`ALTER DATABASE ${quoteName(name)} ALLOW_CONNECTIONS true`);
    const inside = await Session.open(config, name, 'restore');
    try {
      for (const row of subscriptions) {
        const subscription = quoteName(row['subname'] ?? '');
        await inside.script(`ALTER SUBSCRIPTION ${subscription} DISABLE`);
        await inside.script(`ALTER SUBSCRIPTION ${subscription} SET (slot_name = NONE)`);
        await inside.script(`DROP SUBSCRIPTION ${subscription}`);
      }
    } finally {
      await inside.close();
    }
  }
  const templates = await session.rows(
    'SELECT 1 FROM pg_catalog.pg_database WHERE datname = $1 AND datistemplate',
    [name],
  );
  // The server drops no template.
  if (templates.length > 0) await session.script(`ALTER DATABASE ${quoteName(name)} IS_TEMPLATE false`);
  await session.script(`DROP DATABASE IF EXISTS ${quoteName(name)} WITH (FORCE)`);
}
