/**
 * The error table: every failure Tidemark can name, the exit code it ends a command with, and what to do about it.
 *
 * An error says what was attempted (operation), on what (subject: set, shard, object, file), why it failed
 * (cause) and what to do (remedy). Coordinator and agents share the table; over gRPC an error travels whole
 * in a trailer, so the operator reads the agent's own words.
 */

interface ErrorEntry {
  /** Exit code of a command that ends with this error (the table stands in every command's help). */
  readonly exit: 1 | 2 | 3 | 4 | 5 | 6 | 7 | 130;
  /** What to do, when the place that raises the error knows nothing better. */
  readonly remedy: string;
}

export const errorTable = {
  usage: { exit: 2, remedy: 'Run the command with --help and correct the arguments.' },
  'file-invalid': { exit: 2, remedy: 'Correct the places named and run `tidemark check` again.' },
  'file-unreadable': { exit: 2, remedy: 'Check that the path exists and that this user may read it.' },
  'set-unknown': { exit: 2, remedy: 'Run `tidemark list` to see the sets of this cluster.' },
  'restore-unknown': {
    exit: 2,
    remedy:
      'Take the id of the restore from the message or log that named it, and the topology it restored to.',
  },
  'repository-mismatch': {
    exit: 2,
    remedy:
      'Name the same repository in the topology and in every agent file, and see that all hosts mount the same one.',
  },
  'agent-unreachable': {
    exit: 7,
    remedy:
      'See that tidemark-agent runs on that host, that the address in the topology is right and that no firewall is between.',
  },
  'agent-mismatch': {
    exit: 7,
    remedy:
      'Correct the agent address in the topology, or install the same Tidemark version on coordinator and agents.',
  },
  'tls-mismatch': {
    exit: 2,
    remedy:
      "Make `tls` (or `transport`) in the topology and in the agent's file agree. The agent's log names each refused connection.",
  },
  'barrier-not-reached': {
    exit: 3,
    remedy:
      'End or shorten the transactions named, raise barrier.deadline or barrier.holdLimit, or set barrier.onDeadline: simultaneous.',
  },
  'lease-held': {
    exit: 5,
    remedy: 'Wait until the other operation has ended, or until its lease has run out.',
  },
  'lease-lost': {
    exit: 5,
    remedy: 'Another operation took over. Run the command again when that one has ended.',
  },
  'agent-busy': {
    exit: 5,
    remedy: 'Wait until the agent has ended its other operation, or stop that operation.',
  },
  'not-sealed': {
    exit: 6,
    remedy: 'Choose a sealed set (`tidemark list`). A set without a seal is no backup.',
  },
  'newer-format': {
    exit: 6,
    remedy:
      'Use the Tidemark version that wrote it, or a newer one, on the coordinator and on every agent; this version can use sets that it can read.',
  },
  'target-not-empty': {
    exit: 6,
    remedy: 'Restore onto servers that hold none of the databases of the set, or drop those databases first.',
  },
  'does-not-fit': {
    exit: 6,
    remedy: 'Provide what is missing on the target named, then run the restore again.',
  },
  'shard-refused': {
    exit: 6,
    remedy: 'Name the sole writable primary of that shard, over a direct connection without a pooler.',
  },
  'operation-not-allowed': {
    exit: 6,
    remedy: "Add the operation to `allow` in the agent's file and reload the agent (SIGHUP).",
  },
  'topology-changed': {
    exit: 6,
    remedy: 'Map the shards with --map old=new, or use the topology the set was taken with.',
  },
  'bad-bytes': {
    exit: 4,
    remedy: 'Do not restore from this set. Restore an older one, and find out what changed the object.',
  },
  'invariant-differs': {
    exit: 4,
    remedy: 'Do not trust this copy. Verify the set and compare the invariant by hand.',
  },
  'privilege-missing': {
    exit: 1,
    remedy:
      "As an administrator of that server, let the agent's account do what it was refused; `tidemark check` names the statements.",
  },
  'not-ready': {
    exit: 1,
    remedy: 'Do what `tidemark check` says under each of its findings, then run it again.',
  },
  'clock-wrong': {
    exit: 1,
    remedy: 'Set the clocks of all hosts by NTP (`timedatectl`).',
  },
  'tool-missing': {
    exit: 1,
    remedy: "Install the tool on the agent's host or name its path under `tools` in the agent's file.",
  },
  'database-unreachable': {
    exit: 1,
    remedy: "See that the server runs and that host, port, user and password in the agent's file are right.",
  },
  'database-failed': {
    exit: 1,
    remedy: "Read the server's message; correct what it names, then run the command again.",
  },
  'snapshot-lost': {
    exit: 1,
    remedy: 'Run the backup again. If it happens again, look in the server log for who ended the session.',
  },
  'table-locked': {
    exit: 1,
    remedy: 'Wait until what alters the table has ended, or end it, then run the backup again.',
  },
  'schema-changed': { exit: 1, remedy: 'Run the backup again when no schema change is in progress.' },
  'not-supported': {
    exit: 6,
    remedy: 'Change or exclude the object named. docs/guarantees.md lists what is carried.',
  },
  'repository-failed': {
    exit: 1,
    remedy: 'Check space, permissions and reachability of the repository, then run the command again.',
  },
  'object-conflict': {
    exit: 1,
    remedy: 'Another writer stored something else under this key. Run the command again; it takes a new set.',
  },
  'set-incomplete': {
    exit: 1,
    remedy: 'Run the backup again; this set stays without a seal and is no backup.',
  },
  interrupted: { exit: 130, remedy: 'Run the command again when wanted; what had been begun was undone.' },
  internal: {
    exit: 1,
    remedy: 'This is a defect of Tidemark. Report it with the log of coordinator and agents.',
  },
} as const satisfies Record<string, ErrorEntry>;

export type ErrorCode = keyof typeof errorTable;

export interface ErrorFields {
  readonly code: ErrorCode;
  /** What was attempted, as a phrase: `take the locks`, `read the topology`. */
  readonly operation: string;
  /** On what: shard, set, object, table, file. Names joined by `: ` from large to small. */
  readonly subject: string;
  /** Why it failed, in the words of whoever refused. */
  readonly cause: string;
  /** What to do; the table's sentence when left out. */
  readonly remedy?: string | undefined;
}

/** The only error that leaves a module on purpose. Anything else is a defect and is reported as `internal`. */
export class TidemarkError extends Error {
  override readonly name = 'TidemarkError';
  readonly code: ErrorCode;
  readonly operation: string;
  readonly subject: string;
  readonly reason: string;
  readonly remedy: string;

  constructor(fields: ErrorFields, options?: { cause?: unknown }) {
    super(`${fields.subject}: cannot ${fields.operation}: ${fields.cause}`, options);
    this.code = fields.code;
    this.operation = fields.operation;
    this.subject = fields.subject;
    this.reason = fields.cause;
    this.remedy = fields.remedy ?? errorTable[fields.code].remedy;
  }

  get exitCode(): number {
    return errorTable[this.code].exit;
  }

  /** The five fields that `--json` and the wire carry. */
  toJSON(): { code: ErrorCode; operation: string; subject: string; cause: string; remedy: string } {
    return {
      code: this.code,
      operation: this.operation,
      subject: this.subject,
      cause: this.reason,
      remedy: this.remedy,
    };
  }
}

/** Keeps a TidemarkError as it is and wraps everything else with the fields given. Never throws. */
export function asTidemarkError(error: unknown, otherwise: Omit<ErrorFields, 'cause'>): TidemarkError {
  if (error instanceof TidemarkError) return error;
  const cause = error instanceof Error ? error.message : String(error);
  return new TidemarkError({ ...otherwise, cause }, { cause: error });
}

/** Where several errors meet, the command ends with the first of these that occurs. */
const exitPrecedence = [130, 2, 7, 5, 3, 6, 4, 1] as const;

/** The one error, of several that happened side by side, that decides the exit code. */
export function foremost(errors: readonly TidemarkError[]): TidemarkError | undefined {
  for (const exit of exitPrecedence) {
    const found = errors.find((error) => error.exitCode === exit);
    if (found !== undefined) return found;
  }
  return errors[0];
}
