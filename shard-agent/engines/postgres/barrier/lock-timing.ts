/** What the locks cost on this server when nobody is in the way, measured outside a backup. Holds no writer, disturbs no vacuum. */
import type { LockTiming } from '../../../engine.ts';
import { readCatalogue } from '../catalogue.ts';
import { allEnded } from '../connection/all-ended.ts';
import { during, Session, type PostgresConfig } from '../connection/connection.ts';
import { openAny } from '../check/check.ts';
import { listDatabases, subjectOf } from '../server.ts';
import { Barrier } from './barrier.ts';
import { DatabaseBarrier } from './database-barrier.ts';

const trips = 5;
/** Longer than any trial; the sessions are closed right after it. */
const limitMs = 60_000;

export async function timeLocks(config: PostgresConfig): Promise<LockTiming> {
  const monitor = await openAny(config);
  const databases: DatabaseBarrier[] = [];
  try {
    const names = await listDatabases(monitor, config);
    await allEnded(
      names.map(async (name) => {
        const database = await readDatabase(config, name);
        databases.push(database);
        await database.open();
      }),
    );
    const barrier = new Barrier({
      databases,
      monitor,
      holdLimitMs: limitMs,
      systemIdentifier: '',
      cancelAutovacuumMs: undefined,
    });
    const lockMs = await barrier.rehearse();
    return {
      lockMs,
      roundTripMs: await during('time a round trip', subjectOf(config), () => slowestTrip(monitor)),
    };
  } finally {
    await Promise.all([...databases.map((database) => database.close()), monitor.close()]);
  }
}

async function readDatabase(config: PostgresConfig, name: string): Promise<DatabaseBarrier> {
  const reader = await Session.open(config, name, 'catalogue');
  try {
    const catalogue = await during('read the catalogue', `database ${name}`, () => readCatalogue(reader));
    return new DatabaseBarrier({ config, catalogue, copyLimitMs: limitMs, locks: true });
  } finally {
    await reader.close();
  }
}

async function slowestTrip(session: Session): Promise<number> {
  let slowest = 0;
  for (let trip = 0; trip < trips; trip += 1) {
    const began = performance.now();
    await session.rows('SELECT 1');
    slowest = Math.max(slowest, performance.now() - began);
  }
  return slowest;
}
