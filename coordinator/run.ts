/** What every command is given, and what it gives back. */
import type { Logger } from 'pino';
import type { ObjectStore } from '../repository/object-store.ts';
import type { Topology } from '../topology/topology.ts';
import type { TidemarkError } from '../proto/errors.ts';
import type { Progress } from './progress.ts';
import type { Warning } from './warnings.ts';

export interface Run {
  readonly topology: Topology;
  readonly store: ObjectStore;
  readonly progress: Progress;
  readonly log: Logger;
  /** Aborted with a TidemarkError `interrupted` as its reason. */
  readonly signal: AbortSignal;
  /** For ages and start times; nothing is decided by it, and no duration is measured with it. */
  readonly now: () => Date;
  /** Takes note of a warning that a person is shown, for `--json`. Absent where nobody asks for the document's warnings. */
  readonly warned?: ((warning: Warning) => void) | undefined;
}

/**
 * What a command has to say: one document for `--json`, one text for a person. A `failure` makes the command end with
 * its exit code although there is something to show: `check` and `verify` list all they found.
 */
export interface Outcome {
  readonly document: Record<string, unknown>;
  readonly text: string;
  readonly failure?: TidemarkError;
}
