/** What a two-phase coordinator must not forget: which transactions it has decided to commit. */
import { type FileHandle, open, readFile } from 'node:fs/promises';
import type { BankServer } from './plan.ts';
import { preparedIds, Session, twoPhase } from './session.ts';

export class DecisionLog {
  readonly #file: FileHandle;
  readonly #committed: Set<string>;

  private constructor(file: FileHandle, committed: Set<string>) {
    this.#file = file;
    this.#committed = committed;
  }

  static async open(path: string): Promise<DecisionLog> {
    const file = await open(path, 'a+');
    return new DecisionLog(file, new Set((await readFile(path, 'utf8')).split('\n')));
  }

  /** Resolves when the decision stands in the log; only then may the first shard be told to commit. */
  async commit(id: string): Promise<void> {
    await this.#file.appendFile(`${id}\n`);
    this.#committed.add(id);
  }

  /**
   * Ends every transaction of this bank that is prepared on a shard and that nobody is working on: committed when the
   * log says so, rolled back otherwise. Returns how many there were. Throws when a shard does not answer.
   */
  async resolve(servers: readonly BankServer[], inWork: ReadonlySet<string>): Promise<number> {
    let resolved = 0;
    for (const server of servers) {
      const session = new Session(server);
      try {
        for (const id of await preparedIds(session)) {
          if (!id.startsWith('bank-') || inWork.has(id)) continue;
          const decision = this.#committed.has(id) ? 'commit' : 'rollback';
          await session.query(twoPhase[server.engine][decision](id));
          resolved += 1;
        }
      } finally {
        session.discard();
      }
    }
    return resolved;
  }

  async close(): Promise<void> {
    await this.#file.close();
  }
}
