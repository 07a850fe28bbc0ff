/** What a random schema of MySQL or MariaDB is drawn as: plain data whose every part may be left out or made plainer. */
import fc from 'fast-check';
import { aloneFirst } from '../alone-first.ts';
import { greatestNamePick } from '../names.ts';
import type { ColumnType, Server } from './column-type.ts';
import { type ProgramModel, programsArbitrary } from './programs.ts';
import { typesOf } from './every-type.ts';
import type { Collation } from './charset.ts';
import { type DrawnSetting, drawnSettings, type Setting } from '../surroundings.ts';

export interface TypeModel {
  readonly type: ColumnType;
  readonly collation: Collation;
}

export const roles = [
  'plain',
  'default',
  'virtual',
  'stored',
  'checked',
  'invisible',
  'on update',
  'dropped',
  'late',
] as const;

export interface ColumnModel extends TypeModel {
  readonly name: number;
  readonly role: (typeof roles)[number];
  readonly notNull: boolean;
  /** The values, in turn, of the rows. */
  readonly picks: readonly number[];
  readonly nulls: boolean;
  readonly comment: boolean;
}

export const keyKinds = [
  'none',
  'primary',
  'unique',
  'unique nullable',
  'auto',
  'primary of many',
  'descending',
] as const;

export const indexForms = [
  'plain',
  'prefix',
  'descending',
  'fulltext',
  'spatial',
  'unique',
  'expression',
  'hidden',
] as const;

export const rowFormats = ['', 'DYNAMIC', 'COMPACT', 'REDUNDANT', 'COMPRESSED'] as const;

export const extras = [
  'comment',
  'statistics',
  'view',
  'trigger',
  'charset',
  'auto increment',
  'size',
] as const;

export interface TableModel {
  readonly name: number;
  readonly columns: readonly ColumnModel[];
  readonly rows: number;
  readonly key: (typeof keyKinds)[number];
  readonly keyType: TypeModel;
  /** Other columns of a key of many. */
  readonly keyColumns: readonly number[];
  readonly partition: 'none' | 'key' | 'hash' | 'range' | 'sub';
  readonly indexes: readonly {
    name: number;
    columns: readonly number[];
    form: (typeof indexForms)[number];
  }[];
  readonly references: readonly { parent: number; nulls: boolean; action: number }[];
  readonly rowFormat: (typeof rowFormats)[number];
  readonly extras: readonly (typeof extras)[number][];
}

export interface SchemaModel {
  readonly family: Server['family'];
  readonly tables: readonly TableModel[];
  readonly collation: Collation;
  readonly programs: readonly ProgramModel[];
  readonly chunkBytes: number;
  readonly lanes: number;
  /** Of the servers while the schema is taken, and while it is restored. */
  readonly around: { readonly source: readonly DrawnSetting[]; readonly target: readonly DrawnSetting[] };
}

/** A pick below 100 names a listed value, another any. */
const pick = fc.oneof(
  { arbitrary: fc.nat(30), weight: 3 },
  { arbitrary: fc.integer({ min: 100, max: 2 ** 31 - 1 }), weight: 1 },
);

const name = fc.nat(greatestNamePick);

function tableArbitrary(server: Server): fc.Arbitrary<TableModel> {
  const types = typesOf(server);
  const collations = commonFirst(server.collations);
  const collation = fc.oneof(
    { arbitrary: fc.constantFrom(...collations.slice(0, 3)), weight: 1 },
    fc.constantFrom(...collations),
  );
  const typed = { type: fc.constantFrom(...types), collation };
  const column: fc.Arbitrary<ColumnModel> = fc.record({
    ...typed,
    name,
    role: fc.oneof({ arbitrary: fc.constant('plain' as const), weight: 3 }, fc.constantFrom(...roles)),
    notNull: fc.boolean(),
    picks: fc.array(pick, { minLength: 1, maxLength: 9 }),
    nulls: fc.boolean(),
    comment: fc.boolean(),
  });
  return fc.record({
    name,
    columns: fc.array(column, { maxLength: 8 }),
    rows: fc.oneof(fc.nat(5), fc.nat(60), fc.nat(400)),
    key: fc.constantFrom(...keyKinds),
    keyType: fc.record({
      ...typed,
      type: fc.constantFrom(...types.filter((one) => one.distinct !== undefined)),
    }),
    keyColumns: fc.array(fc.nat(7), { maxLength: 3 }),
    partition: fc.oneof(
      { arbitrary: fc.constant('none' as const), weight: 3 },
      fc.constantFrom('none' as const, 'key', 'hash', 'range', 'sub'),
    ),
    indexes: fc.array(
      fc.record({
        name,
        columns: fc.array(fc.nat(7), { minLength: 1, maxLength: 3 }),
        form: fc.constantFrom(...indexForms),
      }),
      { maxLength: 3 },
    ),
    references: fc.array(fc.record({ parent: fc.nat(30), nulls: fc.boolean(), action: fc.nat(4) }), {
      maxLength: 2,
    }),
    rowFormat: fc.constantFrom(...rowFormats),
    extras: fc.subarray([...extras], { maxLength: 3 }),
  });
}

/** Those that shrink best lead. */
function commonFirst(collations: readonly Collation[]): Collation[] {
  const common = ['utf8mb4_bin', 'utf8mb4_general_ci', 'latin1_swedish_ci'];
  const rank = ({ collation }: Collation): number =>
    (common.indexOf(collation) + common.length + 1) % (common.length + 1);
  return [...collations].sort((a, b) => rank(a) - rank(b) || (a.collation < b.collation ? -1 : 1));
}

/** Schemas for this server, of up to so many tables. */
export function schemaArbitrary(
  server: Server,
  tables: number,
  settings: readonly Setting[],
): fc.Arbitrary<SchemaModel> {
  return fc.record({
    family: fc.constant(server.family),
    tables: aloneFirst(fc.array(tableArbitrary(server), { minLength: 1, maxLength: tables, size: 'max' })),
    collation: fc.constantFrom(...commonFirst(server.collations)),
    programs: programsArbitrary,
    chunkBytes: fc.constantFrom(1 << 20, 64 * 1024, 8 * 1024, 1024, 100),
    lanes: fc.integer({ min: 1, max: 3 }),
    around: fc.record({ source: drawnSettings(settings), target: drawnSettings(settings) }),
  });
}
