/**
 * Everything in which MySQL and MariaDB differ. The rest of the engine asks here, and knows neither by name.
 */
import { mariadbPasswords, mysqlPasswords, type PasswordRules } from './accounts/account-passwords.ts';

export type Family = 'mysql' | 'mariadb';

/** A privilege on the whole server, and the clause that would do instead. */
export interface ServerPrivilege {
  /** As GRANT takes it. */
  readonly name: string;
  /** Other names SHOW GRANTS may give it, and wider privileges that include it. */
  readonly satisfiedBy: readonly string[];
  /** What cannot be done without it. */
  readonly need: string;
}

export interface Dialect {
  readonly family: Family;
  /** As the server says it, without a distribution's suffix: `10.11.14`, `9.7.4`. */
  readonly version: string;

  /** Session settings beyond those both families know. */
  readonly sessionSettings: readonly string[];
  /** Modes under which SHOW CREATE TABLE shows all of a table's options, and CREATE TABLE takes them. */
  readonly tableModes: readonly string[];
  /** Rows when the server replicates from another; the statement needs a privilege of its own. */
  readonly replicaStatus: string;
  readonly binlogStatus: string;
  /** The GTID set of all that was committed, as one value. */
  readonly gtidSet: string;
  readonly identity: string;
  /** Name and size of every table's file. */
  readonly tableFiles: string;
  /** Condition on information_schema.STATISTICS: FORCE INDEX takes this index, and it keeps its rows in order. */
  readonly readableIndex: string;
  /** True: a database may hold sequences beside its tables. */
  readonly sequences: boolean;
  /** Sets the longest time a SELECT of the session may take; 0: no limit. */
  statementLimit(ms: number): string;
  /** What makes a SELECT tell its estimates, as rows. */
  readonly explain: string;
  /** Takes the guard against DDL, statement by statement, and lets it go. */
  readonly takeGuard: readonly string[];
  readonly releaseGuard: string;
  /** True: a waiting LOCK TABLES bounds itself. False: it must be ended by KILL QUERY from another session. */
  readonly lockBoundsItself: boolean;
  /** LOCK TABLES … READ over quoted names, waiting at most `waitMs`. */
  lockTables(quotedTables: readonly string[], waitMs: number): string;
  readonly backupPrivileges: readonly ServerPrivilege[];
  /** SHOW CREATE of a routine of somebody else; on MariaDB before 11.3 by reading its table. */
  readonly routinePrivilege: { readonly satisfiedBy: readonly string[]; readonly grant: string };
  readonly restorePrivileges: readonly ServerPrivilege[];
  /** Every account, as u and h; r is Y for a role, which has no host. */
  readonly accounts: string;
  /** user@host of those that are the server's own. */
  readonly ownAccounts: readonly string[];
  /** Session settings under which accounts are shown as they can be made. */
  readonly accountSettings: readonly string[];
  /** How accounts are made without their passwords. */
  readonly passwords: PasswordRules;
  /** Where the server remembers that a limit was named, until it reads its tables again. */
  readonly forgetLimits: string | undefined;
  /** True: only its administrators may grant a role, and whoever makes it is the first. */
  readonly rolesHaveAdmins: boolean;
  /** True: names of privileges with an underscore come and go with versions and components. */
  readonly dynamicPrivileges: boolean;
  /** How a column's text becomes its value in LOAD DATA, where the bytes alone would be taken for something else. */
  loadExpression(dataType: string, variable: string): string | undefined;
}

export function dialectOf(version: string): Dialect {
  const number = /\d+\.\d+\.\d+/.exec(version.replace(/^5\.5\.5-/, ''))?.[0] ?? version;
  return /mariadb/i.test(version) ? mariadb(number) : mysql(number);
}

/** Compares dotted numbers: negative when `a` is older. */
export function compareVersions(a: string, b: string): number {
  const left = a.split('.').map(Number);
  const right = b.split('.').map(Number);
  for (let part = 0; part < Math.max(left.length, right.length); part += 1) {
    const difference = (left[part] ?? 0) - (right[part] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}

const process: ServerPrivilege = {
  name: 'PROCESS',
  satisfiedBy: ['SUPER'],
  need: 'see whose transactions are in the way',
};

const schemaPrivileges = [
  'SELECT',
  'INSERT',
  // The mark of a restore is replaced at each of its steps, and what a step has made is noted.
  'DELETE',
  'UPDATE',
  'CREATE',
  'ALTER',
  'DROP',
  'INDEX',
  'REFERENCES',
  'CREATE VIEW',
  'SHOW VIEW',
  'CREATE ROUTINE',
  'ALTER ROUTINE',
  'TRIGGER',
  'EVENT',
];

function restoring(...extra: ServerPrivilege[]): ServerPrivilege[] {
  const need = 'make, fill and rename the databases of a restore';
  return [...schemaPrivileges.map((name) => ({ name, satisfiedBy: [], need })), ...extra];
}

function mysql(version: string): Dialect {
  const since = (other: string): boolean => compareVersions(version, other) >= 0;
  return {
    family: 'mysql',
    version,
    sessionSettings: [
      'max_execution_time = 0',
      'information_schema_stats_expiry = 0',
      // Else definitions have a row format that nobody gave, or lack an engine that somebody did.
      'show_create_table_verbosity = OFF',
      ...(since('8.0.18') ? ['show_create_table_skip_secondary_engine = OFF'] : []),
      ...(since('8.0.30') ? ['show_gipk_in_create_table_and_information_schema = ON'] : []),
    ],
    tableModes: [],
    replicaStatus: since('8.0.22') ? 'SHOW REPLICA STATUS' : 'SHOW SLAVE STATUS',
    binlogStatus: since('8.2.0') ? 'SHOW BINARY LOG STATUS' : 'SHOW MASTER STATUS',
    gtidSet: 'SELECT @@GLOBAL.gtid_executed',
    identity: 'SELECT @@server_uuid',
    tableFiles: 'SELECT NAME AS name, FILE_SIZE AS size FROM information_schema.INNODB_TABLESPACES',
    readableIndex: "IS_VISIBLE = 'YES' AND INDEX_TYPE = 'BTREE'",
    sequences: false,
    statementLimit: (ms) => `SET SESSION max_execution_time = ${ms}`,
    explain: 'EXPLAIN FORMAT=TRADITIONAL',
    takeGuard: ['LOCK INSTANCE FOR BACKUP'],
    releaseGuard: 'UNLOCK INSTANCE',
    lockBoundsItself: false,
    lockTables: (tables) => `LOCK TABLES ${tables.map((table) => `${table} READ`).join(', ')}`,
    backupPrivileges: [
      process,
      { name: 'BACKUP_ADMIN', satisfiedBy: [], need: 'keep schema changes out of the copy' },
      { name: 'REPLICATION CLIENT', satisfiedBy: ['SUPER'], need: 'read the position of the binary log' },
      { name: 'XA_RECOVER_ADMIN', satisfiedBy: [], need: 'see transactions that are in doubt' },
    ],
    routinePrivilege: { satisfiedBy: ['SHOW_ROUTINE', 'SELECT'], grant: 'SHOW_ROUTINE ON *.*' },
    restorePrivileges: restoring(
      {
        name: 'SESSION_VARIABLES_ADMIN',
        satisfiedBy: ['SYSTEM_VARIABLES_ADMIN', 'SUPER'],
        need: 'see every warning of the rows it loads (max_error_count)',
      },
      {
        name: since('8.2.0') ? 'SET_ANY_DEFINER' : 'SET_USER_ID',
        satisfiedBy: ['SUPER', 'SET_USER_ID', 'SET_ANY_DEFINER'],
        need: 'keep the definers of views, routines, triggers and events',
      },
    ),
    accounts: "SELECT User AS u, Host AS h, 'N' AS r FROM mysql.user ORDER BY User, Host",
    ownAccounts: ['mysql.sys@localhost', 'mysql.session@localhost', 'mysql.infoschema@localhost'],
    accountSettings: since('8.0.17') ? ['print_identified_with_as_hex = ON'] : [],
    passwords: mysqlPasswords,
    forgetLimits: 'FLUSH PRIVILEGES',
    rolesHaveAdmins: false,
    dynamicPrivileges: true,
    // A JSON column takes no bytes without a character set.
    loadExpression: (type, variable) => (type === 'json' ? `CONVERT(${variable} USING utf8mb4)` : undefined),
  };
}

/** Types whose binary form MariaDB would take the text's bytes for. */
const mariadbTextTypes = ['uuid', 'inet4', 'inet6'];

function mariadb(version: string): Dialect {
  return {
    family: 'mariadb',
    version,
    sessionSettings: [
      'max_statement_time = 0',
      'idle_transaction_timeout = 0',
      'idle_readonly_transaction_timeout = 0',
      'idle_write_transaction_timeout = 0',
      'system_versioning_asof = DEFAULT',
      'system_versioning_alter_history = KEEP',
    ],
    // Else options that no engine here knows are shown as comments.
    tableModes: ['IGNORE_BAD_TABLE_OPTIONS'],
    replicaStatus: 'SHOW ALL SLAVES STATUS',
    binlogStatus: 'SHOW MASTER STATUS',
    gtidSet: 'SELECT @@GLOBAL.gtid_binlog_pos',
    // There is no server uuid: what tells two servers apart is where they run.
    identity: `SELECT SHA2(CONCAT_WS('|', @@hostname, @@port, @@datadir, @@server_id), 256)`,
    tableFiles: 'SELECT NAME AS name, FILE_SIZE AS size FROM information_schema.INNODB_SYS_TABLESPACES',
    readableIndex: "IGNORED = 'NO' AND INDEX_TYPE = 'BTREE'",
    sequences: true,
    statementLimit: (ms) => `SET SESSION max_statement_time = ${ms / 1000}`,
    explain: 'EXPLAIN',
    takeGuard: ['BACKUP STAGE START', 'BACKUP STAGE BLOCK_DDL'],
    releaseGuard: 'BACKUP STAGE END',
    lockBoundsItself: true,
    lockTables: (tables, waitMs) =>
      `SET STATEMENT max_statement_time = ${(waitMs / 1000).toFixed(4)} FOR LOCK TABLES ${tables
        .map((table) => `${table} READ`)
        .join(', ')}`,
    backupPrivileges: [
      process,
      { name: 'RELOAD', satisfiedBy: [], need: 'keep schema changes out of the copy' },
      {
        name: 'BINLOG MONITOR',
        satisfiedBy: ['REPLICATION CLIENT', 'SUPER'],
        need: 'read the position of the binary log',
      },
      {
        name: 'REPLICA MONITOR',
        satisfiedBy: ['SLAVE MONITOR', 'SUPER'],
        need: 'see whether the server replicates from another',
      },
    ],
    routinePrivilege: { satisfiedBy: ['SELECT', 'SHOW CREATE ROUTINE'], grant: 'SELECT ON `mysql`.`proc`' },
    restorePrivileges: restoring({
      name: 'SET USER',
      satisfiedBy: ['SUPER'],
      need: 'keep the definers of views, routines, triggers and events',
    }),
    accounts: 'SELECT User AS u, Host AS h, is_role AS r FROM mysql.user ORDER BY is_role DESC, User, Host',
    ownAccounts: ['mariadb.sys@localhost'],
    accountSettings: [],
    passwords: mariadbPasswords,
    forgetLimits: undefined,
    rolesHaveAdmins: true,
    dynamicPrivileges: false,
    loadExpression: (type, variable) =>
      mariadbTextTypes.includes(type) ? `CONVERT(${variable} USING utf8mb4)` : undefined,
  };
}
