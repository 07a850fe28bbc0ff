/** What a database holds, told by its own server: rows and a digest of every table. */
import type { TestServer } from '../../servers/server.ts';
import { benchDatabase } from './shop.ts';

/** The same text for the same rows, whatever their order. */
export async function contentOf(server: TestServer): Promise<string> {
  const tables = await tablesOf(server);
  const says: string[] = [];
  // Of several small tables at once: 5,000 questions would take long.
  for (let from = 0; from < tables.length; from += 100) {
    const questions = tables.slice(from, from + 100).map(([name, columns]) => digest(server, name, columns));
    for (const row of await server.run(questions.join(' UNION ALL '), benchDatabase))
      says.push([row['t'], row['n'], row['d']].map(String).join(', '));
  }
  return says.sort().join('\n');
}

async function tablesOf(server: TestServer): Promise<[string, string[]][]> {
  const schema = server.engine === 'postgres' ? 'public' : benchDatabase;
  const rows = await server.run(
    `SELECT table_name AS t, column_name AS c FROM information_schema.columns WHERE table_schema = '${schema}' ORDER BY table_name, ordinal_position`,
    benchDatabase,
  );
  const tables = new Map<string, string[]>();
  for (const { t, c } of rows) tables.set(String(t), [...(tables.get(String(t)) ?? []), String(c)]);
  return [...tables];
}

function digest(server: TestServer, table: string, columns: readonly string[]): string {
  if (server.engine === 'postgres')
    return `SELECT '${table}' AS t, count(*) AS n, sum(hashtextextended(t::text, 0)::numeric)::text AS d FROM ${table} t`;
  const values = columns.map((column) => `COALESCE(SHA2(\`${column}\`, 224), '-')`);
  const row = columns.length > 10 ? columns.map((column) => `COALESCE(\`${column}\`, '-')`) : values;
  return `SELECT '${table}' AS t, COUNT(*) AS n, CAST(SUM(CRC32(CONCAT_WS('|', ${row.join(', ')}))) AS CHAR) AS d FROM \`${table}\``;
}
