/** The PostgreSQL engine, versions 14 to 18. */
import type { Engine, StagedRestore } from '../../engine.ts';
import { prepareBackup } from './backup/backup.ts';
import { timeLocks } from './barrier/lock-timing.ts';
import { checkServer, openAny } from './check/check.ts';
import { tryLiveInvariants } from './check/try-invariants.ts';
import { during, type PostgresConfig } from './connection/connection.ts';
import { claimRestores } from './restore/restore-claim.ts';
import { checkRestorer, fitShard } from './restore/fit.ts';
import { prepareRestore, reopenRestore } from './restore/restore.ts';
import { findMarkedRoles } from './globals/roles.ts';
import { listDatabases, readServer, subjectOf } from './server.ts';
import { seeMarks, setMark } from './server-mark.ts';
import { startScratch } from './rehearsal/scratch.ts';
import { spoolFolders } from './restore/spool-folder.ts';
import { findMarked, isBeginning } from './restore/staging.ts';

/** Lanes a check assumes where no order says. */
const usualLanes = 4;

/** Touches no server until a method is called. */
export function openPostgres(config: PostgresConfig): Engine {
  return {
    async describe() {
      const session = await openAny(config, 'description');
      try {
        return await readServer(session, config, await listDatabases(session, config));
      } finally {
        await session.close();
      }
    },
    check: (order = {}) => checkServer(config, { lanes: usualLanes, locks: true, globals: 'none', ...order }),
    checkRestore: () => checkRestorer(config),
    tryInvariants: (queries, limitMs, signal) => tryLiveInvariants(config, queries, limitMs, signal),
    timeLocks: () => timeLocks(config),
    prepareBackup: (order) => prepareBackup(config, order),
    fit: (stored, globals = false, lanes = 0) => fitShard(config, stored, globals, lanes),
    prepareRestore: (order) => prepareRestore(config, order),
    staged: () => findStaged(config),
    setMark: (mark) => setMark(config, mark),
    seeMarks: (marks) => seeMarks(config, marks),
    claimRestores: (signal) => claimRestores(config, signal),
    startScratch: (folder, signal) => startScratch(config, openPostgres, folder, signal),
  };
}

/** A staging that was never marked has no cluster: its maker died at once, and it can only be undone. */
async function findStaged(config: PostgresConfig): Promise<StagedRestore[]> {
  await spoolFolders.sweep();
  const session = await openAny(config, 'restore');
  try {
    const found = new Map<string, string>();
    for (const { name, restore, mark } of await during('look for restores', subjectOf(config), () =>
      findMarked(session),
    )) {
      if (mark === undefined && !(await isBeginning(config, session, name))) continue;
      found.set(restore, mark?.cluster ?? found.get(restore) ?? '');
    }
    for (const { mark } of await during('look for restores', subjectOf(config), () =>
      findMarkedRoles(session),
    ))
      found.set(mark.restore, mark.cluster);
    return [...found].map(([restore, cluster]) => ({
      restore,
      cluster,
      reopen: () => Promise.resolve(reopenRestore(config, restore)),
    }));
  } finally {
    await session.close();
  }
}
