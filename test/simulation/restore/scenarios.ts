/** The kinds of restore that the simulation tries; the seed chooses within each kind. */
import type { Chance } from '../virtual-time.ts';
import type { Scenario } from './world.ts';

export type Kind = (typeof kinds)[number];

export const kinds = ['calm', 'shaky', 'accidents', 'aimed', 'given-up', 'stuck', 'stranger'] as const;

const calm: Omit<Scenario, 'name' | 'shards'> = {
  timers: { late: 0.1, lateMs: 3, stale: 0 },
  store: { failed: 0, lost: 0 },
  server: { refused: 0, lost: 0 },
  stuck: false,
  stranger: false,
  accidentsPerSecond: 0,
  aimed: 0,
  late: false,
  abandons: 0,
};

const shaky = {
  timers: { late: 0.3, lateMs: 20, stale: 0 },
  store: { failed: 0.05, lost: 0.05 },
  server: { refused: 0.05, lost: 0.05 },
} as const;

export function scenarioOf(kind: Kind, chance: Chance): Scenario {
  const shards = chance.whole(2, 6);
  switch (kind) {
    case 'calm':
      return { ...calm, name: kind, shards };
    case 'shaky':
      return { ...calm, ...shaky, name: kind, shards };
    case 'accidents':
      return {
        ...calm,
        ...shaky,
        name: kind,
        shards,
        accidentsPerSecond: chance.between(0.05, 2),
        late: chance.happens(0.5),
      };
    case 'aimed':
      // Hardly anything by chance, much at the very moment at which something was done.
      return { ...calm, ...shaky, name: kind, shards, accidentsPerSecond: 0.02, aimed: 0.15, late: true };
    case 'given-up':
      return {
        ...calm,
        ...shaky,
        name: kind,
        shards,
        accidentsPerSecond: 0.3,
        aimed: 0.1,
        late: true,
        abandons: 1,
      };
    case 'stuck':
      return {
        ...calm,
        name: kind,
        shards,
        stuck: true,
        late: true,
        accidentsPerSecond: 0.2,
        aimed: chance.one([0, 0.05]),
      };
    case 'stranger':
      return { ...calm, ...shaky, name: kind, shards, stranger: true, aimed: 0.02 };
  }
}
