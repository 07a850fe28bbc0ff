/** Settings of the target by which it would refuse tables of the set, or make them otherwise. No session may change these. */
import type { Finding, StoredShard } from '../../../engine.ts';
import { finding } from '../../../findings.ts';
import type { Dialect } from '../dialect.ts';
import { setsTimestamps } from '../schema/making-settings.ts';
import { variable } from '../server.ts';
import type { SourceFacts } from '../source-facts.ts';
import type { Wire } from '../connection/wire.ts';

/** Row formats in which an index takes no more than the first 767 bytes of a column. */
const shortKeys = ['compact', 'redundant'];

export async function settingFindings(
  wire: Wire,
  dialect: Dialect,
  stored: StoredShard,
  facts: SourceFacts,
): Promise<Finding[]> {
  return [
    ...(await keylessFindings(wire, stored)),
    ...(await rowFormatFindings(wire, facts)),
    ...(await pageFindings(wire, facts)),
    ...(await engineFindings(wire, facts)),
    ...(await timestampFindings(wire, dialect, stored, facts)),
    ...(await clockFindings(wire, stored)),
  ];
}

function refused(subject: string, cause: string, remedy: string): Finding {
  return finding('does-not-fit', subject, cause, remedy);
}

/** MariaDB's; MySQL's setting of this kind is one of the session. */
async function keylessFindings(wire: Wire, stored: StoredShard): Promise<Finding[]> {
  if ((await variable(wire, 'innodb_force_primary_key')) !== 'ON') return [];
  const keyless = stored.tables.find(
    ({ engine }) => engine['key'] === undefined && String(engine['engine']).toLowerCase() === 'innodb',
  );
  if (keyless === undefined) return [];
  const cause = `the server refuses tables without a primary key, such as ${keyless.database}.${keyless.name}`;
  return [refused('innodb_force_primary_key', cause, 'SET GLOBAL innodb_force_primary_key = OFF;')];
}

async function rowFormatFindings(wire: Wire, facts: SourceFacts): Promise<Finding[]> {
  const here = await variable(wire, 'innodb_default_row_format');
  const { rowFormat, longKey } = facts;
  if (here === undefined || rowFormat === undefined || here.toLowerCase() === rowFormat.toLowerCase())
    return [];
  const remedy = `SET GLOBAL innodb_default_row_format = ${rowFormat.toLowerCase()};`;
  if (longKey !== undefined && shortKeys.includes(here.toLowerCase())) {
    const cause = `in rows of the format ${here} an index takes 767 bytes of a column, and ${longKey} has more`;
    return [refused('innodb_default_row_format', cause, remedy)];
  }
  const cause = `tables that do not say their row format are ${rowFormat} on the source and become ${here} here`;
  return [finding('does-not-fit', 'innodb_default_row_format', cause, remedy, true)];
}

async function pageFindings(wire: Wire, facts: SourceFacts): Promise<Finding[]> {
  const here = Number((await variable(wire, 'innodb_page_size')) ?? 0);
  if (facts.pageBytes === undefined || here === 0 || here >= facts.pageBytes) return [];
  const cause = `pages have ${here} bytes here and ${facts.pageBytes} on the source: longer rows and keys of the set may not fit`;
  const remedy = `Set up the server with innodb_page_size = ${facts.pageBytes}.`;
  return [refused('innodb_page_size', cause, remedy)];
}

async function engineFindings(wire: Wire, facts: SourceFacts): Promise<Finding[]> {
  const findings: Finding[] = [];
  const enforced = (await variable(wire, 'enforce_storage_engine')) ?? '';
  if (enforced !== '' && facts.engines.some((engine) => engine.toLowerCase() !== enforced.toLowerCase())) {
    const cause = `the server makes no tables but those of ${enforced}`;
    findings.push(
      refused('enforce_storage_engine', cause, 'Set up the server without enforce_storage_engine.'),
    );
  }
  const disabled = ((await variable(wire, 'disabled_storage_engines')) ?? '').toLowerCase().split(/ *, */);
  for (const engine of facts.engines.filter((name) => disabled.includes(name.toLowerCase()))) {
    const cause = `the server refuses tables of the engine ${engine}`;
    findings.push(
      refused('disabled_storage_engines', cause, `Take ${engine} out of it in the server's configuration.`),
    );
  }
  if (facts.compressed === true && (await variable(wire, 'innodb_read_only_compressed')) === 'ON') {
    const cause = 'the server lets nobody write to compressed tables, which the set has';
    const remedy = 'SET GLOBAL innodb_read_only_compressed = OFF;';
    findings.push(refused('innodb_read_only_compressed', cause, remedy));
  }
  return findings;
}

/** MariaDB before 10.8.4, where no session changes it. */
async function timestampFindings(
  wire: Wire,
  dialect: Dialect,
  stored: StoredShard,
  facts: SourceFacts,
): Promise<Finding[]> {
  if (setsTimestamps(dialect) || !facts.explicitTimestamps) return [];
  if ((await variable(wire, 'explicit_defaults_for_timestamp')) === 'ON') return [];
  const table = stored.tables.find(
    ({ engine }) => Array.isArray(engine['types']) && engine['types'].includes('timestamp'),
  );
  if (table === undefined) return [];
  const cause = `columns of the type TIMESTAMP, as in ${table.database}.${table.name}, would get defaults that they do not have`;
  const remedy = 'Start the server with explicit_defaults_for_timestamp = ON.';
  return [refused('explicit_defaults_for_timestamp', cause, remedy)];
}

/** Events are made under a clock of their own. */
async function clockFindings(wire: Wire, stored: StoredShard): Promise<Finding[]> {
  const guarded = (await variable(wire, 'secure_timestamp')) ?? 'NO';
  if (guarded !== 'YES' || !stored.schema.some(({ name }) => name === 'events')) return [];
  const cause = 'the server lets no session set its clock, under which events are made';
  return [refused('secure_timestamp', cause, 'Start the server with secure_timestamp = SUPER or NO.')];
}
