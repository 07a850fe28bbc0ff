/** The database itself, and what belongs to it as a whole: extensions, foreign servers, publications, large objects, labels. */
import { type CatalogueQuery, grants, role, since, sorted } from './query.ts';

const database: CatalogueQuery = (major) => `
  SELECT '' AS schema, 'the database' AS subject, d.datname AS name, pg_encoding_to_char(d.encoding) AS encoding,
    ${since(15, major, 'd.datlocprovider::text AS provider')} d.datcollate AS collate, d.datctype AS ctype,
    ${since(15, major, `${major >= 17 ? 'd.datlocale' : 'd.daticulocale'} AS locale`)}
    ${since(16, major, 'd.daticurules AS rules')}
    d.datistemplate AS template, d.datallowconn AS connectable, d.datconnlimit AS connections, t.spcname AS tablespace,
    ${role('d.datdba')} AS owner, ${grants('d.datacl', 'd', 'd.datdba')} AS grants,
    shobj_description(d.oid, 'pg_database') AS comment
  FROM pg_database d JOIN pg_tablespace t ON t.oid = d.dattablespace WHERE d.datname = current_database()`;

const settings: CatalogueQuery = () => `
  SELECT '' AS schema, 'settings of the database' || CASE WHEN s.setrole = 0 THEN '' ELSE ' for ' || ${role('s.setrole')} END AS subject,
    array_to_string(s.setconfig, E'\\n') AS settings
  FROM pg_db_role_setting s JOIN pg_database d ON d.oid = s.setdatabase WHERE d.datname = current_database()`;

/** The same things that pg_dump writes down; here for what it forgets. */
const comments: CatalogueQuery = () => `
  SELECT '' AS schema, 'comment on ' || i.type || ' ' || i.identity AS subject, c.description AS text
  FROM pg_description c, pg_identify_object(c.classoid, c.objoid, c.objsubid) i
  WHERE c.objoid >= 16384 OR c.classoid IN ('pg_namespace'::regclass, 'pg_extension'::regclass)`;

const labels: CatalogueQuery = () => `
  SELECT '' AS schema, 'label by ' || provider || ' of ' || objtype || ' ' || objname AS subject, label FROM pg_seclabels`;

const extensions: CatalogueQuery = () => `
  SELECT '' AS schema, 'extension ' || quote_ident(e.extname) AS subject, ${role('e.extowner')} AS owner, e.extversion AS version,
    n.nspname AS place, e.extrelocatable AS relocatable,
    (SELECT string_agg(t::regclass::text || ' ' || c, ', ' ORDER BY t::regclass::text COLLATE "C")
      FROM unnest(e.extconfig, e.extcondition) AS x(t, c)) AS configuration,
    (SELECT md5(string_agg(i.type || ' ' || i.identity, ', ' ORDER BY i.type COLLATE "C", i.identity COLLATE "C")) || ' of ' || count(*)
      FROM pg_depend d, pg_identify_object(d.classid, d.objid, d.objsubid) i
      WHERE d.refclassid = 'pg_extension'::regclass AND d.refobjid = e.oid AND d.deptype = 'e') AS members
  FROM pg_extension e JOIN pg_namespace n ON n.oid = e.extnamespace`;

const extensionDependencies: CatalogueQuery = () => `
  SELECT '' AS schema, 'dependence of ' || i.type || ' ' || i.identity || ' on extension ' || e.extname AS subject
  FROM pg_depend d JOIN pg_extension e ON e.oid = d.refobjid, pg_identify_object(d.classid, d.objid, d.objsubid) i
  WHERE d.refclassid = 'pg_extension'::regclass AND d.deptype = 'x'`;

const wrappers: CatalogueQuery = () => `
  SELECT '' AS schema, 'foreign data wrapper ' || quote_ident(w.fdwname) AS subject, ${role('w.fdwowner')} AS owner,
    nullif(w.fdwhandler, 0)::regprocedure::text AS handler, nullif(w.fdwvalidator, 0)::regprocedure::text AS validator,
    ${sorted('w.fdwoptions')} AS options, ${grants('w.fdwacl', 'F', 'w.fdwowner')} AS grants
  FROM pg_foreign_data_wrapper w`;

const servers: CatalogueQuery = () => `
  SELECT '' AS schema, 'foreign server ' || quote_ident(s.srvname) AS subject, ${role('s.srvowner')} AS owner, w.fdwname AS wrapper,
    s.srvtype AS type, s.srvversion AS version, ${sorted('s.srvoptions')} AS options, ${grants('s.srvacl', 'S', 's.srvowner')} AS grants
  FROM pg_foreign_server s JOIN pg_foreign_data_wrapper w ON w.oid = s.srvfdw`;

const mappings: CatalogueQuery = () => `
  SELECT '' AS schema, 'user mapping of ' || ${role('m.umuser')} || ' on ' || quote_ident(s.srvname) AS subject, ${sorted('m.umoptions')} AS options
  FROM pg_user_mapping m JOIN pg_foreign_server s ON s.oid = m.umserver`;

const publications: CatalogueQuery = (major) => `
  SELECT '' AS schema, 'publication ' || quote_ident(p.pubname) AS subject, ${role('p.pubowner')} AS owner, p.puballtables AS all_tables,
    p.pubinsert AS inserts, p.pubupdate AS updates, p.pubdelete AS deletes, p.pubtruncate AS truncates, p.pubviaroot AS via_root,
    ${since(18, major, "nullif(p.pubgencols::text, 'n') AS generated")}
    ${since(15, major, `(SELECT string_agg(quote_ident(n.nspname), ', ' ORDER BY n.nspname COLLATE "C") FROM pg_publication_namespace s JOIN pg_namespace n ON n.oid = s.pnnspid WHERE s.pnpubid = p.oid) AS schemas`)}
    (SELECT string_agg(concat_ws(' ', r.prrelid::regclass::text
      ${
        major >= 15
          ? `, (SELECT '(' || string_agg(quote_ident(a.attname), ', ' ORDER BY a.attname COLLATE "C") || ')' FROM pg_attribute a
        WHERE a.attrelid = r.prrelid AND a.attnum = ANY (r.prattrs)), pg_get_expr(r.prqual, r.prrelid)`
          : ''
      }), ', ' ORDER BY r.prrelid::regclass::text COLLATE "C") FROM pg_publication_rel r WHERE r.prpubid = p.oid) AS tables
  FROM pg_publication p`;

const subscriptions: CatalogueQuery = () => `
  SELECT '' AS schema, 'subscription ' || quote_ident(s.subname) AS subject, ${role('s.subowner')} AS owner, s.subenabled AS enabled,
    s.subconninfo AS connection, s.subslotname AS slot, s.subsynccommit AS commit, s.subbinary AS binary, left(s.substream::text, 1) AS stream,
    array_to_string(s.subpublications, ', ') AS publications
  FROM pg_subscription s JOIN pg_database d ON d.oid = s.subdbid WHERE d.datname = current_database()`;

const largeObjects: CatalogueQuery = () => `
  SELECT '' AS schema, 'large object ' || m.oid AS subject, ${role('m.lomowner')} AS owner, ${grants('m.lomacl', 'L', 'm.lomowner')} AS grants
  FROM pg_largeobject_metadata m`;

/** Extensions whose functions a planner calls, and the like, in no catalogue of their own. */
const systemSchemas: CatalogueQuery = () => `
  SELECT '' AS schema, 'schema ' || n.nspname AS subject, ${grants('n.nspacl', 'n', 'n.nspowner')} AS grants
  FROM pg_namespace n WHERE n.nspname IN ('pg_catalog', 'information_schema')`;

export const databaseQueries: readonly CatalogueQuery[] = [
  database,
  settings,
  comments,
  labels,
  extensions,
  extensionDependencies,
  wrappers,
  servers,
  mappings,
  publications,
  subscriptions,
  largeObjects,
  systemSchemas,
];
