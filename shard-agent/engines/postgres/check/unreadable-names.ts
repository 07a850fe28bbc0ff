/** Names that no session reads as they are: of objects in a SQL_ASCII database, and of what all databases share. */
import { TidemarkError } from '../../../../proto/errors.ts';
import type { Finding } from '../../../engine.ts';
import { finding } from '../../../findings.ts';
import { quoteName, quoteText, sqlState, type Row, type Session } from '../connection/connection.ts';
import {
  convertsSharedNames,
  namingScript,
  sharedNamesAreUtf8,
  notUtf8,
  notUtf8Remedy,
} from '../connection/shared-names.ts';
import { readSharedProperties } from '../database/shared-properties.ts';
import { readUsedRoles } from '../database/used-roles.ts';

/** As many are named as a person reads. */
const named = 10;

const decoder = new TextDecoder('utf-8', { fatal: true });

/** Bytes as `caf\\xe9`, or undefined where they are UTF-8. */
function unreadable(hex: string): string | undefined {
  const bytes = Buffer.from(hex, 'hex');
  try {
    decoder.decode(bytes);
    return undefined;
  } catch {
    return [...bytes]
      .map((byte) => (byte < 0x80 ? String.fromCharCode(byte) : `\\x${byte.toString(16)}`))
      .join('');
  }
}

/** In hexadecimal digits, of texts that are not all ASCII. */
const bytesOf = (expression: string): string =>
  `pg_catalog.encode(pg_catalog.textsend(${expression}::text), 'hex')`;
const notAscii = (expression: string): string => `${bytesOf(expression)} ~ '^(..)*[89a-f]'`;

/** With no conversion: it would be refused. */
async function byteRows(session: Session, sql: string): Promise<readonly Row[]> {
  const answers = await session.script(
    `SET client_encoding = 'SQL_ASCII'; ${sql}; SET client_encoding = 'UTF8'`,
  );
  return answers.at(-2)?.rows ?? [];
}

/** A SQL_ASCII database takes any bytes for a name, and gives a client that wants UTF-8 an error for the whole answer. */
export async function unreadableNames(session: Session): Promise<Finding[]> {
  if (session.encoding !== 'SQL_ASCII') return [];
  const columns = await session.rows(`
    SELECT c.relname AS catalogue, a.attname AS name FROM pg_catalog.pg_attribute a JOIN pg_catalog.pg_class c ON c.oid = a.attrelid
    WHERE c.relnamespace = 'pg_catalog'::pg_catalog.regnamespace AND c.relkind = 'r' AND NOT c.relisshared AND a.attnum > 0
      AND a.atttypid = 'pg_catalog.name'::pg_catalog.regtype AND c.relname <> 'pg_enum' AND c.oid < 16384
      AND pg_catalog.has_column_privilege(c.oid, a.attnum, 'SELECT')`);
  const found = await byteRows(
    session,
    columns
      .map(({ catalogue, name }) => {
        const column = quoteName(name ?? '');
        return `SELECT ${quoteText(kinds[catalogue ?? ''] ?? `name in ${catalogue}`)} AS kind, ${bytesOf(column)} AS bytes
          FROM pg_catalog.${quoteName(catalogue ?? '')} WHERE ${notAscii(column)}`;
      })
      .join(' UNION '),
  );
  const names = found.flatMap(({ kind, bytes }) => {
    const name = unreadable(bytes ?? '');
    return name === undefined ? [] : [`${kind} ${name}`];
  });
  if (names.length === 0) return [];
  return [
    finding(
      'not-supported',
      `database ${session.database}: ${listed(names.sort())}`,
      'the bytes of these names are not UTF-8, and a SQL_ASCII database does not say what they are: nobody but the session that made them can name them',
      'In a session with the client_encoding that they were made with: ALTER … RENAME TO a name in ASCII or UTF-8; or move the tables to a database that has that encoding.',
    ),
  ];
}

/** What people call the things in these catalogues. */
const kinds: Readonly<Record<string, string>> = {
  pg_attribute: 'column',
  pg_class: 'relation',
  pg_constraint: 'constraint',
  pg_namespace: 'schema',
  pg_proc: 'function',
  pg_trigger: 'trigger',
  pg_type: 'type',
};

function listed(names: readonly string[]): string {
  const more = names.length - named;
  return names.slice(0, named).join(', ') + (more > 0 ? `, and ${more} more` : '');
}

/** Shared texts that the set must hold of the session's database, and that nobody could write again. */
export async function sharedNameFindings(session: Session): Promise<Finding[]> {
  const { oid } = await session.row(
    'SELECT oid FROM pg_catalog.pg_database WHERE datname = pg_catalog.current_database()',
  );
  try {
    const shared = await readSharedProperties(session, oid ?? '');
    const roles = await readUsedRoles(session, oid ?? '', shared.roles);
    return await unfitRoles(session, roles);
  } catch (error) {
    if (!(error instanceof TidemarkError) || error.code !== 'not-supported') throw error;
    const subject = `database ${session.database}: ${error.subject}`;
    return [finding(error.code, subject, error.reason, error.remedy)];
  }
}

/** Roles whose names are no text in the database's encoding: an archive that names them as owners cannot be restored into it. */
async function unfitRoles(session: Session, roles: readonly string[]): Promise<Finding[]> {
  if (!convertsSharedNames(session)) return [];
  const findings: Finding[] = [];
  for (const role of roles) {
    try {
      await namingScript(session, `SELECT ${quoteText(role)}`);
    } catch (error) {
      if (sqlState(error) !== '22021') throw error; // character_not_in_repertoire
      findings.push(
        finding(
          'not-supported',
          `database ${session.database}: role ${role}`,
          `its name cannot be written in a database with the encoding ${session.encoding}, so what belongs to it or is granted to it cannot be made again`,
          'ALTER ROLE … RENAME TO a name of ASCII characters.',
        ),
      );
    }
  }
  return findings;
}

/** What reading the server's globals would find: names of roles and tablespaces, and what is said of them. */
const sharedTexts = [
  ['role', 'rolname', 'pg_catalog.pg_roles'],
  ['tablespace', 'spcname', 'pg_catalog.pg_tablespace'],
  [
    'comment of a role or tablespace:',
    'description',
    `pg_catalog.pg_shdescription WHERE classoid <> 'pg_catalog.pg_database'::pg_catalog.regclass`,
  ],
  [
    'security label of a role or tablespace:',
    'label',
    `pg_catalog.pg_shseclabel WHERE classoid <> 'pg_catalog.pg_database'::pg_catalog.regclass`,
  ],
  [
    'setting of a role:',
    'setting',
    `(SELECT pg_catalog.unnest(setconfig) AS setting FROM pg_catalog.pg_db_role_setting WHERE setdatabase = 0) s`,
  ],
] as const;

/** Of globals that are to be stored. The session is where shared texts are read right. */
export async function unreadableGlobals(session: Session): Promise<Finding[]> {
  // There the server converts them, and any bytes are text.
  if (!sharedNamesAreUtf8(session)) return [];
  const rows = await byteRows(
    session,
    sharedTexts
      .map(([kind, column, from]) => `SELECT '${kind}' AS kind, ${bytesOf(column)} AS bytes FROM ${from}`)
      .join(' UNION ALL '),
  );
  return rows.flatMap(({ kind, bytes }) => {
    const text = unreadable(bytes ?? '');
    return text === undefined ? [] : [finding('not-supported', `${kind} ${text}`, notUtf8, notUtf8Remedy)];
  });
}
