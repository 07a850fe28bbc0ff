/** Lays out the bank on its shards: database, account of the application, tables, money. */
import { accountsOfShard, type BankPlan, bankDatabase, bankPassword, bankUser } from './plan.ts';
import { Session } from './session.ts';

/** Creates everything on every shard. The servers hold no bank yet. */
export async function layOutBank(plan: BankPlan): Promise<void> {
  await Promise.all(plan.servers.map((_, shard) => layOutShard(plan, shard)));
}

/** Creates only the application's account: what an operator does on a server before a restore. */
export async function createBankUser(server: BankPlan['servers'][number]): Promise<void> {
  await asAdministrator(server, undefined, async (session) => {
    if (server.engine === 'postgres') {
      await session.query(`CREATE ROLE ${bankUser} LOGIN PASSWORD '${bankPassword}'`);
      return;
    }
    await session.query(`CREATE USER '${bankUser}'@'%' IDENTIFIED BY '${bankPassword}'`);
    const [version] = await session.query('SELECT VERSION() AS v');
    // MySQL does not show everyone which transactions are prepared; MariaDB does.
    if (!String(version?.['v']).includes('MariaDB'))
      await session.query(`GRANT XA_RECOVER_ADMIN ON *.* TO '${bankUser}'@'%'`);
  });
}

async function layOutShard(plan: BankPlan, shard: number): Promise<void> {
  const server = plan.servers[shard];
  if (server === undefined) throw new Error(`the plan has no shard ${shard}`);
  await createBankUser(server);
  await asAdministrator(server, undefined, (session) => session.query(`CREATE DATABASE ${bankDatabase}`));
  await asAdministrator(server, bankDatabase, async (session) => {
    for (const statement of server.engine === 'postgres' ? postgresTables(plan) : mysqlTables(plan)) {
      await session.query(statement);
    }
    const accounts = accountsOfShard(plan, shard).map((id) => `(${id}, 'owner ${id}', ${plan.initialCents})`);
    await session.query(`INSERT INTO accounts (id, owner, balance) VALUES ${accounts.join(', ')}`);
  });
}

async function asAdministrator(
  server: BankPlan['servers'][number],
  database: string | undefined,
  work: (session: Session) => Promise<unknown>,
): Promise<void> {
  const login = {
    user: server.user,
    password: server.password,
    ...(database === undefined ? {} : { database }),
  };
  const session = new Session(server, undefined, login);
  try {
    await work(session);
  } finally {
    await session.end();
  }
}

function postgresTables(plan: BankPlan): string[] {
  return [
    'CREATE TABLE accounts (id bigint PRIMARY KEY, owner text NOT NULL, balance bigint NOT NULL)',
    `CREATE TABLE transfers (id text NOT NULL, account bigint NOT NULL REFERENCES accounts (id), amount bigint NOT NULL,
       at timestamptz NOT NULL DEFAULT clock_timestamp(), PRIMARY KEY (id, account))`,
    'CREATE TABLE ballast (id bigint PRIMARY KEY, body text NOT NULL)',
    ...ballast(plan.ballastRows, (number) => `repeat(md5(CAST(${number} AS text)), 32)`),
    `GRANT SELECT, INSERT, UPDATE, DELETE ON accounts, transfers, ballast TO ${bankUser}`,
  ];
}

function mysqlTables(plan: BankPlan): string[] {
  return [
    'CREATE TABLE accounts (id bigint PRIMARY KEY, owner varchar(40) NOT NULL, balance bigint NOT NULL) ENGINE=InnoDB',
    `CREATE TABLE transfers (id varchar(60) NOT NULL, account bigint NOT NULL, amount bigint NOT NULL,
       at timestamp(6) NOT NULL DEFAULT CURRENT_TIMESTAMP(6), PRIMARY KEY (id, account),
       CONSTRAINT transfers_account FOREIGN KEY (account) REFERENCES accounts (id)) ENGINE=InnoDB`,
    'CREATE TABLE ballast (id bigint PRIMARY KEY, body text NOT NULL) ENGINE=InnoDB',
    // MySQL 9 has no MD5.
    ...ballast(plan.ballastRows, (number) => `REPEAT(SHA2(${number}, 256), 16)`),
    `GRANT SELECT, INSERT, UPDATE, DELETE ON ${bankDatabase}.* TO '${bankUser}'@'%'`,
  ];
}

/** Fills the table by doubling it; `body` is an expression of 1 KiB for a number. */
function ballast(rows: number, body: (number: string) => string): string[] {
  if (rows === 0) return [];
  const statements = [`INSERT INTO ballast VALUES (1, ${body('1')})`];
  for (let standing = 1; standing < rows; standing *= 2) {
    const next = `id + ${standing}`;
    statements.push(
      `INSERT INTO ballast SELECT ${next}, ${body(next)} FROM ballast WHERE ${next} <= ${rows}`,
    );
  }
  return statements;
}
