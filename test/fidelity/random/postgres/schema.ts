/** What a random schema is drawn as: plain data whose every part may be left out or made plainer and still be a schema. */
import fc from 'fast-check';
import { aloneFirst } from '../alone-first.ts';
import { greatestNamePick } from '../names.ts';
import { type DrawnSetting, drawnSettings, type Setting } from '../surroundings.ts';
import { type Encoding, encodings } from './encodings.ts';
import { scalarsOf, typeArbitrary, type TypeModel } from './column-type.ts';

export type Role =
  | 'plain'
  | 'default'
  | 'generated'
  | 'virtual'
  | 'identity'
  | 'serial'
  | 'checked'
  | 'dropped'
  | 'late'
  | 'not valid';

export interface ColumnModel {
  readonly type: TypeModel;
  readonly name: number;
  readonly role: Role;
  readonly notNull: boolean;
  /** The values, in turn, of the rows; a pick divisible by `nullEvery` is NULL where it may be. */
  readonly picks: readonly number[];
  readonly nulls: boolean;
  /** Storage, compression, statistics, comment. */
  readonly detail: number;
}

export type KeyKind =
  | 'none'
  | 'primary'
  | 'unique'
  | 'deferrable'
  | 'nulls not distinct'
  | 'not null'
  | 'both';

export interface TableModel {
  readonly name: number;
  readonly kind: 'plain' | 'unlogged' | 'range' | 'list' | 'hash' | 'child';
  readonly columns: readonly ColumnModel[];
  readonly rows: number;
  readonly key: KeyKind;
  readonly keyType: TypeModel;
  /** Columns that make the key together with the first. */
  readonly moreKeys: readonly TypeModel[];
  readonly partitions: PartitionsModel;
  readonly indexes: readonly IndexModel[];
  readonly references: readonly ReferenceModel[];
  readonly extras: readonly Extra[];
}

export interface PartitionsModel {
  /** Bits tell which were tables of their own, with columns in another order and dropped ones, before they were attached. */
  readonly attached: number;
  /** By all columns of the key. */
  readonly wide: boolean;
  /** One has partitions of its own, one of them the default. */
  readonly nested: boolean;
  /** In the other schema. */
  readonly elsewhere: boolean;
}

export interface IndexModel {
  readonly name: number;
  readonly columns: readonly number[];
  readonly method: number;
  readonly form: 'plain' | 'partial' | 'expression' | 'include' | 'ordered' | 'parameters';
}

export interface ReferenceModel {
  readonly parent: number;
  readonly nulls: boolean;
  readonly form: ReferenceForm;
}

export type ReferenceForm =
  | 'plain'
  | 'deferred'
  | 'not valid'
  | 'cascade'
  | 'full'
  | 'some set to null'
  | 'not enforced';

const extras = [
  'comment',
  'fillfactor',
  'toast',
  'statistics',
  'row security',
  'policy',
  'view',
  'rule',
  'trigger',
  'cluster',
  'check not valid',
  'deleted rows',
  'materialised view',
  'exclude',
  'sequence',
  'grant',
  'triggers of all kinds',
  'view by key',
  'materialised view by key',
  'view of two',
  'view with trigger',
  'replica identity',
] as const;
/** From PostgreSQL 18 on. */
const newestExtras = ['temporal keys', 'not null constraints'] as const;
export type Extra = (typeof extras)[number] | (typeof newestExtras)[number];

export interface SchemaModel {
  readonly tables: readonly TableModel[];
  readonly encoding: Encoding;
  readonly chunkBytes: number;
  readonly lanes: number;
  /** Settings of the database, and of the servers while the schema is taken and while it is restored. */
  readonly around: {
    readonly database: readonly DrawnSetting[];
    readonly source: readonly DrawnSetting[];
    readonly target: readonly DrawnSetting[];
  };
}

/** A pick below 100 names a listed value, another any. */
const pick = fc.oneof(
  { arbitrary: fc.nat(30), weight: 3 },
  { arbitrary: fc.integer({ min: 100, max: 2 ** 31 - 1 }), weight: 1 },
);

function columnArbitrary(type: fc.Arbitrary<TypeModel>, major: number): fc.Arbitrary<ColumnModel> {
  const roles: Role[] = [
    'default',
    'generated',
    'identity',
    'serial',
    'checked',
    'dropped',
    'late',
    'not valid',
  ];
  if (major >= 18) roles.push('virtual');
  return fc.record({
    type,
    name: fc.nat(greatestNamePick),
    role: fc.oneof(
      { arbitrary: fc.constant<Role>('plain'), weight: 3 },
      fc.constantFrom<Role>('plain', ...roles),
    ),
    notNull: fc.boolean(),
    picks: fc.array(pick, { minLength: 1, maxLength: 9 }),
    nulls: fc.boolean(),
    detail: fc.nat(11),
  });
}

const rows = fc.oneof(fc.nat(5), fc.nat(60), { arbitrary: fc.nat(400), weight: 1 });

function tableArbitrary(major: number): fc.Arbitrary<TableModel> {
  const scalars = scalarsOf(major);
  const type = typeArbitrary(scalars);
  const keyed = typeArbitrary(
    scalars.filter((scalar) => scalar.distinct !== undefined),
    ['none', 'none', 'domain'],
  );
  const keys: KeyKind[] = ['none', 'primary', 'unique', 'deferrable', 'not null', 'both'];
  const forms: ReferenceForm[] = ['plain', 'deferred', 'not valid', 'cascade', 'full'];
  if (major >= 15) forms.push('some set to null');
  if (major >= 18) forms.push('not enforced');
  return fc.record({
    name: fc.nat(greatestNamePick),
    kind: fc.oneof(
      { arbitrary: fc.constant('plain' as const), weight: 2 },
      fc.constantFrom('plain' as const, 'unlogged', 'range', 'list', 'hash', 'child'),
    ),
    columns: fc.array(columnArbitrary(type, major), { maxLength: 8 }),
    rows,
    key: fc.constantFrom<KeyKind>(...keys, ...(major >= 15 ? (['nulls not distinct'] as const) : [])),
    keyType: keyed,
    indexes: fc.array(
      fc.record({
        name: fc.nat(greatestNamePick),
        columns: fc.array(fc.nat(7), { minLength: 1, maxLength: 3 }),
        method: fc.nat(5),
        form: fc.constantFrom('plain' as const, 'partial', 'expression', 'include', 'ordered', 'parameters'),
      }),
      { maxLength: 3 },
    ),
    moreKeys: fc.oneof({ arbitrary: fc.constant([]), weight: 1 }, fc.array(keyed, { maxLength: 2 })),
    partitions: fc.record({
      attached: fc.nat(15),
      wide: fc.boolean(),
      nested: fc.boolean(),
      elsewhere: fc.boolean(),
    }),
    references: fc.array(
      fc.record({
        parent: fc.nat(30),
        nulls: fc.boolean(),
        form: fc.constantFrom(...forms),
      }),
      { maxLength: 2 },
    ),
    extras: fc.subarray<Extra>([...extras, ...(major >= 18 ? newestExtras : [])], { maxLength: 5 }),
  });
}

/** Schemas for a server of this version, of up to so many tables. */
export function schemaArbitrary(
  major: number,
  tables: number,
  settings: readonly Setting[],
): fc.Arbitrary<SchemaModel> {
  return fc.record({
    tables: aloneFirst(fc.array(tableArbitrary(major), { minLength: 1, maxLength: tables, size: 'max' })),
    encoding: fc.oneof(
      { arbitrary: fc.constant<Encoding>('UTF8'), weight: 3 },
      fc.constantFrom(...encodings),
    ),
    chunkBytes: fc.constantFrom(1 << 20, 64 * 1024, 8 * 1024, 1024, 100),
    lanes: fc.integer({ min: 1, max: 3 }),
    around: fc.record({
      database: drawnSettings(settings),
      source: drawnSettings(settings),
      target: drawnSettings(settings),
    }),
  });
}
