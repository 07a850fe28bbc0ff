/** Documents and words: json, jsonb, xml, text search. */
import type { FidelityCase } from '../../case.ts';
import { literals, typeCase, valuesCase } from './type-case.ts';

export const documentCases: readonly FidelityCase[] = [
  valuesCase({
    item: 'json: duplicate keys, white space, numbers as written',
    schema: 'json_text',
    type: 'json',
    values: [
      `'{"a":  1,   "a": 2}'`,
      `E' \\n\\t{"b" :\\r\\n[ ] } '`,
      `'1e400'`,
      `'1.0000000000000000000000000001'`,
      `'-0'`,
      String.raw`'"\u0000 \ud834\udd1e \/ \\. \\N"'`,
      `'null'`,
      `'""'`,
    ],
    proof: [`SELECT v::text = '{"a":  1,   "a": 2}' FROM json_text.t WHERE id = 1`],
  }),
  valuesCase({
    item: 'jsonb: numbers keep their digits, keys their order, depth',
    schema: 'jsonb_values',
    type: 'jsonb',
    values: [
      `'{"z": 1.50, "a": null, "aa": [1e400, -0.0, 1.10]}'`,
      `'null'`,
      `'[]'`,
      `'{}'`,
      `'""'`,
      String.raw`'"\ud834\udd1e \\ \" \n \\. \\N ä"'`,
      `(repeat('[', 4000) || repeat(']', 4000))::jsonb`,
      `(SELECT jsonb_object_agg('key ' || i, i) FROM generate_series(1, 20000) i)`,
    ],
    proof: [`SELECT v->'z' = '1.50' AND (v->>'z') = '1.50' FROM jsonb_values.t WHERE id = 1`],
  }),
  valuesCase({
    item: 'jsonpath',
    schema: 'jsonpaths',
    type: 'jsonpath',
    values: [
      `'strict $.a[*] ? (@.b > 1 && @.c like_regex "^x" flag "i")'`,
      `'lax $."odd key".**{2 to last}'`,
      `'$.x.datetime("HH24:MI")'`,
    ],
  }),
  valuesCase({
    item: 'xml: contents, whole documents, declarations',
    schema: 'xmls',
    type: 'xml',
    values: [
      `'<a>x</a><b/>text'`,
      `''`,
      `'<?xml version="1.0" encoding="UTF-8" standalone="yes"?><doc a="1"><![CDATA[ <&> ]]></doc>'`,
      `'<?xml version="1.1"?><!DOCTYPE d [<!ENTITY e "x">]><d>&e;</d>'`,
      `E'<!-- note -->\\n<?pi data?>\\n  <r>&#9;&lt;ä€𝄞</r>\\n'`,
      `'   '`,
    ],
    before: ['SET xmloption = content'],
    proof: [`SELECT v::text LIKE '<?xml version="1.1"?>%' FROM xmls.t WHERE id = 4`],
  }),
  valuesCase({
    item: 'tsvector: positions, weights, quotes',
    schema: 'tsvectors',
    type: 'tsvector',
    values: [
      `''`,
      `$$'a':1A,16383B 'b c':2,3C 'it''s' '\\\\back':4D$$`,
      `'a a a b'`,
      `to_tsvector('english', 'The quick brown foxes jumped')`,
      `setweight('x:1 y:2'::tsvector, 'A')`,
      `(SELECT array_to_tsvector(array_agg('word' || i)) FROM generate_series(1, 5000) i)`,
    ],
    proof: [`SELECT length(v) = 5000 FROM tsvectors.t WHERE id = 6`],
  }),
  valuesCase({
    item: 'tsquery',
    schema: 'tsqueries',
    type: 'tsquery',
    values: [
      `''`,
      `$$'a' & !('b' | 'c d')$$`,
      `'x:*AB <-> y <5> z:D'`,
      `$$'it''s' & '\\\\back'$$`,
      `to_tsquery('english', 'foxes & !!jump')`,
    ],
  }),
  typeCase({
    item: 'generated and indexed documents',
    schema: 'generated_documents',
    setup: [
      `CREATE TABLE t (d jsonb, words tsvector GENERATED ALWAYS AS (to_tsvector('pg_catalog.english', d)) STORED, k text GENERATED ALWAYS AS (d->>'k') STORED);
       CREATE INDEX ON t USING gin (words); CREATE INDEX ON t USING gin (d jsonb_path_ops);
       INSERT INTO t (d) VALUES ('{"k": "Running foxes", "l": ["a b", 1]}'), ('[]'), (NULL)`,
    ],
    proof: [`SELECT words @@ 'fox' FROM generated_documents.t WHERE k IS NOT NULL`],
  }),
  valuesCase({
    item: 'aclitem',
    schema: 'aclitems',
    type: 'aclitem',
    values: literals('=r/postgres', 'postgres=arwdDxt*/postgres', 'pg_monitor=X/postgres'),
  }),
];
