/** What PostgreSQL may refuse under the settings that are drawn. */
import type { SettingAllowances } from '../allowances.ts';

const readOnly = {
  code: 'shard-refused' as const,
  subject: /127\.0\.0\.1:\d+/,
  cause: /the server is read-only \(default_transaction_read_only is on\): another server may be the primary/,
};

export const settingAllowances: SettingAllowances = {
  default_transaction_read_only: { source: [readOnly], target: [readOnly] },
};
