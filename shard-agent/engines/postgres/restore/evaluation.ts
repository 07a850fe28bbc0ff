/**
 * Under which settings a restored database's own expressions are evaluated while it is loaded: checks of rows, and the
 * queries of materialised views. They may depend on them (`CHECK (day = at::date)`), and the staging has none yet.
 */
import type { DatabaseProperties } from '../database/properties.ts';

/** Those that change what an expression gives and leave the meaning of what is loaded alone, which is written to be read so. */
const harmless: ReadonlySet<string> = new Set([
  'bytea_output',
  'datestyle',
  'default_text_search_config',
  'extra_float_digits',
  'lc_numeric',
  'lc_time',
  'timezone',
  'xmlbinary',
]);

/** What the database had by ALTER DATABASE … SET, for all roles. */
export function evaluationSettings({
  settings,
}: Pick<DatabaseProperties, 'settings'>): { name: string; value: string }[] {
  return settings.flatMap(({ role, name, value }) =>
    role === null && harmless.has(name.toLowerCase()) ? [{ name, value }] : [],
  );
}
