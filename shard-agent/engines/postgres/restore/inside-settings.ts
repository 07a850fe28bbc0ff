/** Settings of a database whose values are in its own encoding: only a session in it can write them. */
import { during, quoteName, Session, type PostgresConfig } from '../connection/connection.ts';
import { namingScript, ownText } from '../connection/shared-names.ts';
import {
  assignment,
  settingElements,
  settingTarget,
  type DatabaseProperties,
} from '../database/properties.ts';

export async function setInside(
  config: PostgresConfig,
  staging: string,
  properties: Pick<DatabaseProperties, 'settings'>,
): Promise<void> {
  const settings = properties.settings.filter(({ inside }) => inside === true);
  if (settings.length === 0) return;
  const session = await Session.open(config, staging, 'restore');
  try {
    await during('set what is in its own encoding', `database ${staging}`, async () => {
      await session.script('SET default_transaction_read_only = off');
      for (const { role, name, value } of settings) {
        const elements: string[] = [];
        for (const element of settingElements(name, value)) elements.push(await ownText(session, element));
        await namingScript(session, assignment(settingTarget(quoteName(staging), role), name, elements));
      }
    });
  } finally {
    await session.close();
  }
}
