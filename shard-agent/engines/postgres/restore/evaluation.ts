/**
 * Under which settings a restored database's own expressions are evaluated while it is loaded: checks of rows, and the
 * queries of materialised views. They may depend on them (`CHECK (day = at::date)`), and the staging has none yet.
 */
import { isOfTheContent, type Session } from '../connection/connection.ts';
import type { DatabaseProperties } from '../database/properties.ts';

export interface EvaluationSetting {
  readonly name: string;
  readonly value: string;
}

/** Those that change what an expression gives and leave the meaning of what is loaded alone, which is written to be read so. */
const harmless: ReadonlySet<string> = new Set([
  'bytea_output',
  'datestyle',
  'default_text_search_config',
  'extra_float_digits',
  // The server writes the sign of every part of an interval, so both styles read it the same.
  'intervalstyle',
  'lc_numeric',
  'lc_time',
  'timezone',
  'xmlbinary',
]);

/** An application's own settings (`app.tenant`) are read by nothing but its expressions; those of a language change how it runs. */
function changesExpressionsOnly(name: string): boolean {
  return harmless.has(name.toLowerCase()) || name.includes('.');
}

/**
 * What the database had by ALTER DATABASE … SET, for all roles; with `role`, what that role had in it. A value in the database's
 * own encoding is left out: it cannot be given to a session that is just beginning.
 */
export function evaluationSettings(
  { settings }: Pick<DatabaseProperties, 'settings'>,
  role: string | null = null,
): EvaluationSetting[] {
  return expressionSettings(settings.filter((one) => one.role === role && one.inside !== true)).map(
    ({ name, value }) => ({ name, value }),
  );
}

export function expressionSettings(settings: readonly EvaluationSetting[]): EvaluationSetting[] {
  return settings.filter(({ name }) => changesExpressionsOnly(name));
}

/**
 * Those that the session takes, which afterwards has them. The source's sessions began without the others too: they name a
 * configuration that is not there, say.
 */
export async function takenSettings(
  session: Session,
  settings: readonly EvaluationSetting[],
): Promise<EvaluationSetting[]> {
  const taken: EvaluationSetting[] = [];
  for (const setting of settings) {
    const refused = await session
      .rows('SELECT pg_catalog.set_config($1, $2, false)', [setting.name, setting.value])
      .then(
        () => undefined,
        (error: unknown) => error,
      );
    if (refused === undefined) taken.push(setting);
    else if (!isOfTheContent(refused)) throw refused;
  }
  return taken;
}
