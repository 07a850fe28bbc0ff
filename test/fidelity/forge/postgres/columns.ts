/** What each kind of column is on PostgreSQL, and its value in row `n`. */
import { type ApplicationColumn, type ApplicationTable, referredRow, targets } from '../application.ts';

export interface PostgresKind {
  readonly type: string;
  /** What follows the type, where the column may not be NULL. */
  readonly fallback?: string;
  readonly value: (n: number, column: string, table: ApplicationTable) => string;
  /** An index that a kind of column has: what follows ON <table>. */
  readonly index?: (column: string) => string;
}

const text = (value: string): string => `'${value.replaceAll("'", "''")}'`;
const two = (n: number): string => String(n).padStart(2, '0');
const words = ['naïve', 'crème', 'déjà', 'quick', "it's", 'back\\slash', '漢字', '😀', '100%', 'tab\there'];
const word = (n: number): string => words[n % words.length] as string;
/** Twenty bytes. */
const digest = (n: number, salt: string): string => `decode(md5('${salt}${n}') || '0badcafe', 'hex')`;

export const postgresKinds: Readonly<Record<ApplicationColumn['kind'], PostgresKind>> = {
  big: { type: 'bigint', value: (n) => String(n * 4_294_967_296) },
  color: { type: 'people.color', fallback: `DEFAULT '#1068bf'`, value: (n) => `'#0${two(n)}abc'` },
  count: { type: 'integer', fallback: 'DEFAULT 0', value: (n) => String(n) },
  date: { type: 'date', value: (n) => `'2025-${two(n)}-28'` },
  duration: { type: 'interval', value: (n) => `'${n} days 0${n % 10}:00:00.5'`, index: (c) => `(${c})` },
  email: {
    type: 'extensions.citext',
    value: (n) => `'User${n}@Example.org'`,
    index: (c) => `(lower(${c}::text))`,
  },
  flag: { type: 'boolean', fallback: 'DEFAULT false', value: (n) => String(n % 2 === 0) },
  html: { type: 'text', value: (n) => text(`<p data-n="${n}">${word(n)}</p>`) },
  ip: {
    type: 'inet',
    value: (n) => `'2001:db8::${n}/64'`,
    index: (c) => `USING gist (${c} inet_ops)`,
  },
  json: {
    type: 'jsonb',
    fallback: `DEFAULT '{}'`,
    value: (n) => text(JSON.stringify({ n: n + 0.5, words: [word(n + 3), null], on: true })),
    index: (c) => `USING gin (${c} jsonb_path_ops)`,
  },
  lang: { type: 'char(5)', fallback: `DEFAULT 'en'`, value: (n) => (n % 2 === 0 ? `'de-AT'` : `'en'`) },
  money: { type: 'people.amount', value: (n) => `${n * 1000}.${two(n)}` },
  name: { type: 'varchar(255)', value: (n, column) => text(`${column} ${n} ${word(n)}`) },
  number: { type: 'double precision', value: (n) => `${n} / 7.0::float8` },
  place: { type: 'point', value: (n) => `point(${n * 10}.25, -${n})`, index: (c) => `USING gist (${c})` },
  position: { type: 'numeric', value: (n) => (n % 5 === 0 ? `'NaN'` : `${n}.000${n}`) },
  route: {
    type: 'text COLLATE "C"',
    value: (n) => text(`group/${n}/${word(n)}`),
    index: (c) => `(${c} text_pattern_ops)`,
  },
  sha: { type: 'people.sha', value: (n, column) => digest(n, column) },
  slug: { type: 'people.slug', value: (n) => `'slug-${n}'` },
  small: { type: 'smallint', fallback: 'DEFAULT 0', value: (n) => String(n * 10) },
  span: {
    type: 'daterange',
    value: (n) => `'[2025-${two(n)}-01, 2025-${two(n)}-15)'`,
    index: (c) => `USING gist (${c})`,
  },
  state: {
    type: 'people.state',
    fallback: `DEFAULT 'opened'`,
    value: (n) => ["'opened'", "'closed'", "'locked'", "'on hold'"][n % 4] as string,
  },
  tags: {
    type: 'text[]',
    fallback: `DEFAULT '{}'`,
    value: (n) => `ARRAY[${text(word(n))}, 'tag ${n}', NULL]`,
    index: (c) => `USING gin (${c})`,
  },
  text: {
    type: 'text',
    value: (n) => `${text(`${word(n)} ${word(n * 3)}\n`)} || repeat('line ${n} ', ${n * 40})`,
  },
  time: {
    type: 'timestamptz',
    value: (n) => `'2025-${two(n)}-01 12:00:00.12345${n % 10}+00'`,
    index: (c) => `(${c} DESC NULLS LAST)`,
  },
  title: {
    type: 'text',
    value: (n, column, { name }) => text(`${column} ${n} of ${name}, ${word(n)}`),
    index: (c) => `USING gin (${c} extensions.gin_trgm_ops)`,
  },
  token: { type: 'bytea', value: (n, column) => digest(n, `token ${column}`) },
  url: { type: 'people.url', value: (n) => `'https://example.org/${n}?q=%20'` },
  uuid: {
    type: 'uuid',
    fallback: 'DEFAULT gen_random_uuid()',
    value: (n) => `'00000000-0000-4000-8000-${String(n).padStart(12, '0')}'`,
  },
  vector: { type: 'tsvector', value: () => '', index: (c) => `USING gin (${c})` },
  reference: { type: 'bigint', value: (n, column) => String(referredRow(n, column.length)) },
  'target kind': { type: 'people.target', value: (n) => `'${targets[n % targets.length]}'` },
  'target id': { type: 'bigint', value: (n) => String(referredRow(n, 1)) },
};

export function quoted(name: string): string {
  return `"${name}"`;
}

/** The table in its schema. */
export function placeOf({ area, name }: ApplicationTable): string {
  return `${area}.${quoted(name)}`;
}

/** Stored generated columns are computed from title and text, by a text search configuration of the application's own. */
function searched({ columns }: ApplicationTable): string {
  const parts = columns
    .filter(({ kind }) => kind === 'title' || kind === 'text')
    .slice(0, 2)
    .map(
      ({ name }, at) =>
        `setweight(to_tsvector('search.words'::regconfig, coalesce(${quoted(name)}, '')), '${'AB'[at]}')`,
    );
  return `GENERATED ALWAYS AS (${parts.join(' || ')}) STORED`;
}

export function definitionOf(column: ApplicationColumn, table: ApplicationTable): string {
  const { type, fallback } = postgresKinds[column.kind];
  const name = quoted(column.name);
  if (column.kind === 'vector') return `${name} ${type} ${searched(table)}`;
  const check =
    column.kind === 'count' ? ` CONSTRAINT "${column.name} is not negative" CHECK (${name} >= 0)` : '';
  const short = column.kind === 'title' ? ` CHECK (char_length(${name}) <= 255)` : '';
  return `${name} ${type}${column.nullable ? '' : ` ${fallback ?? ''} NOT NULL`}${check}${short}`;
}
