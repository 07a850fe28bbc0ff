/** Statements that follow the load, kept with the staging's mark so that they can be run without the set. */
import { z } from 'zod';
import { quoteName, quoteText } from '../connection/quoting.ts';
import { stagingNameOf } from './staging-names.ts';
import type { Wire } from '../connection/wire.ts';

/** One statement of the switch, or of what follows it. */
export interface NewStep {
  readonly database: string;
  readonly piece: string;
  /** Bytes as latin1 text. */
  readonly sql: string;
}

const stepChange = z.object({
  /**
   * `left-out`: it is not made. `no-check-option`: a view without WITH CHECK OPTION. `invoker`: a view that runs with its user's
   * rights. `asleep`: an event that does not run. `rewritten`: a trigger with the text that the server gave it. `trigger-lost`: one
   * that is gone.
   */
  change: z.enum(['left-out', 'no-check-option', 'invoker', 'asleep', 'rewritten', 'trigger-lost']),
  /** The server's words. */
  cause: z.string(),
});

/** What of an object does not come back as it was, though the set has it. */
export type StepChange = z.infer<typeof stepChange>;

export interface Step extends NewStep {
  readonly number: number;
  /** It has made its object in the final database, or was about to. */
  readonly made: boolean;
  /** Nothing is left to be done with that object. */
  readonly complete: boolean;
  readonly change: StepChange | undefined;
}

/** How far a step has come; `begun` is recorded before its object is made. */
const progress = { none: 0, begun: 1, complete: 2 } as const;

/** Of a statement in one row. Written in hexadecimal digits it is twice as long, and some servers take statements of 64 KiB. */
const partBytes = 16 * 1024;

export async function createSteps(wire: Wire, restore: string): Promise<void> {
  await wire.run(
    `CREATE TABLE ${stepsOf(restore)} (n INT, part INT, piece VARCHAR(64), db VARCHAR(64) CHARACTER SET utf8mb4, ` +
      'body BLOB, made INT NOT NULL, change_text TEXT CHARACTER SET utf8mb4, PRIMARY KEY (n, part)) ENGINE = InnoDB',
  );
}

export async function addStep(wire: Wire, restore: string, number: number, step: NewStep): Promise<void> {
  for (let part = 0; part === 0 || part * partBytes < step.sql.length; part += 1) {
    const body = step.sql.slice(part * partBytes, (part + 1) * partBytes);
    const hex = Buffer.from(body, 'latin1').toString('hex');
    const values = [
      number,
      part,
      quoteText(step.piece),
      quoteText(step.database),
      hex === '' ? "''" : `x'${hex}'`,
      progress.none,
      'NULL',
    ];
    await wire.run(`INSERT INTO ${stepsOf(restore)} VALUES (${values.join(', ')})`);
  }
}

export async function readSteps(wire: Wire, restore: string): Promise<Step[]> {
  const sql = `SELECT n, db, piece, body, made, change_text FROM ${stepsOf(restore)} ORDER BY n, part`;
  const rows = (await wire.results(sql)).at(-1)?.rows ?? [];
  const steps: Step[] = [];
  for (const [n, database, piece, body, made, change] of rows) {
    const number = Number(n?.toString('latin1'));
    const text = body?.toString('latin1') ?? '';
    const last = steps.at(-1);
    if (last?.number === number) {
      steps[steps.length - 1] = { ...last, sql: last.sql + text };
      continue;
    }
    const come = Number(made?.toString('latin1'));
    steps.push({
      number,
      database: database?.toString('utf8') ?? '',
      piece: piece?.toString('utf8') ?? '',
      sql: text,
      made: come >= progress.begun,
      complete: come === progress.complete,
      change: change ? stepChange.parse(JSON.parse(change.toString('utf8'))) : undefined,
    });
  }
  return steps;
}

/** Whether the step's object is the restore's. In any character set and mode of the session. */
export async function recordMade(wire: Wire, restore: string, number: number, made: boolean): Promise<void> {
  await setMade(wire, restore, number, made ? progress.begun : progress.none);
}

export async function recordComplete(wire: Wire, restore: string, number: number): Promise<void> {
  await setMade(wire, restore, number, progress.complete);
}

async function setMade(wire: Wire, restore: string, number: number, made: number): Promise<void> {
  await wire.run(`UPDATE ${stepsOf(restore)} SET made = ${made} WHERE n = ${number} AND part = 0`);
}

/** Longer ones of the server are cut. */
const causeCharacters = 2000;

/** The session has our own character set and mode. */
export async function recordChange(
  wire: Wire,
  restore: string,
  number: number,
  { change, cause }: StepChange,
): Promise<void> {
  const text = quoteText(JSON.stringify({ change, cause: cause.slice(0, causeCharacters) }));
  await wire.run(`UPDATE ${stepsOf(restore)} SET change_text = ${text} WHERE n = ${number} AND part = 0`);
}

function stepsOf(restore: string): string {
  return `${quoteName(stagingNameOf(restore, 0))}.\`tidemark-steps\``;
}
