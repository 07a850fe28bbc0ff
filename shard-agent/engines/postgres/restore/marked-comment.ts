/** The comment of a database that bears a mark in its place: what it had, and how it gets it back. */
import { quoteName, Session, type PostgresConfig } from '../connection/connection.ts';
import { namingScript, ownText } from '../connection/shared-names.ts';
import { readComment } from '../database/shared-properties.ts';
import { durableCommits } from './durable-commits.ts';
import { commentStatement, type StagingMark } from './staging-mark.ts';

/** Of the session's own database. */
export async function commentOf(
  inside: Session,
  oid: string,
): Promise<{ comment: string | null; commentInside: boolean }> {
  const { text, inside: commentInside } = await readComment(inside, oid);
  return { comment: text, commentInside };
}

/** Takes the mark off. A comment in the database's own encoding is given by a session in it, which must be let in. */
export async function giveComment(
  config: PostgresConfig,
  session: Session,
  name: string,
  { comment, commentInside }: StagingMark,
): Promise<void> {
  if (commentInside !== true) {
    await session.script(commentStatement(name, comment));
    return;
  }
  const inside = await Session.open(config, name, 'restore');
  try {
    await inside.script(`SET default_transaction_read_only = off; ${durableCommits}`);
    // The name is one that all databases share, the comment is not.
    const text = await ownText(inside, comment ?? '');
    await namingScript(inside, `COMMENT ON DATABASE ${quoteName(name)} IS ${text}`);
  } finally {
    await inside.close();
  }
}
