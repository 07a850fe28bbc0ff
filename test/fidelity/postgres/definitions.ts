/** Every object of a database, as the server defines it. */
import type { TestServer } from '../../servers/server.ts';
import type { Fact } from '../fact.ts';

export async function definitionsOf(_server: TestServer, _database: string): Promise<Fact[]> {
  throw new Error('not written yet');
}
