/**
 * Text or binary: how the rows of a table leave the server and come back. A hot path's choice: the server spends less on a
 * binary row of timestamps, uuids, floats, bytea or long texts than on a text row, and more on one of short texts and numerics.
 */
import type { TableLine } from '../../../../repository/manifest-entries.ts';
import type { CatalogueTable } from '../catalogue.ts';

/** What binary saves for a value of one type, in nanoseconds of server and agent, read and loaded once (measured on 18). */
interface Gain {
  readonly value: number;
  /** Bytes of a value as it is stored; 0: as long as it comes. */
  readonly width: number;
  /** Of a value that is as long as it comes. */
  readonly byte: number;
}

const fixed = (value: number, width: number): Gain => ({ value, width, byte: 0 });
const text: Gain = { value: -50, width: 0, byte: 2.2 };

/**
 * By the object ids of pg_catalog. Only types whose binary form is the same from PostgreSQL 14 to 18, is exact, and holds no
 * object id. Not among them although they look it: interval (17 made the largest finite one infinite, and only its text is
 * refused there), money (its unit depends on lc_monetary), xml (is parsed anew), arrays, domains, enums, composites, reg*.
 */
const gains: ReadonlyMap<number, Gain> = new Map([
  [16, fixed(-20, 1)], // bool
  [17, { value: 50, width: 0, byte: 3 }], // bytea: half the bytes
  [18, fixed(-20, 1)], // "char"
  [19, fixed(-50, 64)], // name
  [20, fixed(0, 8)], // int8
  [21, fixed(-20, 2)], // int2
  [23, fixed(-20, 4)], // int4
  [25, text],
  [26, fixed(-20, 4)], // oid
  [114, { value: -40, width: 0, byte: 1 }], // json
  [650, fixed(120, 7)], // cidr
  [700, fixed(110, 4)], // float4
  [701, fixed(120, 8)], // float8
  [774, fixed(300, 8)], // macaddr8
  [829, fixed(300, 6)], // macaddr
  [869, fixed(120, 7)], // inet
  [1042, { ...text, value: -70 }], // bpchar
  [1043, text], // varchar
  [1082, fixed(150, 4)], // date
  [1083, fixed(160, 8)], // time
  [1114, fixed(360, 8)], // timestamp
  [1184, fixed(360, 8)], // timestamptz
  [1266, fixed(160, 12)], // timetz
  [1700, fixed(-90, 8)], // numeric
  [2950, fixed(380, 16)], // uuid
  [3802, { value: -60, width: 0, byte: 0.6 }], // jsonb
]);

/** Header and line pointer of a stored row. */
const rowOverheadBytes = 28;
/** Where nobody has counted the rows, or a few pages say nothing of them. */
const usualWidth = 20;
const tellingBytes = 1 << 16;

/**
 * How this table's rows are stored. Binary only in a database whose encoding is the sessions' own (UTF8), since the texts in
 * binary rows would be converted otherwise, and only where it saves more than it costs.
 */
export function rowFormat(
  table: Pick<CatalogueTable, 'types' | 'bytes' | 'rows'>,
  encoding: string,
): Extract<TableLine['format'], 'copy' | 'copy-binary'> {
  if (encoding !== 'UTF8') return 'copy';
  const columns = table.types.map((type) => gains.get(type));
  let saved = 0;
  const told = table.rows > 0 && table.bytes > tellingBytes;
  let left = told ? table.bytes / table.rows - rowOverheadBytes : Number.NaN;
  let long = 0;
  for (const gain of columns) {
    if (gain === undefined) return 'copy';
    left -= gain.width;
    if (gain.width === 0) long += 1;
  }
  const width = Number.isNaN(left) ? usualWidth : Math.max(1, left / long);
  for (const gain of columns) saved += (gain?.value ?? 0) + (gain?.width === 0 ? gain.byte * width : 0);
  return saved > 0 ? 'copy-binary' : 'copy';
}
