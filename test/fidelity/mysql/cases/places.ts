/** Geometries of every kind, with and without a reference system. */
import type { TestServer } from '../../../servers/server.ts';
import type { FidelityCase } from '../../case.ts';

const group = 'types';

const shapes: readonly (readonly [string, readonly string[]])[] = [
  ['POINT', ['POINT(1 2)', 'POINT(-0.1 1e300)', 'POINT(0.30000000000000004 5e-324)']],
  ['LINESTRING', ['LINESTRING(0 0, 1 1, 2 0)']],
  ['POLYGON', ['POLYGON((0 0, 10 0, 10 10, 0 10, 0 0), (2 2, 4 2, 4 4, 2 4, 2 2))']],
  ['MULTIPOINT', ['MULTIPOINT(0 0, 1 1)']],
  ['MULTILINESTRING', ['MULTILINESTRING((0 0, 1 1), (2 2, 3 3))']],
  ['MULTIPOLYGON', ['MULTIPOLYGON(((0 0, 1 0, 1 1, 0 0)), ((5 5, 6 5, 6 6, 5 5)))']],
  [
    'GEOMETRYCOLLECTION',
    ['GEOMETRYCOLLECTION(POINT(1 1), LINESTRING(0 0, 1 1))', 'GEOMETRYCOLLECTION EMPTY'],
  ],
  ['GEOMETRY', ['POINT(1 2)', 'LINESTRING(0 0, 1 1)', 'GEOMETRYCOLLECTION EMPTY']],
];

const kinds = shapes.map(
  ([type, values]): FidelityCase => ({
    group,
    item: type,
    database: `g_${type.toLowerCase()}`,
    setup: [
      `CREATE TABLE g (n INT PRIMARY KEY AUTO_INCREMENT, v ${type}, w ${type} NOT NULL, SPATIAL KEY (w))`,
      ...values.flatMap((text) =>
        [0, 3857].map(
          (system) =>
            `INSERT INTO g (v, w) VALUES (ST_GeomFromText('${text}', ${system}), ST_GeomFromText('${text}', 0))`,
        ),
      ),
      `INSERT INTO g (v, w) SELECT NULL, w FROM g LIMIT 1`,
    ],
    proof: [`SELECT COUNT(*) = ${values.length} FROM g WHERE ST_SRID(v) = 3857`],
  }),
);

const mysql = (server: TestServer): boolean => server.family === 'mysql';

export const placeCases: readonly FidelityCase[] = [
  ...kinds,
  {
    group,
    item: 'geometry in degrees (SRID 4326), latitude first on MySQL',
    database: 'g_4326',
    setup: [
      'CREATE TABLE g (n INT PRIMARY KEY, v GEOMETRY, p POINT)',
      "INSERT INTO g VALUES (1, ST_GeomFromText('POINT(52.5 13.4)', 4326), ST_GeomFromText('POINT(-33.9 18.4)', 4326)), (2, ST_GeomFromText('POLYGON((0 0, 0 10, 10 10, 0 0))', 4326), NULL)",
    ],
    proof: ['SELECT ST_SRID(v) = 4326 FROM g WHERE n = 1'],
  },
  {
    group,
    item: 'geometry columns bound to a reference system, of MySQL',
    database: 'g_bound',
    exists: mysql,
    setup: [
      'CREATE TABLE g (n INT PRIMARY KEY, v POINT NOT NULL SRID 4326, w GEOMETRY SRID 0, SPATIAL KEY (v))',
      "INSERT INTO g VALUES (1, ST_GeomFromText('POINT(52.5 13.4)', 4326), ST_GeomFromText('POINT(1 1)'))",
    ],
    proof: ['SELECT ST_Latitude(v) = 52.5 FROM g'],
  },
  {
    group,
    item: 'geometry columns bound to a reference system, of MariaDB',
    database: 'g_ref',
    exists: (server) => !mysql(server),
    setup: [
      'CREATE TABLE g (n INT PRIMARY KEY, v POINT REF_SYSTEM_ID=101 NOT NULL, w GEOMETRY REF_SYSTEM_ID=4326, SPATIAL KEY (v))',
      "INSERT INTO g VALUES (1, ST_GeomFromText('POINT(52.5 13.4)', 101), ST_GeomFromText('POINT(1 1)', 7))",
    ],
    proof: ['SELECT ST_SRID(v) = 101 FROM g'],
  },
];
