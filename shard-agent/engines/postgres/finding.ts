/** One thing a check has found, and what a check is asked for. */
import type { Finding } from '../../engine.ts';

/** What the backup would be like. */
export interface CheckOrder {
  readonly lanes: number;
  readonly locks: boolean;
}

export function finding(
  code: Finding['code'],
  subject: string,
  cause: string,
  remedy: string,
  warning = false,
): Finding {
  return { code, subject, cause, remedy, warning };
}
