/** What a set says of a column's type: the server's word for it, and whether its values are stored as numbers. */

const byNumber = ' by number';

/**
 * `dataType` in lower case and without length, `columnType` with all members, as information_schema has them. ENUM and
 * SET go by number where text would not find its way back: to a member '', which looks like no member at all, and to
 * one whose characters no catalogue shows.
 */
export function storedType(dataType: string, columnType: string): string {
  const members = dataType === 'enum' || dataType === 'set';
  // True of some members that would find their way too, such as `,'',`: they go by number without need.
  return members && (/[(,]''[,)]/.test(columnType) || mayHideCharacters(columnType))
    ? dataType + byNumber
    : dataType;
}

/** Catalogues and SHOW CREATE TABLE know 16 bits of a character: one beyond, as all emoji are, is a `?` there. */
export function mayHideCharacters(shown: string): boolean {
  return shown.includes('?');
}

/** Read by CAST(… AS UNSIGNED), and loaded so. */
export function isByNumber(type: string): boolean {
  return type.endsWith(byNumber);
}
