/** Bits, shapes, addresses, and the server's own identifiers. */
import type { FidelityCase } from '../../case.ts';
import { literals, typeCase, valuesCase } from './type-case.ts';

/** reg* types: their values are names, whose objects have another OID on every server. */
const kin: readonly (readonly [type: string, own: string, builtin: string])[] = [
  ['regclass', `"Odd table"`, 'pg_class'],
  ['regtype', 'own_type', 'timestamptz'],
  ['regproc', '"Odd function"', 'pg_sleep'],
  ['regprocedure', '"Odd function"(int,"Odd table")', 'lower(text)'],
  ['regoper', '|##|', '||/'],
  ['regoperator', '|##|(int,int)', '+(int,int)'],
  ['regcollation', 'own_collation', '"C"'],
  ['regconfig', 'own_config', 'english'],
  ['regdictionary', 'own_dictionary', 'simple'],
  ['regrole', '"odd ""role"', 'pg_monitor'],
  ['regnamespace', 'regs', 'pg_catalog'],
];

export const scalarCases: readonly FidelityCase[] = [
  typeCase({
    item: 'bit(n) and bit varying',
    schema: 'bits',
    setup: [
      `CREATE TABLE t (a bit, b bit(5), c bit(8000), d bit varying, e bit varying(3));
       INSERT INTO t VALUES ('1', '10110', repeat('10', 4000)::bit(8000), '', '01'), ('0', '00000', repeat('0', 8000)::bit(8000), repeat('1', 100001)::varbit, '')`,
    ],
    proof: ['SELECT max(length(d)) = 100001 FROM bits.t'],
  }),
  typeCase({
    item: 'geometric types, with extremes',
    schema: 'shapes',
    setup: [
      `CREATE TABLE t (a point, b line, c lseg, d box, e path, f polygon, g circle);
       INSERT INTO t VALUES ('(1e-320,-0)', '{1,2,3}', '[(0,0),(1e308,-1e308)]', '(2,2),(1,1)', '((0,0),(1,2))', '((0,0),(1,1),(1,0))', '<(0,0),5>'),
         ('(NaN,Infinity)', '{0,-1,0.1}', '[(0.1,0.2),(0.3,0.30000000000000004)]', '(Infinity,Infinity),(-Infinity,-Infinity)', '[(0,0)]', '((5e-324,-0))', '<(NaN,1),0>'),
         ('(-Infinity,1.7976931348623157e308)', '{-1,0,5e-324}', '[(1,1),(1,1)]', '(-0,0),(-0,0)', '[(1,1),(2,2),(3,3)]', '((1,1),(2,2))', '<(1,1),Infinity>');
       INSERT INTO t (e) SELECT ('[' || string_agg(format('(%s,%s)', i / 7.0, -i), ',') || ']')::path FROM generate_series(1, 20000) i`,
    ],
    proof: [
      String.raw`SELECT count(*) = 1 FROM shapes.t WHERE substr(point_send(a), 9) = '\x8000000000000000'`,
      'SELECT bool_or(isopen(e)) AND bool_or(isclosed(e)) FROM shapes.t',
    ],
  }),
  valuesCase({
    item: 'inet: both families, host bits and masks',
    schema: 'inets',
    type: 'inet',
    values: literals(
      '0.0.0.0/0',
      '10.1.2.3/8',
      '255.255.255.255',
      '::',
      '::ffff:1.2.3.4/120',
      'fe80::1/64',
      'ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff/128',
      '1.2.3.4/32',
    ),
    proof: [`SELECT masklen(v) = 8 AND host(v) = '10.1.2.3' FROM inets.t WHERE id = 2`],
  }),
  valuesCase({
    item: 'cidr',
    schema: 'cidrs',
    type: 'cidr',
    values: literals('0.0.0.0/0', '10.1.2.0/24', '1.2.3.4', '::/0', '2001:db8::/32', '::1/128'),
  }),
  valuesCase({
    item: 'macaddr',
    schema: 'macs',
    type: 'macaddr',
    values: literals('00:00:00:00:00:00', 'ff-ff-ff-ff-ff-ff', '08002b:010203', '0800.2b01.0203'),
  }),
  valuesCase({
    item: 'macaddr8',
    schema: 'macs8',
    type: 'macaddr8',
    values: literals('00:00:00:00:00:00:00:00', 'ff:ff:ff:ff:ff:ff:ff:ff', '08:00:2b:01:02:03'),
  }),
  valuesCase({
    item: 'uuid',
    schema: 'uuids',
    type: 'uuid',
    values: literals(
      '00000000-0000-0000-0000-000000000000',
      'FFFFFFFF-FFFF-FFFF-FFFF-FFFFFFFFFFFF',
      '{a0eebc999c0b4ef8bb6d6bb9bd380a11}',
    ),
  }),
  typeCase({
    item: 'regclass and its kin name the same objects',
    schema: 'regs',
    setup: [
      `CREATE TABLE "Odd table" (); CREATE TYPE own_type AS (a int);
       CREATE FUNCTION "Odd function"(int, "Odd table") RETURNS int LANGUAGE sql AS 'SELECT 1';
       CREATE FUNCTION two(int, int) RETURNS int LANGUAGE sql AS 'SELECT 1'; CREATE OPERATOR |##| (FUNCTION = two, LEFTARG = int, RIGHTARG = int);
       CREATE COLLATION own_collation (provider = libc, locale = 'C'); CREATE TEXT SEARCH CONFIGURATION own_config (COPY = simple);
       CREATE TEXT SEARCH DICTIONARY own_dictionary (TEMPLATE = simple)`,
      ...kin.map(
        ([type, own, builtin]) =>
          `CREATE TABLE "${type}" (v ${type}); INSERT INTO "${type}" VALUES ('${own}'), ('${builtin}'), (0)`,
      ),
    ],
    proof: [
      ...kin.map(([type]) => `SELECT count(DISTINCT v::oid) = 3 FROM regs."${type}"`),
      `SELECT v = 'regs."Odd table"'::regclass FROM regs.regclass WHERE v::oid >= 16384`,
      `SELECT v = 'regs."Odd function"'::regproc FROM regs.regproc WHERE v::oid >= 16384`,
    ],
  }),
  valuesCase({ item: 'xid', schema: 'xids', type: 'xid', values: literals('0', '3', '4294967295') }),
  valuesCase({
    item: 'xid8',
    schema: 'xid8s',
    type: 'xid8',
    values: literals('0', '4294967296', '18446744073709551615'),
  }),
  valuesCase({ item: 'cid', schema: 'cids', type: 'cid', values: literals('0', '4294967295') }),
  valuesCase({
    item: 'tid',
    schema: 'tids',
    type: 'tid',
    values: literals('(0,0)', '(0,1)', '(4294967295,65535)'),
  }),
  valuesCase({
    item: 'pg_lsn',
    schema: 'lsns',
    type: 'pg_lsn',
    values: literals('0/0', '16/B374D848', 'FFFFFFFF/FFFFFFFF'),
  }),
  typeCase({
    item: 'pg_snapshot and txid_snapshot',
    schema: 'snapshots',
    setup: [
      `CREATE TABLE t (v pg_snapshot, w txid_snapshot); INSERT INTO t VALUES ('10:20:10,14,15', '10:20:'), ('9223372036854775806:9223372036854775807:', '1:1:')`,
    ],
    proof: ['SELECT count(*) = 2 FROM snapshots.t'],
  }),
  valuesCase({ item: 'refcursor', schema: 'cursors', type: 'refcursor', values: literals('', 'a cursor') }),
];
