/** MariaDB rewrites the head of a trigger whose table is renamed. Here it gets the text back that it was made with. */
import { withSession } from '../connection/connection.ts';
import { isServerError } from '../connection/failure.ts';
import type { Endpoint } from '../connection/handshake.ts';
import { isPassing } from '../connection/passing-failure.ts';
import { quoteName } from '../connection/quoting.ts';
import { clientCharset, type ObjectUnit, unitsOf } from '../schema/object-units.ts';
import {
  placedTrigger,
  readTriggerHead,
  replacingTrigger,
  triggerName,
  triggerNamed,
  type TriggerPlace,
} from '../schema/trigger-head.ts';
import type { Step, StepChange } from './staged-steps.ts';
import type { StagingMark } from './staging-mark.ts';
import type { Wire } from '../connection/wire.ts';

/** Notes what of a trigger is not as it was. Called while another session may have locked tables. */
type Note = (unit: ObjectUnit, change: StepChange) => Promise<void>;

/**
 * Puts each trigger whose text differs in its own place again: no row is written without it, or with it in another order. Left
 * as the server has rewritten it: one whose table is in use for longer than a moment, as others would have to wait behind us; one
 * that was dropped meanwhile; one whose place cannot be said; and one that the server refuses, which is noted.
 */
export async function restoreTriggerTexts(
  endpoint: Endpoint,
  mark: StagingMark,
  steps: readonly Step[],
  note: Note,
): Promise<void> {
  if (mark.databases.every(({ hidden }) => hidden.length === 0)) return;
  await withSession(endpoint, { name: 'triggers' }, async (wire, dialect) => {
    if (dialect.family !== 'mariadb') return;
    await wire.run('SET SESSION lock_wait_timeout = 2');
    for (const { name: database, hidden } of mark.databases) {
      const own = unitsOf(steps.filter((step) => step.piece === 'triggers' && step.database === database));
      for (const { table, triggers } of hidden) {
        const units = own.filter((unit) => triggers.includes(unit.number));
        if (units.length === 0) continue;
        // Somebody may have dropped it: the restore is open.
        if (!(await uses(wire, database))) break;
        await restoreTexts(wire, {
          table,
          guard: `tidemark_${mark.restore}_guard`,
          trial: `tidemark_${mark.restore}_trial`,
          units,
          note,
        });
      }
    }
  });
}

async function uses(wire: Wire, database: string): Promise<boolean> {
  await wire.run('SET NAMES utf8mb4');
  try {
    await wire.run(`USE ${quoteName(database)}`);
    return true;
  } catch (error) {
    if (!isServerError(error, 1049)) throw error;
    return false;
  }
}

interface TriggersOfTable {
  readonly table: string;
  /** Name of the trigger that refuses rows while another is made anew. */
  readonly guard: string;
  /** Name of a trigger that is made to see whether the server takes it, and dropped at once. */
  readonly trial: string;
  /** In their order. */
  readonly units: readonly ObjectUnit[];
  readonly note: Note;
}

async function restoreTexts(wire: Wire, of: TriggersOfTable): Promise<void> {
  const { units, guard } = of;
  for (const unit of units) {
    const sql = unit.statements.at(-1) ?? '';
    const head = readTriggerHead(sql, clientCharset(unit));
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
        await wire.run(Buffer.from(replacingTrigger(sql, place, clientCharset(unit)), 'latin1'));
      } else await makeAnew(wire, { of, unit, name, moment: head.moment, place });
    } catch (error) {
      // In use for long; the one it is placed by was dropped meanwhile.
      if (!begun && isServerError(error, 1205, placedByNone)) continue;
      if (!isServerError(error) || isPassing(error)) throw error;
      await leaveRefused(wire, { of, unit, name, cause: error.message });
    } finally {
      if (wire.alive) await wire.run('UNLOCK TABLES');
    }
  }
}

/** MariaDB: the trigger named by FOLLOWS or PRECEDES is not there. */
const placedByNone = 4031;

interface Refused {
  readonly of: TriggersOfTable;
  readonly unit: ObjectUnit;
  /** As it is written. */
  readonly name: string;
  readonly cause: string;
}

/**
 * The server would refuse it again however often it is asked: a column that it names was dropped since the opening, say. Rows
 * must not be refused for ever, so the guard goes too; what has become of the trigger is noted before.
 */
async function leaveRefused(wire: Wire, { of, unit, name, cause }: Refused): Promise<void> {
  await enter(wire, unit);
  const isThere = (await shownText(wire, name)) !== undefined;
  await of.note(unit, { change: isThere ? 'rewritten' : 'trigger-lost', cause });
  await wire.run('SET NAMES utf8mb4');
  await wire.run(`DROP TRIGGER IF EXISTS ${quoteName(of.trial)}`);
  await wire.run(`DROP TRIGGER IF EXISTS ${quoteName(of.guard)}`);
}

/** The settings that the trigger was made under; texts come as they are stored. */
async function enter(wire: Wire, unit: ObjectUnit): Promise<void> {
  await wire.run('SET NAMES utf8mb4');
  for (const setting of unit.statements.slice(0, -1)) await wire.run(Buffer.from(setting, 'latin1'));
  await wire.run('SET SESSION character_set_results = NULL');
}

interface MadeAnew {
  readonly of: TriggersOfTable;
  readonly unit: ObjectUnit;
  /** As it is written. */
  readonly name: string;
  readonly moment: string;
  readonly place: TriggerPlace | undefined;
}

/**
 * One made by IF NOT EXISTS cannot be replaced. Others wait meanwhile; should we die in the middle, rows that it would have seen
 * are refused until the next attempt. It is dropped only when the server has taken the same under another name.
 */
async function makeAnew(wire: Wire, { of, unit, name, moment, place }: MadeAnew): Promise<void> {
  const event = moment.split(' ').slice(1).join(' ');
  const refuses =
    `CREATE OR REPLACE TRIGGER ${quoteName(of.guard)} BEFORE ${event} ON ${quoteName(of.table)} FOR EACH ROW ` +
    `SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'a restore is being finished'`;
  await wire.run('SET NAMES utf8mb4');
  await wire.run(`LOCK TABLES ${quoteName(of.table)} WRITE`);
  await wire.run(refuses);
  await wire.run(`DROP TRIGGER IF EXISTS ${quoteName(of.trial)}`);
  await enter(wire, unit);
  const found = await tryOut(wire, { of, unit, place });
  await wire.run(`DROP TRIGGER ${quoteName(of.trial)}`);
  await wire.run(Buffer.from(`DROP TRIGGER IF EXISTS ${name}`, 'latin1'));
  await wire.run(
    Buffer.from(placedTrigger(unit.statements.at(-1) ?? '', found, clientCharset(unit)), 'latin1'),
  );
  await wire.run(`DROP TRIGGER ${quoteName(of.guard)}`);
}

/** Makes it under the name of the trial. Resolves with the place where it can be: the one it is placed by may be gone. */
async function tryOut(
  wire: Wire,
  { of, unit, place }: Pick<MadeAnew, 'of' | 'unit' | 'place'>,
): Promise<TriggerPlace | undefined> {
  const charset = clientCharset(unit);
  const trial = triggerNamed(unit.statements.at(-1) ?? '', of.trial, charset);
  try {
    await wire.run(Buffer.from(placedTrigger(trial, place, charset), 'latin1'));
    return place;
  } catch (error) {
    if (place === undefined || !isServerError(error, placedByNone)) throw error;
    return tryOut(wire, { of, unit, place: undefined });
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
  return readTriggerHead(unit.statements.at(-1) ?? '', clientCharset(unit))?.moment ?? '';
}

/** By its neighbour. Its name is written in another character set perhaps: then the place is unknown. */
function placeOf(units: readonly ObjectUnit[], unit: ObjectUnit): TriggerPlace | undefined | 'unknown' {
  if (units.length < 2) return undefined;
  const at = units.indexOf(unit);
  const neighbour = units[at === 0 ? 1 : at - 1];
  const head = neighbour && readTriggerHead(neighbour.statements.at(-1) ?? '', clientCharset(neighbour));
  const other = head === undefined ? '' : triggerName(head);
  if (!/^[\x20-\x7e]+$/.test(other)) return 'unknown';
  return { side: at === 0 ? 'PRECEDES' : 'FOLLOWS', other };
}
