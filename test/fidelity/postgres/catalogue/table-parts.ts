/** What hangs on a table: constraints, indexes, triggers, rules, policies, statistics. */
import { type CatalogueQuery, named, role, since, sorted, userSchemas } from './query.ts';

/**
 * A foreign key to a partitioned table has a row of the server's own for each partition it leads to: their names are
 * made up when they are made, so they are told as a list of tables. Only checks and NOT NULL heed NO INHERIT; what a key
 * of a partition holds there says whether the partition was made or attached, and no statement can tell it.
 */
const constraints: CatalogueQuery = (major) => `
  SELECT n.nspname AS schema,
    'constraint ' || coalesce(quote_ident(c.relname), 'domain ' || quote_ident(t.typname)) || '.' || quote_ident(o.conname) AS subject,
    pg_get_constraintdef(o.oid) AS definition, o.contype::text AS kind, o.convalidated AS valid,
    o.condeferrable AS deferrable, o.condeferred AS deferred, o.conislocal AS local, o.coninhcount AS inherited,
    CASE WHEN o.contype IN ('c', 'n') THEN o.connoinherit END AS not_inherited, o.conindid::regclass::text AS index,
    ${since(18, major, 'nullif(o.conenforced, true) AS enforced, nullif(o.conperiod, false) AS period')}
    (SELECT conrelid::regclass::text || '.' || quote_ident(conname) FROM pg_constraint WHERE oid = o.conparentid) AS parent,
    (SELECT string_agg(p.confrelid::regclass::text, ', ' ORDER BY p.confrelid::regclass::text COLLATE "C")
      FROM pg_constraint p WHERE p.conparentid = o.oid AND p.conrelid = o.conrelid) AS also_to,
    (SELECT string_agg(DISTINCT g.tgenabled::text, '') FROM pg_trigger g WHERE g.tgconstraint = o.oid AND g.tgisinternal
      AND g.tgenabled <> 'O') AS triggers_not_on
  FROM pg_constraint o JOIN pg_namespace n ON n.oid = o.connamespace
  LEFT JOIN pg_class c ON c.oid = o.conrelid LEFT JOIN pg_type t ON t.oid = o.contypid
  WHERE ${userSchemas} AND NOT EXISTS (SELECT FROM pg_constraint p WHERE p.oid = o.conparentid AND p.conrelid = o.conrelid)
    AND NOT (o.contype = 'n' AND o.convalidated AND NOT o.connoinherit AND o.conname = c.relname || '_'
      || (SELECT attname FROM pg_attribute WHERE attrelid = c.oid AND attnum = o.conkey[1]) || '_not_null')`;

const indexes: CatalogueQuery = (major) => `
  SELECT n.nspname AS schema, 'index ' || quote_ident(c.relname) AS subject, pg_get_indexdef(c.oid) AS definition,
    i.indrelid::regclass::text AS of, c.relkind::text AS kind, c.relpersistence::text AS persistence,
    i.indisvalid AS valid, i.indisready AS ready, i.indislive AS live, i.indisclustered AS clustered,
    i.indisreplident AS replica_identity, i.indisunique AS unique, i.indisprimary AS primary,
    i.indisexclusion AS exclusion, i.indimmediate AS immediate,
    ${since(15, major, 'nullif(i.indnullsnotdistinct, false) AS nulls_not_distinct')}
    (SELECT spcname FROM pg_tablespace WHERE oid = c.reltablespace) AS tablespace, ${sorted('c.reloptions')} AS options,
    (SELECT h.inhparent::regclass::text FROM pg_inherits h WHERE h.inhrelid = c.oid) AS attached_to,
    (SELECT string_agg(concat_ws(' ', a.attname, nullif(coalesce(a.attstattarget, -1), -1),
        ${named('pg_collation', 'collname', 'collnamespace', 'a.attcollation')}, ${sorted('a.attoptions')}), ', ' ORDER BY a.attnum)
      FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attnum > 0) AS columns,
    (SELECT string_agg(quote_ident(k.opcname), ', ' ORDER BY p.n) FROM unnest(i.indclass::oid[]) WITH ORDINALITY p(o, n)
      JOIN pg_opclass k ON k.oid = p.o) AS classes
  FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid JOIN pg_namespace n ON n.oid = c.relnamespace
  WHERE ${userSchemas}`;

const triggers: CatalogueQuery = () => `
  SELECT n.nspname AS schema, 'trigger ' || quote_ident(c.relname) || '.' || quote_ident(t.tgname) AS subject,
    pg_get_triggerdef(t.oid) AS definition, t.tgenabled::text AS enabled,
    (SELECT tgrelid::regclass::text || '.' || quote_ident(tgname) FROM pg_trigger WHERE oid = t.tgparentid) AS parent
  FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid JOIN pg_namespace n ON n.oid = c.relnamespace
  WHERE NOT t.tgisinternal AND ${userSchemas}`;

const rules: CatalogueQuery = () => `
  SELECT n.nspname AS schema, 'rule ' || quote_ident(c.relname) || '.' || quote_ident(r.rulename) AS subject,
    pg_get_ruledef(r.oid) AS definition, r.ev_enabled::text AS enabled
  FROM pg_rewrite r JOIN pg_class c ON c.oid = r.ev_class JOIN pg_namespace n ON n.oid = c.relnamespace
  WHERE r.rulename <> '_RETURN' AND ${userSchemas}`;

const policies: CatalogueQuery = () => `
  SELECT n.nspname AS schema, 'policy ' || quote_ident(c.relname) || '.' || quote_ident(p.polname) AS subject,
    p.polcmd::text AS command, p.polpermissive AS permissive,
    (SELECT string_agg(${role('r')}, ', ' ORDER BY ${role('r')} COLLATE "C") FROM unnest(p.polroles) r) AS roles,
    pg_get_expr(p.polqual, p.polrelid) AS using, pg_get_expr(p.polwithcheck, p.polrelid) AS check
  FROM pg_policy p JOIN pg_class c ON c.oid = p.polrelid JOIN pg_namespace n ON n.oid = c.relnamespace
  WHERE ${userSchemas}`;

const statistics: CatalogueQuery = () => `
  SELECT n.nspname AS schema, 'statistics ' || quote_ident(s.stxname) AS subject, pg_get_statisticsobjdef(s.oid) AS definition,
    ${role('s.stxowner')} AS owner, nullif(coalesce(s.stxstattarget, -1), -1) AS target
  FROM pg_statistic_ext s JOIN pg_namespace n ON n.oid = s.stxnamespace WHERE ${userSchemas}`;

export const tablePartQueries: readonly CatalogueQuery[] = [
  constraints,
  indexes,
  triggers,
  rules,
  policies,
  statistics,
];
