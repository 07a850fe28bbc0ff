/** Every column type that a server has, each with its values from plain to extreme, as expressions. */
import { type ColumnType, type Server, type } from './column-type.ts';
import { integers, numbers, times } from './numeric-types.ts';
import { binaries, strings } from './string-types.ts';

export function typesOf(server: Server): ColumnType[] {
  return [
    ...integers(),
    ...strings(),
    ...numbers(),
    ...times(),
    ...binaries(),
    ...geometries(server),
    ...others(server),
  ];
}

function geometries({ family }: Server): ColumnType[] {
  const shape = (sql: string, values: readonly string[], srid = 0): ColumnType =>
    type(
      sql,
      values.map((text) => `ST_GeomFromText('${text}'${srid === 0 ? '' : `, ${srid}`})`),
      { index: 'spatial', fallback: 'none' },
    );
  return [
    shape('point', ['POINT(0 0)', 'POINT(1e300 -1e-300)', 'POINT(0.1 0.30000000000000004)']),
    shape('linestring', ['LINESTRING(0 0,1 1)', 'LINESTRING(0.1 0,-0 1,2 2)']),
    shape('polygon', ['POLYGON((0 0,0 1,1 1,0 0))']),
    shape('geometry', [
      'POINT(0 0)',
      'MULTIPOINT(0 0,1 1)',
      'GEOMETRYCOLLECTION(POINT(1 1),LINESTRING(0 0,1 1))',
    ]),
    ...(family === 'mysql'
      ? [shape('point SRID 4326', ['POINT(0 0)', 'POINT(89.9 179.9)', 'POINT(-45.5 0.1)'], 4326)]
      : []),
  ];
}

function others({ family, major, minor }: Server): ColumnType[] {
  const json = [
    '{}',
    'null',
    '[1, 2.50, "é😀\\n\\\\"]',
    '{"b": 1, "a": {"c": null}}',
    '"\\u0000"',
    '1e100',
    '18446744073709551615',
  ];
  const document = type(
    'json',
    json.map((text) => `_utf8mb4 x'${Buffer.from(text).toString('hex')}'`),
    { index: 'none', fallback: 'expression' },
  );
  if (family === 'mysql') {
    const vectors = ["TO_VECTOR('[1,2.5,-0]')", "TO_VECTOR('[3.4e38,1.2e-38,0.1]')", "TO_VECTOR('[1]')"];
    return [
      document,
      ...(major >= 9 ? [type('vector(3)', vectors, { index: 'none', fallback: 'none' })] : []),
    ];
  }
  const uuid = (n: number): string =>
    `'${n.toString(16).padStart(8, '0')}-1234-4678-9abc-${(n * 7919).toString(16).padStart(12, '0')}'`;
  return [
    document,
    type(
      'uuid',
      [
        "'00000000-0000-0000-0000-000000000000'",
        "'ffffffff-ffff-ffff-ffff-ffffffffffff'",
        "'5c00090a-270d-11ec-8000-5c5c5c5c5c5c'",
      ],
      { distinct: uuid },
    ),
    type('inet6', ["'::'", "'ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff'", "'::ffff:1.2.3.4'", "'5c5c::5c0a'"], {
      distinct: (n) => `'fe80::${n.toString(16)}'`,
    }),
    type('inet4', ["'0.0.0.0'", "'255.255.255.255'", "'92.92.10.9'"], {
      distinct: (n) => `'10.92.${n >> 8}.${n & 255}'`,
    }),
    ...(major > 11 || (major === 11 && minor >= 7)
      ? [
          // The sum of its squares must be a FLOAT too.
          type('vector(3)', ["VEC_FromText('[1,2.5,-0]')", "VEC_FromText('[1e19,1.2e-38,0.1]')"], {
            index: 'none',
            fallback: 'none',
          }),
        ]
      : []),
  ];
}
