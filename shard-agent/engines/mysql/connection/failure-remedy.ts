/** What to do about an error of the server, where its words say enough: the statement that lets the account do what it was refused. */
import { quoteName } from './quoting.ts';

/** `'user'@'host'` as the server's messages write it. */
const account = "'([^']*)'@'([^']*)'";
const name = "`([^`]*)`|'([^']*)'";

const onTable = new RegExp(
  `^([A-Z ,]+) command denied to user ${account} for table (?:${name})(?:\\.(?:${name}))?`,
);
const onColumn = new RegExp(
  `^([A-Z ,]+) command denied to user ${account} for column '[^']*' in table '([^']*)'`,
);
const onRoutine = new RegExp(`^([a-z ]+) command denied to user ${account} for routine '([^']*)'`);
const onDatabase = new RegExp(`^Access denied for user ${account} to database '([^']*)'`);
const onServer = /you need \(at least one of\) the ([A-Z_, ]+) privilege\(s\) for this operation/;

/** Undefined where nothing better is known than what the error table says. `message` is the server's own, in English. */
export function remedyOf(errno: number, message: string): string | undefined {
  switch (errno) {
    case 1040:
      return 'End idle sessions, or: SET GLOBAL max_connections = a higher number; or lower copy.lanes in the topology.';
    case 1203:
    case 1226:
      return 'ALTER USER the account WITH MAX_USER_CONNECTIONS, or SET GLOBAL max_user_connections, to a higher number; or lower copy.lanes in the topology.';
    case 1129:
      return 'FLUSH HOSTS; on the server, or mariadb-admin flush-hosts.';
    default:
      return grantFor(message);
  }
}

function grantFor(message: string): string | undefined {
  const table = onTable.exec(message);
  if (table !== null) {
    const [, privileges = '', user = '', host = '', ...names] = table;
    const [first, second] = names.filter((part) => part !== undefined);
    // The next restore has a staging of another name.
    const everywhere = second === undefined || first === undefined || first.startsWith('tidemark_');
    const place = everywhere ? '*.*' : `${quoteName(first)}.*`;
    return grant(privileges, place, user, host);
  }
  const column = onColumn.exec(message);
  if (column !== null) return grant(column[1], '*.*', column[2], column[3]);
  const routine = onRoutine.exec(message);
  if (routine !== null) {
    const [database = ''] = (routine[4] ?? '').split('.');
    return grant(routine[1]?.toUpperCase(), `${quoteName(database)}.*`, routine[2], routine[3]);
  }
  const database = onDatabase.exec(message);
  if (database !== null)
    return `GRANT what \`tidemark check\` names ON ${quoteName(database[3] ?? '')}.* TO ${accountOf(database[1], database[2])};`;
  const [, needed] = onServer.exec(message) ?? [];
  const [first] = needed?.split(',') ?? [];
  // The message does not say whose privilege it is.
  return first === undefined ? undefined : `GRANT ${first.trim()} ON *.* TO the account in the agent's file;`;
}

function grant(privileges = '', place: string, user?: string, host?: string): string {
  return `GRANT ${privileges.trim()} ON ${place} TO ${accountOf(user, host)};`;
}

/** The message has the client's own host, and the account may be for many. */
function accountOf(user = '', host = ''): string {
  return `the agent's account (user ${user}, connected from ${host})`;
}
