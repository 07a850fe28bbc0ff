/**
 * What a rehearsal was refused: each object is told, and remembered, so that what only needs it is not told as well. The server
 * names in its message what is missing.
 */
import { tableText } from '../../../../repository/layout.ts';
import type { Finding, Rehearsal } from '../../../engine.ts';
import { finding } from '../../../findings.ts';
import { failure, isServerError, type ServerError } from '../connection/failure.ts';
import { isPassing } from '../connection/passing-failure.ts';
import { unquotedToken } from '../schema/head-tokens.ts';
import { readObjectHead } from '../schema/object-head.ts';
import { clientCharset, type ObjectUnit } from '../schema/object-units.ts';
import { readTriggerHead } from '../schema/trigger-head.ts';
import type { WaitingTable } from './loaded-tables.ts';
import type { ChangedView } from './made-views.ts';

interface RefusedObject {
  /** As a finding names it: `table`, `trigger`. */
  readonly kind: string;
  readonly database: string;
  readonly name: string;
}

/** What the server says of an object that needs another which is not there. */
const missing: readonly number[] = [
  // A table, a routine, what a view reads, a sequence.
  1146, 1305, 1356, 4091,
  // The table of a foreign key, the trigger that another one follows (MySQL, MariaDB).
  1824, 3011, 4031,
];

const remedy =
  'Every restore would stop here. Change or drop the object on the source, or provide on targets what it needs.';

export class RefusedObjects {
  readonly #rehearsal: Rehearsal;
  readonly #staging: ReadonlyMap<string, string>;
  readonly #lost: RefusedObject[] = [];
  readonly #steps = new Set<number>();

  /** `staging`: by database. */
  constructor(rehearsal: Rehearsal, staging: ReadonlyMap<string, string>) {
    this.#rehearsal = rehearsal;
    this.#staging = staging;
  }

  /** Makes a table or a sequence by this statement. False when the server refuses it. */
  async attempt(database: string, sql: string, work: () => Promise<unknown>): Promise<boolean> {
    try {
      await work();
      return true;
    } catch (error) {
      const [, kind, name] = /^CREATE (TABLE|SEQUENCE) (?:IF NOT EXISTS )?(`(?:[^`]|``)*`)/.exec(sql) ?? [];
      if (kind !== undefined) this.#add({ kind: kind.toLowerCase(), database, name: nameOf(name) }, error);
      // The value of a sequence that was refused.
      else if (!this.#follows(error)) throw error;
      return false;
    }
  }

  /** An index or a foreign key. Its table is there all the same. */
  readonly addKey = ({ staging, table }: WaitingTable, clause: string, error: unknown): void => {
    const [database = staging] = [...this.#staging].find(([, name]) => name === staging) ?? [];
    const [, key = clause] = /^ADD ((?:[^(`]|`(?:[^`]|``)*`)*)/.exec(clause) ?? [];
    this.#tell({ kind: `${utf8(key).trim()} of`, database, name: utf8(table.name) }, error);
  };

  /** A statement that follows the load. */
  readonly addUnit = (unit: ObjectUnit, error: unknown): void => {
    this.#add(objectOf(unit), error);
    this.#steps.add(unit.number);
  };

  /**
   * A view that is not made as it was. One that reads what was refused is not told. One that reads a view which is only left out
   * is told as well, because a restore goes on without both.
   */
  addView({ unit, cause }: ChangedView, told: Finding): void {
    if (this.#names(cause)) this.#lost.push(objectOf(unit));
    else this.#rehearsal.refused(told);
  }

  hasTable(database: string, name: string): boolean {
    return this.#lost.some((one) => one.kind === 'table' && one.database === database && one.name === name);
  }

  /** Is this the step of an object that was refused? */
  hasStep(number: number): boolean {
    return this.#steps.has(number);
  }

  #add(object: RefusedObject, error: unknown): void {
    this.#tell(object, error);
    this.#lost.push(object);
  }

  /** Tells the object, unless it was refused for want of another. Throws what is not a refusal of this object. */
  #tell(object: RefusedObject, error: unknown): void {
    if (this.#follows(error)) return;
    if (!isServerError(error) || isPassing(error)) throw error;
    const { code, reason } = failure(error, 'make an object', object.name);
    const subject = `${object.kind} ${tableText({ ...object, schema: '' })}`;
    this.#rehearsal.refused(finding(code, subject, reason, remedy));
  }

  #follows(error: unknown): error is ServerError {
    return isServerError(error, ...missing) && this.#names(error.message);
  }

  /** Does the server's message name something that was refused? */
  #names(message: string): boolean {
    const words = message.replaceAll('`', '');
    const alone = /\breferenced (?:table|trigger)\b/i.test(words);
    return this.#lost.some(({ database, name }) => {
      const qualified = `${this.#staging.get(database) ?? database}.${name}`;
      const forms = [`'${qualified}'`, ` ${qualified} `, ...(alone ? [`'${name}'`] : [])];
      return forms.some((form) => words.includes(form));
    });
  }
}

function objectOf(unit: ObjectUnit): RefusedObject {
  const sql = unit.statements.at(-1) ?? '';
  const charset = clientCharset(unit);
  const { database } = unit;
  if (unit.piece === 'triggers')
    return { kind: 'trigger', database, name: nameOf(readTriggerHead(sql, charset)?.name.at(-1)?.text) };
  if (unit.piece === 'defaults')
    return {
      kind: 'defaults of table',
      database,
      name: nameOf(/^ALTER TABLE (`(?:[^`]|``)*`)/.exec(sql)?.[1]),
    };
  const head = readObjectHead(sql, charset);
  return { kind: head?.kind.toLowerCase() ?? unit.piece, database, name: nameOf(head?.name) };
}

function nameOf(token = ''): string {
  return utf8(unquotedToken(token));
}

function utf8(latin1: string): string {
  return Buffer.from(latin1, 'latin1').toString('utf8');
}
