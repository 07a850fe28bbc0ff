/** What a person sees as a warning while a command runs, kept for the document of `--json`. */
import type { Run } from './run.ts';

export interface Warning {
  /** Undefined where it is of the whole cluster. */
  readonly shard?: string | undefined;
  readonly code: string;
  readonly subject: string;
  readonly cause: string;
  /** Empty where there is nothing to do. */
  readonly remedy: string;
}

/** More than these are only counted. */
const kept = 1000;
/** pino's numbers. */
const [warnLevel, errorLevel] = [40, 50];

export class Warnings {
  readonly #all: Warning[] = [];
  #more = 0;

  add(warning: Warning): void {
    if (this.#all.length < kept) this.#all.push(warning);
    else this.#more += 1;
  }

  /** A log line as pino writes it; one of the level `warn` is a warning too. */
  addLogged(line: string): void {
    const { level, msg, shard, operation, cause, remedy } = JSON.parse(line) as Record<string, unknown>;
    if (typeof level !== 'number' || level < warnLevel || level >= errorLevel) return;
    const text = (value: unknown): string => (typeof value === 'string' ? value : '');
    this.add({
      ...(text(shard) === '' ? {} : { shard: text(shard) }),
      code: 'logged',
      subject: text(operation),
      cause: [text(msg), text(cause)].filter((each) => each !== '').join(': '),
      remedy: text(remedy),
    });
  }

  /** In the order in which they were shown. */
  list(): readonly Warning[] {
    if (this.#more === 0) return this.#all;
    const cause = `${this.#more} more warnings are left out here`;
    return [...this.#all, { code: 'logged', subject: 'tidemark', cause, remedy: '' }];
  }
}

/** Shows a warning, or keeps it for the document. */
export function warn({ progress, warned }: Pick<Run, 'progress' | 'warned'>, warning: Warning): void {
  progress.note(`warning: ${warningText(warning)}`);
  warned?.(warning);
}

/** One line for a person. */
export function warningText({ shard, subject, cause, remedy }: Warning): string {
  const where = shard === undefined || subject.includes(shard) ? subject : `${shard}: ${subject}`;
  return `${where}: ${cause}${remedy === '' ? '' : `. ${remedy}`}`;
}
