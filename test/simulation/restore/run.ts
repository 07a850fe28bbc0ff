/**
 * Runs one kind of restore from a seed on, a number of times, and prints what the first run that failed has violated:
 *
 *   node test/simulation/restore/run.ts KIND SEED TIMES
 */
import { Chance } from '../virtual-time.ts';
import { kinds, scenarioOf } from './scenarios.ts';
import { simulateRestore } from './world.ts';

const [name = '', seed = '', times = ''] = process.argv.slice(2);
const kind = kinds.find((known) => known === name);
if (kind === undefined || !(Number(seed) >= 0) || !(Number(times) > 0)) {
  process.stderr.write(`node test/simulation/restore/run.ts ${kinds.join('|')} SEED TIMES\n`);
  process.exit(2);
}
for (let at = Number(seed); at < Number(seed) + Number(times); at += 1) {
  const { violations } = await simulateRestore(scenarioOf(kind, new Chance(at)), at);
  for (const violation of violations) process.stdout.write(`${kind} ${at}: ${violation}\n`);
  if (violations.length > 0) break;
}
