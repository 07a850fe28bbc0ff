/** Questions to the catalogues, and what they have in common. */

/**
 * A query for a server of that major version. Its columns `schema` and `subject` name a thing, once in a database; the
 * others say what it is like, without object ids, NULL where there is nothing to say.
 */
export type CatalogueQuery = (major: number) => string;

/** Schemas of users, as `n`. */
export const userSchemas = `n.nspname <> 'information_schema' AND n.nspname !~ '^pg_'`;

/** Grants in an order of their own; those never written down as the defaults they stand for. */
export function grants(acl: string, kind: string, owner: string): string {
  return sorted(`coalesce(${acl}, acldefault('${kind}', ${owner}))`);
}

/** An array's elements, sorted, as one text. */
export function sorted(array: string): string {
  return `(SELECT string_agg(e::text, ' ' ORDER BY e::text COLLATE "C") FROM unnest(${array}) e)`;
}

export function role(oid: string): string {
  return `(CASE WHEN ${oid} = 0 THEN 'public' ELSE pg_get_userbyid(${oid}) END)`;
}

/** `column` from this version on. */
export function since(version: number, major: number, column: string): string {
  return major >= version ? `${column},` : '';
}

/** A name of another object, with its schema, by its catalogue; NULL for none. */
export function named(catalogue: string, name: string, schema: string, oid: string): string {
  return `(SELECT quote_ident(place_.nspname) || '.' || quote_ident(named_.${name}) FROM ${catalogue} named_
    JOIN pg_namespace place_ ON place_.oid = named_.${schema} WHERE named_.oid = ${oid})`;
}

/**
 * A view that is nothing but VALUES is written `FROM (VALUES …)` by the server it was made on, and, once pg_dump has written
 * it down and it is made of that, `FROM ( VALUES …)`: one has it as a list, the other as a query in parentheses.
 */
export function plainValues(definition: string): string {
  return definition.replaceAll('( VALUES ', '(VALUES ');
}
