/** What pg_restore writes for one entry of an archive, as a session of our own runs it. */
import type { Session } from '../connection/connection.ts';

export interface EntryScript {
  /** `INDEX`, `MATERIALIZED VIEW DATA`, as the archive calls it. */
  readonly kind: string;
  /** As a person calls it: `INDEX public.posts_key`. */
  readonly title: string;
  readonly schema: string;
  /** Empty where the entry has none. */
  readonly owner: string;
  readonly sql: string;
}

/** Settings that belong to the file, or that a second try has differently. */
const ofTheFile =
  /^(SET client_encoding = .*;|SET row_security = off;|SELECT pg_catalog\.set_config\('search_path', '', false\);|\\restrict \S+)$/;

const heading = /(?:^|\n)-- Name: (.*); Type: (.*?); Schema: (.*?); Owner: (.*?)(?:; Tablespace: .*)?\n/;

/** `text`: a whole file. Throws where it is not what pg_restore writes for one entry. */
export function readScript(text: string): EntryScript {
  const found = heading.exec(text);
  if (found === null) throw new Error(`pg_restore wrote an entry without a heading: ${text.slice(0, 200)}`);
  const [, name = '', kind = '', schema = '', owner = ''] = found;
  const head = text
    .slice(0, found.index)
    .split('\n')
    .filter((line) => !ofTheFile.test(line));
  const body = text.slice(found.index).replace(/\n\\unrestrict \S+\s*$/, '\n');
  return {
    kind,
    title: schema === '-' ? `${kind} ${name}` : `${kind} ${schema}.${name}`,
    schema,
    owner: owner === '-' ? '' : owner,
    sql: `${head.join('\n')}\n${body}`,
  };
}

/** The archive is in its database's encoding, which the server can read. */
export async function decodeScript(session: Session, bytes: Buffer, encoding: string): Promise<string> {
  if (encoding === 'UTF8') return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  const row = await session.row(`SELECT pg_catalog.convert_from(pg_catalog.decode($1, 'hex'), $2) AS text`, [
    bytes.toString('hex'),
    encoding,
  ]);
  return row['text'] ?? '';
}

/** The relation of a REFRESH, as SQL names it. */
export function refreshedView({ sql }: EntryScript): string | undefined {
  const [, name] = /^REFRESH MATERIALIZED VIEW ("(?:[^"]|"")+"\."(?:[^"]|"")+");$/m.exec(sql) ?? [];
  return name;
}
