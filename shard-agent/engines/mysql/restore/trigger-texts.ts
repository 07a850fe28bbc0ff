/** MariaDB rewrites the head of a trigger whose table is renamed. Here it gets the text back that it was made with. */
import { withSession } from '../connection/connection.ts';
import { isServerError } from '../connection/failure.ts';
import type { Endpoint } from '../connection/handshake.ts';
import { quoteName } from '../connection/quoting.ts';
import { type ObjectUnit, unitsOf } from '../schema/object-units.ts';
import { readTriggerHead, replacingTrigger, triggerName, type TriggerPlace } from '../schema/trigger-head.ts';
import type { StagingMark, Step } from './staging-mark.ts';
import type { Wire } from '../connection/wire.ts';

/**
 * Puts each trigger whose text differs in its own place again, in one statement: no row is written without it, or with it
 * in another order. Left as it is: one that was dropped meanwhile, and one whose place cannot be said.
 */
export async function restoreTriggerTexts(
  endpoint: Endpoint,
  mark: StagingMark,
  steps: readonly Step[],
): Promise<void> {
  const numbers = new Set(mark.databases.flatMap(({ hidden }) => hidden.flatMap(({ triggers }) => triggers)));
  if (numbers.size === 0) return;
  await withSession(endpoint, { name: 'triggers' }, async (wire, dialect) => {
    if (dialect.family !== 'mariadb') return;
    for (const { name: database, hidden } of mark.databases) {
      await wire.run(`USE ${quoteName(database)}`);
      const own = unitsOf(steps.filter((step) => step.piece === 'triggers' && step.database === database));
      for (const { triggers } of hidden) {
        await restoreTexts(
          wire,
          own.filter((unit) => triggers.includes(unit.number)),
        );
      }
    }
  });
}

/** Of one table, in their order. */
async function restoreTexts(wire: Wire, units: readonly ObjectUnit[]): Promise<void> {
  for (const unit of units) {
    const sql = unit.statements.at(-1) ?? '';
    const head = readTriggerHead(sql);
    // A collation of its own would be the database's for a moment.
    if (head === undefined || unit.statements.some((one) => one.startsWith('ALTER DATABASE '))) continue;
    await wire.run('SET NAMES utf8mb4');
    for (const setting of unit.statements.slice(0, -1)) await wire.run(Buffer.from(setting, 'latin1'));
    await wire.run('SET SESSION character_set_results = NULL');
    const shown = await shownText(wire, head.name.at(-1)?.text ?? '');
    if (shown === undefined || shown === sql) continue;
    const moment = units.filter((other) => momentOf(other) === head.moment);
    const place = placeOf(moment, unit);
    if (place === 'unknown') continue;
    try {
      await wire.run(Buffer.from(replacingTrigger(sql, place), 'latin1'));
    } catch (error) {
      // The one it is placed by was dropped meanwhile.
      if (!isServerError(error, 4031)) throw error;
    }
  }
}

/** `name` as it is written. Undefined when the trigger is gone. */
async function shownText(wire: Wire, name: string): Promise<string | undefined> {
  try {
    const [row] = await wire.query(Buffer.from(`SHOW CREATE TRIGGER ${name}`, 'latin1'), 'latin1');
    return row?.['SQL Original Statement'] ?? undefined;
  } catch (error) {
    if (!isServerError(error, 1360)) throw error;
    return undefined;
  }
}

function momentOf(unit: ObjectUnit): string {
  return readTriggerHead(unit.statements.at(-1) ?? '')?.moment ?? '';
}

/** By its neighbour. Its name is written in another character set perhaps: then the place is unknown. */
function placeOf(units: readonly ObjectUnit[], unit: ObjectUnit): TriggerPlace | undefined | 'unknown' {
  if (units.length < 2) return undefined;
  const at = units.indexOf(unit);
  const neighbour = units[at === 0 ? 1 : at - 1];
  const head = readTriggerHead(neighbour?.statements.at(-1) ?? '');
  const other = head === undefined ? '' : triggerName(head);
  if (!/^[\x20-\x7e]+$/.test(other)) return 'unknown';
  return { side: at === 0 ? 'PRECEDES' : 'FOLLOWS', other };
}
