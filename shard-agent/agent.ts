/** A running agent: its parts put together, its start and its end. */
import { serveAgent, type AgentServer } from '../proto/channel.ts';
import { readLease } from '../repository/lease-record.ts';
import type { ObjectStore } from '../repository/object-store.ts';
import type { AgentFile } from '../topology/agent-file.ts';
import type { Engine } from './engine.ts';
import { operationLog, type AgentLog } from './log.ts';
import { Persistence } from './persistence.ts';
import { rehearsalFolders } from './rehearsal/rehearsal-folder.ts';
import { RefusedConnections } from './refused-connections.ts';
import { RestoreStates } from './restore-states.ts';
import { settleStaged, type RestoreParts } from './restore.ts';
import { Service } from './service.ts';
import { Session } from './session.ts';

export interface AgentParts {
  readonly file: Pick<AgentFile, 'shard' | 'listen' | 'transport' | 'repository' | 'invariants' | 'allow'>;
  readonly engine: Engine;
  readonly store: ObjectStore;
  readonly log: AgentLog;
}

export interface RunningAgent {
  /** host:port. */
  readonly address: string;
  /**
   * From now on: `allow`, `invariants`, the TLS files of `transport` (read again) and the engine. Operations that run keep what
   * they began with. Throws what a TLS file is wrong with, and then nothing has changed.
   */
  reconfigure(next: Pick<AgentParts, 'file' | 'engine'>): void;
  /** Thaws, aborts what runs, waits for its end, breaks what calls are left. Idempotent. */
  leave(): Promise<void>;
}

/** How long the start waits for restores left behind to be settled before it says that it runs; settling goes on afterwards. */
const settleFirstMs = 5000;
/** How long a leaving agent goes on trying to undo or finish a restore; the next start finds what is left. */
const persistOnLeaveMs = 10_000;

/**
 * Listens, and settles restores that were left behind. Listens first: where another agent of this shard runs, nothing of what
 * it is doing is touched. Throws what `serveAgent` throws.
 */
export async function startAgent(parts: AgentParts): Promise<RunningAgent> {
  const { file, engine, store, log } = parts;
  const leaving = new AbortController();
  const persistence = new Persistence(leaving.signal, (operation, error) =>
    log.warn({ operation: 'restore', error: error.toJSON() }, `cannot yet ${operation}: ${error.message}`),
  );
  const states = new RestoreStates();
  const onLeftOut: RestoreParts['onLeftOut'] = (restore, findings) => {
    for (const { code, subject, cause, remedy } of findings)
      log.warn(
        { operation: 'restore', restore, code, subject, remedy },
        `restored without it: ${subject}: ${cause}`,
      );
  };
  const session = new Session({
    shard: file.shard,
    hasLease: async (cluster, number) => (await readLease(store, cluster, number)) !== undefined,
    troubles: () => states.troubles,
  });
  const service = new Service({
    shard: file.shard,
    repositoryUrl: file.repository.url,
    invariants: file.invariants,
    allow: file.allow,
    transport: file.transport,
    engine,
    store,
    session,
    persistence,
    states,
    onLeftOut,
    log: operationLog(log),
  });
  const refused = new RefusedConnections(({ peer, cause }, leftOut) =>
    log.warn({ operation: 'listen', peer, cause, leftOut }, `refused a connection from ${peer}: ${cause}`),
  );
  const server = await serveAgent(file.listen, file.transport, service, (each) => refused.add(each));
  await rehearsalFolders.sweep();
  const restoreParts = { shard: file.shard, engine, store, persistence, states, onLeftOut };
  await settleLeftBehind(restoreParts, session, log);
  let left: Promise<void> | undefined;
  return {
    address: server.address,
    reconfigure: ({ file: { transport, allow, invariants }, engine: next }) => {
      server.exchangeCertificates(transport);
      service.reconfigure({ allow, invariants, engine: next });
    },
    leave: () => (left ??= leave(server, session, leaving)),
  };
}

/** Returns when that is done or has taken `settleFirstMs`; then it goes on, and nothing else begins before it is done. */
async function settleLeftBehind(
  parts: Omit<RestoreParts, 'invariants'>,
  session: Session,
  log: AgentLog,
): Promise<void> {
  const activity = session.beginSettling();
  const settled = settleStaged(parts, activity.signal).then((count) => {
    session.settle();
    if (count > 0) log.info({ operation: 'restore', count }, 'settled restores left behind');
  });
  const over = settled
    .catch((error: unknown) => {
      // It rejects only while the agent leaves, and the next start goes on.
      if (!activity.signal.aborted) throw error;
    })
    .finally(() => activity.end());
  const patience = Promise.withResolvers<void>();
  const timer = setTimeout(patience.resolve, settleFirstMs);
  await Promise.race([over, patience.promise]);
  clearTimeout(timer);
}

async function leave(server: AgentServer, session: Session, leaving: AbortController): Promise<void> {
  const timer = setTimeout(() => leaving.abort(), persistOnLeaveMs);
  await session.close();
  clearTimeout(timer);
  leaving.abort();
  await server.close();
}
