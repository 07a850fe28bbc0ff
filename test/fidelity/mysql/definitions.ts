/**
 * Every object of a database as the server defines it: SHOW CREATE of each, and what information_schema says beyond it.
 * What the server measures or counts (sizes, times, ids, paths, statistics) is left out.
 */
import type { TestServer } from '../../servers/server.ts';
import type { Fact } from '../fact.ts';
import {
  type BinaryDefaults,
  readBinaryDefaults,
  withBinaryDefault,
  withBinaryDefaults,
} from './binary-defaults.ts';
import { firstWords, measured, systemTables, unset, type View, views } from './information-schema.ts';

type Row = Readonly<Record<string, string | null>>;

interface Session {
  query(options: object): Promise<unknown>;
  end(): Promise<void>;
}

export async function definitionsOf(server: TestServer, database: string): Promise<Fact[]> {
  const session = await (server as TestServer & { connect(): Promise<Session> }).connect();
  const ask: Ask = (sql) => rowsOf(session, sql);
  try {
    await ask(`SET SESSION ${settings[server.family === 'mariadb' ? 'mariadb' : 'mysql'].join(', ')}`);
    const known = new Set(
      (
        await ask(
          "SELECT TABLE_NAME AS n FROM information_schema.TABLES WHERE TABLE_SCHEMA = 'information_schema'",
        )
      ).map((row) => (row['n'] ?? '').toUpperCase()),
    );
    const defaults = await readBinaryDefaults(server, ask, database);
    const facts = [
      ...(await databaseFacts(ask, database)),
      ...(await shownFacts(ask, known, database, defaults)),
    ];
    for (const view of views.filter(({ name }) => known.has(name))) {
      facts.push(...(await viewFacts(ask, view, database, defaults)));
    }
    facts.push(...(await floatDefaults(ask, database)));
    for (const table of systemTables) facts.push(...(await systemFacts(ask, table, database)));
    return facts;
  } finally {
    await session.end();
  }
}

type Ask = (sql: string) => Promise<Row[]>;

/** No mode is set that changes how SHOW CREATE quotes, and nothing invisible is hidden. */
const settings = {
  mysql: [
    "sql_mode = ''",
    'information_schema_stats_expiry = 0',
    'show_gipk_in_create_table_and_information_schema = ON',
    'sql_quote_show_create = 1',
    'show_create_table_verbosity = 1',
    'show_create_table_skip_secondary_engine = 0',
    "time_zone = '+00:00'",
    'sql_select_limit = 18446744073709551615',
  ],
  mariadb: [
    "sql_mode = ''",
    'sql_quote_show_create = 1',
    "time_zone = '+00:00'",
    'sql_select_limit = 18446744073709551615',
  ],
};

/** What is a FLOAT's default in all its digits: the catalogue and SHOW CREATE round it to six. */
async function floatDefaults(ask: Ask, database: string): Promise<Fact[]> {
  const columns = await ask(
    'SELECT c.TABLE_NAME AS t, c.COLUMN_NAME AS c FROM information_schema.COLUMNS c JOIN information_schema.TABLES b USING (TABLE_SCHEMA, TABLE_NAME) ' +
      `WHERE ${isExactly('b.TABLE_SCHEMA', database)} AND ${isExactly('c.TABLE_SCHEMA', database)} AND CAST(b.TABLE_NAME AS BINARY) = CAST(c.TABLE_NAME AS BINARY) AND b.TABLE_TYPE NOT LIKE '%VIEW' AND c.DATA_TYPE = 'float' AND c.COLUMN_DEFAULT REGEXP '^-?[0-9.]+(e[-+]?[0-9]+)?$'`,
  );
  const facts: Fact[] = [];
  for (const { t, c } of columns) {
    const name = quoted(c ?? '');
    const table = `${quoted(database)}.${quoted(t ?? '')}`;
    // Of a table without rows MySQL tells it in a group of none, MariaDB in an outer join that goes through a table. Of a table
    // with partitions ON FALSE would leave none to read.
    const says = [
      `SELECT COUNT(*) AS one, CAST(DEFAULT(d.${name}) AS DOUBLE) AS v FROM ${table} d`,
      `SELECT DISTINCT x, CAST(DEFAULT(d.${name}) AS DOUBLE) AS v FROM (SELECT 1 AS x UNION SELECT 2) two LEFT JOIN ${table} d ON RAND() > 2`,
    ];
    const told = (await Promise.all(says.map(ask))).flatMap((rows) => rows[0]?.['v'] ?? []);
    if (told[0] === undefined) throw new Error(`nothing tells the default of ${table}.${name}`);
    facts.push({ schema: '', subject: `default of ${quoted(t ?? '')}.${name}`, says: told[0] });
  }
  return facts;
}

async function databaseFacts(ask: Ask, database: string): Promise<Fact[]> {
  const [row] = await ask(`SHOW CREATE DATABASE ${quoted(database)}`);
  return [{ schema: '', subject: 'DATABASE', says: row?.['Create Database'] ?? '' }];
}

/** SHOW CREATE of everything, in the kinds it knows; also what stands in a sequence. */
async function shownFacts(
  ask: Ask,
  known: ReadonlySet<string>,
  database: string,
  defaults: BinaryDefaults,
): Promise<Fact[]> {
  const facts: Fact[] = [];
  const add = async (kind: string, name: string): Promise<void> => {
    const shown = await ask(`SHOW CREATE ${kind} ${quoted(database)}.${quoted(name)}`).catch(reasonOf);
    facts.push({
      schema: '',
      subject: `${kind} ${quoted(name)}`,
      says: shown
        .map((row) => withBinaryDefaults(unqualified(shownText(row), kind, database), name, defaults))
        .join('\n'),
    });
  };
  const tables = await ask(
    `SELECT TABLE_NAME AS n, TABLE_TYPE AS t FROM information_schema.TABLES WHERE ${isExactly('TABLE_SCHEMA', database)} AND TABLE_TYPE NOT LIKE 'TEMPORARY%'`,
  );
  for (const { n: name, t: type } of tables) {
    const kind = type === 'VIEW' || type === 'SEQUENCE' ? type : 'TABLE';
    await add(kind, name ?? '');
    if (kind !== 'SEQUENCE') continue;
    const state = await ask(`SELECT * FROM ${quoted(database)}.${quoted(name ?? '')}`);
    facts.push({ schema: '', subject: `position of ${quoted(name ?? '')}`, says: lines(state) });
  }
  const others = [
    `SELECT TRIGGER_NAME AS n, 'TRIGGER' AS t FROM information_schema.TRIGGERS WHERE ${isExactly('TRIGGER_SCHEMA', database)}`,
    `SELECT ROUTINE_NAME AS n, ROUTINE_TYPE AS t FROM information_schema.ROUTINES WHERE ${isExactly('ROUTINE_SCHEMA', database)}`,
    `SELECT EVENT_NAME AS n, 'EVENT' AS t FROM information_schema.EVENTS WHERE ${isExactly('EVENT_SCHEMA', database)}`,
  ];
  if (known.has('LIBRARIES')) {
    others.push(
      `SELECT LIBRARY_NAME AS n, 'LIBRARY' AS t FROM information_schema.LIBRARIES WHERE ${isExactly('LIBRARY_SCHEMA', database)}`,
    );
  }
  for (const sql of others) {
    for (const row of await ask(sql)) await add(row['t'] ?? '', row['n'] ?? '');
  }
  return facts;
}

/** Whether a trigger's head was typed with the name of its database says nothing about the trigger. */
function unqualified(shown: string, kind: string, database: string): string {
  const body = kind === 'TRIGGER' ? shown.search(/\bFOR\s+EACH\s/i) : 0;
  const name = database.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&');
  return (
    shown.slice(0, body).replaceAll(new RegExp(`(?:\`${name}\`|\\b${name})\\s*\\.\\s*`, 'g'), '') +
    shown.slice(body)
  );
}

/** When a trigger was made is shown with it. */
function shownText(row: Row): string {
  return Object.entries(row)
    .filter(([name]) => name !== 'Created')
    .map(([name, value]) => `${name}: ${value}`)
    .join('\n')
    .replaceAll(/^ {2}CONSTRAINT .* FOREIGN KEY .*$/gm, backticksOnce);
}

/**
 * Newer MariaDB servers show a foreign key's names with their backticks as they are, older ones double them. Which names
 * they are, information_schema says.
 */
function backticksOnce(line: string): string {
  return line.replaceAll(/`+/g, '`');
}

async function viewFacts(
  ask: Ask,
  { name, schema, of }: View,
  database: string,
  defaults: BinaryDefaults,
): Promise<Fact[]> {
  const rows = await ask(`SELECT * FROM information_schema.${name} WHERE ${isExactly(schema, database)}`);
  const readable = rows.map((row) => withBinaryDefault(withoutDeclaredInstant(row), defaults));
  return grouped(readable, (row) => {
    const owner = of.flatMap((column) => (row[column] === undefined ? [] : [quoted(row[column] ?? '')]));
    return `information_schema.${name}${owner.length === 0 ? '' : ` of ${owner.join(' ')}`}`;
  });
}

async function systemFacts(
  ask: Ask,
  { name, schema, kinds, columns }: (typeof systemTables)[number],
  database: string,
): Promise<Fact[]> {
  const rows = await ask(
    `SELECT ${columns}, ${kinds} AS kind FROM mysql.${name} WHERE ${isExactly(schema, database)}`,
  ).catch((error: unknown) => {
    // MySQL 8 has no such tables.
    if ((error as { errno?: number }).errno === 1146) return [];
    throw error;
  });
  return grouped(rows, (row) => `mysql.${name} of ${row['kind']} ${quoted(row['name'] ?? '')}`);
}

function grouped(rows: readonly Row[], subjectOf: (row: Row) => string): Fact[] {
  const groups = new Map<string, Row[]>();
  for (const row of rows) {
    const subject = subjectOf(row);
    groups.set(subject, [...(groups.get(subject) ?? []), row]);
  }
  return [...groups].map(([subject, group]) => ({ schema: '', subject, says: lines(group) }));
}

/**
 * MySQL keeps the text of a TIMESTAMP's default as it was declared, in the time zone of that session, which it forgets.
 * The instant is what counts: SHOW CREATE TABLE tells it in the zone of the session that asks.
 */
function withoutDeclaredInstant(row: Row): Row {
  if (row['DATA_TYPE'] !== 'timestamp' || !/^\d{4}-/.test(row['COLUMN_DEFAULT'] ?? '')) return row;
  return { ...row, COLUMN_DEFAULT: null };
}

/** One line a row, in an order of their own: information_schema has none. */
function lines(rows: readonly Row[]): string {
  return rows
    .map((row) =>
      Object.entries(row).filter(
        ([name, value]) =>
          value !== null &&
          !measured.has(name) &&
          !firstWords.has(name) &&
          !(name === 'COLUMN_DEFAULT' && row['EXTRA']?.includes('DEFAULT_GENERATED') === true) &&
          unset.get(name) !== value,
      ),
    )
    .map((entries) => JSON.stringify(Object.fromEntries(entries)))
    .sort()
    .join('\n');
}

/** An object that cannot be shown is one of which the server says why; both sides must say the same. */
function reasonOf(error: unknown): Row[] {
  const { errno, message } = error as { errno?: number; message: string };
  if (errno === undefined) throw error;
  return [{ Error: `${errno} ${message}` }];
}

async function rowsOf(session: Session, sql: string): Promise<Row[]> {
  const answer = await session.query({
    sql,
    // As bytes: a driver's idea of a type must not stand between.
    typeCast: (field: { buffer(): Buffer | null }) => readable(field.buffer()),
  });
  const rows = Array.isArray(answer) ? (answer[0] as unknown) : undefined;
  return Array.isArray(rows) ? (rows as Row[]) : [];
}

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

function readable(value: Buffer | null): string | null {
  return value === null ? null : value.toString('latin1').split('\n').map(readableLine).join('\n');
}

/** A line that is no UTF-8 is shown byte by byte; those around it, other columns of a table, are not. */
function readableLine(line: string): string {
  try {
    return utf8.decode(Buffer.from(line, 'latin1'));
  } catch {
    return line.replaceAll(/[\x80-\xff]/g, (byte) => `\\x${byte.charCodeAt(0).toString(16)}`);
  }
}

function quoted(name: string): string {
  return `\`${name.replaceAll('`', '``')}\``;
}

/** Also where the server's comparison takes names for one that differ by case. */
function isExactly(column: string, name: string): string {
  return `${column} = ${text(name)} AND CAST(${column} AS BINARY) = ${text(name)}`;
}

/** As read under an empty sql_mode. */
function text(value: string): string {
  return `'${value.replaceAll('\\', '\\\\').replaceAll("'", "''")}'`;
}
