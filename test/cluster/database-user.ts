/** The agent's account on a database server: what a backup needs, or what a restore needs. */
import type { TestServer } from '../servers/server.ts';

export const agentUser = 'tidemark';
export const agentPassword = 'tidemark-test';

/**
 * For a backup no more than it needs: reading everything, locking every table, seeing who is in the way. A restore makes
 * databases and objects of other owners, which takes an administrator.
 */
export async function createAgentUser(server: TestServer, purpose: 'backup' | 'restore'): Promise<void> {
  for (const statement of statements(server, purpose)) await server.run(statement);
}

function statements(server: TestServer, purpose: 'backup' | 'restore'): string[] {
  if (server.engine === 'postgres') {
    const role = `CREATE ROLE ${agentUser} LOGIN PASSWORD '${agentPassword}'`;
    return purpose === 'restore'
      ? [`${role} SUPERUSER`]
      : [
          role,
          `GRANT pg_read_all_data, pg_write_all_data, pg_monitor TO ${agentUser}`,
          // From PostgreSQL 15 on; before, only a superuser can make a vacuum yield in time.
          ...(Number.parseInt(server.version, 10) < 15
            ? []
            : [`GRANT SET ON PARAMETER deadlock_timeout TO ${agentUser}`]),
        ];
  }
  const user = `'${agentUser}'@'%'`;
  const create = `CREATE USER ${user} IDENTIFIED BY '${agentPassword}'`;
  if (purpose === 'restore') return [create, `GRANT ALL PRIVILEGES ON *.* TO ${user} WITH GRANT OPTION`];
  const own =
    server.family === 'mariadb'
      ? 'BINLOG MONITOR, REPLICA MONITOR'
      : 'BACKUP_ADMIN, XA_RECOVER_ADMIN, REPLICATION CLIENT';
  const common = 'SELECT, LOCK TABLES, SHOW VIEW, TRIGGER, EVENT, RELOAD, PROCESS';
  return [create, `GRANT ${common} ON *.* TO ${user}`, `GRANT ${own} ON *.* TO ${user}`];
}
