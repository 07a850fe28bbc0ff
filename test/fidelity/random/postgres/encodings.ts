/** Databases of encodings that have few characters: statements that make a schema, in what such a database can hold. */

export const encodings = ['UTF8', 'LATIN1', 'LATIN2', 'LATIN9', 'WIN1252'] as const;
export type Encoding = (typeof encodings)[number];

/** All of these encodings have them. */
const letters = Array.from('áâäçéëíîóôöúüýß');

/** Each character that not all encodings have becomes a letter that they have: as many characters as before. */
export function inEncoding(encoding: Encoding, sql: string): string {
  if (encoding === 'UTF8') return sql;
  return (
    sql
      .replaceAll(
        /\P{ASCII}/gu,
        (character) => letters[(character.codePointAt(0) ?? 0) % letters.length] ?? 'é',
      )
      // What JSON spells out becomes a character of the database.
      .replaceAll(/\\u(?!00[0-7])[0-9a-f]{4}/gi, '\\u0041')
  );
}

export function createDatabase(name: string, encoding: Encoding): string {
  return encoding === 'UTF8'
    ? `CREATE DATABASE ${name}`
    : `CREATE DATABASE ${name} TEMPLATE template0 ENCODING '${encoding}' LC_COLLATE 'C' LC_CTYPE 'C'`;
}
