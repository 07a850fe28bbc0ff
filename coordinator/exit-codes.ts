/** Exit codes of the commands, in words: one switch, from which every command's help is made. */

export type ExitCode = 0 | 1 | 2 | 3 | 4 | 5 | 6 | 7 | 130;

/** What an exit code means, for every code there is. */
export function exitMeaning(code: ExitCode): string {
  switch (code) {
    case 0:
      return 'done';
    case 1:
      return 'failed, or `check` found something';
    case 2:
      return 'wrong usage or configuration';
    case 3:
      return 'the barrier was not reached, nothing is stored';
    case 4:
      return 'verification failed, bad bytes';
    case 5:
      return 'another operation is under way, or holds the lease';
    case 6:
      return 'refused: not sealed, newer format, target not empty, does not fit, not allowed';
    case 7:
      return 'an agent could not be reached';
    case 130:
      return 'interrupted, cleaned up';
  }
}

/** The lines under `Exit codes:` in the help of a command that can end with these. */
export function exitCodesHelp(codes: readonly ExitCode[]): string {
  const lines = codes.map((code) => `  ${String(code).padStart(3)}  ${exitMeaning(code)}`);
  return ['', 'Exit codes:', ...lines].join('\n');
}
