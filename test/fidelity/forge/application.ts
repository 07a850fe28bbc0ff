/** The application's tables as data that both dialects read. */
import { accompanied, areas, companions, journals, months } from './areas.ts';

export const kinds = [
  'big',
  'color',
  'count',
  'date',
  'duration',
  'email',
  'flag',
  'html',
  'ip',
  'json',
  'lang',
  'money',
  'name',
  'number',
  'place',
  'position',
  'route',
  'sha',
  'slug',
  'small',
  'span',
  'state',
  'tags',
  'text',
  'time',
  'title',
  'token',
  'url',
  'uuid',
  'vector',
] as const;
export type Kind = (typeof kinds)[number];

export interface ApplicationColumn {
  readonly name: string;
  readonly kind: Kind | 'reference' | 'target kind' | 'target id';
  readonly nullable: boolean;
  /** The table a reference refers to. */
  readonly to?: string;
}

export interface ApplicationTable {
  readonly area: string;
  readonly name: string;
  /** Without its id and the two times. */
  readonly columns: readonly ApplicationColumn[];
  readonly unique: readonly (readonly string[])[];
  readonly indexes: readonly (readonly string[])[];
  /** The month a journal's table is for, as `2025-01`. */
  readonly month?: string;
  readonly journal?: string;
}

/** Every table except the journals', in the order of the areas. */
export const tables: readonly ApplicationTable[] = [
  ...Object.entries(areas).flatMap(([area, text]) => linesOf(text).map((line) => parseTable(area, line))),
  ...accompanied.flatMap((owner) =>
    Object.entries(companions).map(([what, [area, ...columns]]) =>
      parseTable(area, `${owner}_${what}: owner>${owner} ${columns.join(' ')}`),
    ),
  ),
];

/** One of the journals, without months. */
export const journalTables: readonly ApplicationTable[] = Object.entries(journals).map(([name, columns]) =>
  parseTable('audit', `${name}: ${columns}`),
);

/** A table of a journal for each month. */
export const monthlyTables: readonly ApplicationTable[] = journalTables.flatMap((journal) =>
  months.map((month) => ({
    ...journal,
    name: `${journal.name}_${month.replace('-', '_')}`,
    month,
    journal: journal.name,
  })),
);

export const rowsInTable = 12;

export function tableOf(name: string): ApplicationTable {
  const found = tables.find((table) => table.name === name);
  if (found === undefined) throw new Error(`the application has no table ${name}`);
  return found;
}

function linesOf(text: string): string[] {
  return text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '');
}

function parseTable(area: string, line: string): ApplicationTable {
  const [head = '', ...options] = line.split('|').map((part) => part.trim());
  const [name = '', text = ''] = head.split(/:(.*)/s);
  const columns = text.trim().split(/\s+/).flatMap(parseColumn);
  const named = (word: string): string[][] =>
    options
      .filter((option) => option.startsWith(`${word} `))
      .map((option) =>
        option
          .slice(word.length + 1)
          .split(',')
          .map((column) => fullName(columns, column)),
      );
  return { area, name, columns, unique: named('unique'), indexes: named('index') };
}

/** Keys are named by the words of the line: `user` stands for `user_id`. */
function fullName(columns: readonly ApplicationColumn[], word: string): string {
  if (word === 'id') return word;
  const found = columns.find(({ name }) => name === word || name === `${word}_id`);
  if (found === undefined) throw new Error(`a key of the application names ${word}, which is not a column`);
  return found.name;
}

function parseColumn(word: string): ApplicationColumn[] {
  const nullable = word.endsWith('?');
  const plain = nullable ? word.slice(0, -1) : word;
  if (plain.endsWith('*')) {
    const name = plain.slice(0, -1);
    return [
      { name: `${name}_kind`, kind: 'target kind', nullable: false },
      { name: `${name}_id`, kind: 'target id', nullable: false },
    ];
  }
  const [owner, to] = plain.split('>');
  if (to !== undefined) return [{ name: `${owner}_id`, kind: 'reference', nullable, to }];
  const [name = '', kind = ''] = plain.split(':');
  const known = kinds.find((one) => one === kind);
  if (known === undefined) throw new Error(`the application has no kind of column ${kind} (${word})`);
  return [{ name, kind: known, nullable }];
}

/** What a polymorphic reference may refer to. */
export const targets = ['Issue', 'MergeRequest', 'Epic', 'Snippet', 'Commit'] as const;

/** The row that row `n` of a table refers to: another one for each, so that keys with a reference in them are unique. */
export function referredRow(n: number, salt: number): number {
  return 1 + ((n * 7 + salt * 3) % rowsInTable);
}

/** A name of these words that every server takes: a long one is cut, and ends in a number of the whole. */
export function shortName(words: readonly string[], most = 60): string {
  const whole = words.join('_');
  if (whole.length <= most) return whole;
  const sum = Array.from(whole).reduce((so, letter) => (so * 31 + letter.charCodeAt(0)) % 46_656, 7);
  return `${whole.slice(0, most - 4)}_${sum.toString(36).padStart(3, '0')}`;
}
