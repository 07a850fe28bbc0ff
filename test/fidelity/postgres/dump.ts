/** What `pg_dump -s` says of a database, entry by entry. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { findProgram, postgresPackage } from '../../servers/host.ts';
import { newestPostgresTools } from '../../servers/newest.ts';
import type { TestServer } from '../../servers/server.ts';
import { majorOf } from '../case.ts';
import type { Fact } from '../fact.ts';
import { plainValues } from './catalogue/query.ts';

const execute = promisify(execFile);

/** One fact for each entry of the dump, the database's own properties among them. */
export async function dumpFacts(server: TestServer, database: string, program?: string): Promise<Fact[]> {
  return splitDump(await dump(server, database, program ?? (await programFor(server))));
}

/** The newest pg_dump: what writes down servers of two versions in one way. */
export async function newestDump(): Promise<string> {
  return (await newestPostgresTools()).pgDump;
}

async function dump(server: TestServer, database: string, program: string): Promise<string> {
  const { host, port, user } = server;
  const name = `dbname='${database.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;
  const [row] = await server.run('SHOW server_encoding', database);
  // Bytes of no encoding cannot be converted: each stands for itself.
  const raw = row?.['server_encoding'] === 'SQL_ASCII';
  const encoding = raw ? [] : ['--encoding=UTF8'];
  const args = ['-s', '--create', ...encoding, '-w', '-h', host, '-p', String(port), '-U', user];
  const { stdout } = await execute(program, [...args, '-d', name], {
    env: { ...process.env, PGPASSWORD: server.password, LC_ALL: 'C' },
    maxBuffer: 1 << 30,
    encoding: raw ? 'latin1' : 'utf8',
  });
  return stdout;
}

/** Of at least the server's version: this machine's own, else the newest server's. */
async function programFor(server: TestServer): Promise<string> {
  const own = findProgram(postgresPackage, 'pg_dump');
  const { stdout } = await execute(own, ['--version']);
  const major = Number(/\(PostgreSQL\)\D*(\d+)/.exec(stdout)?.[1]);
  return major >= majorOf(server) ? own : (await newestPostgresTools()).pgDump;
}

/** Greedy from the left: only a name may hold what looks like a further field. */
const heading = /^-- Name: (.*); Type: ([^;]*); Schema: (.*); Owner: (.*)$/;

/** Two entries of one name and type are told by one fact. */
function splitDump(text: string): Fact[] {
  const entries: Entry[] = [];
  const lines = text.split('\n');
  for (const [index, line] of lines.entries()) {
    const match = lines[index - 1] === '--' && lines[index + 1] === '--' ? heading.exec(line) : null;
    if (match === null) {
      entries.at(-1)?.lines.push(line);
      continue;
    }
    const [, name = '', type = '', schema = '', owner = ''] = match;
    entries.push({ schema: schemaOf(name, type, schema), subject: `${type} ${name}`, owner, lines: [] });
  }
  const facts = new Map<string, Fact>();
  for (const { schema, subject, owner, lines: body } of entries) {
    const says = `${contentOf(body)}\nowner ${owner}`;
    const key = JSON.stringify([schema, subject]);
    const known = facts.get(key);
    const all = known === undefined ? says : [known.says, says].sort().join('\n\n');
    facts.set(key, { schema, subject, says: all });
  }
  return [...facts.values()];
}

interface Entry {
  readonly schema: string;
  /** Type and name. */
  readonly subject: string;
  readonly owner: string;
  readonly lines: string[];
}

/** A schema and what is said of it belong to it. */
function schemaOf(name: string, type: string, schema: string): string {
  if (schema !== '-') return schema;
  if (type === 'SCHEMA') return name;
  const quoted = ['ACL', 'COMMENT', 'SECURITY LABEL'].includes(type) ? /^SCHEMA (.*)$/.exec(name)?.[1] : '';
  return (quoted ?? '').replace(/^"(.*)"$/, '$1').replaceAll('""', '"');
}

/** Between two entries stands what the next one happens to need set, by the order of the dump. */
const betweenEntries =
  /^(--.*|SET default_(tablespace|table_access_method) = .*;|\\(connect|encoding|restrict|unrestrict) .*|)$/;

/** pg_dump sets these once for the statements of a whole dump, again after \connect. */
const session = /^(SET \w+ = .*;|SELECT pg_catalog\.set_config\('search_path', '', false\);)$/;

function contentOf(lines: readonly string[]): string {
  const kept = [...lines];
  const connect = kept.findIndex((line) => line.startsWith('\\connect '));
  if (connect >= 0) {
    const after = kept.splice(connect);
    kept.push(...after.filter((line) => !session.test(line) && !betweenEntries.test(line)));
  }
  while (kept.length > 0 && betweenEntries.test(kept.at(-1) ?? '')) kept.pop();
  while (kept.length > 0 && betweenEntries.test(kept[0] ?? '')) kept.shift();
  return plainValues(kept.join('\n'));
}
