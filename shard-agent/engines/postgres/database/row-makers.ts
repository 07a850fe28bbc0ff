/** Which transaction wrote a row of a catalogue, and so what it came with. */

/** The row's number is kept when the server freezes it. */
export const madeBy = (row: string): string => `${row}.xmin::text::int8`;

/** A row that was written after initdb. All databases that initdb makes come last, after all that it makes in them. */
export const afterInitdb = (
  row: string,
): string => `${madeBy(row)} > (SELECT pg_catalog.min(xmin::text::int8) FROM pg_catalog.pg_database
  WHERE datname IN ('template0', 'template1', 'postgres'))`;
