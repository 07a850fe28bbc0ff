/** Databases of other encodings than UTF8, and bytes of none. */
import type { FidelityCase } from '../../case.ts';

function encodingCase(
  item: string,
  database: string,
  encoding: string,
  rest: Pick<FidelityCase, 'setup' | 'proof'>,
): FidelityCase {
  const createDatabase = `CREATE DATABASE ${database} TEMPLATE template0 ENCODING '${encoding}' LOCALE 'C'`;
  return { group: 'types', item, database, createDatabase, ...rest };
}

export const encodingCases: readonly FidelityCase[] = [
  encodingCase('text in a database of LATIN1: every character', 'latin1', 'LATIN1', {
    setup: [
      `CREATE TABLE "täble" (i int, "cölumn" text DEFAULT 'é'); INSERT INTO "täble" SELECT i, chr(i) || 'x' FROM generate_series(1, 255) i;
       CREATE TABLE wide (v text, j jsonb, x xml); INSERT INTO wide SELECT string_agg(chr(i), ''), '{"k": "ÿ"}', '<ä>ö</ä>' FROM generate_series(160, 255) i`,
    ],
    proof: [`SELECT sum(octet_length("cölumn")) = 510 FROM "täble"`],
  }),
  encodingCase('text in a database of EUC_JP', 'euc_jp', 'EUC_JP', {
    setup: [`CREATE TABLE "表" (v text); INSERT INTO "表" VALUES ('日本語 ｶﾅ 々'), (E'表\\\\能\\n')`],
    proof: [`SELECT count(*) = 2 AND min(octet_length(v)) < 20 FROM "表"`],
  }),
  encodingCase('text in a database of SQL_ASCII: bytes of no encoding', 'sql_ascii', 'SQL_ASCII', {
    setup: [
      String.raw`CREATE TABLE t (id int, v text); INSERT INTO t SELECT i, convert_from(set_byte('\x410042', 1, i), 'SQL_ASCII') FROM generate_series(128, 255) i`,
      String.raw`INSERT INTO t VALUES (1, convert_from('\xc3a4ff5c2e0a5c4e80', 'SQL_ASCII')); CREATE TABLE "tä" (a int); INSERT INTO "tä" VALUES (1)`,
    ],
    proof: [String.raw`SELECT count(*) = 129 AND bool_or(convert_to(v, 'SQL_ASCII') = '\x41ff42') FROM t`],
  }),
];
