/**
 * What of a server's stored globals another server gets: only roles that it has not, with all that is theirs. Pure; the
 * text is pg_dumpall's, with all names quoted.
 */
import { TidemarkError } from '../../../../proto/errors.ts';
import { splitStatements, type SqlStatement } from './sql-statements.ts';

/** One statement of the text, by what it is about. */
export type GlobalStatement =
  | { readonly kind: 'role'; readonly role: string; readonly creates: boolean; readonly sql: SqlStatement }
  | {
      readonly kind: 'membership';
      readonly role: string;
      readonly member: string;
      readonly grantor: string | undefined;
      readonly sql: SqlStatement;
    }
  /** `grantee` is undefined for PUBLIC; `grantor` when it is the server's first superuser. */
  | {
      readonly kind: 'parameter';
      readonly grantee: string | undefined;
      readonly grantor: string | undefined;
      readonly sql: SqlStatement;
    }
  | { readonly kind: 'tablespace'; readonly tablespace: string; readonly sql: SqlStatement }
  /** A setting of all roles in all databases. */
  | { readonly kind: 'setting'; readonly sql: SqlStatement };

export interface GlobalsPlan {
  /** In an order in which they may be run: what makes the roles, then what ties them together. */
  readonly statements: readonly Exclude<GlobalStatement, { kind: 'tablespace' | 'setting' }>[];
  /** Roles to be made. */
  readonly make: readonly string[];
  /** Roles of the set that the server has. */
  readonly standing: readonly string[];
  /** Statements that would give something to a role that stands, or to everybody. */
  readonly withheld: readonly string[];
  /** Settings of all roles that the server has not: they would change what existing roles do. */
  readonly settings: readonly string[];
  /** Tablespaces of the set. */
  readonly tablespaces: readonly string[];
}

/** Throws `not-supported` for a statement that is none of those that pg_dumpall writes for globals. */
export function readGlobals(text: string): GlobalStatement[] {
  const found: GlobalStatement[] = [];
  let grantor: string | undefined;
  for (const sql of splitStatements(text)) {
    const head = headOf(sql);
    const [first] = namesOf(sql);
    if (/^SET SESSION AUTHORIZATION$/.test(head)) grantor = first;
    else if (head === 'RESET SESSION AUTHORIZATION') grantor = undefined;
    else if (!/^SET\b/.test(head)) found.push(readStatement(sql, head, grantor));
  }
  return found;
}

/** The words before the first name or string, in capitals. */
function headOf({ tokens }: SqlStatement): string {
  const end = tokens.findIndex(({ kind }) => kind !== 'word');
  return tokens
    .slice(0, end === -1 ? tokens.length : end)
    .map(({ value }) => value.toUpperCase())
    .join(' ');
}

function namesOf({ tokens }: SqlStatement): string[] {
  return tokens.filter(({ kind }) => kind === 'name').map(({ value }) => value);
}

/** The name behind the words, if that is what follows them. */
function nameAfter({ tokens }: SqlStatement, ...words: string[]): string | undefined {
  const at = tokens.findIndex((_, index) =>
    words.every((word, offset) => {
      const token = tokens[index + offset];
      return token?.kind === 'word' && token.value.toUpperCase() === word;
    }),
  );
  const next = at === -1 ? undefined : tokens[at + words.length];
  return next?.kind === 'name' ? next.value : undefined;
}

function readStatement(sql: SqlStatement, head: string, grantor: string | undefined): GlobalStatement {
  const [role] = namesOf(sql);
  const tablespace = nameAfter(sql, 'TABLESPACE');
  if (tablespace !== undefined) return { kind: 'tablespace', tablespace, sql };
  if (nameAfter(sql, 'ON', 'PARAMETER') !== undefined && /^GRANT\b/.test(head)) {
    return { kind: 'parameter', grantee: nameAfter(sql, 'TO'), grantor, sql };
  }
  if (head === 'ALTER ROLE ALL SET') return { kind: 'setting', sql };
  if (/^(CREATE|ALTER) ROLE$/.test(head) && role !== undefined)
    return { kind: 'role', role, creates: head === 'CREATE ROLE', sql };
  const described = nameAfter(sql, 'ON', 'ROLE');
  if (/^(COMMENT ON|SECURITY LABEL FOR)\b/.test(head) && described !== undefined)
    return { kind: 'role', role: described, creates: false, sql };
  const member = nameAfter(sql, 'TO');
  if (head === 'GRANT' && role !== undefined && member !== undefined) {
    return { kind: 'membership', role, member, grantor: nameAfter(sql, 'GRANTED', 'BY'), sql };
  }
  throw new TidemarkError({
    code: 'not-supported',
    operation: 'read the stored globals',
    subject: `statement ${head}`,
    cause: 'it is none that pg_dumpall is known to write for globals',
    remedy: 'Restore without --globals, and make the roles by hand (docs/restore-by-hand.md).',
  });
}

/** What to run on a server that has the roles `standing`, and these settings of all roles. */
export function planGlobals(
  stored: readonly GlobalStatement[],
  standing: ReadonlySet<string>,
  settings: readonly string[] = [],
): GlobalsPlan {
  const known = stored.flatMap((one) => (one.kind === 'role' && one.creates ? [one.role] : []));
  const make = new Set(known.filter((role) => !standing.has(role)));
  const statements: GlobalsPlan['statements'][number][] = [];
  const withheld: string[] = [];
  for (const one of stored) {
    switch (one.kind) {
      case 'role':
        if (make.has(one.role)) statements.push(one);
        break;
      case 'membership':
        if (make.has(one.member)) statements.push(one);
        // Between two roles that stand, all is as it is.
        else if (make.has(one.role)) withheld.push(one.sql.sql);
        break;
      case 'parameter':
        if (one.grantee !== undefined && make.has(one.grantee)) statements.push(one);
        else if (one.grantee === undefined) withheld.push(one.sql.sql);
        break;
      case 'tablespace':
      case 'setting':
        break;
    }
  }
  const tablespaces = stored.flatMap((one) => (one.kind === 'tablespace' ? [one.tablespace] : []));
  return {
    statements,
    make: [...make],
    standing: known.filter((role) => standing.has(role)),
    withheld,
    settings: stored
      .filter(({ kind, sql }) => kind === 'setting' && !settings.includes(sql.sql))
      .map(({ sql }) => sql.sql),
    tablespaces: [...new Set(tablespaces)],
  };
}

/** What only superusers may name, and every new role has by itself. */
const refusedWords = new Set(['NOSUPERUSER', 'NOREPLICATION', 'NOBYPASSRLS', 'NOCREATEDB', 'NOCREATEROLE']);

/** The statement as a role may run it that is no superuser. */
export function withoutSuperuser({ sql, tokens }: SqlStatement): string {
  let out = '';
  let from = 0;
  for (const token of tokens) {
    if (token.kind !== 'word' || !refusedWords.has(token.value.toUpperCase())) continue;
    out += sql.slice(from, token.start);
    from = token.end;
  }
  return out + sql.slice(from);
}

/** A GRANT without its GRANTED BY: whoever runs it is then the grantor. */
export function withoutGrantor({ sql, tokens }: SqlStatement): string {
  const at = tokens.findIndex(
    ({ kind, value }, index) =>
      kind === 'word' && value.toUpperCase() === 'GRANTED' && tokens[index + 1]?.value.toUpperCase() === 'BY',
  );
  const found = tokens[at];
  return found === undefined ? sql : sql.slice(0, found.start).trimEnd();
}
