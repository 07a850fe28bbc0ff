/** Tables that have triggers: which they are, and the name each has in the final database until it is opened. */
import { TidemarkError } from '../../../../proto/errors.ts';
import { unquotedToken } from '../schema/head-tokens.ts';
import { type ObjectUnit, unitsOf } from '../schema/object-units.ts';
import { readTriggerHead, triggerOn } from '../schema/trigger-head.ts';
import type { Step } from './staged-steps.ts';
import { type HiddenTable, type StagedDatabase } from './staging-mark.ts';
import { hiddenNameOf } from './staging-names.ts';
import type { Wire } from '../connection/wire.ts';

/** The databases with their hidden tables. Throws `not-supported` for a trigger whose table is not among the database's own. */
export async function withHiddenTables(
  wire: Wire,
  restore: string,
  databases: readonly StagedDatabase[],
  steps: readonly Step[],
): Promise<StagedDatabase[]> {
  let count = 0;
  const result: StagedDatabase[] = [];
  for (const database of databases) {
    const numbers = new Map<string, number[]>();
    for (const unit of unitsOf(triggerSteps(steps, database.name))) {
      const table = await tableOf(wire, unit, database);
      numbers.set(table, [...(numbers.get(table) ?? []), unit.number]);
    }
    const hidden: HiddenTable[] = [];
    for (const [table, triggers] of numbers) {
      hidden.push({ table, name: hiddenNameOf(restore, count), triggers });
      count += 1;
    }
    result.push({ ...database, hidden });
  }
  return result;
}

function triggerSteps(steps: readonly Step[], database: string): Step[] {
  return steps.filter((step) => step.piece === 'triggers' && step.database === database);
}

async function tableOf(wire: Wire, unit: ObjectUnit, database: StagedDatabase): Promise<string> {
  const sql = unit.statements.at(-1) ?? '';
  const typed = readTriggerHead(sql)?.table.at(-1);
  const names = typed === undefined ? [] : await readings(wire, unquotedToken(typed.text), unit);
  const folded = names.map((name) => name.toLowerCase());
  const table =
    names.find((name) => database.tables.includes(name)) ??
    database.tables.find((name) => folded.includes(name.toLowerCase()));
  if (table !== undefined) return table;
  throw new TidemarkError({
    code: 'not-supported',
    operation: 'find the table of a trigger',
    subject: database.name,
    cause: `none of its tables is that of: ${Buffer.from(sql.slice(0, 200), 'latin1').toString('utf8')}`,
    remedy: 'Restore an older set, or make the databases by hand (docs/restore-by-hand.md).',
  });
}

/** A name in the character set of the client that made the object; servers that have renamed its table show it in UTF-8. */
async function readings(wire: Wire, bytes: string, unit: ObjectUnit): Promise<string[]> {
  const buffer = Buffer.from(bytes, 'latin1');
  const asUtf8 = buffer.toString('utf8');
  const settings = unit.statements.filter((sql) => sql.startsWith('SET ')).join(' ');
  const charset = [...settings.matchAll(/\bcharacter_set_client = (\w+)/g)].at(-1)?.[1] ?? 'utf8mb4';
  if (bytes === asUtf8 || /^(?:utf8|binary)/.test(charset)) return [asUtf8];
  const converted = await wire.value(
    `SELECT CONVERT(_${charset} x'${buffer.toString('hex')}' USING utf8mb4)`,
  );
  return typeof converted === 'string' ? [converted, asUtf8] : [asUtf8];
}

/** The triggers of all hidden tables, to be made on these. */
export function hiddenTriggers(databases: readonly StagedDatabase[], steps: readonly Step[]): ObjectUnit[] {
  return databases.flatMap((database) => {
    const tables = new Map(
      database.hidden.flatMap(({ name, triggers }) => triggers.map((number) => [number, name] as const)),
    );
    return unitsOf(triggerSteps(steps, database.name)).map((unit) => {
      const table = tables.get(unit.number);
      if (table === undefined) return unit;
      const sql = triggerOn(unit.statements.at(-1) ?? '', table);
      return { ...unit, statements: [...unit.statements.slice(0, -1), sql] };
    });
  });
}
