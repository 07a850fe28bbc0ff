/** Who runs this command, for the records that say who began something. */
import { hostname, userInfo } from 'node:os';

export interface StartedBy {
  readonly host: string;
  readonly user: string;
  readonly pid: number;
}

/** Never throws: a user without a name is told by number. */
export function startedBy(): StartedBy {
  return { host: hostname(), user: userName(), pid: process.pid };
}

function userName(): string {
  try {
    return userInfo().username;
  } catch {
    // In a container the user id may have no entry anywhere.
    return String(process.getuid?.() ?? '');
  }
}
