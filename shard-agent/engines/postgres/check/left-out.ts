/** What a backup leaves out or brings back otherwise, and must not in silence: the one list of it. */
import type { Finding } from '../../../engine.ts';
import { finding } from '../../../findings.ts';
import { foreignNamespaces, hashedByTheServer } from '../catalogue.ts';
import { Session, type PostgresConfig } from '../connection/connection.ts';
import { computedAgain } from './left-out/computed-again.ts';
import { ofExtensions } from './left-out/extension-members.ts';
import { extensionRows, tablesWithRows } from './left-out/extension-rows.ts';
import { type LeftOut, ofExtension, qualified, relations, superuser } from './left-out/kind.ts';
import { columnsWithLostRoles, lostRoleValues } from './left-out/lost-role-values.ts';
import { lostRoles } from './left-out/lost-roles.ts';
import { inServersSchemas } from './left-out/servers-own.ts';
import { values } from './left-out/values.ts';

/** Relation `c` is a child whose columns pg_dump makes in another order: parents' columns in their order, then its own. */
const reordered = `c.relkind IN ('r', 'f') AND NOT c.relispartition
  AND EXISTS (SELECT FROM pg_catalog.pg_inherits i WHERE i.inhrelid = c.oid)
  AND EXISTS (SELECT FROM (
    SELECT pg_catalog.row_number() OVER (ORDER BY a.attnum) AS place,
      pg_catalog.row_number() OVER (ORDER BY up.inhseqno, up.attnum, a.attnum) AS given
    FROM pg_catalog.pg_attribute a LEFT JOIN LATERAL (
      SELECT i.inhseqno, p.attnum FROM pg_catalog.pg_inherits i JOIN pg_catalog.pg_attribute p ON p.attrelid = i.inhparent
      WHERE i.inhrelid = c.oid AND p.attname = a.attname AND NOT p.attisdropped ORDER BY 1 LIMIT 1) up ON true
    WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped) columns WHERE place <> given)`;

/** Of one database. */
const inDatabase: readonly LeftOut[] = [
  {
    things: 'foreign tables',
    query: `SELECT ${qualified('c.relname')} AS name FROM ${relations} WHERE c.relkind = 'f'`,
    cause: 'their definitions are carried, the rows stay where they are: on another server',
    remedy: 'Back up the server that holds the rows.',
  },
  {
    things: 'foreign partitions of a table hashed otherwise on every server',
    query: `SELECT ${qualified('c.relname')} AS name FROM ${relations} WHERE c.relkind = 'f' AND c.relispartition
       AND EXISTS (SELECT FROM pg_catalog.pg_partition_ancestors(c.oid) up(oid)
         JOIN pg_catalog.pg_partitioned_table p ON p.partrelid = up.oid WHERE ${hashedByTheServer})`,
    cause: 'a restore places the rows beside them anew, and would write some of them to that other server',
    remedy: 'ALTER TABLE … DETACH PARTITION …; or partition by a type that is hashed alike everywhere.',
    fatal: true,
  },
  {
    things: 'materialised views',
    query: `SELECT ${qualified('c.relname')} AS name FROM ${relations} WHERE c.relkind = 'm' AND c.relispopulated AND ${foreignNamespaces}`,
    cause: 'they are refreshed by a restore: they come back as a refresh at the cut would have made them',
    remedy: 'Where their age matters: REFRESH MATERIALIZED VIEW … before the backup.',
  },
  {
    things: 'subscriptions',
    query: `SELECT subname AS name FROM pg_catalog.pg_subscription WHERE ${superuser}
         AND subdbid = (SELECT oid FROM pg_catalog.pg_database WHERE datname = pg_catalog.current_database())`,
    cause: 'they come back disabled, and without their position',
    remedy: 'After a restore: ALTER SUBSCRIPTION … ENABLE; and ALTER SUBSCRIPTION … REFRESH PUBLICATION;',
  },
  {
    things: 'subscriptions',
    query: `SELECT subname AS name FROM pg_catalog.pg_subscription WHERE NOT ${superuser}
         AND subdbid = (SELECT oid FROM pg_catalog.pg_database WHERE datname = pg_catalog.current_database())`,
    cause: 'they are left out: only a superuser may read what they connect to',
    remedy: 'Make them again after a restore, or have a superuser take the backup.',
  },
  {
    things: 'security labels of the database',
    query: `SELECT provider AS name FROM pg_catalog.pg_shseclabel WHERE classoid = 'pg_catalog.pg_database'::pg_catalog.regclass
         AND objoid = (SELECT oid FROM pg_catalog.pg_database WHERE datname = pg_catalog.current_database())`,
    cause: 'they are left out: a label means something to the policy of its server only',
    remedy: 'After a restore: SECURITY LABEL FOR … ON DATABASE … IS …;',
  },
  {
    things: 'user mappings',
    query: `SELECT CASE WHEN umuser = 0 THEN 'of public' ELSE 'of ' || usename END || ' on ' || srvname AS name
       FROM pg_catalog.pg_user_mappings m WHERE NOT ${superuser} AND umoptions IS NULL
         AND NOT (umuser = 0 AND pg_catalog.pg_has_role((SELECT srvowner FROM pg_catalog.pg_foreign_server s WHERE s.oid = m.srvid), 'USAGE'))`,
    cause: 'they come back without their options (user, password): only a superuser may read them',
    remedy:
      'Set them after a restore: ALTER USER MAPPING FOR … SERVER … OPTIONS (…); or have a superuser take the backup.',
  },
  {
    things: 'invalid indexes',
    query: `SELECT ${qualified('c.relname')} AS name FROM ${relations} JOIN pg_catalog.pg_index i ON i.indexrelid = c.oid
       WHERE c.relkind = 'i' AND NOT (i.indisvalid AND i.indisready) AND ${foreignNamespaces}`,
    cause: 'they are left out: their building once broke off',
    remedy: 'REINDEX INDEX CONCURRENTLY …; or DROP INDEX …;',
  },
  {
    things: 'foreign keys whose triggers are off',
    query: `SELECT DISTINCT ${qualified('c.relname')} || ': ' || pg_catalog.quote_ident(k.conname) AS name
       FROM ${relations} JOIN pg_catalog.pg_constraint k ON k.conrelid = c.oid
       JOIN pg_catalog.pg_trigger t ON t.tgconstraint = k.oid
       WHERE k.contype = 'f' AND k.conparentid = 0 AND t.tgisinternal AND t.tgenabled <> 'O'`,
    cause: 'they come back enforced, and rows that break them stop a restore',
    remedy: 'ALTER TABLE … ENABLE TRIGGER ALL; and correct the rows, or have the key NOT VALID.',
  },
  {
    things: 'checks of children, valid though those of their parents are not',
    query: `SELECT ${qualified('c.relname')} || ': ' || pg_catalog.quote_ident(k.conname) AS name
       FROM ${relations} JOIN pg_catalog.pg_constraint k ON k.conrelid = c.oid
       JOIN pg_catalog.pg_inherits i ON i.inhrelid = c.oid JOIN pg_catalog.pg_constraint p ON p.conrelid = i.inhparent
       WHERE k.contype = 'c' AND p.contype = 'c' AND p.conname = k.conname AND k.coninhcount > 0 AND k.convalidated AND NOT p.convalidated`,
    cause: 'they come back NOT VALID, as their parents have them',
    remedy: 'After a restore: ALTER TABLE … VALIDATE CONSTRAINT …;',
  },
  {
    things: 'children whose columns do not stand in the order of their parents',
    query: `SELECT ${qualified('c.relname')} AS name FROM ${relations} WHERE ${foreignNamespaces} AND ${reordered}`,
    cause:
      'inherited columns come first when they are made again: statements without a list of columns mean others then',
    remedy: 'Name the columns in INSERT and COPY, and read them by name.',
  },
  {
    things: 'columns of the row type of a child whose columns do not stand in the order of their parents',
    query: `SELECT ${qualified('k.relname')} || '.' || pg_catalog.quote_ident(a.attname) AS name
       FROM ${relations} JOIN pg_catalog.pg_type t ON t.oid = c.reltype
       JOIN pg_catalog.pg_attribute a ON a.atttypid IN (t.oid, t.typarray) JOIN pg_catalog.pg_class k ON k.oid = a.attrelid
       WHERE k.relkind = 'r' AND NOT a.attisdropped AND ${reordered}`,
    cause: 'their values would be read wrongly: the row type comes back with its columns in another order',
    remedy: 'ALTER TABLE … ALTER … TYPE … to a type made by CREATE TYPE.',
    fatal: true,
  },
  {
    things: 'collations that belong to no encoding',
    query: `SELECT ${qualified('c.collname')} AS name FROM pg_catalog.pg_collation c JOIN pg_catalog.pg_namespace n ON n.oid = c.collnamespace
       WHERE c.oid >= 16384 AND c.collprovider = 'c' AND c.collencoding = -1 AND NOT ${ofExtension('pg_collation', 'c.oid')}`,
    cause:
      "they come back tied to the database's encoding: the same to everything in it, and not there in databases of other encodings that are made from it",
    remedy: 'Where such databases are made: CREATE COLLATION … FROM "C"; again after a restore.',
  },
  {
    things: 'children whose parents store one column in different ways',
    query: `SELECT DISTINCT ${qualified('c.relname')} || '.' || pg_catalog.quote_ident(a.attname) AS name FROM ${relations}
       JOIN pg_catalog.pg_inherits i ON i.inhrelid = c.oid JOIN pg_catalog.pg_attribute a ON a.attrelid = i.inhparent
       JOIN pg_catalog.pg_inherits o ON o.inhrelid = c.oid AND o.inhseqno > i.inhseqno
       JOIN pg_catalog.pg_attribute b ON b.attrelid = o.inhparent AND b.attname = a.attname
       WHERE a.attnum > 0 AND NOT a.attisdropped AND NOT b.attisdropped AND (a.attstorage <> b.attstorage
         OR a.attcompression <> '' AND b.attcompression <> '' AND a.attcompression <> b.attcompression)`,
    cause: 'they cannot be made again: the server makes no child of parents that disagree',
    remedy: 'ALTER TABLE ONLY … ALTER … SET STORAGE …, or SET COMPRESSION …: the same for every parent.',
    fatal: true,
  },
  {
    things: 'TOAST options of tables without long columns',
    query: `SELECT ${qualified('c.relname')} AS name FROM ${relations} JOIN pg_catalog.pg_class t ON t.oid = c.reltoastrelid
       WHERE t.reloptions IS NOT NULL AND NOT EXISTS (SELECT FROM pg_catalog.pg_attribute a
         WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped AND a.attstorage <> 'p' AND a.atttypmod = -1)`,
    cause:
      'they are left out where no column is long enough: the server keeps them with the long values only',
    remedy: 'Once such a column is added after a restore: ALTER TABLE … SET (toast.…);',
  },
  {
    things: 'languages',
    query: `SELECT l.lanname AS name FROM pg_catalog.pg_language l WHERE l.lanispl AND l.oid >= 16384
         AND NOT ${ofExtension('pg_language', 'l.oid')}
         AND (l.lanplcallfoid < 16384 OR ${ofExtension('pg_proc', 'l.lanplcallfoid')})`,
    cause: "they cannot be made again: their handler is another language's or the server's own",
    remedy: 'DROP LANGUAGE …; or make it with a handler of its own.',
    fatal: true,
  },
  {
    things: 'functions with a nameless parameter beside named ones',
    query: `SELECT p.oid::pg_catalog.regprocedure::text AS name FROM pg_catalog.pg_proc p
       WHERE p.prosqlbody IS NOT NULL AND '' = ANY (p.proargnames) AND '""' IN (
         SELECT quoted[1] FROM pg_catalog.regexp_matches(pg_catalog.pg_get_function_sqlbody(p.oid), '''(?:[^'']|'''')*''|"(?:[^"]|"")*"', 'g') quoted)`,
    cause: 'they cannot be made again: the server shows "" in their body where the parameter stands',
    remedy: 'Give the parameter a name: CREATE OR REPLACE FUNCTION …;',
    fatal: true,
  },
  {
    things: 'partitions that are being detached',
    query: `SELECT ${qualified('c.relname')} AS name FROM ${relations} JOIN pg_catalog.pg_inherits i ON i.inhrelid = c.oid WHERE i.inhdetachpending`,
    cause: 'they come back attached',
    remedy: 'ALTER TABLE … DETACH PARTITION … FINALIZE;',
  },
  {
    things: 'replication slots',
    query:
      'SELECT slot_name AS name FROM pg_catalog.pg_replication_slots WHERE database = pg_catalog.current_database() AND NOT temporary',
    cause: 'they are left out: what they point at is the log of this server',
    remedy: 'After a restore, make them again, and copy the subscribers anew.',
  },
  ...computedAgain,
  ...inServersSchemas,
  ...ofExtensions,
  ...lostRoles,
  ...values,
];

/** What all of them are called; `docs/fidelity.md` lists the same. */
export const thingsLeftOut: readonly string[] = [...inDatabase, extensionRows, lostRoleValues].map(
  ({ things }) => things,
);

/** Warnings, and what keeps a backup from being taken. The session is in the database. */
export async function leftOutFindings(session: Session): Promise<Finding[]> {
  const findings: Finding[] = [];
  const tell = ({ things, cause, remedy, fatal = false }: Omit<LeftOut, 'query'>, names: string[]): void => {
    if (names.length === 0) return;
    const subject = `database ${session.database}: ${things}: ${listed(names)}`;
    findings.push(finding('not-supported', subject, cause, remedy, !fatal));
  };
  for (const kind of inDatabase) {
    const rows = await session.rows(`SELECT name FROM (${kind.query}) q ORDER BY 1`);
    tell(
      kind,
      rows.map((row) => row['name'] ?? ''),
    );
  }
  tell(extensionRows, await tablesWithRows(session));
  tell(lostRoleValues, await columnsWithLostRoles(session));
  return findings;
}

/** As many are named as a person reads. */
const named = 10;

function listed(names: readonly string[]): string {
  const rest = names.length - named;
  return names.slice(0, named).join(', ') + (rest > 0 ? `, and ${rest} more` : '');
}

/** `postgres` is the server's own; when somebody keeps objects in it, they are told that it is left out. */
export async function leftOutDatabase(
  config: PostgresConfig,
  databases: readonly string[],
): Promise<Finding[]> {
  if (config.database.databases !== undefined || databases.includes('postgres')) return [];
  const session = await Session.open(config, 'postgres', 'check').catch(() => undefined);
  if (session === undefined) return [];
  try {
    const row = await session.row(
      `SELECT pg_catalog.count(*) AS n FROM ${relations}
       WHERE c.relkind IN ('r', 'p', 'S', 'm') AND ${foreignNamespaces} AND NOT ${ofExtension('pg_class', 'c.oid')}`,
    );
    if (row['n'] === '0') return [];
    return [
      finding(
        'not-ready',
        'database postgres',
        `it holds ${row['n']} tables or sequences and is not backed up: it is taken for the server's own`,
        "Name every database to be backed up under `database.databases` in the agent's file, or move the tables to a database of their own.",
        true,
      ),
    ];
  } finally {
    await session.close();
  }
}
