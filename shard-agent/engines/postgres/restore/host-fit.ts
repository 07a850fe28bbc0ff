/** Do the target's server and its host have what a database needs of them? Tried before anything is made. */
import type { Finding } from '../../../engine.ts';
import { finding } from '../../../findings.ts';
import { type PostgresConfig, quoteName, type Session } from '../connection/connection.ts';
import type { HostFiles, NativeFunction, UserCollation } from '../database/host-files.ts';
import { preloadedLibraries } from '../database/preloaded-libraries.ts';
import type { DatabaseProperties } from '../database/properties.ts';
import { missingParts } from '../database/server-parts.ts';
import { type Refusal, Trial } from './trial.ts';

type Tell = (what: string, refusal: Refusal | undefined, remedy: string) => void;

/** `session`: of the server; what is tried is tried in one of its own, in the same database. */
export async function hostFindings(
  session: Session,
  config: PostgresConfig,
  subject: string,
  properties: DatabaseProperties,
): Promise<Finding[]> {
  const { settings, hostFiles, serverParts, encoding, serverMajor } = properties;
  const findings: Finding[] = [];
  if (serverParts !== undefined) {
    for (const name of await missingParts(session, serverParts, encoding)) {
      const remedy = `On the source, DROP what uses it and REVOKE its grants, and back up again; or restore onto PostgreSQL ${serverMajor}.`;
      findings.push(
        finding('does-not-fit', subject, `it uses the server's own ${name}, which is not here`, remedy),
      );
    }
  }
  if (settings.length === 0 && isEmpty(hostFiles)) return findings;
  const tell: Tell = (what, refusal, remedy) => {
    if (refusal === undefined || refusal.forbidden) return;
    findings.push(finding('does-not-fit', subject, `${what}: ${refusal.cause}`, remedy));
  };
  const tried = <T>(action: (trial: Trial) => Promise<T>): Promise<T> =>
    Trial.run(config, session.database, action);
  await tried(async (trial) => {
    // One in the bytes of the database's own encoding would be another here.
    for (const { name, value } of settings.filter(({ inside }) => inside !== true))
      tell(`its setting ${name} is refused here`, await trial.setting(name, value), settingRemedy(name));
  });
  for (const { library, plugin } of preloadedLibraries(settings)) {
    // A session of its own: a library may end it.
    const refusal = await tried((trial) => trial.library(library, plugin));
    const remedy = `Install the library ${library} on the target's host; or on the source: ALTER DATABASE … RESET …;`;
    tell(`nobody could connect to it, because each session loads the library ${library}`, refusal, remedy);
  }
  if (hostFiles === undefined) return findings;
  await tried(async (trial) => {
    for (const { name, value } of hostFiles.settings) {
      const refusal = await trial.setting(name, value);
      if (refusal?.forbidden === true)
        findings.push(forbiddenSetting(subject, config, name, session.majorVersion));
      else tell(`functions set ${name}, which is refused here`, refusal, settingRemedy(name));
    }
    await tryDictionaries(trial, hostFiles, tell);
  });
  for (const functions of Map.groupBy(hostFiles.functions, ({ library }) => library).values())
    await tried((trial) => tryFunctions(trial, functions, tell));
  // A locale belongs to an encoding, and the trial has that of the database it is made in.
  const { server_encoding: ours } = await session.row('SHOW server_encoding');
  if (ours === encoding) await tried((trial) => tryCollations(trial, hostFiles.collations, tell));
  return findings;
}

async function tryFunctions(trial: Trial, functions: readonly NativeFunction[], tell: Tell): Promise<void> {
  for (const one of functions) {
    const of = one.library === null ? 'of the server' : `of the library ${one.library}`;
    const remedy = "Install the library on the target's host, in a version that has the function.";
    tell(`functions call ${one.symbol} ${of}`, await trial.nativeFunction(one), remedy);
  }
}

async function tryDictionaries(trial: Trial, { dictionaries }: HostFiles, tell: Tell): Promise<void> {
  for (const one of dictionaries) {
    const remedy = "Put the dictionary's files into the folder tsearch_data of the target's server.";
    tell(`text search dictionary ${one.schema}.${one.name}`, await trial.dictionary(one), remedy);
  }
}

async function tryCollations(trial: Trial, collations: readonly UserCollation[], tell: Tell): Promise<void> {
  for (const one of collations) {
    const remedy = "Install the locale on the target's host (localedef, locale-gen), and restart the server.";
    tell(`collation ${one.schema}.${one.name}`, await trial.collation(one), remedy);
  }
}

function isEmpty(files: DatabaseProperties['hostFiles']): boolean {
  return files === undefined || Object.values(files).every((list: readonly unknown[]) => list.length === 0);
}

function settingRemedy(name: string): string {
  return `On the source, RESET ${name} where it is set, and back up again; or restore onto a server that takes it.`;
}

function forbiddenSetting(subject: string, config: PostgresConfig, name: string, major: number): Finding {
  const user = quoteName(config.database.user);
  const remedy =
    major >= 15
      ? `GRANT SET ON PARAMETER ${name} TO ${user};`
      : `While the restore runs: ALTER ROLE ${user} SUPERUSER;`;
  return finding('privilege-missing', subject, `functions set ${name}, which this role may not`, remedy);
}
