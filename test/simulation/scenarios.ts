/** The kinds of cluster that the simulation tries; the seed chooses within each kind. */
import type { BarrierConfig } from '../../topology/topology.ts';
import type { Chance } from './virtual-time.ts';
import type { Scenario } from './world.ts';

const barrier: BarrierConfig = {
  consistency: 'atomic',
  holdLimitMs: 100,
  deadlineMs: 5_000,
  maxHoldPerMinuteMs: 6_000,
  onDeadline: 'fail',
};

const calm: Omit<Scenario, 'name' | 'shards'> = {
  barrier,
  latency: { lowMs: 0.1, highMs: 1, spikeShare: 0, spikeMs: 0 },
  timers: { late: 0.1, lateMs: 3, stale: 0 },
  engine: { cutFails: 0, lockThrows: 0 },
  load: { clients: 6, thinkMs: 25, statementMs: 0.5, orphans: 0, longPerSecond: 0, longMs: 0 },
  accidentsPerSecond: 0,
  aimed: 0,
  lives: 1,
};

const rough = {
  latency: { lowMs: 0.1, highMs: 3, spikeShare: 0.02, spikeMs: 60 },
  timers: { late: 0.3, lateMs: 20, stale: 0.2 },
  engine: { cutFails: 0.05, lockThrows: 0.002 },
} as const;

export type Kind = (typeof kinds)[number];

export const kinds = [
  'calm',
  'crossing',
  'hundreds',
  'long-writers',
  'rough',
  'accidents',
  'accidents-hundreds',
  'budget',
  'falls-back',
  'never-drains',
] as const;

export function scenarioOf(kind: Kind, chance: Chance): Scenario {
  const shards = chance.whole(2, 8);
  const load = { ...calm.load, clients: chance.whole(2, 12), orphans: 0.05 };
  switch (kind) {
    case 'calm':
      return { ...calm, name: kind, shards };
    case 'crossing':
      // Hardly a pause: most freezes find a transfer between its two shards.
      return {
        ...calm,
        name: kind,
        shards: chance.whole(2, 4),
        load: { ...load, clients: 6, thinkMs: 4, statementMs: 0.8, orphans: 0 },
      };
    case 'hundreds':
      return {
        ...calm,
        name: kind,
        shards: chance.whole(100, 300),
        load: { ...load, clients: 6, orphans: 0 },
      };
    case 'long-writers':
      return { ...calm, name: kind, shards, load: { ...load, longPerSecond: 2, longMs: 1_200 } };
    case 'rough':
      return { ...calm, ...rough, name: kind, shards, load };
    case 'accidents':
      return {
        ...calm,
        ...rough,
        name: kind,
        shards,
        load,
        accidentsPerSecond: chance.between(0, 6),
        aimed: chance.between(0, 0.15),
        lives: 4,
      };
    case 'accidents-hundreds':
      return {
        ...calm,
        ...rough,
        name: kind,
        shards: chance.whole(50, 150),
        load: { ...load, clients: 4 },
        engine: { cutFails: 0.0005, lockThrows: 0 },
        accidentsPerSecond: 1,
        aimed: 0.002,
        lives: 2,
        barrier: { ...barrier, deadlineMs: 2_000 },
      };
    case 'budget':
      return {
        ...calm,
        name: kind,
        shards: 2,
        barrier: { ...barrier, holdLimitMs: 20, maxHoldPerMinuteMs: 60, deadlineMs: 90_000 },
        load: { ...load, clients: 3, thinkMs: 60, statementMs: 30 },
      };
    case 'falls-back':
      return {
        ...calm,
        ...rough,
        name: kind,
        shards,
        barrier: { ...barrier, deadlineMs: 300, onDeadline: 'simultaneous' },
        load: { ...load, clients: 12, thinkMs: 2, statementMs: 6 },
        accidentsPerSecond: chance.one([0, 2]),
      };
    case 'never-drains':
      return {
        ...calm,
        name: kind,
        shards,
        barrier: { ...barrier, deadlineMs: 1_000 },
        load: { ...load, clients: 2, longPerSecond: 20, longMs: 4_000 },
      };
  }
}
