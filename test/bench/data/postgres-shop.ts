import type { TestServer } from '../../servers/server.ts';
import { benchDatabase, prose, reportColumns, reportDefinitions, type ShopSize } from './shop.ts';

/** 8 KiB that do not pack; shown as hexadecimal digits in a text COPY. */
const image = `(SELECT string_agg(sha512(int8send(i::int8 * 128 + k)), ''::bytea ORDER BY k) FROM generate_series(0, 127) AS k)`;

function events(size: ShopSize): string[] {
  return [
    'CREATE TABLE events (id bigint, customer int NOT NULL, kind smallint NOT NULL, at timestamptz NOT NULL, amount numeric(12,2), note text)',
    // Half of the events are those of a hundredth of the customers, and keys have gaps.
    `INSERT INTO events SELECT i::int8 * 3 + i % 2, CASE i % 2 WHEN 0 THEN 1 + (i::int8 * 7919) % greatest(1, ${size.customers} / 100) ELSE 1 + (i::int8 * 104729) % ${Math.max(1, size.customers)} END,
       i % 12, timestamptz '2020-01-01Z' + i * interval '7 seconds', (i::int8 * 31 % 1000000) / 100.0,
       md5(i::text) || md5((i::int8 * 3)::text) || ${prose} || i
     FROM generate_series(1, ${size.events}) AS i`,
  ];
}

function otherTables(size: ShopSize): string[] {
  const values = Array.from(
    { length: reportColumns },
    (_, n) =>
      [
        `(i * ${n + 7}) % 100003`,
        `(i::int8 * ${n + 31} % 10000000) / 100.0`,
        `date '2020-01-01' + ((i * ${n + 3}) % 3000)::int`,
        `'r' || (i * ${n + 11}) % 9973`,
      ][n % 4],
  );
  return [
    'CREATE TABLE customers (id int, name text NOT NULL, email varchar(80) NOT NULL, born date, profile jsonb NOT NULL)',
    `INSERT INTO customers SELECT i, 'Customer ' || md5(i::text), 'c' || i || '@example.com', date '1950-01-01' + (i * 37) % 20000,
       jsonb_build_object('tier', i % 4, 'tags', ARRAY['a' || i % 7, 'b' || i % 11], 'since', 2000 + i % 25, 'note', md5((i * 3)::text))
     FROM generate_series(1, ${size.customers}) AS i`,
    'CREATE TABLE documents (id int, title text NOT NULL, body jsonb NOT NULL)',
    `INSERT INTO documents SELECT i, 'Document ' || i, jsonb_build_object('author', md5((i % 997)::text), 'rank', i % 100, 'price', (i % 10000) / 100.0,
       'paragraphs', ARRAY[md5(i::text) || ' of the house and its garden, where the paths meet', md5((i::int8 * 5)::text) || ' to the sea', md5((i::int8 * 7)::text), md5((i::int8 * 11)::text) || ' under the trees'],
       'links', ARRAY['https://example.com/' || md5((i::int8 * 13)::text), 'https://example.com/' || md5((i::int8 * 17)::text)], 'open', i % 3 = 0,
       'history', jsonb_build_array(jsonb_build_object('by', i % 1000, 'note', md5((i::int8 * 19)::text)), jsonb_build_object('by', i % 777, 'note', md5((i::int8 * 23)::text))))
     FROM generate_series(1, ${size.documents}) AS i`,
    `CREATE TABLE reports (id int, ${reportDefinitions})`,
    `INSERT INTO reports SELECT i, ${values.join(', ')} FROM generate_series(1::int8, ${size.reports}) AS i`,
    'CREATE TABLE ledger (id bigint, account int NOT NULL, day date NOT NULL, debit bigint NOT NULL, credit bigint NOT NULL, batch smallint)',
    `INSERT INTO ledger SELECT i, (i::int8 * 7919) % 50021, date '2015-01-01' + i % 4000, (i::int8 * 2654435761) % 1000000000, (i::int8 * 40503) % 1000000000, i % 1000
     FROM generate_series(1, ${size.ledger}) AS i`,
    'CREATE TABLE images (id int, kind text NOT NULL, content bytea NOT NULL)',
    `INSERT INTO images SELECT i, 'image/png', ${image} FROM generate_series(1, ${Math.ceil(size.images / 2)}) AS i`,
  ];
}

const keysOfEvents = [
  'ALTER TABLE events ADD PRIMARY KEY (id)',
  'CREATE INDEX ON events (customer, at)',
  'CREATE INDEX ON events (kind)',
];
const otherKeys = [
  'ALTER TABLE customers ADD PRIMARY KEY (id)',
  'CREATE UNIQUE INDEX ON customers (email)',
  'ALTER TABLE documents ADD PRIMARY KEY (id)',
  'CREATE INDEX ON documents (title)',
  'ALTER TABLE reports ADD PRIMARY KEY (id)',
  'ALTER TABLE ledger ADD PRIMARY KEY (id)',
  'CREATE INDEX ON ledger (account, day)',
  'ALTER TABLE images ADD PRIMARY KEY (id)',
];

export async function fillPostgres(server: TestServer, size: ShopSize): Promise<void> {
  const runAll = async (statements: readonly string[]): Promise<void> => {
    for (const statement of statements) await server.run(statement, benchDatabase);
  };
  if (size.customers > 0) {
    // The large table beside all others: two cores have the same rows sooner.
    await Promise.all([
      runAll([...events(size), ...keysOfEvents]),
      runAll([...otherTables(size), ...otherKeys]),
    ]);
    await runAll(['ALTER TABLE events ADD FOREIGN KEY (customer) REFERENCES customers']);
  }
  if (size.smallTables > 0) await runAll([smallTables(size)]);
  // Hint bits are set and what waits for the disk is written: the first reader pays for nothing of the making.
  await server.run('VACUUM (FREEZE, ANALYZE)', benchDatabase);
  await server.run('CHECKPOINT', benchDatabase);
}

function smallTables({ smallTables: count, rowsInSmallTable: rows }: ShopSize): string {
  return `DO $$
    BEGIN
      FOR n IN 0..${count - 1} LOOP
        EXECUTE format('CREATE TABLE small_%s (id int PRIMARY KEY, name text NOT NULL, at timestamptz NOT NULL, n int)', n);
        EXECUTE format('INSERT INTO small_%s SELECT i, ''entry '' || i || '' of %s'', timestamptz ''2024-01-01Z'' + i * interval ''1 hour'', i * %s FROM generate_series(1, ${rows}) AS i', n, n, n);
        -- All tables in one transaction need more locks than a server has.
        IF n % 500 = 499 THEN COMMIT; END IF;
      END LOOP;
    END $$`;
}
