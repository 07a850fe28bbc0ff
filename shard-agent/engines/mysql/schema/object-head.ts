/** What kind of object a statement makes, and how its name is written there. All text is bytes as latin1. */
import { headTokens } from './head-tokens.ts';

export interface ObjectHead {
  /** FUNCTION, PROCEDURE, PACKAGE, PACKAGE BODY, LIBRARY, VIEW or EVENT. */
  readonly kind: string;
  /** As it is written, quotes and all. */
  readonly name: string;
}

const kinds = ['function', 'procedure', 'package', 'library', 'view', 'event'];

/** Undefined of a statement that makes no such object. `charset`: of the text, where it is not UTF-8. */
export function readObjectHead(sql: string, charset?: string): ObjectHead | undefined {
  let kind: string | undefined;
  const tokens = headTokens(
    sql,
    (read) => {
      const last = read(-1) ?? '';
      if (kind === undefined) {
        if (kinds.includes(last)) kind = last;
        return false;
      }
      if (kind === 'package' && last === 'body') {
        kind = 'package body';
        return false;
      }
      return true;
    },
    charset,
  );
  const name = tokens.at(-1)?.text;
  if (kind === undefined || name === undefined || tokens[0]?.text.toLowerCase() !== 'create')
    return undefined;
  return { kind: kind.toUpperCase(), name };
}
