/** Work on a staging database over several sessions at once: one would leave the other cores idle. */
import { Session, type PostgresConfig } from '../connection/connection.ts';

export interface SessionsOrder {
  readonly config: PostgresConfig;
  /** The staging database. */
  readonly connectTo: string;
  readonly lanes: number;
}

/** Runs `work` once on each of `lanes` sessions, at least one. Rejects with the first failure; each session is closed when its own work ends. */
export async function onSessions(
  { config, connectTo, lanes }: SessionsOrder,
  purpose: string,
  work: (session: Session) => Promise<void>,
): Promise<void> {
  const run = async (): Promise<void> => {
    const session = await Session.open(config, connectTo, purpose);
    try {
      await work(session);
    } finally {
      await session.close();
    }
  };
  await Promise.all(Array.from({ length: Math.max(1, lanes) }, run));
}
