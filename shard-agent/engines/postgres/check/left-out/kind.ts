/** One kind of thing that a backup leaves out, brings back differently or refuses; and the words its queries share. */

export interface LeftOut {
  /** What these things are called, before their names. */
  readonly things: string;
  /** Column `name`: each of them, as a person calls it. */
  readonly query: string;
  readonly cause: string;
  readonly remedy: string;
  /** True: a restore would fail, so that no backup is taken. */
  readonly fatal?: boolean;
}

export const qualified = (name: string): string =>
  `pg_catalog.quote_ident(n.nspname) || '.' || pg_catalog.quote_ident(${name})`;

export const relations = `pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace`;

export const superuser = `(SELECT rolsuper FROM pg_catalog.pg_roles WHERE rolname = current_user)`;

/** The object id of a system catalogue, as a constant in SQL. */
export const classOf = (catalogue: string): string => `'pg_catalog.${catalogue}'::pg_catalog.regclass`;

/** What a person calls an object, in the server's words. `part`: of a column, its number. */
export const described = (catalogue: string, oid: string, part = '0'): string =>
  `pg_catalog.pg_describe_object(${classOf(catalogue)}, ${oid}, ${part})`;

/** Whether an object belongs to an extension. */
export const ofExtension = (catalogue: string, oid: string): string =>
  `EXISTS (SELECT FROM pg_catalog.pg_depend x WHERE x.classid = ${classOf(catalogue)}
    AND x.objid = ${oid} AND x.deptype = 'e')`;

/** Whether an object still has the grants it was made with: a grant writes its row anew as well. */
export const initialGrants = (catalogue: string, oid: string, grants: string): string =>
  `${grants} IS NOT DISTINCT FROM (SELECT i.initprivs FROM pg_catalog.pg_init_privs i
    WHERE i.classoid = ${classOf(catalogue)} AND i.objoid = ${oid} AND i.objsubid = 0)`;
