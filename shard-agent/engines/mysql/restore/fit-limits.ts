/** What this server cannot make whatever it is told, by its settings: events, names of databases, statements that are too long. */
import type { Finding, StoredShard } from '../../../engine.ts';
import { finding } from '../../../findings.ts';
import { formerName } from '../catalogue.ts';
import type { Dialect } from '../dialect.ts';
import { refusesEvents } from '../schema/event-names.ts';
import { readScript } from '../schema/sql-script.ts';
import { variable } from '../server.ts';
import type { Wire } from '../connection/wire.ts';

/** Names of the staging and of hidden tables are longer than those that a statement comes with. */
const longerBytes = 16 * 1024;
/** In one statement that moves all tables, beside their names. */
const moveBytes = 100;
const mebibyte = 1024 * 1024;

export async function limitFindings(wire: Wire, dialect: Dialect, stored: StoredShard): Promise<Finding[]> {
  return [
    ...(await eventFindings(wire, dialect, stored)),
    ...nameFindings(stored),
    ...(await statementFindings(wire, stored)),
    ...(await documentFindings(wire, dialect, stored)),
  ];
}

async function eventFindings(wire: Wire, dialect: Dialect, { schema }: StoredShard): Promise<Finding[]> {
  const databases = schema.filter(({ name }) => name === 'events').map(({ database }) => database);
  if (databases.length === 0 || !(await refusesEvents(wire, dialect))) return [];
  const cause = `the event scheduler is disabled here, so the server makes no events, which ${databases.join(', ')} has`;
  const remedy = 'Start the server with event_scheduler = OFF or ON.';
  return [finding('does-not-fit', 'event_scheduler', cause, remedy)];
}

function nameFindings({ databases }: StoredShard): Finding[] {
  return databases
    .filter(({ name }) => formerName.test(name))
    .map(({ name }) =>
      finding(
        'does-not-fit',
        name,
        'no server makes a database of this name: it is a folder among those of the databases',
        "Take a new backup, without this name under `databases` in the agent's file.",
      ),
    );
}

async function statementFindings(wire: Wire, stored: StoredShard): Promise<Finding[]> {
  const limit = Number((await variable(wire, 'max_allowed_packet')) ?? 0);
  const findings: Finding[] = [];
  const longer = (subject: string, what: string, bytes: number): void => {
    if (bytes + longerBytes <= limit) return;
    const enough = Math.ceil((bytes + longerBytes) / mebibyte) * mebibyte;
    const cause = `${what} takes a statement of ${bytes} bytes, and max_allowed_packet is ${limit} here`;
    findings.push(finding('does-not-fit', subject, cause, `SET GLOBAL max_allowed_packet = ${enough};`));
  };
  for (const line of stored.schema) {
    // Only what holds a long statement is read.
    if (line.rawBytes + longerBytes <= limit) continue;
    let longest = '';
    for await (const sql of readScript(stored.openSchema(line)))
      if (sql.length > longest.length) longest = sql;
    const begin = Buffer.from(longest.slice(0, 100), 'latin1').toString('utf8').replaceAll(/\s+/g, ' ');
    longer(`${line.database} (${line.name})`, `the definition that begins with ${begin}`, longest.length);
  }
  const moved = stored.tables.reduce(
    (sum, { database, name }) => sum + Buffer.byteLength(database) + 2 * Buffer.byteLength(name) + moveBytes,
    0,
  );
  longer('tables', `giving ${stored.tables.length} tables their names at once`, moved);
  return findings;
}

/**
 * A document goes through the memory of the server in one piece, unlike other values. Its row is at least as large; the form in
 * which MySQL keeps it may be larger than its text.
 */
async function documentFindings(wire: Wire, dialect: Dialect, stored: StoredShard): Promise<Finding[]> {
  if (dialect.family !== 'mysql') return [];
  const limit = Number((await variable(wire, 'max_allowed_packet')) ?? 0);
  return stored.tables.flatMap((line): Finding[] => {
    const types = Array.isArray(line.engine['types']) ? (line.engine['types'] as string[]) : [];
    const bytes = stored.largestRows?.get(line.table) ?? 0;
    if (!types.includes('json') || bytes * packedForm <= limit) return [];
    const wanted = Math.min(longestPacket, Math.ceil((bytes * packedForm) / mebibyte) * mebibyte);
    const cause = `its largest row has ${bytes} bytes, with documents (JSON) in it, and max_allowed_packet is ${limit} here`;
    const remedy = `SET GLOBAL max_allowed_packet = ${wanted};`;
    // The row may be large for the sake of other columns, and then there may be no larger packet.
    const sure = bytes > limit && limit < longestPacket;
    return [finding('does-not-fit', `${line.database}.${line.name}`, cause, remedy, !sure)];
  });
}

/** How many times the text of a document may be what the server keeps of it. */
const packedForm = 2;
/** No server takes a larger one. */
const longestPacket = 1024 * mebibyte;
