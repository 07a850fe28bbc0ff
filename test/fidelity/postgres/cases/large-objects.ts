/** Large objects: their contents, and whose they are. They belong to no schema, so each case has a database. */
import type { FidelityCase } from '../../case.ts';

/** What `tidemark check` asks for where the role of the agent is no superuser. */
const grant = `DO $$ DECLARE o oid; BEGIN
  FOR o IN SELECT oid FROM pg_largeobject_metadata LOOP EXECUTE format('GRANT SELECT ON LARGE OBJECT %s TO tidemark', o); END LOOP; END $$`;

export const largeObjectCases: readonly FidelityCase[] = [
  {
    group: 'types',
    item: 'large objects: empty, every byte, a hole, the last OID',
    database: 'large_objects',
    setup: [
      `SELECT lo_create(16400); SELECT lo_from_bytea(4294967295, decode((SELECT string_agg(lpad(to_hex(i), 2, '0'), '') FROM generate_series(0, 255) i), 'hex'));
       SELECT lo_create(1000000); SELECT lo_put(1000000, 5000000, 'after a hole'); CREATE TABLE t (o oid); INSERT INTO t VALUES (1000000)`,
      grant,
    ],
    proof: ['SELECT count(*) = 3 FROM pg_largeobject_metadata', 'SELECT length(lo_get(1000000)) = 5000012'],
  },
  {
    group: 'types',
    item: 'large objects of more than 64 MiB',
    database: 'large_objects_long',
    setup: [
      `SELECT lo_from_bytea(42, decode(repeat(string_agg(md5(i::text), ''), 500), 'hex')) FROM generate_series(1, 10000) i`,
      grant,
    ],
    proof: ['SELECT length(lo_get(42)) = 80000000'],
  },
  {
    group: 'types',
    item: 'large objects: owners, grants, comments; hundreds of them',
    database: 'large_objects_owned',
    setup: [
      `SELECT lo_from_bytea(i, ('object ' || i)::bytea) FROM generate_series(20001, 20300) i`,
      `ALTER LARGE OBJECT 20001 OWNER TO "odd ""role"; COMMENT ON LARGE OBJECT 20002 IS E'it''s\\n"odd"'; GRANT SELECT ON LARGE OBJECT 20003 TO PUBLIC;
       GRANT SELECT, UPDATE ON LARGE OBJECT 20004 TO "odd ""role" WITH GRANT OPTION; REVOKE ALL ON LARGE OBJECT 20005 FROM postgres`,
      grant,
    ],
    proof: [
      'SELECT count(*) = 300 FROM pg_largeobject_metadata',
      `SELECT pg_get_userbyid(lomowner) = 'odd "role' FROM pg_largeobject_metadata WHERE oid = 20001`,
    ],
  },
];
