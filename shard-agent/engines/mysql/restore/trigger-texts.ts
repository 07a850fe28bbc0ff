/** MariaDB rewrites the head of a trigger whose table is renamed. Here it gets the text back that it was made with. */
import { withSession } from '../connection/connection.ts';
import { isServerError } from '../connection/failure.ts';
import type { Endpoint } from '../connection/handshake.ts';
import { quoteName } from '../connection/quoting.ts';
import { type ObjectUnit, unitsOf } from '../schema/object-units.ts';
import {
  placedTrigger,
  readTriggerHead,
  replacingTrigger,
  triggerName,
  type TriggerPlace,
} from '../schema/trigger-head.ts';
import type { Step } from './staged-steps.ts';
import type { StagingMark } from './staging-mark.ts';
import type { Wire } from '../connection/wire.ts';

/**
 * Puts each trigger whose text differs in its own place again: no row is written without it, or with it in another order. Left
 * as the server has rewritten it: one whose table is in use for longer than a moment, as others would have to wait behind us; one
 * that was dropped meanwhile; one whose place cannot be said.
 */
export async function restoreTriggerTexts(
  endpoint: Endpoint,
  mark: StagingMark,
  steps: readonly Step[],
): Promise<void> {
  if (mark.databases.every(({ hidden }) => hidden.length === 0)) return;
  await withSession(endpoint, { name: 'triggers' }, async (wire, dialect) => {
    if (dialect.family !== 'mariadb') return;
    await wire.run('SET SESSION lock_wait_timeout = 2');
    for (const { name: database, hidden } of mark.databases) {
      await wire.run(`USE ${quoteName(database)}`);
      const own = unitsOf(steps.filter((step) => step.piece === 'triggers' && step.database === database));
      for (const { table, triggers } of hidden) {
        const units = own.filter((unit) => triggers.includes(unit.number));
        await restoreTexts(wire, { table, guard: `tidemark_${mark.restore}_guard`, units });
      }
    }
  });
}

interface TriggersOfTable {
  readonly table: string;
  /** Name of the trigger that refuses rows while another is made anew. */
  readonly guard: string;
  /** In their order. */
  readonly units: readonly ObjectUnit[];
}

async function restoreTexts(wire: Wire, { table, guard, units }: TriggersOfTable): Promise<void> {
  for (const unit of units) {
    const sql = unit.statements.at(-1) ?? '';
    const head = readTriggerHead(sql);
    // A collation of its own would be the database's for a moment.
    if (head === undefined || unit.statements.some((one) => one.startsWith('ALTER DATABASE '))) continue;
    await enter(wire, unit);
    const name = head.name.at(-1)?.text ?? '';
    const shown = await shownText(wire, name);
    const begun = head.unless !== undefined && (await shownText(wire, quoteName(guard))) !== undefined;
    if (!begun && (shown === undefined || shown === sql)) continue;
    const same = units.filter((other) => momentOf(other) === head.moment);
    const place = placeOf(same, unit);
    if (place === 'unknown') continue;
    try {
      if (head.unless === undefined) {
        await wire.run(Buffer.from(replacingTrigger(sql, place), 'latin1'));
      } else await makeAnew(wire, { table, guard, unit, name, moment: head.moment, place });
    } catch (error) {
      // In use for long; the one it is placed by was dropped meanwhile.
      if (begun || !isServerError(error, 1205, 4031)) throw error;
    } finally {
      if (wire.alive) await wire.run('UNLOCK TABLES');
    }
  }
}

/** The settings that the trigger was made under; texts come as they are stored. */
async function enter(wire: Wire, unit: ObjectUnit): Promise<void> {
  await wire.run('SET NAMES utf8mb4');
  for (const setting of unit.statements.slice(0, -1)) await wire.run(Buffer.from(setting, 'latin1'));
  await wire.run('SET SESSION character_set_results = NULL');
}

interface MadeAnew {
  readonly table: string;
  readonly guard: string;
  readonly unit: ObjectUnit;
  /** As it is written. */
  readonly name: string;
  readonly moment: string;
  readonly place: TriggerPlace | undefined;
}

/**
 * One made by IF NOT EXISTS cannot be replaced. Others wait meanwhile; should we die in the middle, rows that it would have seen
 * are refused until the next attempt.
 */
async function makeAnew(wire: Wire, { table, guard, unit, name, moment, place }: MadeAnew): Promise<void> {
  const event = moment.split(' ').slice(1).join(' ');
  const refuses =
    `CREATE OR REPLACE TRIGGER ${quoteName(guard)} BEFORE ${event} ON ${quoteName(table)} FOR EACH ROW ` +
    `SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'a restore is being finished'`;
  await wire.run('SET NAMES utf8mb4');
  await wire.run(`LOCK TABLES ${quoteName(table)} WRITE`);
  await wire.run(refuses);
  await enter(wire, unit);
  await wire.run(Buffer.from(`DROP TRIGGER IF EXISTS ${name}`, 'latin1'));
  await wire.run(Buffer.from(placedTrigger(unit.statements.at(-1) ?? '', place), 'latin1'));
  await wire.run(`DROP TRIGGER ${quoteName(guard)}`);
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
