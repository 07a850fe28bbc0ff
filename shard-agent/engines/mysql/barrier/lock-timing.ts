/** What the locks cost on this server when nobody is in the way, measured outside a backup. Holds no writer, and no guard against DDL. */
import type { LockTiming } from '../../../engine.ts';
import { listDatabases, readCatalogue } from '../catalogue.ts';
import { openSession } from '../connection/connection.ts';
import type { Endpoint } from '../connection/handshake.ts';
import type { Wire } from '../connection/wire.ts';
import { Barrier } from './barrier.ts';
import { Blockers } from './blockers.ts';

const trips = 5;
/** Longer than any trial; the sessions are closed right after it. */
const limitMs = 60_000;

export async function timeLocks(
  endpoint: Endpoint,
  wanted: readonly string[] | undefined,
): Promise<LockTiming> {
  const { wire, dialect } = await openSession(endpoint, { name: 'timing' }, { limitMs });
  try {
    const databases = await listDatabases(wire, wanted);
    const { tables } = await readCatalogue(wire, dialect, databases);
    const barrier = await Barrier.open(
      {
        endpoint,
        dialect,
        control: wire,
        blockers: new Blockers(wire, () => new Set()),
        holdLimitMs: limitMs,
        limitMs,
        checkGuard: () => Promise.resolve(),
      },
      tables.filter((table) => table.kind === 'table'),
    );
    try {
      return { lockMs: await barrier.measure(), roundTripMs: await slowestTrip(wire) };
    } finally {
      await barrier.close();
    }
  } finally {
    await wire.close();
  }
}

async function slowestTrip(wire: Wire): Promise<number> {
  let slowest = 0;
  for (let trip = 0; trip < trips; trip += 1) {
    const began = performance.now();
    await wire.run('DO 0');
    slowest = Math.max(slowest, performance.now() - began);
  }
  return slowest;
}
